"""What can go wrong, and what the user is told.

    RavineError            1   internal error
    ├── UsageError         2   a flag, an option, a configuration key
    ├── DataError          3   the file, a column, the target
    ├── NothingTrained     4   every run diverged
    └── Stopped           75   stopped on request, resumable (130 / 143 by signal)

Every message is one sentence *what*, one *why*, one *what to type*.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

__all__ = [
    "DataError",
    "NothingTrained",
    "RavineError",
    "Stopped",
    "UsageError",
    "did_you_mean",
    "nearest",
]


class RavineError(Exception):
    """An error the user can read: `what` happened, `why`, and what to type (`fix`)."""

    status = 1

    def __init__(self, what: str, why: str = "", fix: str = "") -> None:
        self.what, self.why, self.fix = what, why, fix
        super().__init__(" ".join(part for part in (what, why, fix) if part))


class UsageError(RavineError, ValueError):
    """A wrong flag, option or configuration value. Exit status 2."""

    status = 2


class DataError(RavineError, ValueError):
    """Data that cannot be read or learned from. Exit status 3."""

    status = 3


class NothingTrained(RavineError):
    """Every run diverged. Exit status 4."""

    status = 4


class Stopped(RavineError):
    """Stopped on request after saving; `ravine resume` goes on. Exit status 75, 130 or 143."""

    def __init__(self, what: str, why: str = "", fix: str = "", status: int = 75) -> None:
        super().__init__(what, why, fix)
        self.status = status


ELSEWHERE = {
    "batch": "batch size", "bs": "batch size", "hidden": "net", "hidden layer sizes": "net",
    "hidden layers": "net", "label": "target", "labels": "target", "layers": "net", "learning rate": "rate",
    "lr": "rate", "model": "net", "network": "net", "optim": "optimizer", "patience": "early stop",
    "random state": "seed", "scheduler": "schedule", "wd": "decay", "weight decay": "decay", "y": "target",
}  # fmt: skip
"""What other tools call a thing, and what it is called here."""


def nearest(word: str, allowed: Iterable[str]) -> str:
    """Return `Did you mean 'x'?` for the nearest allowed word, nothing where none is near."""
    words = [str(each) for each in allowed]
    for meant in (_plain(word), ELSEWHERE.get(_plain(word))):
        if here := [each for each in words if _plain(each) in (meant, f"{meant}s")]:
            return f"Did you mean '{here[0]}'?"
    lower = {each.lower(): each for each in reversed(words)}
    near = difflib.get_close_matches(str(word).lower(), list(lower), n=3, cutoff=0.5)
    return "Did you mean " + " or ".join(f"'{lower[each]}'" for each in near) + "?" if near else ""


def _plain(name: str) -> str:
    return str(name).lower().lstrip("-").replace("_", " ").replace("-", " ")


def did_you_mean(word: str, allowed: Iterable[str]) -> str:
    """Return `Did you mean 'x'?` for the nearest allowed word, or the list of all of them."""
    words = [str(each) for each in allowed]
    if near := nearest(word, words):
        return near
    shown = words[:20]
    more = f" and {len(words) - 20} more" if len(words) > 20 else ""
    return "There " + ("is" if len(words) == 1 else "are") + f": {', '.join(shown)}{more}."
