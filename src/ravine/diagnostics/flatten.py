"""Parameters as one vector, and what no diagnosis may start from.

Any pytree of float arrays will do (dicts, lists, Flax, Equinox and Haiku trees): its leaves are laid one
after another, [D]. Parameters in float64 are worked on in float64, whatever the process's setting.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt
from jax.flatten_util import ravel_pytree

from ravine.errors import UsageError
from ravine.precision import precision_context

__all__ = [
    "Params",
    "Vector",
    "check_parameters",
    "from_vector",
    "leaf_slices",
    "precision_of",
    "thread_context",
    "to_vector",
]

Params = Any
"""A pytree of float arrays."""

Vector = npt.NDArray[np.float64]


def precision_of(params: Params) -> AbstractContextManager[None]:
    """Return the context to work in: float64 where a leaf of `params` is float64, else as the process is
    set. On a GPU products of float32 are in float32.
    """
    wide = any(getattr(each, "dtype", None) == np.float64 for each in jax.tree.leaves(params))
    return precision_context("float64" if wide or jnp.result_type(float) == np.float64 else "float32")


def thread_context(params: Params) -> Callable[[], AbstractContextManager[None]]:
    """Return what makes, on another thread, the context of `precision_of` and of the caller's settings."""
    names = ("jax_enable_x64", "jax_default_matmul_precision", "jax_default_device")
    with precision_of(params):
        wide, products, device = (getattr(jax.config, name) for name in names)

    @contextmanager
    def context() -> Iterator[None]:
        with jax.enable_x64(wide), jax.default_matmul_precision(products), jax.default_device(device):
            yield

    return context


def check_parameters(params: Params) -> int:
    """Return D, the number of parameters. Raises UsageError: none, not floats, not finite."""
    named = jax.tree_util.tree_leaves_with_path(params)
    size = 0
    for path, leaf in named:
        name = jax.tree_util.keystr(path) or "the parameters"
        kind = getattr(leaf, "dtype", None)
        if kind is None or not jnp.issubdtype(kind, jnp.floating):
            raise UsageError(
                f"Parameter {name} is {kind or type(leaf).__name__}, not an array of floats.",
                "It has no gradient.",
                "Keep counters and settings out of the parameters, or pass them in a closure.",
            )
        if not np.isfinite(np.asarray(leaf)).all():
            raise UsageError(
                f"Parameter {name} holds values that are not finite.",
                "Nothing can be measured where training has diverged.",
                "Measure at an earlier step, or lower the learning rate.",
            )
        size += int(np.size(leaf))
    if size == 0:
        raise UsageError(
            "There are no parameters.", "The tree has no elements.", "Pass a network's parameters."
        )
    return size


def to_vector(params: Params) -> Vector:
    """Return the parameters, leaf after leaf: [D] float64. Raises UsageError as `check_parameters`."""
    check_parameters(params)
    return np.concatenate([np.asarray(each, np.float64).ravel() for each in jax.tree.leaves(params)])


def from_vector(params: Params, vector: npt.ArrayLike) -> Params:
    """Return a tree like `params` (structure, shapes, dtypes) that holds `vector` [D]."""
    size = check_parameters(params)
    given = np.asarray(vector)
    if given.shape != (size,):
        raise UsageError(
            f"A vector of shape {given.shape} does not fit {size} parameters.", "", f"Pass [{size}]."
        )
    with precision_of(params):
        flat, unravel = ravel_pytree(params)
        return unravel(jnp.asarray(given, flat.dtype))


def leaf_slices(params: Params) -> dict[str, slice]:
    """Return where each leaf lies in the vector, by its path."""
    slices, start = {}, 0
    for path, leaf in jax.tree_util.tree_leaves_with_path(params):
        slices[jax.tree_util.keystr(path)] = slice(start, start + int(np.size(leaf)))
        start += int(np.size(leaf))
    return slices
