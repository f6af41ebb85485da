"""The choice of a column: names, indexes from both ends, and the answer to a column that does not exist."""

import pandas as pd
import pytest

from ravine.data.choose_column import choose_column
from ravine.errors import DataError

FRAME = pd.DataFrame({"mass": [1.0], "charge": [2.0], "7": [3.0]})


@pytest.mark.parametrize(
    ("choice", "name"),
    [("mass", "mass"), (" charge ", "charge"), (0, "mass"), ("-1", "7"), ("1", "charge"), ("7", "7")],
)
def test_a_name_comes_before_an_index(choice, name):
    assert choose_column(FRAME, choice) == name


def test_a_wrong_name_is_answered_with_the_columns():
    with pytest.raises(DataError, match="There is no target column 'mas'") as raised:
        choose_column(FRAME, "mas")
    assert raised.value.option == "target" and raised.value.value == "mas"
    assert raised.value.allowed == ("mass", "charge", "7") and "'mass'" in str(raised.value)


@pytest.mark.parametrize("index", [3, "-4"])
def test_an_index_outside_the_table(index):
    with pytest.raises(DataError, match=f"There is no column {index}") as raised:
        choose_column(FRAME, index, "weights", "--weights")
    assert raised.value.option == "weights" and raised.value.allowed == "an index from -3 to 2"


@pytest.mark.parametrize("word", ["²", "٣", "1" * 5000, "+", "--1", "1_0"])
def test_a_word_that_is_no_index_is_a_name(word):
    with pytest.raises(DataError, match="There is no target column"):
        choose_column(FRAME, word)
