"""Settings of the study `sweep`, which compares configurations of a training, with its name and help.

A sweep varies factors such as dropout. Each combination of their values trains at its own tuned learning
rate, unless the settings fix or vary the learning rate.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Self

from ravine.execution.base_settings import (
    DifferenceSettings,
    HyperScheduleSettings,
    LearningRateSettings,
    NetworkSettings,
    OptimizerSettings,
    budget_option,
    effort_option,
    seeds_option,
    tuning_seeds_option,
)
from ravine.execution.data_settings import display_name
from ravine.execution.study import Study
from ravine.options.fields import option, redefined
from ravine.studies.sweep.factors import MAX_CONFIGURATIONS, factors_as_text, read_factors

__all__ = ["STUDY", "SweepSettings"]


@dataclass(frozen=True, eq=False, repr=False)  # `Settings` has both
class SweepSettings(
    NetworkSettings, DifferenceSettings, HyperScheduleSettings, LearningRateSettings, OptimizerSettings
):
    """Settings of a sweep: factors to vary, number of configurations, effort, and shared options of training.

    vary: factors as text, such as `l2=0,1e-4`; see `ravine.studies.sweep.factors`.
    """

    alternatives = (("effort", "budget"),)
    python_types: ClassVar[Mapping[str, str]] = {"vary": "Mapping[str, object] | Sequence[str] | str"}

    vary: list[str] = option(
        [],
        "Factor to vary (an option, a word of --net or a hyperparameter of the optimizer) with its values, "
        "such as 'l2=0,1e-4'; may be given several times, once for each factor.",
        section="Comparison",
        metavar="KEY=VALUES", split="whole", common=True, code=True,
    )  # fmt: skip
    learning_rate: float | None = redefined(
        LearningRateSettings, "learning_rate", None,
        help="Learning rate of every configuration, which the schedule multiplies by a factor at each step; "
        "if not given, tuned for each configuration.",
    )  # fmt: skip
    random: int | None = option(
        None,
        "Number of configurations to draw at random from the values of --vary; if not given, all "
        "combinations of these values are used (a grid).",
        section="Comparison", at_least=2,
        at_most=MAX_CONFIGURATIONS,
    )  # fmt: skip
    points: int = option(
        5,
        "Number of values that a grid of configurations takes from each range of --vary, such as "
        "learning_rate=1e-4..1e-1.",
        section="Comparison", at_least=2,
        at_most=1_000,
    )  # fmt: skip
    effort: str | None = effort_option(None, "COMPARE", otherwise="quick")
    budget: str | None = budget_option()
    trials: int | None = option(
        None,
        "Number of learning rates that tuning tries for each configuration; if not given, set by the effort.",
        section="Comparison", at_least=2, at_most=10_000,
    )  # fmt: skip
    tuning_seeds: int | None = tuning_seeds_option("sweep.tune")
    seeds: int | None = seeds_option(None, "sweep.evaluate")

    @classmethod
    def from_dict(cls, plain: Mapping[str, object]) -> Self:
        """Return the settings of a sweep that plain values give by name.

        plain: values by name of the setting. The value of `vary` may be texts such as `l2=0,1e-4`, one such
        text, or a mapping from factors to their values. Raises UsageError for an invalid value.
        """
        if "vary" in plain:
            plain = {**plain, "vary": factors_as_text(plain["vary"])}
        return super().from_dict(plain)

    def headline(self, dry_run: bool) -> str:
        """Return the first line that `ravine sweep` prints, such as `Varying l2 on digits`.

        dry_run: whether nothing will be trained; the line then begins with `Planning to vary`. Raises
        UsageError for texts that do not describe factors.
        """
        names = ", ".join(factor.name for factor in read_factors(self.vary))
        return f"{'Planning to vary' if dry_run else 'Varying'} {names} on {display_name(self.source)}."


def _help() -> str:
    factors_help = STUDY.load("factor_names", "factors_help")
    return (
        "Find out what helps on DATA: vary numbers and structures of training, each configuration at its own "
        "tuned learning rate (or at --learning-rate) and on the same seeds.\n\n--vary KEY=VALUES, once "
        "for each factor. VALUES are separated by commas or by semicolons, or are a range: 1e-4..1e-1. "
        f"{factors_help()} The first configuration is the baseline."
    )


# The help lists the factors, so a function writes it when it is needed.
STUDY = Study(
    name="sweep",
    package="ravine.studies.sweep",
    settings=SweepSettings,
    result="SweepResult",
    plan="SweepPlan",
    help=_help,
    examples=(
        "ravine sweep digits --vary dropout=0,0.2,0.5",
        "ravine sweep digits --vary 'net=64-64; 64-64-64 residual' --vary l2=0,1e-4",
        "ravine sweep digits --vary learning_rate=1e-4..1 --vary b1=0.5..0.99 --random 30",
    ),
    training_file="best.toml",
)
