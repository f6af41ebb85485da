"""Results of baselines (a constant, a linear model, boosted trees), and their difference to the network."""

from __future__ import annotations

from dataclasses import dataclass

from ravine.execution.field_types import Interval
from ravine.execution.result_parts import ScoreSummary
from ravine.records.strict_json import short_text

__all__ = ["BaselineDifference", "BaselineRow"]


@dataclass(frozen=True, kw_only=True)
class BaselineDifference:
    """The difference between the validation scores of a baseline and of the network on the same seeds."""

    network: str
    """The network that was compared, named by its optimizer or its configuration."""
    difference: float | None
    """Score of the baseline minus score of the network, as a median (Hodges-Lehmann estimate) over the seeds;
    null if too many runs diverged."""
    interval: Interval | None
    """95 % interval of this difference, [low, high]; null with fewer than 6 seeds."""
    p_better: float
    """Share of seeds on which the baseline is better than the network; ties count half."""
    p_value: float
    """Two-sided p value of the Wilcoxon signed-rank test of this pair; diverged runs rank worst."""
    n_seeds: int
    """Number of seeds on which both baseline and network were scored."""


@dataclass(frozen=True, kw_only=True)
class BaselineRow(ScoreSummary):
    """The result of one baseline: its scores on the validation rows of the same splits as the network.

    A seed fixes a split, so baseline and network with the same seed learn from the same training rows. For a
    large table the baseline takes only some of them.
    """

    model: str
    """Name of the baseline: constant, linear model or boosted trees."""
    seeds: list[int]
    """Seeds of the scores, which fix the splits; empty if the baseline was left out."""
    looks: int
    """Number of settings of the baseline that tuning compared; 0 if the baseline was left out."""
    tuning_seeds: list[int]
    """Seeds whose validation rows chose the setting; empty for a constant, chosen on the training rows."""
    hyperparameters: dict[str, float]
    """The settings that tuning chose, by name of the hyperparameter."""
    rows: int
    """Number of training rows of each fit."""
    note: str
    """The reason why the baseline was left out, or that it was fitted to fewer rows; empty otherwise."""
    test: ScoreSummary | None
    """Scores on the test rows, which no choice used; null if the baseline was left out."""
    against_network: BaselineDifference | None = None
    """Difference to the network on the same seeds; null if one of the two has no scores."""

    def __post_init__(self) -> None:
        from ravine.baselines import BASELINES  # needs NumPy, which a result without baselines does not

        super().__post_init__()
        if self.model not in BASELINES:
            raise ValueError(f"model is {short_text(self.model)}; allowed is one of {', '.join(BASELINES)}")
