"""The result of a comparison of optimizers, and the result of its dry run, as dataclasses of plain values.

A result holds the leaderboard of the optimizers, their paired differences, the recommended optimizer, and its
scores on the test rows. A dry run lists the planned runs.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, ClassVar, Literal

from ravine.execution.baseline_rows import BaselineRow
from ravine.execution.evaluated_scores import EvaluatedScores
from ravine.execution.field_types import Interval, Positive, check_lengths
from ravine.execution.length_advice import LengthAdvice
from ravine.execution.network_result import NetworkResult
from ravine.execution.result import Plain, StudyPlan
from ravine.execution.result_parts import (
    DevelopmentSizes,
    MetricFacts,
    ScoreSummary,
    SearchFacts,
    Seconds,
    SplitSizes,
    TestScores,
)
from ravine.records.run_file import summary_text

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "ComparePlan", "CompareResult", "ComparisonFacts", "LeaderboardRow", "Pair", "PlannedEvaluation",
    "PlannedRuns", "PlannedTrial", "RateSensitivity", "Reason", "Recommendation", "ScheduleScores",
    "WinnerScores",
]  # fmt: skip

CSV_COLUMNS = (
    "optimizer", "learning_rate", "schedule", "mean", "median", "sd", "interval_low", "interval_high", "tier",
    "n_seeds", "diverged", "failed", "steps_to_target", "reached_target", "at_edge", "sensitivity_width",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class ComparisonFacts(SearchFacts):
    """Settings that all trainings of a comparison share, and the amount of training.

    The settings are the number of steps, the batch size, the network, the training options, and the choice of
    tuned hyperparameters.
    """

    tuning_scope: str
    """Tuned hyperparameters: learning-rate (with its schedule), or all (of each optimizer)."""
    steps: int
    """Steps of one network."""
    batch_size: int
    """Rows in a batch."""
    network: str
    """Layers and activation of the network, in one line."""
    training_options: dict[str, Plain]
    """Settings of penalties, clipping, weight averages and early stopping."""


@dataclass(frozen=True, kw_only=True)
class RateSensitivity:
    """Validation score of one optimizer against its learning rate, from the trials of tuning.

    The trials are those under the learning-rate schedule that tuning chose for the optimizer.
    """

    learning_rate: list[float | None]
    """Learning rates tried, in ascending order."""
    score: list[float | None]
    """Median validation score over the tuning seeds; null where at least half of the runs diverged."""
    lower: list[float | None]
    """Lower quartile of the score over the tuning seeds; null where the run at the quartile diverged."""
    upper: list[float | None]
    """Upper quartile of the score over the tuning seeds; null where the run at the quartile diverged."""
    diverged: list[float | None]
    """Share of the tuning seeds on which the run diverged."""

    def __post_init__(self) -> None:
        check_lengths(self, "learning_rate", "score", "lower", "upper", "diverged")


@dataclass(frozen=True, kw_only=True)
class LeaderboardRow(EvaluatedScores):
    """One row of the leaderboard of a comparison: an optimizer with its tuned setting and its scores.

    The scores are validation scores on fresh seeds, which tuning did not use.
    """

    optimizer: str
    """Name of the optimizer."""
    learning_rate: float | None
    """Tuned learning rate, which the schedule multiplies; null if every run of tuning diverged."""
    hyperparameters: dict[str, float]
    """Other tuned hyperparameters; empty where only the learning rate is tuned."""
    schedule: str | None
    """Tuned learning-rate schedule; null if every run of tuning diverged."""
    tuning_interval: Interval | None
    """95 % interval [low, high] of the median, wider by the uncertainty of tuning; null with a diverged run
    or fewer than 3 seeds; an end is null if tuning may have selected trials that diverge."""
    tier: Positive
    """1 if the optimizer is not distinguishable from the best. Tier 2 is worse than tier 1, and so on. An
    optimizer with very different scores may be of a better tier than one with a better median."""
    reached_target: float | None
    """Share of seeds that reached the target: the median best score of the reference optimizer."""
    steps_to_target: float | None
    """Median steps to the target score; null unless more than half of the seeds reached the target."""
    seconds_to_target: float | None
    """Median seconds to the target score, for one of the many networks that train side by side."""
    at_edge: bool | Literal["low", "high"]
    """low or high if the tuned learning rate lies at this end of the range tried, else false."""
    sensitivity: RateSensitivity
    """Validation score against learning rate in tuning."""
    sensitivity_width: float | None
    """Decades of learning rate with a score within 5 % of the best; null if all runs diverged or the best is
    0."""


@dataclass(frozen=True, kw_only=True)
class Pair:
    """The difference of the validation scores of two optimizers a and b on the same fresh seeds."""

    a: str
    """Name of the first optimizer, a."""
    b: str
    """Name of the second optimizer, b."""
    difference: float | None
    """Median score of a minus b over seeds (Hodges-Lehmann estimate); null if too many runs diverged."""
    interval: Interval | None
    """95 % interval of the difference, [low, high], from the ranks of `p_value`: it contains 0 if and only if
    `p_value` is above 0.05. Null with fewer than 6 seeds; an end is null if too many runs diverged."""
    p_better: float
    """Share of seeds on which a is better than b; ties count half."""
    p_value: float
    """Two-sided p value of the Wilcoxon signed-rank test; diverged runs rank worst."""
    p_holm: float
    """The p value, adjusted by Holm's method over all pairs of optimizers."""


