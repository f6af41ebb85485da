"""The result of a training: scores, learning curves and schedules; and its dry run."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ravine.execution.baseline_rows import BaselineRow
from ravine.execution.field_types import NonNegative, check_lengths
from ravine.execution.length_advice import LengthAdvice
from ravine.execution.network_result import NetworkResult
from ravine.execution.result import Plain, StudyPlan
from ravine.execution.result_parts import MetricFacts, ScoreSummary, Seconds, SplitSizes, TestScores
from ravine.records.run_file import summary_text

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "Curves", "Layer", "ScheduleCurve", "ScheduledValue", "TrainPlan", "TrainResult", "Trained",
    "TrainingFacts",
]  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Layer:
    """One layer of the network that `ravine train` trains: description, shape of output, parameters."""

    layer: str
    """Description of the layer, such as its kind and size."""
    output: list[int]
    """Shape of its output for one row."""
    parameters: int
    """Number of parameters of the layer."""


@dataclass(frozen=True, kw_only=True)
class TrainingFacts:
    """Settings of a training: network, learning rates and length."""

    runs: int
    """Number of networks, one for each seed."""
    network_steps: int
    """Sum of the steps of all networks."""
    steps: int
    """Steps of one network."""
    epochs: float
    """Passes over the training rows."""
    requested_epochs: float | None = None
    """Epochs of the settings, before rounding to whole evaluations; null for the usual number."""
    batch_size: int
    """Rows in a batch."""
    network: str
    """Layers and activation of the network, in one line."""
    parameters: int
    """Number of parameters of the network."""
    layers: list[Layer]
    """The network, layer by layer."""
    rates: list[float] | None
    """Learning rates at the first step and before each evaluation; null if they depend on the loss."""
    training_options: dict[str, Plain]
    """Settings of penalties, clipping, weight averages and early stopping."""
    seeds: list[int]
    """Seeds of the networks."""
    winner_of: str | None
    """Study that chose this training on these seeds; null if no study did, or if other settings changed."""


@dataclass(frozen=True, kw_only=True)
class Trained(ScoreSummary):
    """Validation scores of the networks of a training, one for each seed, with optimizer and schedule."""

    optimizer: str
    """Name of the optimizer."""
    learning_rate: float
    """Learning rate that the schedule multiplies."""
    schedule: str
    """Learning-rate schedule."""
    epochs: list[float | None] | None
    """Epochs after which the kept weights were reached, for each seed; null without early stopping."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.epochs is not None and len(self.epochs) != self.n_seeds:
            raise ValueError(f"epochs has {len(self.epochs)} values, and n_seeds is {self.n_seeds}")


@dataclass(frozen=True, kw_only=True)
class Curves:
    """Learning curves of all runs as lists of equal length, with one entry for each seed and evaluation.

    Losses and scores are null where a run diverged, and after it stopped early.
    """

    seed: list[int]
    """Seed of the run."""
    step: list[int]
    """Training steps done."""
    train_loss: list[float | None]
    """Mean loss of the training batches since the evaluation before."""
    valid_loss: list[float | None]
    """Loss on the validation rows."""
    score: list[float | None]
    """Score on the validation rows."""

    def __post_init__(self) -> None:
        check_lengths(self, "seed", "step", "train_loss", "valid_loss", "score")


@dataclass(frozen=True, kw_only=True)
class ScheduleCurve:
    """Values of a scheduled hyperparameter, such as the learning rate, at up to 257 steps of a run."""

    what: str
    """Name of the hyperparameter."""
    schedule: str
    """Schedule of the hyperparameter, as text."""
    steps: int
    """Steps of one run."""
    total_epochs: float
    """Epochs of one run."""
    epochs: list[NonNegative] | None
    """Epochs of the values below; null for a schedule that depends on the loss."""
    values: list[NonNegative] | None
    """Value of the hyperparameter at each of `epochs`; null for a schedule that depends on the loss."""

    def __post_init__(self) -> None:
        check_lengths(self, "epochs", "values")
        if (self.epochs is None) != (self.values is None):
            raise ValueError("epochs and values must both be lists, or both null")


@dataclass(frozen=True, kw_only=True, repr=False)
class TrainResult(NetworkResult):
    """The result of a training on one or several seeds."""

    split: SplitSizes
    """Numbers of training, validation and test rows."""
    metric: MetricFacts
    """Name and direction of the score."""
    plan: TrainingFacts
    """Network, learning rates and length of the training."""
    seconds: Seconds | None = None
    """Wall-clock seconds by kind of work, such as compiling and training; null if `times.json` is gone."""
    result: Trained
    """Scores on the validation rows."""
    test: TestScores
    """Scores on the test rows."""
    curves: Curves
    """Learning curves; a DataFrame in `learning_curves` from Python."""
    schedules: list[ScheduleCurve]
    """Learning rate and other scheduled hyperparameters over a run."""
    advice: LengthAdvice | None = None
    """Advice to train longer or to stop earlier; null if the learning curves support none."""
    baselines: list[BaselineRow] = field(default_factory=list)
    """A constant, a linear model and boosted trees on the same seeds; empty with `--no-baselines`."""
    model_dir: str | None = None
    """Folder of the saved network; null if no run directory was written."""

    @property
    def learning_curves(self) -> pd.DataFrame:
        """Losses and score during training as a DataFrame, one row for each seed and evaluation."""
        import pandas as pd

        return pd.DataFrame(vars(self.curves))

    def summary(self) -> str:
        """Return the optimizer and the median validation score in one line, for the list of `ravine runs`."""
        return summary_text(self.result.optimizer, 0, self.metric.name, self.result.median)

    def incomplete(self) -> bool:
        """Return whether a seed has no trained network, because its run diverged."""
        return self.result.diverged > 0


@dataclass(frozen=True, kw_only=True)
class ScheduledValue:
    """A hyperparameter that changes during a run by a schedule: its value and the schedule."""

    value: float
    """The value that the schedule multiplies."""
    schedule: str
    """Schedule of the hyperparameter: the factor on its value, by step."""


@dataclass(frozen=True, kw_only=True, repr=False)
class TrainPlan(StudyPlan):
    """The result of a dry run of a training: network, optimizer, schedules and length."""

    split: SplitSizes
    """Numbers of training, validation and test rows."""
    metric: MetricFacts
    """Name and direction of the score."""
    plan: TrainingFacts
    """Network, learning rates and length of the training."""
    optimizer: str
    """Name of the optimizer."""
    learning_rate: float
    """Learning rate that the schedule multiplies."""
    schedule: str
    """Learning-rate schedule."""
    hyper_schedules: dict[str, ScheduledValue]
    """Hyperparameters besides the learning rate that follow a schedule, by name."""
    schedules: list[ScheduleCurve]
    """Learning rate and other scheduled hyperparameters over a run."""
    picture: str | None = None
    """File of the figure of the schedules; null if no figure was written."""
