"""The description of a saved model: every part of the file `model.json` that a prediction depends on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

import jax
import numpy as np
from msgspec import Meta

from ravine.data import Encoder, Scaler
from ravine.execution.field_types import Task
from ravine.execution.model_metadata import ModelMetadata
from ravine.networks import Network, metric
from ravine.networks.file_network import FileNetwork
from ravine.networks.layers import Shape
from ravine.records.array_rules import ArrayRule, check_arrays
from ravine.records.os_errors import DamagedFile
from ravine.records.strict_json import FIX

__all__ = ["ModelDescription", "arrays_of", "named_arrays"]

PRECISIONS = ("float32", "float64")
PARAMETERS, STATISTICS = "layer", "statistics"  # beginnings of the names of arrays
Tree = dict[str, Any]
"""Shapes of arrays by name, with a dict in place of the shape for arrays inside a part such as a gate."""


@dataclass(frozen=True, kw_only=True)
class ModelDescription:
    """The parts of a saved model that are no arrays.

    Raises ValueError for parts that do not fit each other, such as a network of two outputs for three
    classes.
    """

    network: Network | None = None
    """The architecture of the network; None for a network of a Python file."""
    file_network: FileNetwork | None = None
    """The network of a Python file of the user, else None."""
    numbers: dict[str, float]
    """Values of the network's hyperparameters, such as `slope`, by name."""
    task: Task
    """Task of the network."""
    target: str
    """Name of the target column."""
    classes: list[bool | int | float | str] | None
    """Class labels in order of the outputs; None for a regression."""
    origin: float
    """Mean of the target: a prediction is output * unit + origin. 0 for classes."""
    unit: Annotated[float, Meta(gt=0)]
    """Standard deviation of the target; 1 for classes."""
    encoder: Encoder
    """Encodings of the columns."""
    scaler: Scaler
    """Standardization of the encoded columns."""
    about: ModelMetadata
    """Facts about the training."""
    missing: list[str] = field(default_factory=list)
    """Codes and words for "missing" in the target."""

    def __post_init__(self) -> None:
        if (self.network is None) == (self.file_network is None):
            raise ValueError("it must have one of network and file_network")
        network = self.any_network
        inputs, outputs = network.sizes[0], network.sizes[-1]
        features = len(self.encoder.features)
        if inputs != features:
            raise ValueError(f"network has {inputs} inputs, and encoder makes {features} features")
        if len(self.scaler.mean) != features:
            raise ValueError(f"scaler is for {len(self.scaler.mean)} features, and encoder makes {features}")
        if (self.classes is None) != (self.task == "regress"):
            raise ValueError(
                f"task is {self.task}, and classes is {'null' if self.classes is None else 'a list'}"
            )
        if outputs != (1 if self.classes is None else len(self.classes)):
            labels = "numbers" if self.classes is None else f"{len(self.classes)} classes"
            raise ValueError(f"network has {outputs} outputs for {labels}")
        if self.classes is not None and len(set(self.classes)) != len(self.classes):
            raise ValueError("a label occurs twice in classes")
        if set(self.numbers) != set(network.hyper_names):
            names = ", ".join(network.hyper_names) or "none"
            raise ValueError(f"numbers has the names {sorted(self.numbers)}; the network needs {names}")
        if self.about.metric is not None:
            metric(self.about.metric, self.task, len(self.classes or ()))  # raises UsageError

    @property
    def any_network(self) -> Network | FileNetwork:
        """The architecture of the network, of either kind."""
        found = self.network or self.file_network
        assert found is not None
        return found


def named_arrays(tree: Any, start: str) -> dict[str, Any]:
    """Return the arrays of a tree by name, such as `layer0.gate.bias`. start: beginning of every name."""
    leaves = jax.tree_util.tree_flatten_with_path(tree)[0]
    names = (jax.tree_util.keystr(path, simple=True, separator=".") for path, _ in leaves)
    return {f"{start}{name}": leaf for name, (_, leaf) in zip(names, leaves, strict=True)}


def arrays_of(
    network: Network | FileNetwork, arrays: Mapping[str, np.ndarray], subject: str
) -> tuple[Any, tuple[Mapping[str, Any], ...]]:
    """Return the parameters of a network, layer by layer, and its running statistics, () without any.

    The parameters of a network of a Python file are a tree as its function `init` returns it, for which the
    file runs.

    arrays: arrays of a model file by name. subject: words for this file in messages. Raises DamagedFile
    unless the arrays are exactly those of the network: in name, shape and type, with finite numbers, and with
    variances that are not negative.
    """
    if isinstance(network, FileNetwork):
        params = network.init(np.random.default_rng(0))
        shapes = {name: array.shape for name, array in named_arrays(params, PARAMETERS).items()}
        _check(arrays, shapes, subject)
        return jax.tree.unflatten(jax.tree.structure(params), [arrays[name] for name in shapes]), ()
    layers: Tree = {f"{PARAMETERS}{k}": layer.shapes() for k, layer in enumerate(network.layout)}
    if network.norm_type.over_rows:
        for k, layer in enumerate(network.layout[:-1]):
            layers[f"{STATISTICS}{k}"] = {"mean": (layer.units,), "variance": (layer.units,)}
    _check(arrays, dict(_leaves(layers)), subject)
    for name, array in arrays.items():
        if name.endswith(".variance") and (array < 0).any():
            raise DamagedFile(f"{subject} is damaged.", f"Its array '{name}' has negative variances.", FIX)

    def tree(name: str, part: Tree | Shape) -> Any:
        if not isinstance(part, dict):
            return arrays[name]
        return {key: tree(f"{name}.{key}", inner) for key, inner in part.items()}

    found = {name: tree(name, part) for name, part in layers.items()}
    params = [part for name, part in found.items() if name.startswith(PARAMETERS)]
    return params, tuple(part for name, part in found.items() if name.startswith(STATISTICS))


def _check(arrays: Mapping[str, np.ndarray], shapes: Mapping[str, Shape], subject: str) -> None:
    """Raise DamagedFile unless arrays have these names and shapes, one type and finite numbers."""
    check_arrays(
        arrays, {name: ArrayRule("f", shape, finite=True) for name, shape in shapes.items()}, subject
    )
    types = sorted({str(array.dtype) for array in arrays.values()})
    if len(types) != 1 or types[0] not in PRECISIONS:
        why = f"Its arrays are of type {' and '.join(types)}; allowed is {' or '.join(PRECISIONS)} for all."
        raise DamagedFile(f"{subject} is damaged.", why, FIX)


def _leaves(tree: Tree, start: str = "") -> Iterator[tuple[str, Shape]]:
    """Yield name and shape of every array in a tree of shapes. A name is, for example, `layer0.gate.bias`."""
    for key, part in tree.items():
        if isinstance(part, dict):
            yield from _leaves(part, f"{start}{key}.")
        else:
            yield f"{start}{key}", part
