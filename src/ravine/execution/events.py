"""What a study tells while it works, and how it is stopped."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["Event", "Notify", "StopAsked"]


@dataclass(frozen=True)
class Event:
    """`done` of `total` network steps; runs `finished` and `diverged` so far.

    stage: data, plan, compile, tune, extend, evaluate, test, save.
    """

    stage: str
    message: str = ""
    done: int = 0
    total: int = 0
    finished: int = 0
    diverged: int = 0


Notify = Callable[[Event], None]
StopAsked = Callable[[], int | None]  # the exit status to stop with at the next seam, None to go on
