"""Parts that the results of several studies share: facts on data, metric and training, and scores over seeds.

They are frozen dataclasses of plain values. The text of a field states its unit. Reading them needs no JAX.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Self

from ravine.execution.field_types import Count, Interval, Task
from ravine.execution.json_document import Plain
from ravine.networks.smallest_difference import SmallestDifference

if TYPE_CHECKING:
    from ravine.networks.metrics import Metric

__all__ = [
    "DataFacts", "DevelopmentSizes", "DivergedRuns", "Measure", "MetricFacts", "PlannedNetworks",
    "RepeatedTraining", "ScoreSummary", "SearchFacts", "Seconds", "SplitSizes", "TestScores", "TimeMeasure",
    "values_of",
]  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class DataFacts:
    """Facts about the data of a study: name, size, task, target and remarks."""

    name: str
    """File name or built-in name."""
    sha256: str
    """SHA-256 of the source."""
    rows: Count
    """Number of rows, without rows that lack a target."""
    features: Count
    """Number of features, counted after encoding: the inputs of the network."""
    task: Task
    """classify or regress."""
    target: str
    """Name of the target column."""
    classes: list[str] | None
    """Class labels in order of the outputs; null for a regression."""
    notes: list[str]
    """Decisions of the reader: columns left out, values filled in, suspected leaks."""
    unused: Count = 0
    """Number of training and validation rows that `--rows` left out."""


@dataclass(frozen=True, kw_only=True)
class DevelopmentSizes:
    """The numbers of training and of validation rows in the split of each seed."""

    train: Count
    """Number of training rows."""
    validation: Count
    """Number of validation rows, which choose the learning rate and the best network."""
    curves: Count | None = None
    """Number of validation rows, drawn at random, for learning curves, early stopping and the schedule
    `plateau`; null for all of them. Of several programs, the smallest number. Scores use all rows."""


@dataclass(frozen=True, kw_only=True)
class SplitSizes(DevelopmentSizes):
    """The numbers of training and validation rows in the split of each seed, and of test rows."""

    test: Count
    """Number of test rows, which are used once, at the end."""


@dataclass(frozen=True, kw_only=True)
class MetricFacts(SmallestDifference):
    """The metric that scores the networks, and the smallest difference of scores that matters."""

    name: str
    """Name of the metric."""
    greater_is_better: bool
    """Whether a larger score is better."""

    @classmethod
    def of(cls, metric: Metric, smallest_difference: float | None = None) -> Self:
        """Return the facts about a metric: its name, its direction, the smallest difference that matters.

        smallest_difference: smallest difference of scores that matters, as the user set it; None for the
        metric's own.
        """
        return cls(
            name=metric.name,
            greater_is_better=metric.greater_is_better,
            smallest_difference=metric.smallest_difference,
            relative_difference=metric.relative_difference,
        ).with_smallest_difference(smallest_difference)


@dataclass(frozen=True, kw_only=True)
class ScoreSummary:
    """The scores of one training on several seeds: mean, median, intervals and all values.

    With a diverged run there is no mean. For the median a diverged run counts as the worst score.
    """

    mean: float | None
    """Mean over seeds; null if a run diverged."""
    median: float | None
    """Median over seeds; null if at least half of the runs diverged."""
    sd: float | None
    """Standard deviation over seeds; null if a run diverged, and for a single seed."""
    interval: Interval | None
    """95 % interval of the mean, [low, high]; null with fewer than 3 seeds or a diverged run."""
    n_seeds: Count
    """Number of seeds."""
    diverged: Count
    """Number of runs that diverged among these seeds."""
    values: list[float | None]
    """Score of every seed; null where the run diverged."""
    median_interval: Interval | None = None
    """95 % interval of the median, [low, high]; null with fewer than 6 seeds; an end is null if too many runs
    diverged."""

    def __post_init__(self) -> None:
        if len(self.values) != self.n_seeds:
            raise ValueError(f"values has {len(self.values)} scores, and n_seeds is {self.n_seeds}")
        if self.diverged > self.n_seeds > 0:  # without seeds, the runs are those of tuning
            raise ValueError(f"diverged is {self.diverged}, and n_seeds is {self.n_seeds}")


@dataclass(frozen=True, kw_only=True)
class TestScores(ScoreSummary):
    """The scores on the test rows over seeds, and the score of the saved network on them.

    No choice used these rows.
    """

    __test__ = False  # a name that pytest would collect

    model: float
    """Score of the saved network."""


@dataclass(frozen=True, kw_only=True)
class Measure:
    """A number that was measured on several networks, which differ only in their seed: mean and values."""

    mean: float | None
    """Mean over networks; null if a value is missing."""
    interval: Interval | None
    """95 % interval of the mean, [low, high], within the bounds of the number; null if it is not defined."""
    values: list[float | None]
    """Value of every network; null for a network without a value."""


@dataclass(frozen=True, kw_only=True)
class TimeMeasure:
    """The time at which networks that differ only in their seed reached an event in training.

    A network that never reached the event counts as later than every other network.
    """

    median: float | None
    """Median over networks; null if at least half of the networks never reached the event."""
    interval: Interval | None
    """95 % interval of the median, [low, high]; an end is null if it is later than every time reached."""
    values: list[float | None]
    """Time of every network; null if the network never reached the event."""
    reached: Count
    """Number of networks that reached the event."""


@dataclass(frozen=True, kw_only=True)
class RepeatedTraining:
    """The facts about a training without tuning that a study repeats on many seeds."""

    effort: str
    """The effort, such as `quick`."""
    optimizer: str
    """The optimizer."""
    learning_rate: float
    """Learning rate that the schedule multiplies."""
    schedule: str
    """Learning-rate schedule."""
    network: str
    """The architecture of the network."""
    steps: Count
    """Optimizer steps of each network."""
    epochs: float
    """Passes over the training rows."""
    batch_size: Count
    """Rows in a batch."""
    seeds: list[int]
    """Seeds of the networks."""


@dataclass(frozen=True, kw_only=True)
class PlannedNetworks:
    """The number of networks that a study plans to train, their steps, and options of their training."""

    training_options: dict[str, Plain]
    """Penalties, clipping, averages and early stopping of the settings."""
    runs: Count
    """Number of networks."""
    network_steps: Count
    """Steps of all networks together."""


@dataclass(frozen=True, kw_only=True)
class SearchFacts:
    """The amount of training in a study that tunes and ranks: networks, steps and epochs."""

    effort: str
    """The effort, such as `quick`."""
    runs: Count
    """Number of networks."""
    network_steps: Count
    """Steps of all networks together."""
    epochs: float
    """Passes over the training rows in the longest run."""
    cohorts: Count
    """Number of cohorts, which are sets of runs that were trained together in one program."""
    extended_ends: list[str]
    """Ends, low or high, at which the ranges of all learning rates were extended by a decade, in order."""


@dataclass(frozen=True, kw_only=True)
class DivergedRuns:
    """The number of runs whose loss became infinite in a study."""

    diverged: Count
    """Number of networks that diverged, over the whole study."""


@dataclass(frozen=True, kw_only=True)
class Seconds:
    """The wall-clock seconds of a study: in total, for compiling, and for training."""

    total: float
    """Seconds from the start of the study to its result."""
    compile: float
    """Seconds spent on compiling, summed over the compiled programs."""
    train: float
    """Seconds spent on training networks."""


def values_of(part: ScoreSummary) -> dict[str, Any]:
    """Return the fields of a `ScoreSummary` by name, as keyword arguments for one of its subclasses."""
    return {item.name: getattr(part, item.name) for item in fields(part)}