@dataclass(frozen=True, kw_only=True)
class ScheduleScores(ScoreSummary):
    """Validation scores on fresh seeds of one optimizer under one learning-rate schedule.

    The learning rate was tuned for this optimizer and this schedule.
    """

    optimizer: str
    """Name of the optimizer."""
    schedule: str
    """Learning-rate schedule."""
    learning_rate: float
    """Tuned learning rate, which the schedule multiplies."""


Reason = Literal["best", "fewest_failures", "widest_rates", "fewest_steps", "least_spread", "best_median"]
"""The criterion that chose the recommended optimizer."""


@dataclass(frozen=True, kw_only=True)
class Recommendation:
    """The optimizer that a comparison recommends, with its tuned setting and the reason.

    The file `best.toml` and the saved network use this optimizer.
    """

    optimizer: str
    """Name of the optimizer."""
    learning_rate: float | None
    """Tuned learning rate, which the schedule multiplies."""
    hyperparameters: dict[str, float]
    """Other tuned hyperparameters; empty where only the learning rate is tuned."""
    schedule: str | None
    """Tuned learning-rate schedule."""
    tied: list[str]
    """Other optimizers that tie with the best median: the scores do not distinguish them, and they failed on
    as many seeds. Empty if the recommended optimizer does not tie with the best median."""
    reason: Reason
    """best: alone in tier 1; fewest_failures: failed on fewer seeds than the others of tier 1. Among those of
    tier 1 with the fewest failed seeds: widest_rates: widest range of good learning rates; fewest_steps:
    fewest steps to the target score; least_spread: least spread over seeds; best_median: best median, as no
    other criterion decides."""
    failing: list[str]
    """Optimizers of tier 1 that were not recommended because they failed on more seeds."""


@dataclass(frozen=True, kw_only=True)
class WinnerScores(TestScores):
    """Scores of the optimizer that a comparison recommends on the test rows."""

    optimizer: str
    """Name of the optimizer."""


