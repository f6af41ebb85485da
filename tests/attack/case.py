"""Families of cases, what a case may raise, and the classes of failures with their severity."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

IDLE_S, WALL_S = 30, 40  # without processor time, and with it: beyond either, a case hangs
LOADED = 5  # times as long as `WALL_S` a case may take where other work uses the processor
MEMORY = 1 << 30  # bytes that a case on small files may add
ADDRESSES = 6 << 30  # bytes of address space that a case may add
REFUSED = "refused"
"""Verdict of a case in which the product refused with a message."""

KINDS = {
    "wrong value": 1, "rows lost or added": 1, "changed result": 1, "data lost": 1, "write outside": 1,
    "code executed": 1, "accepted in silence": 1,
    "internal error": 2, "crash": 2, "hang": 2, "memory": 2, "left behind": 2, "undocumented status": 2,
    "unclear message": 3, "control character": 3, "refused though sound": 3,
}  # fmt: skip
"""Class of a failure -> severity.

1: a number, row or file is wrong or lost in silence, or code of a file ran. 2: an internal error, an end by a
signal, a hang, memory, a file left behind. 3: a message is unclear, or sound input is refused."""
SEVERITIES = (1, 2, 3)


class Failure(Exception):
    """The product did something wrong. `kind` is one of KINDS."""

    def __init__(self, kind: str, detail: str) -> None:
        assert kind in KINDS, kind
        self.kind, self.detail = kind, detail
        super().__init__(f"{kind}: {detail}")


class Skip(Exception):
    """This machine lacks what the case needs; the text names it."""


@dataclass(frozen=True)
class Family:
    """`count` cases of one sort.

    A case returns None (right) or REFUSED, and raises Failure or Skip. An error of the product's own classes
    counts as a refusal.

    processes   whether the case starts processes, which have limits of their own
    prepare     called once before the cases, outside their limits
    """

    name: str
    count: int
    case: Callable[[random.Random, int, Path], str | None]
    processes: bool = False
    prepare: Callable[[], object] | None = None


def enumerated(name: str, items: Sequence[Any], run: Callable, **options: Any) -> Family:
    """Return a family over a fixed list: case `i` is `run(rng, items[i], folder)`."""
    return Family(name, len(items), lambda rng, index, folder: run(rng, items[index], folder), **options)
