"""What tests of `prepare` share: tables of columns, and notes by a word they hold."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import pytest

from ravine.data import Dataset, Table


@pytest.fixture
def table() -> Callable[..., Table]:
    """Make a table of named columns."""

    def made(header=True, **columns) -> Table:
        return Table(pd.DataFrame(columns), "t", "0" * 64, header=header)

    return made


@pytest.fixture
def notes_of() -> Callable[[Dataset, str], list[str]]:
    """Return the notes of a data set that hold a word."""
    return lambda data, word: [note for note in data.notes if word in note]
