"""The result of `compare`, and the document of its dry run."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Literal

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
    "ComparePlan", "CompareResult", "ComparisonFacts", "LeaderboardRow", "Pair", "PlannedEvaluation",
    "PlannedRuns", "PlannedTrial", "RateSensitivity", "ScheduleScores", "WinnerScores",
]  # fmt: skip

CSV_COLUMNS = (
    "optimizer", "learning_rate", "schedule", "mean", "median", "sd", "interval_low", "interval_high", "tier",
    "n_seeds", "diverged", "steps_to_target", "reached_target", "at_edge", "sensitivity_width",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class ComparisonFacts(SearchFacts):
    """The training of a comparison: its size, and the tuned hyperparameters."""

    tuning_scope: str
    """Tuned hyperparameters: learning-rate (with its schedule) or all (of an optimizer)."""
    steps: int
    """Steps of one network."""
    batch_size: int
    """Rows in a batch."""
    network: str
    """The architecture."""
    training_options: dict[str, Plain]
    """Penalties, clipping, averages and early stopping of the settings."""


@dataclass(frozen=True, kw_only=True)
class RateSensitivity:
    """Validation score against learning rate in tuning, under the chosen schedule, in order of the rate."""

    learning_rate: list[float | None]
    """The rates tried."""
    score: list[float | None]
    """Median over the tuning seeds; null where half of the runs diverged."""
    lower: list[float | None]
    """Lower quartile over the tuning seeds; null where it diverged."""
    upper: list[float | None]
    """Upper quartile over the tuning seeds; null where it diverged."""
    diverged: list[float | None]
    """Share of the tuning seeds that diverged."""


@dataclass(frozen=True, kw_only=True)
class LeaderboardRow(ScoreSummary):
    """One optimizer at its tuned setting: validation scores on fresh seeds."""

    optimizer: str
    """The optimizer."""
    learning_rate: float | None
    """Tuned learning rate at the first step; null if every run of tuning diverged."""
    hyperparameters: dict[str, float]
    """Other tuned hyperparameters; empty where only the learning rate is tuned."""
    schedule: str | None
    """Tuned learning-rate schedule; null if every run of tuning diverged."""
    tuning_interval: list[float | None] | None
    """95 % interval of the mean that includes the noise of tuning, [low, high]; null as for `interval`."""
    tier: int
    """1: not distinguishable from the best. Each further tier is worse than those before it."""
    reached_target: float | None
    """Share of seeds that reached the target: the median best score of the reference optimizer."""
    steps_to_target: float | None
    """Median steps to the target; null if less than half of the seeds reached it."""
    seconds_to_target: float | None
    """Median seconds to the target, of one network among the many that trained side by side."""
    at_edge: bool | Literal["low", "high"]
    """End of the range tried at which the tuned learning rate lies, low or high; false if at neither."""
    sensitivity: RateSensitivity
    """Score against learning rate in tuning."""
    sensitivity_width: float | None
    """Decades of learning rate around the best within 5 % of its score; null if all diverged."""


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Two optimizers on the same seeds."""

    a: str
    """The first optimizer."""
    b: str
    """The second optimizer."""
    difference: float | None
    """Mean score of a minus that of b; null if a run diverged."""
    interval: list[float | None] | None
    """95 % interval of the difference, [low, high]; null with fewer than 3 seeds or a diverged run."""
    p_better: float
    """Share of seeds on which a is better; ties count half."""
    p_value: float
    """Two-sided p value of the Wilcoxon signed-rank test; diverged runs rank worst."""
    p_holm: float
    """The p value, adjusted by Holm over all pairs."""


@dataclass(frozen=True, kw_only=True)
class ScheduleScores(ScoreSummary):
    """One optimizer under one schedule, at the learning rate tuned for both."""

    optimizer: str
    """The optimizer."""
    schedule: str
    """Learning-rate schedule."""
    learning_rate: float
    """Tuned learning rate at the first step."""


@dataclass(frozen=True, kw_only=True)
class WinnerScores(TestScores):
    """Scores of the first optimizer of the leaderboard on the test rows."""

    optimizer: str
    """The optimizer."""


