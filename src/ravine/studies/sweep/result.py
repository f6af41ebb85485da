"""The result of a sweep, and the result of its dry run, as dataclasses of plain values.

A result holds the leaderboard of the configurations, the effects of the levels (values) of each factor, and
the test scores of the best configuration. A dry run lists the planned configurations and runs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import msgspec

from ravine.execution.evaluated_scores import EvaluatedScores, tied_with_best
from ravine.execution.field_types import Interval, Pair, Positive
from ravine.execution.length_advice import LengthAdvice
from ravine.execution.network_result import NetworkResult
from ravine.execution.result import Plain, StudyPlan
from ravine.execution.result_parts import (
    DevelopmentSizes,
    MetricFacts,
    SearchFacts,
    Seconds,
    SplitSizes,
    TestScores,
)
from ravine.records.run_file import summary_text

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
    "best_row",
]  # fmt: skip

TABLE_COLUMNS = (
    "setting", "optimizer", "learning_rate", "schedule", "mean", "median", "sd", "interval_low",
    "interval_high", "tier", "n_seeds", "diverged", "failed", "steps_to_target", "reached_target", "at_edge",
    "sensitivity_width",
)  # fmt: skip
"""Columns of leaderboard.csv, the same as for `compare`; columns that only `compare` fills are empty."""


@dataclass(frozen=True, kw_only=True)
class FactorFacts:
    """A factor that a sweep varies: its name with its list of values (levels), or with a range of values."""

    name: str
    """Name of the factor."""
    levels: list[str] | None = None
    """Values of the factor as text; null for a range."""
    range: Pair | None = None
    """Lowest and highest value of a range; null for a list of levels."""


@dataclass(frozen=True, kw_only=True)
class DesignFacts:
    """Facts about the configurations of a sweep: grid or random points, varied factors, and their number."""

    kind: str
    """grid: all combinations of the values of the factors; random: quasi-random points."""
    factors: list[FactorFacts]
    """The varied factors."""
    settings: int
    """Number of configurations."""
    learning_rate: str
    """tuned: each configuration has its own tuned learning rate; given: the settings fix or vary it."""


@dataclass(frozen=True, kw_only=True)
class SweepFacts(SearchFacts):
    """The amount of training of a sweep: numbers of networks, steps and compiled programs."""

    steps: int = 0
    """Steps of the longest run."""
    programs: int
    """Number of programs that were compiled."""


@dataclass(frozen=True, kw_only=True)
class PairedDifference:
    """The difference of the scores of two configurations, or of two levels of a factor, on the same seeds.

    A level is a value of a factor that a sweep varies. The difference is the score of the first of the two
    minus that of the second, the baseline.
    """

    difference: float | None
    """Median difference of the scores over seeds (Hodges-Lehmann estimate), in the unit of the metric; null
    if too many runs diverged."""
    interval: Interval | None
    """95 % interval of the difference, [low, high], from the ranks of `p_value`: it contains 0 if and only if
    `p_value` is above 0.05. Null with fewer than 6 seeds; an end is null if too many runs diverged."""
    p_better: float
    """Share of seeds on which the row is better than its baseline; ties count half."""
    p_value: float
    """Two-sided p value of Wilcoxon's signed-rank test."""


@dataclass(frozen=True, kw_only=True)
class AdjustedDifference(PairedDifference):
    """The difference of a configuration or level from a baseline that others are compared with as well.

    A level is a value of a factor that a sweep varies. The p value is adjusted for the number of comparisons.
    """

    p_holm: float
    """The p value adjusted by Holm's method over all comparisons with the baseline."""


@dataclass(frozen=True, kw_only=True)
class ConfigurationRow(EvaluatedScores):
    """One row of the leaderboard of a sweep: a configuration with its validation scores on fresh seeds."""

    setting: str
    """The configuration in words: `l2=0, dropout=0.2`."""
    index: int
    """Place of the configuration in the design, from 0."""
    levels: dict[str, str]
    """Value of each factor, as text."""
    first: bool
    """Whether the configuration is the baseline, the first of the design."""
    optimizer: str
    """Name of the optimizer."""
    learning_rate: float | None
    """Learning rate that the schedule multiplies; null if every run of tuning diverged."""
    schedule: str
    """Learning-rate schedule."""
    network: str
    """Layers and activation of the network, in one line."""
    parameters: int
    """Number of parameters of the network."""
    tuning_interval: Interval | None
    """95 % interval of the median, wider by the uncertainty of tuning; null if nothing was tuned, with a
    diverged run, or with fewer than 3 seeds; an end is null if tuning may have selected a learning rate that
    diverges."""
    tier: Positive
    """Tier 1 is best; the data cannot distinguish the configurations of one tier."""
    epochs: float | None
    """Mean number of epochs after which the weights were kept; null if a run diverged."""
    at_edge: bool | Literal["low", "high"]
    """low or high if the best learning rate lies at this end of the range tried, else false."""
    against_first: AdjustedDifference | None
    """Difference from the baseline; null for the baseline, and for rows without runs on fresh seeds."""
    against_best: PairedDifference | None
    """Difference from the first row; null for the first row, and for rows without runs on fresh seeds."""


