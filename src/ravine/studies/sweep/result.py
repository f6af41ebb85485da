"""The result of `sweep`, and the document of its dry run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from ravine.execution.result import (
    DevelopmentSizes,
    MetricFacts,
    Plain,
    Result,
    ScoreSummary,
    SearchFacts,
    Seconds,
    SplitSizes,
    StudyPlan,
    TestScores,
)
from ravine.records.run_index import summary_text

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "AdjustedDifference",
    "BestScores",
    "ConfigurationRow",
    "DesignFacts",
    "FactorFacts",
    "LevelEffect",
    "PairedDifference",
    "PlannedConfiguration",
    "PlannedSweep",
    "SweepFacts",
    "SweepPlan",
    "SweepResult",
]  # fmt: skip

TABLE_COLUMNS = (
    "setting", "optimizer", "learning_rate", "schedule", "mean", "median", "sd", "interval_low",
    "interval_high", "tier", "n_seeds", "diverged", "steps_to_target", "reached_target", "at_edge",
    "sensitivity_width",
)  # fmt: skip
"""Columns of leaderboard.csv, as of a comparison; the measures that only a comparison has are empty."""


@dataclass(frozen=True, kw_only=True)
class FactorFacts:
    """A factor: its levels, or the range that they were taken from."""

    name: str
    """Name of the factor."""
    levels: list[str] | None = None
    """Levels as text; null for a range."""
    range: list[float] | None = None
    """Lowest and highest value of a range; null for a list of levels."""


@dataclass(frozen=True, kw_only=True)
class DesignFacts:
    """The design of the sweep."""

    kind: str
    """grid: every level meets every other; random: quasi-random points."""
    factors: list[FactorFacts]
    """The factors."""
    settings: int
    """Number of configurations."""
    learning_rate: str
    """tuned: each configuration has its own tuned learning rate; given: the rate was given or varied."""


@dataclass(frozen=True, kw_only=True)
class SweepFacts(SearchFacts):
    """The amount of training."""

    programs: int
    """Number of programs compiled."""


@dataclass(frozen=True, kw_only=True)
class PairedDifference:
    """Difference of two configurations, or of two levels, on the same seeds."""

    difference: float | None
    """Mean difference of the scores, in the unit of the metric; null if a run diverged."""
    interval: list[float] | None
    """95 % interval of the difference, [low, high]; null with fewer than 3 seeds or a diverged run."""
    p_better: float
    """Share of seeds on which it is better; ties count half."""
    p_value: float
    """Two-sided p value of Wilcoxon's signed-rank test."""


@dataclass(frozen=True, kw_only=True)
class AdjustedDifference(PairedDifference):
    """A difference among several that were compared with the same baseline."""

    p_holm: float
    """The p value adjusted by Holm's method over all comparisons of its kind."""


@dataclass(frozen=True, kw_only=True)
class ConfigurationRow(ScoreSummary):
    """One configuration of the leaderboard, with its validation scores on fresh seeds."""

    setting: str
    """The configuration in words: `l2=0, dropout=0.2`."""
    index: int
    """Place in the design, from 0."""
    levels: dict[str, str]
    """Level of each factor, as text."""
    first: bool
    """Whether it is the baseline: the first of the design."""
    optimizer: str
    """The optimizer."""
    learning_rate: float | None
    """Learning rate at the first step; null if every run of tuning diverged."""
    schedule: str
    """Learning-rate schedule."""
    network: str
    """The architecture."""
    parameters: int
    """Number of parameters."""
    tuning_interval: list[float | None] | None
    """95 % interval of the mean that includes the noise of tuning; null where nothing was tuned."""
    tier: int
    """1 is best; the data cannot tell configurations of one tier apart."""
    epochs: float | None
    """Mean number of epochs after which the weights were kept; null if a run diverged."""
    at_edge: str | bool
    """low or high: end of the range at which the best learning rate lies; false if it lies inside."""
    against_first: AdjustedDifference | None
    """Difference from the baseline; null for the baseline, and where nothing was evaluated."""
    against_best: PairedDifference | None
    """Difference from the first row; null for the first row, and where nothing was evaluated."""


@dataclass(frozen=True, kw_only=True)
class LevelEffect:
    """Effect of one level of a factor, the other factors averaged over."""

    factor: str
    """The factor."""
    level: str
    """The level, as text."""
    first: bool
    """Whether it is the first level of its factor, with which the others are compared."""
    mean: float | None
    """Mean score of all configurations with this level; null if a run diverged."""
    effect: AdjustedDifference | None
    """Difference from the first level; null for the first level, or if a run of either diverged."""
    helps: bool | None
    """true or false where the adjusted p value is at most 0.05; null where no difference can be seen."""


