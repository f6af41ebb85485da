"""CSV text that a spreadsheet shows as it is."""

import csv
import io

import numpy as np
import pandas as pd
import pytest

from ravine.data.writers.delimited_text import csv_text, write_csv

FORMULAS = ["=1+1", "=cmd|' /C calc'!A0", "+SUM(A1)", "-2+3", "@SUM(A1)", "\tx", "\rx", "-", "=", "+x"]
PLAIN = ["red", "a=b", "", " =1", "x-y", "'quoted", "日本"]
NUMBERS = ["-1", "+5", "-2.5e-3", "-.5", "+1E5", "-inf"]


def read(text):
    return list(csv.reader(io.StringIO(text, newline="")))


@pytest.mark.parametrize("kind", [object, "string", "category"])
def test_texts_that_are_formulas_get_an_apostrophe_and_others_stay(kind):
    words = [*FORMULAS, *PLAIN, *NUMBERS]
    rows = read(csv_text(pd.DataFrame({"word": pd.Series(words, dtype=kind), "number": range(len(words))})))
    wanted = [*(f"'{word}" for word in FORMULAS), *PLAIN, *NUMBERS]
    assert rows == [["word", "number"], *([word, str(k)] for k, word in enumerate(wanted))]


def test_no_number_changes():
    values = np.array([-1.5, -np.pi, 1e-300, -0.0, np.nan, np.inf, -np.inf, 2**60])
    frame = pd.DataFrame({"a": values, "b": -np.arange(8), "c": values < 0})
    assert csv_text(frame) == frame.to_csv(index=False, lineterminator="\n")


def test_names_of_columns_are_texts_too():
    frame = pd.DataFrame([[1, 2, 3]], columns=["=cmd", "-1", "x"])
    assert read(csv_text(frame)) == [["'=cmd", "-1", "x"], ["1", "2", "3"]]


def test_missing_values_and_repeated_names_are_written_as_before():
    frame = pd.DataFrame([["u", None], [None, "v"]], columns=["a", "a"])
    assert read(csv_text(frame)) == [["a", "a"], ["u", ""], ["", "v"]]


def test_a_file_holds_the_text(tmp_path):
    frame = pd.DataFrame({"word": FORMULAS})
    write_csv(frame, tmp_path / "table.csv")
    assert (tmp_path / "table.csv").read_bytes().decode() == csv_text(frame)
