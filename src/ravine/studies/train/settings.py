"""Settings of the command `train`: one optimizer without tuning, and the figure of its schedules."""

from __future__ import annotations

from dataclasses import dataclass

from ravine.execution.base_settings import BaselineSettings, LearningRateSettings, short_name
from ravine.execution.data_settings import display_name
from ravine.execution.study import DATA_HELP, Study
from ravine.execution.training_settings import WinnerSettings
from ravine.options.fields import option, redefined

__all__ = ["STUDY", "TrainSettings"]


@dataclass(frozen=True, eq=False, repr=False)  # `Settings` has both
class TrainSettings(WinnerSettings, BaselineSettings):
    """Settings of the command `train`, which trains networks with one optimizer, without tuning."""

    schedule: str = redefined(LearningRateSettings, "schedule", "cosine", common=True)
    plot_schedule: str | None = option(
        None,
        "Draw the schedules of the learning rate and of other hyperparameters into the picture FILE (.png, "
        ".svg or .pdf), and train nothing.",
        section="Output", metavar="FILE", stored=False,
    )  # fmt: skip

    def headline(self, dry_run: bool) -> str:
        """Return the first line that the command prints, such as `Training with adam on digits`."""
        rate = "" if self.learning_rate is None else f" at learning rate {self.learning_rate:g}"
        doing = "Planning to train" if dry_run or self.plot_schedule is not None else "Training"
        return f"{doing} with {short_name(self.optimizer)}{rate} on {display_name(self.source)}."

    @property
    def plans_only(self) -> bool:
        """Whether the command only draws the schedules of hyperparameters and trains nothing."""
        return self.plot_schedule is not None


STUDY = Study(
    name="train",
    package="ravine.studies.train",
    settings=TrainSettings,
    result="TrainResult",
    plan="TrainPlan",
    help=f"Train a network on DATA with one optimizer, without tuning, and save the model.\n\n{DATA_HELP}",
    examples=(
        "ravine train digits",
        "ravine train titanic.csv -t Survived --optimizer momentum --learning-rate 0.03 --epochs 100",
        "ravine train -c runs/latest/best.toml",
        "ravine train digits --schedule 'step(0.1,every=10)' --plot-schedule schedule.png",
    ),
)