@dataclass(frozen=True, kw_only=True, repr=False)
class CompareResult(NetworkResult):
    """The result of a comparison of optimizers: leaderboard, paired differences and recommended optimizer."""

    times: ClassVar[tuple[str, ...]] = ("seconds", "leaderboard.seconds_to_target")
    """Fields that `times.json` holds."""
    split: SplitSizes
    """Numbers of training, validation and test rows."""
    metric: MetricFacts
    """Name and direction of the score that optimizers are compared by."""
    plan: ComparisonFacts
    """Settings of the trainings: length, network, and the tuned hyperparameters."""
    seconds: Seconds | None = None
    """Wall-clock seconds by kind of work, such as compiling and training; null if `times.json` is gone."""
    leaderboard: list[LeaderboardRow]
    """One row for each optimizer, best median first; a DataFrame in `leaderboard_table` from Python."""
    pairs: list[Pair]
    """Difference of every two optimizers that were evaluated; a DataFrame in `pairs_table` from Python."""
    schedules: list[ScheduleScores]
    """Scores of every optimizer under every schedule."""
    test: WinnerScores
    """Scores of the recommended optimizer on the test rows, which are read once."""
    recommendation: Recommendation
    """The recommended optimizer with its setting, and the reason."""
    advice: LengthAdvice | None = None
    """Advice to train the recommended optimizer longer or shorter; null if its curves support none."""
    reference: str = ""
    """Name of the optimizer that sets the target score."""
    target_score: float | None = None
    """Score that `steps_to_target` refers to: the median best validation score of the reference optimizer;
    null if half of its runs diverged before their first evaluation."""
    baselines: list[BaselineRow] = field(default_factory=list)
    """A constant, a linear model and boosted trees on the same seeds; empty with `--no-baselines`."""
    model_dir: str | None = None
    """Folder of the saved network; null if no run directory was written."""

    def __post_init__(self) -> None:
        if self.best not in [row.optimizer for row in self.leaderboard]:
            raise ValueError(
                f"the leaderboard has no row of {self.best}, which recommendation.optimizer names"
            )

    @property
    def best(self) -> str:
        """The name of the optimizer that the comparison recommends. Others in its tier may be as good."""
        return self.recommendation.optimizer

    @property
    def leaderboard_table(self) -> pd.DataFrame:
        """The leaderboard as a DataFrame: one row for each optimizer, best median first.

        The scores of single seeds and the curves of score against learning rate are left out.
        """
        import pandas as pd

        names = [item.name for item in fields(LeaderboardRow) if item.name not in ("values", "sensitivity")]
        table = pd.DataFrame([{name: getattr(row, name) for name in names} for row in self.leaderboard])
        table["trend"] = [row.trend.direction if row.trend else None for row in self.leaderboard]
        return table

    @property
    def pairs_table(self) -> pd.DataFrame:
        """The differences of every two optimizers, paired by seed, as a DataFrame with one row per pair."""
        import pandas as pd

        return pd.DataFrame([vars(pair) for pair in self.pairs], columns=[item.name for item in fields(Pair)])

    @property
    def sensitivity(self) -> pd.DataFrame:
        """Validation score in tuning against learning rate, as a DataFrame.

        The DataFrame has one row for each optimizer and each learning rate that was tried for it under its
        tuned learning-rate schedule.
        """
        import pandas as pd

        parts = [
            pd.DataFrame({"optimizer": row.optimizer, "schedule": row.schedule, **vars(row.sensitivity)})
            for row in self.leaderboard
        ]
        return pd.concat(parts, ignore_index=True)

    @property
    def values(self) -> pd.DataFrame:
        """Validation scores on fresh seeds as a DataFrame: one row per seed, one column per optimizer.

        A score is NaN if the run diverged.
        """
        import pandas as pd

        columns = {row.optimizer: row.values for row in self.leaderboard if row.values}
        return pd.DataFrame(columns, dtype="float64")

    def summary(self) -> str:
        """Return one line for the list of `ravine runs` on the recommended optimizer.

        The line holds the name of the optimizer, the number of optimizers that tie with it, and its median
        score.
        """
        recommended = self.recommendation
        median = next(row.median for row in self.leaderboard if row.optimizer == recommended.optimizer)
        return summary_text(recommended.optimizer, len(recommended.tied), self.metric.name, median)

    def tables(self) -> dict[str, pd.DataFrame]:
        """Return the table for the file `leaderboard.csv`: one row for each optimizer, best median first.

        The cells are numbers and short texts. The key of the returned mapping is `leaderboard`.
        """
        table = self.leaderboard_table
        table["interval_low"] = [row.interval[0] if row.interval else None for row in self.leaderboard]
        table["interval_high"] = [row.interval[1] if row.interval else None for row in self.leaderboard]
        return {"leaderboard": table[list(CSV_COLUMNS)]}


@dataclass(frozen=True, kw_only=True)
class PlannedTrial:
    """One trial that the tuning of a comparison would train: an optimizer with learning rate and schedule."""

    optimizer: str
    """Name of the optimizer."""
    schedule: str
    """Learning-rate schedule."""
    learning_rate: float
    """Learning rate that the schedule multiplies."""
    hyperparameters: dict[str, float]
    """Other tuned hyperparameters; empty where only the learning rate is tuned."""
    seeds: list[int]
    """Seeds on which the setting is tried."""


@dataclass(frozen=True, kw_only=True)
class PlannedEvaluation:
    """A planned evaluation of a comparison: one optimizer under one learning-rate schedule on fresh seeds."""

    optimizer: str
    """Name of the optimizer."""
    schedule: str
    """Learning-rate schedule."""
    learning_rate: str
    """The text `as tuned`, because tuning will choose the learning rate."""
    seeds: list[int]
    """Fresh seeds, which tuning does not use."""


@dataclass(frozen=True, kw_only=True, repr=False)
class PlannedRuns:
    """All planned runs of a comparison of optimizers, as the file `plan.json` holds them.

    Runs that tuning adds if it extends a range of learning rates are not included.
    """

    effort: str
    """Name of the effort: the amount of work."""
    tuning_scope: str
    """Tuned hyperparameters: learning-rate (with its schedule) or all (of an optimizer)."""
    metric: str
    """Name of the metric."""
    plans: dict[str, dict[str, Plain]]
    """Compiled part of the training of each optimizer."""
    runs: int
    """Number of networks to train."""
    network_steps: int
    """Sum of the steps of all networks."""
    rows: DevelopmentSizes
    """Numbers of training and validation rows."""
    tuning_seeds: list[int]
    """Seeds on which settings are tuned."""
    seeds: list[int]
    """Fresh seeds, on which the tuned settings are evaluated."""
    tune: list[PlannedTrial]
    """Settings to try in tuning, equally many for each optimizer."""
    evaluate: list[PlannedEvaluation]
    """Evaluations on fresh seeds after tuning."""


@dataclass(frozen=True, kw_only=True, repr=False)
class ComparePlan(PlannedRuns, StudyPlan):
    """The result of a dry run of a comparison of optimizers: all planned runs, and their estimated time."""

    effort_chosen: str
    """Reason for the chosen effort (amount of work)."""
    training_options: dict[str, Plain]
    """Settings of penalties, clipping, weight averages and early stopping."""
