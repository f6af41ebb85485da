"""The digest (hash) of the settings of a study's winner, by which a changed training is recognized."""

from __future__ import annotations

from ravine.execution.training_settings import DIGEST_DIGITS, FixedTrainingSettings, WinnerSettings
from ravine.options.fields import options_of
from ravine.records.content_hash import content_hash

__all__ = ["chosen_by", "winner_digest"]

LEFT_OUT = ("source", "test", "seeds", "device", "engine", "smallest_difference")
"""Settings that change neither the network nor its training: names of data, which `best.toml` makes absolute,
number of seeds, machine, and report."""


def winner_digest(settings: FixedTrainingSettings) -> str:
    """Return the digest (hash) of the settings that determine a training, as 12 hexadecimal digits."""
    keys = [key for key in options_of(FixedTrainingSettings) if key not in LEFT_OUT]
    return content_hash({key: getattr(settings, key) for key in keys}, DIGEST_DIGITS)


def chosen_by(settings: WinnerSettings) -> str | None:
    """Return the name of the study that chose a training as its winner on the same seeds; None without one.

    A training with other settings than the winner's was not chosen, although its seeds are the same. A
    `best.toml` of an earlier version has no digest, so that its settings count as those of the winner.
    """
    if settings.winner_of is None or settings.fresh_seeds:
        return None
    if settings.winner_digest not in (None, winner_digest(settings)):
        return None
    return settings.winner_of
