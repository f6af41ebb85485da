"""The description of a saved model: every part of the file `model.json` that a prediction depends on."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

import numpy as np
from msgspec import Meta

from ravine.data import Encoder, Scaler
from ravine.errors import UsageError
from ravine.execution.model_metadata import ModelMetadata
from ravine.networks import Network, metric
from ravine.networks.layers import Shape

__all__ = ["ModelDescription", "arrays_of"]

PARAMETERS, STATISTICS = "layer", "statistics"  # beginnings of the names of arrays


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
    task: Literal["classify", "regress"]
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
            metric(self.about.metric, self.task, len(self.classes or ()))


def arrays_of(
    network: Network, arrays: Mapping[str, np.ndarray], path: str
) -> tuple[list[dict[str, Any]], tuple[dict[str, Any], ...]]:
    """Return the parameters of a network, layer by layer, and its running statistics, () without any.

    arrays: arrays of a model file by name. path: name of the file, for messages. Raises UsageError unless
    the arrays are exactly those of the network: in name, shape and type, and with finite numbers.
    """
    shapes = [layer.shapes() for layer in network.layout]
    moments = [{"mean": (layer.units,), "variance": (layer.units,)} for layer in network.layout[:-1]]
    statistics = moments if network.norm_type.over_rows else []
    expected = dict(_named(shapes, PARAMETERS)) | dict(_named(statistics, STATISTICS))
    _check(expected, arrays, path)
    params = [_tree(layer, f"{PARAMETERS}{k}", arrays) for k, layer in enumerate(shapes)]
    return params, tuple(_tree(part, f"{STATISTICS}{k}", arrays) for k, part in enumerate(statistics))
