"""Parameters of a network as one vector, their precision, and checks that they can be measured.

Parameters are any pytree of float arrays (dicts, lists, trees of Flax, Equinox and Haiku). The vector [D]
holds its leaves one after another. Parameters in float64 are measured in float64, also if JAX is set to
float32.
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
"""A float64 array."""


def precision_of(params: Params) -> AbstractContextManager[None]:
    """Return the context manager that sets JAX to the precision of the parameters `params`.

    The precision is float64 if a leaf is float64 or if JAX is already set to float64, otherwise float32. In
    float32, products of matrices on a GPU are full float32 products.
    """
    wide = any(getattr(leaf, "dtype", None) == np.float64 for leaf in jax.tree.leaves(params))
    return precision_context("float64" if wide or jnp.result_type(float) == np.float64 else "float32")


def thread_context(params: Params) -> Callable[[], AbstractContextManager[None]]:
    """Return a function that makes a context manager in which a worker thread computes as the caller does.

    JAX keeps its settings for each thread. The context sets the caller's device and precision, or float64 if
    the parameters `params` are float64.
    """
    names = ("jax_enable_x64", "jax_default_matmul_precision", "jax_default_device")
    with precision_of(params):
        wide, products, device = (getattr(jax.config, name) for name in names)

    @contextmanager
    def context() -> Iterator[None]:
        with jax.enable_x64(wide), jax.default_matmul_precision(products), jax.default_device(device):
            yield

    return context


def check_parameters(params: Params) -> int:
    """Return D, the number of parameters in a tree, after a check that they can be measured.

    Raises UsageError if the tree is empty, if a leaf is not an array of floats, and if a value is not finite.
    """
    named = jax.tree_util.tree_leaves_with_path(params)
    size = 0
    for path, leaf in named:
        name = jax.tree_util.keystr(path) or "the parameters"
        kind = getattr(leaf, "dtype", None)
        if kind is None or not jnp.issubdtype(kind, jnp.floating):
            raise UsageError(
                f"Parameter {name} is {kind or type(leaf).__name__}, not an array of floats.",
                "All parameters must be arrays of floats, since others have no gradient.",
                "Keep counters and settings out of the parameters, for example in a closure.",
            )
        if not np.isfinite(np.asarray(leaf)).all():
            raise UsageError(
                f"Parameter {name} holds values that are not finite.",
                "All parameters must be finite; training has probably diverged.",
                "Measure at an earlier step, or lower the learning rate.",
            )
        size += int(np.size(leaf))
    if size == 0:
        raise UsageError(
            "There are no parameters.",
            "The tree must hold at least one number.",
            "Pass the parameters of a network.",
        )
    return size


def to_vector(params: Params) -> Vector:
    """Return the parameters of a network as one float64 vector [D], leaf after leaf.

    Raises UsageError if the tree is empty, if a leaf is not an array of floats, and if a value is not finite.
    """
    check_parameters(params)
    return np.concatenate([np.asarray(leaf, np.float64).ravel() for leaf in jax.tree.leaves(params)])


def from_vector(params: Params, vector: npt.ArrayLike) -> Params:
    """Return the parameters that a vector [D] holds as a tree like `params`.

    The tree has the structure, shapes and dtypes of `params`.

    Raises UsageError if the vector has another length than `params`, and if `params` is empty or holds a leaf
    that is not a finite array of floats.
    """
    size = check_parameters(params)
    values = np.asarray(vector)
    if values.shape != (size,):
        raise UsageError(
            f"A vector of shape {values.shape} does not fit {size} parameters.",
            f"Its shape must be [{size}].",
            "Pass a vector in the order of to_vector(params).",
        )
    with precision_of(params):
        flat, unravel = ravel_pytree(params)
        return unravel(jnp.asarray(values, flat.dtype))


def leaf_slices(params: Params) -> dict[str, slice]:
    """Return the slice of the parameter vector [D] that each array of the tree takes, by the array's path."""
    slices, start = {}, 0
    for path, leaf in jax.tree_util.tree_leaves_with_path(params):
        slices[jax.tree_util.keystr(path)] = slice(start, start + int(np.size(leaf)))
        start += int(np.size(leaf))
    return slices
