"""Settings of the command `memorize`, which measures how much of the data a network memorizes."""

from __future__ import annotations

from dataclasses import dataclass

from ravine.execution.base_settings import GeneralizationSettings, effort_option, seeds_option, short_name
from ravine.execution.data_settings import display_name
from ravine.execution.study import DATA_HELP, Study

__all__ = ["STUDY", "MemorizeSettings"]


@dataclass(frozen=True, eq=False, repr=False)  # `Settings` has both
class MemorizeSettings(GeneralizationSettings):
    """Settings of the command `memorize`, which measures how much of the data a network memorizes."""

    effort: str = effort_option("standard", "MEMORIZE", counts="shares of random labels, seeds")
    seeds: int | None = seeds_option(None, "memorize.train")

    def headline(self, dry_run: bool) -> str:
        """Return the first line that the command prints, with network, optimizer and data."""
        doing = "Planning to measure" if dry_run else "Measuring"
        network, optimizer = short_name(self.net), short_name(self.optimizer)
        return f"{doing} how much '{network}' with {optimizer} memorizes of {display_name(self.source)}."


STUDY = Study(
    name="memorize",
    package="ravine.studies.memorize",
    settings=MemorizeSettings,
    result="MemorizeResult",
    plan="MemorizePlan",
    help=(
        "Measure how much of DATA a network memorizes: the random-label test, rows held out in turn, an "
        "attack that distinguishes training rows from others, bounds of the theory, and limits on "
        f"memorization.\n\n{DATA_HELP} Its target is a class."
    ),
    examples=(
        "ravine memorize digits",
        "ravine memorize titanic.csv -t Survived --effort quick",
        "ravine memorize digits --net '256-256 dropout=0.5' --epochs 300 -o memory",
    ),
    training_file="",
)
