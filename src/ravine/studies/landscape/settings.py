"""Settings and declaration of the study `landscape`, which measures the loss around trained weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ravine.errors import UsageError
from ravine.execution.base_settings import (
    CHECK_OPTIMIZER,
    USUAL_EPOCHS,
    LearningRateSettings,
    NetworkSettings,
)
from ravine.execution.data_settings import display_name
from ravine.execution.study import Study
from ravine.options.fields import option, options_of, redefined

__all__ = ["STUDY", "LandscapeSettings"]

WITH_MODEL = ("source", "target", "model", "grid", "span", "seed", "device", "format", "trust")
"""Fields that have an effect with a model, which is not trained."""


@dataclass(frozen=True, eq=False, repr=False)  # `Settings` has both
class LandscapeSettings(NetworkSettings, LearningRateSettings):
    """Settings of a landscape study: the networks to train or the model to measure, lines and planes."""

    models: ClassVar[tuple[str, ...]] = ("model",)
    python_types: ClassVar[dict[str, str]] = {"model": "str | PathLike[str] | None"}

    epochs: float | None = redefined(NetworkSettings, "epochs", None, help=USUAL_EPOCHS, common=True)
    schedule: str = redefined(LearningRateSettings, "schedule", "constant")
    optimizers: list[str] = option(
        ["sgd", "adam"],
        "Optimizers to train, such as 'sgd,adam,optax:lion(b1=0.9)'; the loss is measured around the weights "
        "that the first one reaches.",
        section="Comparison",
        metavar="NAMES", short="-O", split="calls", check=CHECK_OPTIMIZER, common=True, code=True,
    )  # fmt: skip
    model: str | None = option(
        None,
        "Run or trained model around whose weights the loss is measured, without a new training.",
        section="Data", metavar="MODEL", positional=True,
    )  # fmt: skip
    solutions: int = option(
        3,
        "Number of trainings of the first optimizer from different initial weights: 2 or 3 = also loss "
        "barriers between every two solutions, 3 = also a plane through the three solutions.",
        section="Output", at_least=1, at_most=3,
    )  # fmt: skip
    grid: int = option(
        51, "Number of points along each side of a plane on which the loss is computed.", section="Output",
        at_least=5, at_most=2_001, common=True,
    )  # fmt: skip
    span: float = option(
        1.0,
        "Half-width of slices and planes around the center, in units of the norm of the weights (less where "
        "the loss is steep). Planes through training paths or solutions ignore this option.",
        section="Output", above=0, below=1e6, unit="lengths of the weights",
    )  # fmt: skip
    format: str = option(
        "png", "File format of the pictures.", section="Output", choices=("png", "svg", "pdf")
    )

    def check_together(self) -> None:
        """Raise UsageError for early stopping, because a landscape shows the paths of whole trainings."""
        for key, value in (("early_stop", self.early_stop), ("min_change", self.min_change)):
            if value:
                raise UsageError(
                    f"--{key.replace('_', '-')} cannot be used here.",
                    "A landscape shows the paths of whole trainings, which early stopping would cut off.",
                    "Leave it out, or give fewer --epochs.",
                    option=key,
                    value=value,
                    allowed="0, as a landscape needs whole runs",
                )

    @property
    def needs_source(self) -> bool:
        """Whether the user must name data: yes, unless a model is measured, whose run gives the data."""
        return self.model is None

    @property
    def picture_format(self) -> str:
        """The file format of the pictures in the run directory, such as png."""
        return self.format

    @property
    def run_name(self) -> str:
        """The name of the data, for the name of the run directory.

        If a model is measured and no data are named, it is the name of the data of the run that saved the
        model. If the model lies in no run directory, it is the name of the model's file.
        """
        from pathlib import Path  # slow to import, and not needed for help

        from ravine.records.open_file import is_file
        from ravine.records.run_file import RUN_FILE, read_run_file

        if self.source or self.model is None:
            return super().run_name
        path = Path(self.model)
        run = next((folder for folder in (path, *path.parents) if is_file(folder / RUN_FILE)), None)
        return path.name if run is None else read_run_file(run).data.name

    @property
    def unused(self) -> list[str]:
        """Flags of options that the user changed but that have no effect if a trained model is measured.

        They concern the training, which does not take place. The list is empty without a model.
        """
        if self.model is None:
            return []
        options = options_of(type(self))
        return [
            option.flag
            for key, option in options.items()
            if key not in WITH_MODEL and getattr(self, key) != option.default
        ]

    def headline(self, dry_run: bool) -> str:
        """Return the first line that `ravine landscape` prints: `Measuring the loss landscape of digits`.

        dry_run: whether nothing will be measured; the line then begins with `Planning to measure`.
        """
        doing = "Planning to measure" if dry_run else "Measuring"
        return f"{doing} the loss landscape of {display_name(self.model or self.source)}."


STUDY = Study(
    name="landscape",
    package="ravine.studies.landscape",
    settings=LandscapeSettings,
    result="LandscapeResult",
    plan="LandscapePlan",
    help=(
        "Train on DATA with each optimizer and measure the loss around the end of the first one: slices and "
        "planes (in random and in the sharpest directions, along the paths of training, through three "
        "solutions), sharpness against the "
        "optimizer's stability limit, barriers between solutions before and after matching their units. With "
        "a RUN or MODEL, measure around it, on the data of the run or on DATA."
    ),
    examples=(
        "ravine landscape digits -O sgd,adam -o around",
        "ravine landscape titanic.csv -t Survived -O momentum --learning-rate 0.03 --format svg",
        "ravine landscape latest",
        "ravine landscape models/best new.csv",
    ),
    accepts=("data", "model"),
)
