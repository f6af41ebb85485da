"""Settings of the command `descent`: network, effort, and share of random labels."""

from __future__ import annotations

from dataclasses import dataclass

from ravine.execution.base_settings import (
    GeneralizationSettings,
    LearningRateSettings,
    NetworkSettings,
    effort_option,
    seeds_option,
)
from ravine.execution.data_settings import display_name
from ravine.execution.study import DATA_HELP, Study
from ravine.options.fields import option, redefined

__all__ = ["STUDY", "DescentSettings"]


@dataclass(frozen=True, eq=False, repr=False)  # `Settings` has both
class DescentSettings(GeneralizationSettings):
    """Settings of the command `descent`, which looks for double descent."""

    batch_size: int | None = redefined(
        NetworkSettings, "batch_size", None, help="Rows in a batch; if not given, 32."
    )
    learning_rate: float | None = redefined(
        LearningRateSettings, "learning_rate", None,
        help="Learning rate, which the schedule multiplies by a factor at each step; if not given, three "
        "times the usual one of the optimizer.",
    )  # fmt: skip
    net: str = redefined(NetworkSettings, "net", "64")
    effort: str = effort_option("standard", "DESCENT", counts="network widths, seeds")
    seeds: int | None = seeds_option(None, "descent.train")
    label_noise: float = option(
        0.0,
        "Share of the training rows that get a random label; if targets are numbers, these rows exchange "
        "their targets at random; 0 = off.",
        section="Training", metavar="SHARE", at_least=0, at_most=1, neutral=0, common=True,
    )  # fmt: skip

    def headline(self, dry_run: bool) -> str:
        """Return the first line that the command prints, such as `Looking for double descent on digits`."""
        noise = f" with {self.label_noise:.0%} random labels" if self.label_noise else ""
        doing = "Planning to look" if dry_run else "Looking"
        return f"{doing} for double descent on {display_name(self.source)}{noise}."


STUDY = Study(
    name="descent",
    package="ravine.studies.descent",
    settings=DescentSettings,
    result="DescentResult",
    plan="DescentPlan",
    help=(
        "Look for double descent on DATA: the error on new rows against width, epochs and number of "
        "examples, the smallest network that fits the training rows, and the effect of early stopping "
        f"and ridge.\n\n{DATA_HELP}"
    ),
    examples=(
        "ravine descent digits --label-noise 0.15",
        "ravine descent housing.csv -t price --effort quick",
        "ravine descent digits --label-noise 0.2 --net 64-64 --epochs 400 -o descent",
    ),
    training_file="",
)
