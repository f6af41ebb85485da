"""The result of `train`, and the document of its dry run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ravine.execution.result import (
    MetricFacts,
    Plain,
    Result,
    ScoreSummary,
    Seconds,
    SplitSizes,
    StudyPlan,
    TestScores,
)
from ravine.records.run_index import summary_text

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "Curves", "Layer", "ScheduleCurve", "ScheduledValue", "TrainPlan", "TrainResult", "Trained",
    "TrainingFacts",
]  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Layer:
    """One layer of the network."""

    layer: str
    """Description of the layer."""
    output: list[int]
    """Shape of its output for one row."""
    parameters: int
    """Number of parameters."""


@dataclass(frozen=True, kw_only=True)
class TrainingFacts:
    """The training: network, schedule and length."""

    runs: int
    """Number of networks: one for each seed."""
    network_steps: int
    """Steps of all networks together."""
    steps: int
    """Steps of one network."""
    epochs: float
    """Passes over the training rows."""
    batch_size: int
    """Rows in a batch."""
    network: str
    """The architecture."""
    parameters: int
    """Number of parameters."""
    layers: list[Layer]
    """The network, layer by layer."""
    rates: list[float] | None
    """Learning rate at the first step and before each evaluation; null if it depends on the loss."""
    training_options: dict[str, Plain]
    """Penalties, clipping, averages and early stopping of the settings."""


@dataclass(frozen=True, kw_only=True)
class Trained(ScoreSummary):
    """Validation scores of the trained networks."""

    optimizer: str
    """The optimizer."""
    learning_rate: float
    """Learning rate at the first step."""
    schedule: str
    """Learning-rate schedule."""
    epochs: list[float | None] | None
    """Epochs after which each seed had the weights that were kept; null without early stopping."""


@dataclass(frozen=True, kw_only=True)
class Curves:
    """Learning curves as long columns, one value for each seed and evaluation; null where a run diverged."""

    seed: list[int]
    """Seed of the run."""
    step: list[int]
    """Steps done."""
    train_loss: list[float | None]
    """Mean loss of the batches since the evaluation before."""
    valid_loss: list[float | None]
    """Loss on the validation rows."""
    score: list[float | None]
    """Metric on the validation rows."""


@dataclass(frozen=True, kw_only=True)
class ScheduleCurve:
    """A hyperparameter over a run, at up to 257 steps."""

    what: str
    """The hyperparameter."""
    schedule: str
    """Its schedule."""
    steps: int
    """Steps of one run."""
    total_epochs: float
    """Epochs of one run."""
    epochs: list[float] | None
    """Epochs at which the value is given; null for a schedule that depends on the loss."""
    values: list[float] | None
    """Value at each of them."""


@dataclass(frozen=True, kw_only=True, repr=False)
class TrainResult(Result):
    """The result of a training."""

    split: SplitSizes
    """Rows of each split."""
    metric: MetricFacts
    """The score."""
    plan: TrainingFacts
    """Facts of the trainings."""
    seconds: Seconds
    """Seconds by kind of work."""
    result: Trained
    """Scores on the validation rows."""
    test: TestScores
    """Scores on the test rows."""
    curves: Curves
    """Learning curves; from Python as a DataFrame in `learning_curves`."""
    schedules: list[ScheduleCurve]
    """Learning rate and other scheduled hyperparameters over a run."""
    model_dir: str | None = None
    """Folder of the saved network; null if nothing was kept."""

    @property
    def learning_curves(self) -> pd.DataFrame:
        """Losses and score by seed and step."""
        import pandas as pd

        return pd.DataFrame(vars(self.curves))

    def summary(self) -> str:
        """Return the result in one line, as `ravine runs` shows it."""
        return summary_text(self.result.optimizer, 0, self.metric.name, self.result.mean)

    def some_failed(self) -> bool:
        """Return whether a run diverged."""
        return self.result.diverged > 0


@dataclass(frozen=True, kw_only=True)
class ScheduledValue:
    """A hyperparameter with a schedule."""

    value: float
    """The value that the schedule multiplies."""
    schedule: str
    """The schedule."""


@dataclass(frozen=True, kw_only=True, repr=False)
class TrainPlan(StudyPlan):
    """The plan of a training."""

    split: SplitSizes
    """Rows of each split."""
    metric: MetricFacts
    """The score."""
    plan: TrainingFacts
    """Facts of the trainings to run."""
    optimizer: str
    """The optimizer."""
    learning_rate: float
    """Learning rate at the first step."""
    schedule: str
    """Learning-rate schedule."""
    hyper_schedules: dict[str, ScheduledValue]
    """Other hyperparameters with a schedule."""
    schedules: list[ScheduleCurve]
    """Learning rate and other scheduled hyperparameters over a run."""
    picture: str | None = None
    """File of the figure of the schedules; null without one."""
