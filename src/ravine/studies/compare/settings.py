"""Settings and declaration of the study `compare`, which compares optimizers on the same data.

All optimizers get the same amount of tuning.
"""

from __future__ import annotations

from dataclasses import dataclass

from ravine.errors import UsageError
from ravine.execution.base_settings import (
    CHECK_OPTIMIZER,
    CHECK_SCHEDULE,
    BaselineSettings,
    DifferenceSettings,
    HyperScheduleSettings,
    NetworkSettings,
    budget_option,
    effort_option,
    seeds_option,
    short_name,
    tuning_seeds_option,
)
from ravine.execution.data_settings import display_name
from ravine.execution.study import DATA_HELP, Study
from ravine.optimizers import DEFAULT_OPTIMIZERS
from ravine.options.fields import option

__all__ = ["STUDY", "CompareSettings"]


@dataclass(frozen=True, eq=False, repr=False)  # `Settings` has both
class CompareSettings(NetworkSettings, DifferenceSettings, HyperScheduleSettings, BaselineSettings):
    """Settings of a comparison: optimizers, schedules, tuned hyperparameters, effort, and shared options."""

    alternatives = (("effort", "budget"),)

    optimizers: list[str] = option(
        list(DEFAULT_OPTIMIZERS),
        "Optimizers to compare, with or without hyperparameters, such as 'sgd,adam,optax:lion(b1=0.9)'.",
        section="Comparison",
        metavar="NAMES", short="-O", split="calls", check=CHECK_OPTIMIZER, common=True, code=True,
    )  # fmt: skip
    schedules: list[str] = option(
        ["constant", "cosine"],
        "Learning-rate schedules from which tuning chooses one for each optimizer, such as "
        "'constant,cosine,step(0.1,every=10)'.",
        section="Comparison", metavar="NAMES", split="calls", check=CHECK_SCHEDULE,
    )  # fmt: skip
    tune: str = option(
        "learning-rate",
        "Hyperparameters to tune: learning rate and schedule (learning-rate), or also all others of each "
        "optimizer (all).",
        section="Comparison",
        choices=("learning-rate", "all"), common=True,
    )  # fmt: skip
    effort: str | None = effort_option(
        None, "COMPARE", otherwise="standard, or quick for many rows or a large network"
    )
    budget: str | None = budget_option(common=True)
    trials: int | None = option(
        None,
        "Number of trials of each optimizer in tuning (a trial is a learning rate with a schedule and other "
        "tuned hyperparameters); if not given, set by the effort.",
        section="Comparison",
        at_least=2, at_most=10_000,
    )  # fmt: skip
    tuning_seeds: int | None = tuning_seeds_option("compare.tune")
    seeds: int | None = seeds_option(None, "compare.evaluate")

    def check_together(self) -> None:
        """Raise UsageError for an empty list of optimizers or schedules, and for a schedule named twice."""
        for key, names in (("optimizers", self.optimizers), ("schedules", self.schedules)):
            if not names:
                raise UsageError(
                    f"--{key} is empty.",
                    "A comparison needs at least one name.",
                    "Give a name, or leave the option out.",
                    option=key,
                    value=names,
                    allowed="at least one name",
                )
        if len(set(self.schedules)) < len(self.schedules):
            raise UsageError(
                "--schedules names a schedule twice.", "", "Name each schedule once.", option="schedules",
                value=self.schedules, allowed="each schedule at most once",
            )  # fmt: skip

    def headline(self, dry_run: bool) -> str:
        """Return the first line that `ravine compare` prints, such as `Comparing 8 optimizers on digits`.

        dry_run: whether nothing will be trained; the line then begins with `Planning to compare`.
        """
        count = len(self.optimizers)
        what = f"{count} optimizers" if count > 1 else short_name(self.optimizers[0])
        effort = f", {self.effort} effort" if self.effort else ""
        effort += f", within {self.budget}" if self.budget else ""
        doing = "Planning to compare" if dry_run else "Comparing"
        return f"{doing} {what} on {display_name(self.source)}{effort}."


STUDY = Study(
    name="compare",
    package="ravine.studies.compare",
    settings=CompareSettings,
    result="CompareResult",
    plan="ComparePlan",
    help=(
        "Find out which optimizer, at which learning rate, is best for DATA. All get the same amount of "
        "tuning, then run on fresh seeds. Optimizers that the scores cannot distinguish are reported as "
        f"tied.\n\n{DATA_HELP}"
    ),
    examples=(
        "ravine compare digits",
        "ravine compare titanic.csv -t Survived --effort quick",
        "ravine compare train.csv -t price --test test.csv -O sgd,adam,'optax:lion(b1=0.9)'",
    ),
    training_file="best.toml",
)
