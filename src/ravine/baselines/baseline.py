"""The common interface of baselines: rows to fit, hyperparameters to try, and outputs for other rows.

The outputs have the form of a network's outputs: one logit for each class, or in a regression the
standardized number. All metrics can therefore score a baseline in the same way as a network.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

__all__ = ["Baseline", "FitPlan", "Inputs", "Look", "Size", "TrainingRows", "class_logits"]

MIN_LOGIT = -70.0  # of a class without training rows, about the logarithm of 1e-30

Look = Mapping[str, float]
"""One setting of a baseline that tuning tries, by name of the hyperparameter; empty if nothing is tuned."""


@dataclass(frozen=True)
class Size:
    """The size of a data set, which decides how much a baseline is tuned.

    rows       number of training rows
    features   number of encoded inputs of a row
    classes    number of classes, 0 for a regression
    """

    rows: int
    features: int
    classes: int

    @property
    def outputs(self) -> int:
        """Number of functions that a baseline fits: one for each of more than two classes, else one."""
        return self.classes if self.classes > 2 else 1

    @property
    def columns(self) -> int:
        """Number of values that a fit reads for each row: features, at least 1, x functions to fit."""
        return max(1, self.features) * self.outputs

    @property
    def cells(self) -> int:
        """Number of values that a fit reads in a pass over all rows: rows x features x functions to fit."""
        return self.rows * self.columns


@dataclass(frozen=True)
class Inputs:
    """Inputs of selected rows of a data set, available in encoded and in standardized form.

    Each form is computed when it is used.

    x [M, D]      encoded inputs of all rows: numbers scaled to a spread of about 1, categories as 0 and 1,
                  NaN where missing
    rows [N]      indices of the selected rows
    standardize   standardize(x [N, D]) -> inputs of the network [N, D], without NaN
    """

    x: np.ndarray
    rows: np.ndarray
    standardize: Callable[[np.ndarray], np.ndarray]

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def encoded(self) -> np.ndarray:
        """Encoded inputs of the selected rows, NaN where a value is missing: [N, D]."""
        return self.x[self.rows]

    @property
    def standardized(self) -> np.ndarray:
        """Standardized inputs of the selected rows, as for a network, without NaN: float64 [N, D]."""
        return self.standardize(self.encoded).astype(np.float64)

    def take(self, part: np.ndarray | slice) -> Inputs:
        """Return these inputs of N rows for some of the rows only, by indices, a slice or a mask [N]."""
        return replace(self, rows=self.rows[part])


@dataclass(frozen=True)
class TrainingRows:
    """The training rows to which a baseline is fitted: inputs, targets and row weights.

    inputs       inputs of the N rows
    y [N]        index of the class, or in a regression the standardized number
    weight [N]   row weights, or None
    classes      number of classes, 0 for a regression
    """

    inputs: Inputs
    y: np.ndarray
    weight: np.ndarray | None
    classes: int

    @property
    def size(self) -> Size:
        """Numbers of training rows, features and classes."""
        return Size(len(self.y), self.inputs.x.shape[1], self.classes)

    @property
    def weights(self) -> np.ndarray:
        """Row weights, all 1 if the rows have none: [N]."""
        return np.ones(len(self.y)) if self.weight is None else np.asarray(self.weight, np.float64)

    def take(self, rows: np.ndarray | slice) -> TrainingRows:
        """Return some of these N training rows, chosen by indices, a slice or a mask [N]."""
        weight = None if self.weight is None else self.weight[rows]
        return replace(self, inputs=self.inputs.take(rows), y=self.y[rows], weight=weight)

    def weighted(self) -> TrainingRows:
        """Return the training rows whose weight is not 0. Rows with weight 0 do not count in any fit."""
        return self if self.weight is None else self.take(self.weight != 0)


@dataclass(frozen=True)
class FitPlan:
    """The fits that tune and score one baseline. They depend on the size of the data set alone.

    rows           number of training rows of each fit, the first ones; 0 if the baseline is left out
    looks          settings of the hyperparameters to try in tuning, the usual one first
    tuning_seeds   largest number of seeds on which the settings are compared; 0 = on the first seed of those
                   for the scores
    seeds          largest number of seeds on which the best setting is scored
    """

    rows: int
    looks: tuple[Look, ...]
    tuning_seeds: int
    seeds: int


def no_seconds(size: Size, bins: int, seeds: int) -> float:
    """Return 0.0, the estimated seconds of the fits of a baseline whose fits are fast."""
    return 0.0


@dataclass(frozen=True)
class Baseline:
    """A simple model with which a network is compared.

    A look is one setting of the model's hyperparameters that tuning tries.

    name            name in results
    title           name at the start of a sentence
    plural          whether the title is a plural
    plan            plan(size of the data) -> `FitPlan`, with fewer fits for larger data
    outputs         outputs(train, inputs, looks) -> outputs [N, K] for each look (outer list) and for each of
                    `inputs` (inner list)
    simple          whether a network should be better than the model, which cannot fit every function
    seconds         seconds(size, bins, seeds) -> estimated seconds of tuning, and of fits on this number of
                    seeds to score; bins: sum over all inputs of the number of different values, each at most
                    255
    signed_weights  whether the model can be fitted with negative row weights
    cannot_overfit  whether the look is chosen by its scores on the training rows, since the model cannot
                    overfit them; other models need validation rows
    """

    name: str
    title: str
    plural: bool
    plan: Callable[[Size], FitPlan]
    outputs: Callable[[TrainingRows, Sequence[Inputs], Sequence[Look]], list[list[np.ndarray]]]
    simple: bool = False
    seconds: Callable[[Size, int, int], float] = no_seconds
    signed_weights: bool = False
    cannot_overfit: bool = False


def class_logits(scores: np.ndarray, present: np.ndarray, classes: int) -> np.ndarray:
    """Return logits [N, classes] from the scores of a fitted classifier.

    scores    log-odds of the second class [N], or one logit for each present class [N, present]
    present   indices of the classes that the training rows have, ascending [present]

    A class without training rows has a logit far below those of all other classes.
    """
    if scores.ndim == 1:
        scores = np.stack([np.zeros_like(scores), scores], axis=1)
    lowest = np.minimum(scores.min(axis=1, keepdims=True), 0.0) + MIN_LOGIT
    logits = np.broadcast_to(lowest, (len(scores), classes)).copy()
    logits[:, present] = scores
    return logits
