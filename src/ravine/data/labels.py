"""A column as text: its distinct words, and for each row the index of its word.

Words are examined once each, not once for each row.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ravine.data.readers.delimited_dialect import MISSING_WORDS

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Labels", "as_labels", "parsed_numbers"]

NUMBER_LIKE = re.compile(r"\d|inf|nan", re.IGNORECASE)  # every number matches


@dataclass(frozen=True)
class Labels:
    """A column of text without blanks around the words.

    codes     index of the word of each row, int64 [N]; the last index stands for an empty cell
    words     distinct words [K], in the order of their first rows
    missing   whether each word, and an empty cell, stands for "missing", bool [K + 1]
    """

    codes: np.ndarray
    words: list[str]
    missing: np.ndarray

    @property
    def gaps(self) -> np.ndarray:
        """Whether the value of each row is missing, bool [N]."""
        gaps: np.ndarray = self.missing[self.codes]
        return gaps

    @property
    def present(self) -> list[str]:
        """The words that do not stand for "missing"."""
        return [word for word, gap in zip(self.words, self.missing, strict=False) if not gap]

    @property
    def missing_words(self) -> list[str]:
        """The words that stand for "missing"."""
        return [word for word, gap in zip(self.words, self.missing, strict=False) if gap]

    @property
    def counts(self) -> np.ndarray:
        """Number of rows with each of the words `present`, int64 [K]."""
        return np.bincount(self.codes, minlength=len(self.missing))[~self.missing]

    def word(self, row: int) -> str:
        """Return the word of a row; "" for an empty cell."""
        code = int(self.codes[row])
        return self.words[code] if code < len(self.words) else ""

    def spread(self, values: np.ndarray, absent: Any) -> np.ndarray:
        """Return for each row the value of its word, [N]; `absent` where the value is missing.

        values: value of each of the words `present`.
        """
        every = np.full(len(self.missing), absent, values.dtype)
        every[~self.missing] = values
        spread: np.ndarray = every[self.codes]
        return spread


def as_labels(column: pd.Series, words: tuple[str, ...] = ()) -> Labels:
    """Return a column as text [N].

    words: words that stand for "missing", in addition to the usual ones.
    """
    import pandas as pd

    codes, distinct = pd.factorize(column)
    whole = column.dtype.kind == "f" and all(float(value).is_integer() for value in distinct)
    # An integer that was read as 1.0, since its column has a missing value, is the level '1'.
    texts = [str(int(value)) if whole else str(value).strip() for value in distinct]
    index = {text: place for place, text in enumerate(dict.fromkeys(texts))}
    empty = MISSING_WORDS | {word.lower() for word in words}
    missing = np.array([*(text.lower() in empty for text in index), True])
    places = np.array([*(index[text] for text in texts), len(index)], np.int64)
    return Labels(places[codes], list(index), missing)  # the code of an empty cell is -1


def parsed_numbers(words: list[str]) -> np.ndarray:
    """Return words as numbers, float64 [K]; NaN for a word that is no number."""
    import pandas as pd

    if not any(NUMBER_LIKE.search(word) for word in words):
        return np.full(len(words), np.nan)  # without the overhead of pandas, as for most columns of words
    return pd.to_numeric(pd.Series(words, dtype=object), errors="coerce").to_numpy(np.float64)