@dataclass(frozen=True, kw_only=True)
class LevelEffect:
    """The effect of one level (value) of a factor of a sweep on the score.

    It is the difference of the mean score of all configurations with this level from that of the first level
    of the factor.
    """

    factor: str
    """Name of the factor."""
    level: str
    """Value of the factor, as text."""
    first: bool
    """Whether this level is the first of its factor, with which the other levels are compared."""
    median: float | None
    """Median over seeds of the mean score of all configurations with this level; null if half diverged."""
    effect: AdjustedDifference | None
    """Difference from the first level; null for the first level, and without runs on fresh seeds."""
    helps: bool | None
    """Whether the level is better than the first; null for the first level, without a comparison, and if the
    adjusted p value is above 0.05."""
    matters: bool = True
    """Whether the difference is at least the smallest one that matters."""
    diverged: int = 0
    """Number of runs with this level that diverged on fresh seeds, or in tuning if it has no others."""
    n_runs: int = 0
    """Number of these runs."""


@dataclass(frozen=True, kw_only=True)
class BestScores(TestScores):
    """Scores of the best configuration of a sweep on the test rows."""

    setting: str
    """The configuration in words."""


@dataclass(frozen=True, kw_only=True, repr=False)
class SweepResult(NetworkResult):
    """The result of a sweep: its configurations, best first, and the effects of the values of each factor."""

    split: SplitSizes
    """Numbers of training, validation and test rows."""
    metric: MetricFacts
    """Name and direction of the score."""
    design: DesignFacts
    """The varied factors, and the choice of their combinations."""
    plan: SweepFacts
    """Amount of training."""
    seconds: Seconds | None = None
    """Wall-clock seconds by kind of work, such as compiling and training; null if `times.json` is gone."""
    leaderboard: list[ConfigurationRow]
    """The configurations, best median first; a DataFrame in `leaderboard_table` from Python."""
    effects: list[LevelEffect]
    """Effect of every level of a grid, empty for a random design; a DataFrame in `effects_table`."""
    test: BestScores
    """Scores of the best configuration on the test rows."""
    winner: str = ""
    """The configuration of `best.toml` and of the saved network, in words: the best median among those of
    tier 1 with the fewest failed seeds."""
    advice: LengthAdvice | None = None
    """Advice to train the best configuration longer or shorter; null if its curves support none."""
    model_dir: str | None = None
    """Folder of the saved network; null if no run directory was written."""

    def __post_init__(self) -> None:
        if not self.leaderboard:
            raise ValueError("the leaderboard has no row")
        names = {factor.name for factor in self.design.factors}
        for row in self.leaderboard:
            if set(row.levels) != names:
                raise ValueError(f"a row has levels of {sorted(row.levels)} for the factors {sorted(names)}")
        of_first = [effect.factor for effect in self.effects if effect.first]
        if not {effect.factor for effect in self.effects} <= set(of_first) <= names:
            raise ValueError("effects must have the first level of each of their factors")

    @property
    def leaderboard_table(self) -> pd.DataFrame:
        """The leaderboard as a DataFrame: one row for each configuration of the sweep, best median first.

        The first columns hold the values of the factors, one column for each factor.
        """
        import pandas as pd

        hidden = ("values", "levels", "against_first", "trend")
        rows = [msgspec.to_builtins(row) for row in self.leaderboard]
        return pd.DataFrame(
            [
                {**row["levels"], **{name: value for name, value in row.items() if name not in hidden}}
                for row in rows
            ]
        )

    @property
    def effects_table(self) -> pd.DataFrame:
        """The effects of all levels (values) of the factors as a DataFrame, one row for each level.

        An effect is the difference of the score from that of the first level of the same factor. The
        DataFrame is empty for a random design.
        """
        import pandas as pd

        return pd.DataFrame([msgspec.to_builtins(row) for row in self.effects])

    @property
    def values(self) -> pd.DataFrame:
        """Validation scores on fresh seeds as a DataFrame: one row per seed, one column per configuration.

        A score is NaN if the run diverged. Configurations without runs on fresh seeds are left out.
        """
        import pandas as pd

        columns = {row.setting: row.values for row in self.leaderboard if row.values}
        return pd.DataFrame(columns, dtype=float)

    @property
    def best(self) -> ConfigurationRow:
        """The leaderboard row of the best configuration of the sweep.

        Among the configurations of tier 1 with the fewest failed seeds, it has the best median. Others in its
        tier may be as good.
        """
        return best_row(self.leaderboard)

    def summary(self) -> str:
        """Return the result of the sweep in one line, as `ravine runs` lists it.

        The line has the best configuration, the number of others that tie with it, and its median score. A
        configuration ties with it if it is in the same tier and has as few failed seeds.
        """
        best = self.best
        tied = [row for row in tied_with_best(self.leaderboard) if row.failed == best.failed]
        return summary_text(best.setting, max(0, len(tied) - 1), self.metric.name, best.median)

    def tables(self) -> dict[str, pd.DataFrame]:
        """Return the table for the file `leaderboard.csv`: one row for each configuration, best median first.

        The key of the returned mapping is `leaderboard`.
        """
        import pandas as pd

        rows = []
        for row in self.leaderboard:
            low, high = row.interval or (None, None)
            plain = {**vars(row), "interval_low": low, "interval_high": high}
            rows.append({name: plain.get(name) for name in TABLE_COLUMNS})
        return {"leaderboard": pd.DataFrame(rows)}

    def incomplete(self) -> bool:
        """Return whether at least one configuration of the sweep has no score because all its runs diverged.

        If the learning rate is one of the factors, the value is False: a configuration that diverges at a
        high learning rate is then a result.
        """
        if any(factor.name == "learning_rate" for factor in self.design.factors):
            return False
        return any(row.diverged >= row.n_seeds for row in self.leaderboard)