@dataclass(frozen=True, kw_only=True, repr=False)
class CompareResult(Result):
    """The result of a comparison."""

    split: SplitSizes
    """Rows of each split."""
    metric: MetricFacts
    """The score."""
    plan: ComparisonFacts
    """Facts of the trainings."""
    seconds: Seconds
    """Seconds by kind of work."""
    leaderboard: list[LeaderboardRow]
    """One row for each optimizer, best first; from Python as a DataFrame in `leaderboard_table`."""
    pairs: list[Pair]
    """Every two optimizers that were evaluated; from Python as a DataFrame in `pairs_table`."""
    schedules: list[ScheduleScores]
    """Every optimizer under every schedule."""
    test: WinnerScores
    """Scores on the test rows, which are read once."""
    model_dir: str | None = None
    """Folder of the saved network; null if nothing was kept."""

    @property
    def best(self) -> str:
        """The name of the first optimizer of the leaderboard; its tier says who shares it."""
        return self.leaderboard[0].optimizer

    @property
    def leaderboard_table(self) -> pd.DataFrame:
        """One row for each optimizer, best first, without the scores of single seeds."""
        import pandas as pd

        names = [item.name for item in fields(LeaderboardRow) if item.name not in ("values", "sensitivity")]
        return pd.DataFrame([{name: getattr(row, name) for name in names} for row in self.leaderboard])

    @property
    def pairs_table(self) -> pd.DataFrame:
        """The paired difference of every two optimizers, one row for each pair."""
        import pandas as pd

        return pd.DataFrame([vars(pair) for pair in self.pairs], columns=[item.name for item in fields(Pair)])

    @property
    def sensitivity(self) -> pd.DataFrame:
        """Score against learning rate, one row for each rate and optimizer."""
        import pandas as pd

        parts = [
            pd.DataFrame({"optimizer": row.optimizer, "schedule": row.schedule, **vars(row.sensitivity)})
            for row in self.leaderboard
        ]
        return pd.concat(parts, ignore_index=True)

    @property
    def values(self) -> pd.DataFrame:
        """Validation score by evaluation seed (rows) and optimizer (columns); NaN where a run diverged."""
        import pandas as pd

        columns = {row.optimizer: row.values for row in self.leaderboard if row.values}
        return pd.DataFrame(columns, dtype="float64")

    def summary(self) -> str:
        """Return the result in one line, as `ravine runs` shows it."""
        first, *others = self.leaderboard
        return summary_text(
            first.optimizer, sum(row.tier == first.tier for row in others), self.metric.name, first.mean
        )

    def some_failed(self) -> bool:
        """Return whether a run of the evaluation diverged."""
        return any(row.diverged for row in self.leaderboard)

    def tables(self) -> dict[str, pd.DataFrame]:
        """Return the leaderboard as a table of numbers and short texts."""
        table = self.leaderboard_table
        table["interval_low"] = [row.interval[0] if row.interval else None for row in self.leaderboard]
        table["interval_high"] = [row.interval[1] if row.interval else None for row in self.leaderboard]
        return {"leaderboard": table[list(CSV_COLUMNS)]}


@dataclass(frozen=True, kw_only=True)
class PlannedTrial:
    """One setting of tuning."""

    optimizer: str
    """The optimizer."""
    schedule: str
    """Learning-rate schedule."""
    learning_rate: float
    """Learning rate at the first step."""
    hyperparameters: dict[str, float]
    """Other tuned hyperparameters; empty where only the learning rate is tuned."""
    seeds: list[int]
    """Seeds on which the setting is tried."""


@dataclass(frozen=True, kw_only=True)
class PlannedEvaluation:
    """One optimizer under one schedule on fresh seeds."""

    optimizer: str
    """The optimizer."""
    schedule: str
    """Learning-rate schedule."""
    learning_rate: str
    """`as tuned`: the learning rate that tuning will choose."""
    seeds: list[int]
    """Fresh seeds."""


@dataclass(frozen=True, kw_only=True, repr=False)
class PlannedRuns:
    """All runs of a comparison without extended ranges: the content of `plan.json`."""

    effort: str
    """Level of effort."""
    tuning_scope: str
    """Tuned hyperparameters: learning-rate (with its schedule) or all (of an optimizer)."""
    metric: str
    """Name of the metric."""
    plans: dict[str, dict[str, Plain]]
    """Structure of the training of each optimizer."""
    runs: int
    """Networks to train."""
    network_steps: int
    """Steps of all networks together."""
    rows: DevelopmentSizes
    """Rows of each split."""
    tuning_seeds: list[int]
    """Seeds of tuning."""
    seeds: list[int]
    """Fresh seeds of the evaluation."""
    tune: list[PlannedTrial]
    """Settings to try, for each optimizer equally many."""
    evaluate: list[PlannedEvaluation]
    """Evaluations after tuning."""


@dataclass(frozen=True, kw_only=True, repr=False)
class ComparePlan(PlannedRuns, StudyPlan):
    """The plan of a comparison."""

    estimated_seconds: float
    """Estimated wall-clock seconds on this machine."""
    effort_chosen: str
    """Reason for this level of effort."""
    training_options: dict[str, Plain]
    """Penalties, clipping, averages and early stopping of the settings."""
