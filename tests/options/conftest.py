"""Settings of a made-up study, with one option of every kind."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from ravine.errors import UsageError
from ravine.options.fields import option
from ravine.options.settings import Settings


def check_color(text: str) -> None:
    """Raise UsageError for anything but two colors."""
    if text.partition("(")[0] not in ("red", "blue"):
        raise UsageError(f"There is no color '{text}'.", "", "Write red or blue.")


@dataclass(frozen=True)
class BakingSettings(Settings):
    """Settings of a made-up study."""

    alternatives = (("hours", "quickly"),)

    source: str = option("", "Recipe to bake.", section="Data", metavar="RECIPE", positional=True)
    oven_heat: float | None = option(
        None, "Heat of the oven.", section="Training", at_least=0, below=300, neutral=0, unit="degrees"
    )
    loaves: int = option(2, "Number of loaves.", section="Training", at_least=1, at_most=9)
    hours: float | None = option(None, "Time in the oven.", section="Training", above=0, unit="hours")
    quickly: bool = option(False, "Bake in a minute.", section="Training", stored=False)
    flour: str = option("wheat", "Kind of flour.", section="Data", choices=("wheat", "rye", "spelt"))
    fruits: list[str] | None = option(None, "Fruits to add.", section="Data", metavar="NAMES")
    colors: list[str] = option(
        ["red"], "Colors, such as red(light=1,dark=2).", section="Network", metavar="NAMES", short="-C",
        split="calls", check=check_color,
    )  # fmt: skip
    steps: list[str] = option([], "Steps, once each.", section="Network", metavar="STEP", split="whole")


@pytest.fixture(scope="session")
def Baking() -> type[BakingSettings]:
    """Return the settings class of a study that no registry knows."""
    return BakingSettings
