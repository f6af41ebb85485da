"""A table as it was read: named columns, the hash of its bytes, and what had to be guessed."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Table", "repeated_names", "unique_names"]


@dataclass(frozen=True)
class Table:
    """One table of rows, before any column is interpreted.

    `frame` has unique text column names; `sha256` is that of the source's bytes; `notes` say what was
    guessed; `target` is the target's name where the format knows it; `test` is the source's own test
    table, if any; `shape` is that of one row where a row is an image; `header` tells whether the source
    named its columns; `repeated` are the names that stood above more than one of them.
    """

    frame: pd.DataFrame
    name: str
    sha256: str
    notes: list[str] = field(default_factory=list)
    target: str | None = None
    test: Table | None = None
    shape: tuple[int, ...] | None = None
    header: bool = True
    repeated: frozenset[str] = frozenset()

    def __len__(self) -> int:
        return len(self.frame)


def unique_names(names: list[str]) -> tuple[list[str], list[str]]:
    """Return the names stripped and made unique (`AC`, `AC.2`), and those that were renamed."""
    stripped = [str(name).strip() or f"c{i}" for i, name in enumerate(names)]
    taken, seen = set(stripped), set()
    unique, renamed = [], []
    for name in stripped:
        new, count = name, 1
        while new in seen or (count > 1 and new in taken):
            count += 1
            new = f"{name}.{count}"
        if new != name:
            renamed.append(new)
        seen.add(new)
        unique.append(new)
    return unique, renamed


def repeated_names(names: list[str]) -> frozenset[str]:
    """Return the stripped names that come more than once."""
    count = Counter(str(name).strip() for name in names)
    return frozenset(name for name, times in count.items() if name and times > 1)
