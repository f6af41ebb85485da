"""Settings of trainings without tuning, which `train`, `diagnose` and `landscape` share."""

from __future__ import annotations

from dataclasses import dataclass

from ravine.errors import UsageError
from ravine.execution.base_settings import (
    USUAL_EPOCHS,
    DifferenceSettings,
    HyperScheduleSettings,
    LearningRateSettings,
    NetworkSettings,
    OptimizerSettings,
    seeds_option,
)
from ravine.options.fields import option, redefined

__all__ = ["DIGEST_DIGITS", "FixedTrainingSettings", "WinnerSettings"]

DIGEST_DIGITS = 12  # of the digest of the settings of a winner


def check_digest(text: str) -> None:
    """Raise UsageError unless a text has the form of a digest (hash) of settings: 12 hexadecimal digits."""
    if len(text) != DIGEST_DIGITS or set(text) - set("0123456789abcdef"):
        raise UsageError(
            f"--winner-digest {text} is no digest (hash) of the settings of a winner.",
            f"A digest has {DIGEST_DIGITS} hexadecimal digits, in lower case.",
            "Type -c best.toml: the file holds the digest of the winner's settings.",
            option="winner_digest", value=text,
            allowed=f"{DIGEST_DIGITS} hexadecimal digits",
        )  # fmt: skip


@dataclass(frozen=True, eq=False, repr=False)
class FixedTrainingSettings(
    NetworkSettings, DifferenceSettings, HyperScheduleSettings, LearningRateSettings, OptimizerSettings
):
    """Settings of a training without tuning: data, network, optimizer, learning rate, schedules and seeds."""

    epochs: float | None = redefined(NetworkSettings, "epochs", None, help=USUAL_EPOCHS, common=True)
    seeds: int = seeds_option(1, "train.train", at_least=1)


@dataclass(frozen=True, eq=False, repr=False)
class WinnerSettings(FixedTrainingSettings):
    """Settings of a training that can repeat the winner of `compare` or `sweep`, as `best.toml` holds them.

    The number of runs that one core trains together changes the result of a run by rounding. This group size
    is therefore one of the settings.
    """

    winner_of: str | None = option(
        None,
        "Command (compare or sweep) that chose these settings as its winner. The training then uses the "
        "seeds on which this command evaluated the winner, unless --fresh-seeds is given. The command writes "
        "this option into best.toml.",
        section="Training", choices="ravine.execution.seeds:WINNERS",
    )  # fmt: skip
    winner_digest: str | None = option(
        None,
        "Digest (hash) of the settings of a winner of compare or sweep, from the file best.toml. If the "
        "settings of this training have another digest, the report omits the remark that the seeds chose "
        "these settings.",
        section="Training",
        check=check_digest,
    )
    fresh_seeds: bool = option(
        False,
        "Train on fresh seeds, which no compare or sweep uses to choose its winner, so that this choice does "
        "not bias the scores.",
        section="Training",
    )
    group_size: int | None = option(
        None,
        "Number of runs that one core or one GPU advances at the same time; if not given, set by the size of "
        "the network and the memory.",
        section="Machine", at_least=1, at_most=2**20, unit="runs",
    )  # fmt: skip
