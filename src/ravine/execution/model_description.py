"""The description of a saved model: every part of the file `model.json` that a prediction depends on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

import numpy as np
from msgspec import Meta

from ravine.data import Encoder, Scaler
from ravine.execution.field_types import Task
from ravine.execution.model_metadata import ModelMetadata
from ravine.networks import Network, metric
from ravine.networks.layers import Shape
from ravine.networks.parameters import LayerArrays
from ravine.records.array_rules import ArrayRule, check_arrays
from ravine.records.os_errors import DamagedFile
from ravine.records.strict_json import FIX

__all__ = ["ModelDescription", "arrays_of"]

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

    network: Network
    """The architecture of the network."""
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
        inputs, outputs = self.network.sizes[0], self.network.sizes[-1]
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
        if set(self.numbers) != set(self.network.hyper_names):
            names = ", ".join(self.network.hyper_names) or "none"
            raise ValueError(f"numbers has the names {sorted(self.numbers)}; the network needs {names}")
        if self.about.metric is not None:
            metric(self.about.metric, self.task, len(self.classes or ()))  # raises UsageError


def arrays_of(
    network: Network, arrays: Mapping[str, np.ndarray], subject: str
) -> tuple[list[LayerArrays], tuple[Mapping[str, Any], ...]]:
    """Return the parameters of a network, layer by layer, and its running statistics, () without any.

    arrays: arrays of a model file by name. subject: words for this file in messages. Raises DamagedFile
    unless the arrays are exactly those of the network: in name, shape and type, with finite numbers, and with
    variances that are not negative.
    """
    layers: Tree = {f"{PARAMETERS}{k}": layer.shapes() for k, layer in enumerate(network.layout)}
    if network.norm_type.over_rows:
        for k, layer in enumerate(network.layout[:-1]):
            layers[f"{STATISTICS}{k}"] = {"mean": (layer.units,), "variance": (layer.units,)}
    rules = {name: ArrayRule("f", shape, finite=True) for name, shape in _leaves(layers)}
    check_arrays(arrays, rules, subject)
    types = sorted({str(array.dtype) for array in arrays.values()})
    if len(types) != 1 or types[0] not in PRECISIONS:
        why = f"Its arrays are of type {' and '.join(types)}; allowed is {' or '.join(PRECISIONS)} for all."
        raise DamagedFile(f"{subject} is damaged.", why, FIX)
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


def _leaves(tree: Tree, start: str = "") -> Iterator[tuple[str, Shape]]:
    """Yield name and shape of every array in a tree of shapes. A name is, for example, `layer0.gate.bias`."""
    for key, part in tree.items():
        if isinstance(part, dict):
            yield from _leaves(part, f"{start}{key}.")
        else:
            yield f"{start}{key}", part
