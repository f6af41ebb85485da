"""Settings of `sweep`: factors that vary, each combination at its own tuned learning rate."""

from __future__ import annotations

from dataclasses import dataclass

from ravine.execution.base_settings import (
    MovingSettings,
    NetworkSettings,
    OptimizerSettings,
    RateSettings,
    effort_option,
    name_of,
    seeds_option,
)
from ravine.options.fields import option
from ravine.studies.sweep.factors import read_factors

__all__ = ["SweepSettings"]


@dataclass(frozen=True)
class SweepSettings(NetworkSettings, MovingSettings, RateSettings, OptimizerSettings):
    """Settings of a sweep. vary: texts such as `l2=0,1e-4`; see `ravine.studies.sweep.factors`."""

    vary: list[str] = option(
        [], "Factor and its values, such as 'l2=0,1e-4'; once for each factor.", section="Comparison",
        metavar="KEY=VALUES", split="whole",
    )  # fmt: skip
    random: int | None = option(
        None, "Number of random combinations, in place of the whole grid.", section="Comparison", at_least=2,
        at_most=10_000,
    )  # fmt: skip
    points: int = option(
        5, "Number of values taken from a range such as rate=1e-4..1e-1.", section="Comparison", at_least=2,
        at_most=1_000,
    )  # fmt: skip
    effort: str = effort_option("quick")
    seeds: int | None = seeds_option(None)

    def headline(self, dry_run: bool) -> str:
        """Return the first line of the command: `Varying l2, dropout on digits.` Raises UsageError."""
        names = ", ".join(factor.name for factor in read_factors(self.vary))
        return f"{'Planning to vary' if dry_run else 'Varying'} {names} on {name_of(self.source)}."
