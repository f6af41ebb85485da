"""A column as text: words without blanks, and which of them stand for "missing"."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from ravine.data.labels import as_labels, parsed_numbers


@pytest.mark.parametrize("kind", [object, "string", "category"])
def test_words_lose_blanks_and_codes_for_missing_are_found(kind):
    column = pd.Series(["b", " a", "a ", None, "?", "b", "x", "NA"], dtype=kind)
    labels = as_labels(column, ("X",))
    assert labels.words == ["b", "a", "?", "x", "NA"]
    assert labels.present == ["b", "a"] and labels.counts.tolist() == [2, 2]
    assert labels.missing_words == ["?", "x", "NA"]
    assert labels.gaps.tolist() == [False, False, False, True, True, False, True, True]
    assert [labels.word(row) for row in range(8)] == ["b", "a", "a", "", "?", "b", "x", "NA"]
    values = labels.spread(np.array([1.5, 2.5]), np.nan)
    np.testing.assert_array_equal(values, [1.5, 2.5, 2.5, np.nan, np.nan, 1.5, np.nan, np.nan])


def test_integers_with_gaps_are_words_without_a_point():
    assert as_labels(pd.Series([1.0, np.nan, 20.0])).present == ["1", "20"]
    assert as_labels(pd.Series([1.0, np.nan, 0.5])).present == ["1.0", "0.5"]


def test_a_column_without_words_has_only_gaps():
    labels = as_labels(pd.Series([None, None], dtype=object))
    assert labels.words == [] and labels.gaps.all() and len(labels.counts) == 0


@pytest.mark.parametrize(
    "words",
    [["a", "b"], ["1", "x"], ["-inf", "a"], ["1e5", ".5", "+2"], ["Infinity"], ["٣"], [], ["1_0", "0x1F"]],
)
def test_numbers_are_those_that_pandas_parses(words):
    expected = pd.to_numeric(pd.Series(words, dtype=object), errors="coerce").to_numpy(np.float64)
    np.testing.assert_array_equal(parsed_numbers(words), expected)