@dataclass(frozen=True, kw_only=True)
class BestScores(TestScores):
    """Scores of the best configuration on the test rows."""

    setting: str
    """The configuration in words."""


@dataclass(frozen=True, kw_only=True, repr=False)
class SweepResult(Result):
    """Configurations best first, and the effect of every level."""

    split: SplitSizes
    """Rows of each split."""
    metric: MetricFacts
    """The score."""
    design: DesignFacts
    """The varied factors."""
    plan: SweepFacts
    """Facts of the trainings."""
    seconds: Seconds
    """Seconds by kind of work."""
    leaderboard: list[ConfigurationRow]
    """The configurations, best first; from Python as a DataFrame in `leaderboard_table`."""
    effects: list[LevelEffect]
    """Effect of every level of a grid, empty for a random design; as a DataFrame in `effects_table`."""
    test: BestScores
    """Scores on the test rows."""
    model_dir: str | None = None
    """Folder of the saved network; null if nothing was kept."""

    @property
    def leaderboard_table(self) -> pd.DataFrame:
        """One row for each configuration, best first, its levels as columns."""
        import pandas as pd

        hidden = ("values", "levels", "against_first")
        rows = [msgspec.to_builtins(row) for row in self.leaderboard]
        return pd.DataFrame(
            [
                {**row["levels"], **{name: value for name, value in row.items() if name not in hidden}}
                for row in rows
            ]
        )

    @property
    def effects_table(self) -> pd.DataFrame:
        """Effect of every level against the first of its factor, the others averaged over."""
        import pandas as pd

        return pd.DataFrame([msgspec.to_builtins(row) for row in self.effects])

    @property
    def values(self) -> pd.DataFrame:
        """Validation score by fresh seed (rows) and configuration (columns); NaN where a run diverged."""
        import pandas as pd

        columns = {row.setting: row.values for row in self.leaderboard if row.values}
        return pd.DataFrame(columns, dtype=float)

    @property
    def best(self) -> ConfigurationRow:
        """The first configuration of the leaderboard; others of its tier may be as good."""
        return self.leaderboard[0]

    def summary(self) -> str:
        """Return the result in one line, as `ravine runs` shows it."""
        tied = [row.setting for row in self.leaderboard[1:] if row.tier == self.best.tier]
        return summary_text(self.best.setting, len(tied), self.metric.name, self.best.mean)

    def tables(self) -> dict[str, pd.DataFrame]:
        """Return the leaderboard, to be written as leaderboard.csv."""
        import pandas as pd

        rows = []
        for row in self.leaderboard:
            low, high = row.interval or (None, None)
            plain = {**vars(row), "interval_low": low, "interval_high": high}
            rows.append({name: plain.get(name) for name in TABLE_COLUMNS})
        return {"leaderboard": pd.DataFrame(rows)}

    def some_failed(self) -> bool:
        """Return whether a run diverged."""
        return any(row.diverged for row in self.leaderboard)


# --------------------------------------------------------------------------------------------------- plan


@dataclass(frozen=True, kw_only=True)
class PlannedConfiguration:
    """A configuration that would be trained."""

    setting: str
    """The configuration in words."""
    levels: dict[str, str]
    """Level of each factor, as text."""
    optimizer: str
    """The optimizer."""
    learning_rate: float | str
    """Learning rate at the first step; `tuned` where tuning will choose it."""
    schedule: str
    """Learning-rate schedule."""
    numbers: dict[str, str]
    """Numeric hyperparameters of network, penalties and averages, as text."""
    program: str
    """Name of the program that trains it, in `plans`."""


@dataclass(frozen=True, kw_only=True)
class PlannedSweep:
    """Every run of a sweep; learning rates that tuning will choose are open. plan.json holds the same."""

    effort: str
    """Level of effort."""
    metric: str
    """Name of the score."""
    design: str
    """grid or random."""
    factors: list[FactorFacts]
    """The factors."""
    settings: list[PlannedConfiguration]
    """The configurations; the first is the baseline."""
    plans: dict[str, dict[str, Plain]]
    """Structure of every program, by its name."""
    rates: list[float] | None
    """Learning rates tried, as factors of the optimizer's usual rate; null where nothing is tuned."""
    runs: int
    """Number of networks, unless a range of rates is extended."""
    network_steps: int
    """Steps of all networks together."""
    programs: int
    """Number of programs to compile."""
    rows: DevelopmentSizes
    """Rows that train and validate."""
    tuning_seeds: list[int]
    """Seeds of tuning."""
    seeds: list[int]
    """Fresh seeds of the result."""


@dataclass(frozen=True, kw_only=True, repr=False)
class SweepPlan(StudyPlan, PlannedSweep):
    """The plan of a sweep."""

    estimated_seconds: float
    """Estimated time on this machine."""