def best_row(rows: Sequence[ConfigurationRow]) -> ConfigurationRow:
    """Return the row of the best configuration in the leaderboard of a sweep.

    Among the rows of the best tier with the fewest failed seeds, it has the best median. rows: the
    leaderboard, best median first.
    """
    tied = [row for row in rows if row.tier == rows[0].tier]
    return min(tied, key=lambda row: row.failed)  # the first of equal ones


# --------------------------------------------------------------------------------------------------- plan


@dataclass(frozen=True, kw_only=True)
class PlannedConfiguration:
    """One configuration that a sweep would train: values of factors, optimizer, learning rate, schedule."""

    setting: str
    """The configuration in words."""
    levels: dict[str, str]
    """Value of each factor, as text."""
    optimizer: str
    """Name of the optimizer."""
    learning_rate: float | str
    """Learning rate that the schedule multiplies; the text `tuned` if tuning will choose it."""
    schedule: str
    """Learning-rate schedule."""
    numbers: dict[str, str]
    """Numeric hyperparameters of network, penalties and averages, as text."""
    program: str
    """Name of the compiled program that trains the configuration: a key of `plans`."""


@dataclass(frozen=True, kw_only=True)
class PlannedSweep:
    """All planned configurations and runs of a sweep, as the file `plan.json` holds them.

    Runs that tuning adds if it extends the range of learning rates are not included.
    """

    effort: str
    """Name of the effort: the amount of work."""
    metric: str
    """Name of the score."""
    design: str
    """grid (all combinations of values) or random (quasi-random points)."""
    factors: list[FactorFacts]
    """The varied factors."""
    settings: list[PlannedConfiguration]
    """The configurations; the first is the baseline."""
    plans: dict[str, dict[str, Plain]]
    """Structure of every compiled program, by the name of the program."""
    rates: list[float] | None
    """Learning rates tried, as multiples of the optimizer's usual learning rate; null without tuning."""
    runs: int
    """Number of networks, unless a range of learning rates is extended."""
    network_steps: int
    """Sum of the steps of all networks."""
    programs: int
    """Number of programs to compile."""
    rows: DevelopmentSizes
    """Numbers of training and validation rows."""
    tuning_seeds: list[int]
    """Seeds on which settings are tuned."""
    seeds: list[int]
    """Fresh seeds, on which all configurations are evaluated."""


@dataclass(frozen=True, kw_only=True, repr=False)
class SweepPlan(StudyPlan, PlannedSweep):
    """The result of a dry run of a sweep: all planned configurations and runs, and their estimated time."""

    effort_chosen: str
    """Reason for the chosen effort (amount of work)."""
