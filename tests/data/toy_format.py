"""A file format that tests add at run time: `TOY`, then one number a line; a part takes the first n lines."""

from __future__ import annotations

import pandas as pd

from ravine.data import Table
from ravine.data.formats import Source

MAGIC = b"TOY\n"


def read_toy(source: Source) -> Table:
    values = [float(line) for line in source.content.removeprefix(MAGIC).split()]
    rows = int(source.part) if source.part else len(values)
    return Table(pd.DataFrame({"value": values[:rows]}), source.name, source.sha256, list(source.notes))


def begins_like_toy(content: bytes) -> bool:
    return content.startswith(MAGIC)
