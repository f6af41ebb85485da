"""Settings of `ravine diagnose`: the training to diagnose, and the number of seeds that prove a remedy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from ravine.execution.base_settings import BaselineSettings
from ravine.execution.data_settings import display_name
from ravine.execution.seeds import most_seeds
from ravine.execution.study import Study
from ravine.execution.training_settings import FixedTrainingSettings, WinnerSettings
from ravine.options.fields import option, redefined

__all__ = ["STUDY", "DiagnoseSettings"]


@dataclass(frozen=True, eq=False, repr=False)  # `Settings` has both
class DiagnoseSettings(FixedTrainingSettings, BaselineSettings):
    """Settings of the command `ravine diagnose`.

    With the option `no_proof`, no remedies are tried. The option sets `seeds`, the number of seeds on which
    remedies are tried, to 0.
    """

    alternatives = (("seeds", "no_proof"),)
    models: ClassVar[tuple[str, ...]] = ("model",)

    seeds: int = redefined(
        FixedTrainingSettings, "seeds", 20, at_least=0, neutral=0,
        at_most=most_seeds("diagnose.prove", "diagnose.confirm"),
        help="Number of seeds on which each remedy is tried, and of fresh seeds that must confirm the best "
        "remedy; 0 or 1 = no remedy is tried.",
    )  # fmt: skip
    no_proof: bool = option(
        False,
        "Only measure the training and report its faults; try no remedies, as with --seeds 0.",
        section="Training",
        stored=False,
        common=True,
    )
    mute: list[str] | None = option(
        None,
        "Codes of findings that do not count as faults and for which no remedy is tried, such as RAV301. "
        "Commas separate the codes.",
        section="Output",
        metavar="CODES",
        check="ravine.studies.diagnose.verdicts:check_code",
    )
    winner_of: str | None = redefined(
        WinnerSettings, "winner_of", None,
        help="Command (compare or sweep) whose winner is diagnosed. The measured training then uses the "
        "first seed on which this command evaluated the winner, unless --fresh-seeds is given. The command "
        "writes this option into best.toml.",
    )  # fmt: skip
    fresh_seeds: bool = redefined(
        WinnerSettings, "fresh_seeds", False,
        help="Measure the training on a fresh seed, which no compare or sweep uses to choose its winner.",
    )  # fmt: skip
    model: str | None = option(
        None,
        "Trained model to diagnose as it is, on the data it was trained on; no new network is trained.",
        section="Data",
        metavar="MODEL",
        positional=True,
    )

    def __post_init__(self) -> None:
        """Check all values, then apply `no_proof`."""
        super().__post_init__()
        if self.no_proof:
            object.__setattr__(self, "seeds", 0)
            object.__setattr__(self, "no_proof", False)

    def to_dict(self) -> dict[str, Any]:
        """Return the settings that a configuration file stores, with `no_proof = true` for `seeds = 0`.

        The result maps keys to values. Other commands reject 0 seeds. Without `seeds = 0`, they can read the
        configuration of a diagnosis.
        """
        values = super().to_dict()
        if self.seeds == 0:
            del values["seeds"]
            values["no_proof"] = True
        return values

    def headline(self, dry_run: bool) -> str:
        """Return the first line of `ravine diagnose`, such as `Diagnosing the model runs/a on digits.`.

        dry_run: whether the command only plans; the line then begins with `Planning to diagnose`.
        """
        what = f"the model {self.model} on " if self.model else ""
        return f"{'Planning to diagnose' if dry_run else 'Diagnosing'} {what}{display_name(self.source)}."


STUDY = Study(
    name="diagnose",
    package="ravine.studies.diagnose",
    settings=DiagnoseSettings,
    result="DiagnoseResult",
    plan="DiagnosePlan",
    help=(
        "Train a network on DATA as `train` would, measure it during training, and report its faults: "
        "verdict, evidence, principle, remedy. Each remedy is tried on the same seeds as the original. The "
        "smallest change that cures is recommended, if fresh seeds confirm it.\n\nDATA is a file or a "
        "built-in set. A RUN (its folder, its name, the start of its id, or 'latest') is diagnosed as it was "
        "configured. A MODEL is examined as it is, on the DATA it was trained on."
    ),
    examples=(
        "ravine diagnose digits",
        "ravine diagnose titanic.csv -t Survived --optimizer sgd --learning-rate 3",
        "ravine diagnose latest",
        "ravine diagnose runs/latest/models/best titanic.csv -t Survived",
    ),
    accepts=("data", "run", "model"),
)
