"""Metadata of a saved model: how it was trained, on which data, and how it scored.

A model file of another origin may hold only some of these facts, so every field can be None. The module does
not import JAX.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

import msgspec
from msgspec import Meta

from ravine.records.documents import check_document

__all__ = ["ModelMetadata", "TrainingData"]


@dataclass(frozen=True, kw_only=True)
class TrainingData:
    """The data on which a model was trained: their name, their hash, and the column of row weights."""

    name: str
    """File name without its ending, or built-in name."""
    sha256: str
    """SHA-256 of the source."""
    weights: str | None = None
    """Name of the column of row weights; null without weights."""


@dataclass(frozen=True, kw_only=True)
class ModelMetadata:
    """Facts about the training of a saved model, without which it can also predict; None where not known."""

    optimizer: str | None = None
    """The optimizer, as `--optimizer` reads it."""
    setting: str | None = None
    """The configuration of the sweep that trained the model."""
    learning_rate: float | None = None
    """Learning rate that the schedule multiplies."""
    hyperparameters: dict[str, float] | None = None
    """Tuned hyperparameters of the optimizer besides the learning rate."""
    schedule: str | None = None
    """Learning-rate schedule."""
    loss: Annotated[str, Meta(pattern=r"^.+\.py:\w+@[0-9a-f]{64}$")] | None = None
    """Name of the loss, for a loss of a Python file; None for the usual loss of the task."""
    steps: Annotated[int, Meta(ge=0, le=10**9)] | None = None
    """Training steps."""
    batch_size: Annotated[int, Meta(ge=1)] | None = None
    """Rows in a batch."""
    seed: Annotated[int, Meta(ge=0, le=2**32 - 1)] | None = None
    """Seed of split, initialization and batches."""
    metric: str | None = None
    """Name of the score."""
    validation: float | None = None
    """Score on the validation rows."""
    test: float | None = None
    """Score on the test rows."""
    data: TrainingData | None = None
    """The data of the training."""

    def to_dict(self) -> dict[str, object]:
        """Return the facts about a model's training as plain values by name, as a model file holds them.

        Facts that are None are left out.
        """
        return _known(msgspec.to_builtins(self))

    @classmethod
    def from_dict(cls, plain: Mapping[str, object]) -> ModelMetadata:
        """Return the metadata of a model from the plain values that `to_dict` returned.

        Raises DamagedFile that names the field whose value does not fit.
        """
        return check_document(plain, cls, "The metadata of a model")


def _known(plain: dict[str, object]) -> dict[str, object]:
    """Return the entries that are not None, also in the entries that are dictionaries."""
    return {
        name: _known(value) if isinstance(value, dict) else value
        for name, value in plain.items()
        if value is not None
    }
