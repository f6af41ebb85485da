"""Errors inside a user's file become UsageError with the line; others pass."""

from pathlib import Path

import pytest

from ravine.errors import DataError, UsageError
from ravine.user_code.user_errors import user_code_errors


def test_the_innermost_line_of_the_file_counts_also_below_other_errors(tmp_path):
    path = tmp_path / "x.py"
    path.write_text("def inner():\n    raise KeyError('a')\n\ndef outer(f):\n    return f(inner)\n")
    scope = {}
    exec(compile(path.read_text(), str(path), "exec"), scope)

    def library(function):
        try:
            function()
        except KeyError as error:
            raise ValueError("from the library\nsecond line") from error

    with pytest.raises(UsageError) as found, user_code_errors(path):
        scope["outer"](library)
    assert "line 5 (return f(inner))" in found.value.what
    assert found.value.why == "Python says ValueError: from the library."


def test_errors_elsewhere_have_no_line():
    with pytest.raises(UsageError, match="It leads to ValueError: a"), user_code_errors(Path("x.py")):
        raise ValueError("a")


@pytest.mark.parametrize("error", [DataError("what"), KeyboardInterrupt()])
def test_other_errors_pass(error):
    with pytest.raises(type(error)) as found, user_code_errors(Path("x.py")):
        raise error
    assert found.value is error
