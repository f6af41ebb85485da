"""Settings of the data: the name in messages, and the share of test rows."""

import pytest

from ravine.errors import UsageError
from ravine.execution.data_settings import check_test_share, display_name


@pytest.mark.parametrize(
    ("source", "name"),
    [("-", "standard input"), ("data/wine.csv", "wine.csv"), ("iris", "iris"), ("/", "/"), ("", "")],
)
def test_the_name_in_messages_is_the_file_without_its_folder(source, name):
    assert display_name(source) == name


@pytest.mark.parametrize("text", ["0.2", "1e-3", "test.csv", "1.csv"])
def test_a_share_or_a_file_may_be_held_out(text):
    check_test_share(text)


@pytest.mark.parametrize("text", ["0", "1", "1.5", "-0.2", "nan"])
def test_a_number_that_is_no_share_is_refused(text):
    with pytest.raises(UsageError, match="cannot be held out") as refused:
        check_test_share(text)
    assert refused.value.option == "test" and refused.value.value == text
