"""`Table`: the columns of a file, built-in set or DataFrame before they are interpreted, with notes."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Table", "repeated_names", "unique_names"]


@dataclass(frozen=True)
class Table:
    """A table from a file, a built-in data set or a DataFrame, before any column is interpreted.

    frame      columns with unique names
    name       name of the table
    sha256     hash of the bytes that were read, or of the values
    notes      decisions of the reader, such as the separator it detected, for the user
    target     name of the target column, if the file format states it
    test       table of test rows from the same source, or None
    shape      shape of one image if the rows are images, or None
    header     whether the source names its columns
    repeated   names that more than one column of the source had
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
    """Return names of columns without blanks around them and made unique, and the names that are new.

    The second column `AC` becomes `AC.2`. An empty name becomes `c` with the index of the column.
    """
    stripped = [str(name).strip() or f"c{i}" for i, name in enumerate(names)]
    originals, used = set(stripped), set()
    counts: dict[str, int] = {}  # the last number that was tried for a name
    unique, renamed = [], []
    for name in stripped:
        new, count = name, counts.get(name, 1)
        while new in used or (count > 1 and new in originals):
            count += 1
            new = f"{name}.{count}"
        if new != name:
            counts[name] = count
            renamed.append(new)
        used.add(new)
        unique.append(new)
    return unique, renamed


def repeated_names(names: list[str]) -> frozenset[str]:
    """Return the names of columns, without blanks around them, that occur more than once."""
    count = Counter(str(name).strip() for name in names)
    return frozenset(name for name, times in count.items() if name and times > 1)
