"""Rows of results for baselines: a constant, a linear model and boosted trees, compared with the network."""

from __future__ import annotations

from dataclasses import dataclass

from ravine.execution.result import ScoreSummary

__all__ = ["BaselineDifference", "BaselineRow"]


@dataclass(frozen=True, kw_only=True)
class BaselineDifference:
    """The difference of a baseline and the network, measured on the same seeds."""

    network: str
    """The network: its optimizer or its configuration."""
    difference: float | None
    """Median difference of baseline and network over pairs of seeds; null if too many runs diverged."""
    interval: list[float | None] | None
    """95 % interval of the difference, [low, high]; null with fewer than 6 seeds."""
    p_better: float
    """Share of seeds on which the baseline is better than the network; ties count half."""
    p_value: float
    """Two-sided p value of the Wilcoxon signed-rank test for these two; diverged runs rank worst."""
    n_seeds: int
    """Number of seeds that both were scored on."""


@dataclass(frozen=True, kw_only=True)
class BaselineRow(ScoreSummary):
    """One baseline: validation scores on the seeds of the network, whose splits it shares."""

    model: str
    """Name of the baseline: constant, linear model or boosted trees."""
    seeds: list[int]
    """Seeds of the scores, which fix the splits; empty if the baseline was left out."""
    looks: int
    """Number of settings that were compared on the validation rows of the tuning seeds."""
    tuning_seeds: list[int]
    """Seeds on which the settings were compared; empty for a constant, which fits the training rows best."""
    hyperparameters: dict[str, float]
    """The settings that tuning chose, by name of the hyperparameter."""
    rows: int
    """Number of training rows of each fit."""
    note: str
    """Why the baseline was left out, or that it was fitted to fewer rows; empty otherwise."""
    test: ScoreSummary | None
    """Scores on the test rows, which no choice used; null if the baseline was left out."""
    against_network: BaselineDifference | None = None
    """Difference to the network on the same seeds; null if one of the two has no scores."""
