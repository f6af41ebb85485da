"""The encoding of one column: names of its columns, the number for a missing value, and what is refused."""

from __future__ import annotations

import math

import pytest

from ravine.data.column import DATE_FORMATS, Column


def test_the_columns_of_an_encoding_have_names():
    assert Column("a", "number").outputs == ["a"]
    assert Column("a", "date", indicator=True).outputs == ["a", "a missing"]
    kinds = Column("a", "category", levels=("x", "y"), other=True, missing=True)
    assert kinds.outputs == ["a=x", "a=y", "a other", "a missing"]


def test_a_missing_number_becomes_the_scaled_median_unless_a_column_marks_it():
    assert Column("a", "number", center=1.0, scale=2.0, median=4.0).filler == 1.5
    assert math.isnan(Column("a", "number", median=4.0, indicator=True).filler)
    assert math.isnan(Column("a", "number").filler)


def test_an_unknown_format_of_dates_and_a_repeated_level_are_refused():
    for form in ("", *DATE_FORMATS):
        assert Column("a", "date", form=form).form == form
    with pytest.raises(ValueError, match="form is '%q'"):
        Column("a", "date", form="%q")
    with pytest.raises(ValueError, match="twice"):
        Column("a", "category", levels=("x", "x"))
