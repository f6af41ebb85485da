"""Real tables as pandas reads them: one spelling of columns, few enough rows, in random order.

The list `faults.toml` describes each table. A table that is sorted in its file is shuffled here, because
sorted rows are themselves one of the faults.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

__all__ = ["random_of", "read", "sampled"]

SEPARATORS = {"comma": ",", "semicolon": ";", "blanks": r"\s+"}


def random_of(seed: int, *names: str) -> np.random.Generator:
    """Return a random generator for a seed and names, such as those of a table and of a fault."""
    digest = hashlib.sha256("/".join(names).encode()).digest()
    return np.random.default_rng([seed, int.from_bytes(digest[:8], "little")])


def read(data: Path, table: Mapping[str, Any], unique: bool | None = None) -> pd.DataFrame:
    """Return all rows of a table, in the order of its files.

    data: folder of the tables. table: entry of `faults.toml`. unique: whether to leave out repeated rows; if
    None, as the entry says. Raises FileNotFoundError if a file is missing.
    """
    separator = SEPARATORS[table["form"]]
    parts = []
    for name in table.get("files") or [table["file"]]:
        part = pd.read_csv(
            data / name, sep=separator, header=0 if table.get("header", True) else None,
            encoding="utf-8-sig", skipinitialspace=True, quotechar='"', float_precision="round_trip",
        )  # fmt: skip
        parts.append(part)
    whole = pd.concat(parts, ignore_index=True)
    if not table.get("header", True):
        whole.columns = pd.Index([f"c{number}" for number in range(whole.shape[1])])
    whole.columns = whole.columns.str.strip()
    target = table["target"]
    if "among" in table:
        whole = whole[whole[target].isin(table["among"])]
    if table.get("unique", False) if unique is None else unique:
        whole = whole[~_inputs(whole, table).duplicated()]
    return whole[whole[target].notna()].reset_index(drop=True)


def sampled(
    whole: pd.DataFrame, rows: int, random: np.random.Generator, in_file_order: bool = False
) -> pd.DataFrame:
    """Return at most `rows` rows drawn without replacement, in random order or in the order of the file."""
    chosen = random.permutation(len(whole))[:rows]
    return whole.iloc[np.sort(chosen) if in_file_order else chosen].reset_index(drop=True)


def _inputs(whole: pd.DataFrame, table: Mapping[str, Any]) -> pd.DataFrame:
    """Return the columns that the sound command uses as inputs."""
    left_out = [*table["options"].get("drop", []), table["target"]]
    return whole.drop(columns=[name for name in left_out if name in whole.columns])
