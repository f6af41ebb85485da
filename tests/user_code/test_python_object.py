"""Functions that are passed in Python become the texts that name them."""

import importlib
import sys

import optax
import pytest

from ravine.errors import UsageError
from ravine.optimizers import adam
from ravine.user_code.code_text import code_text
from ravine.user_code.load import load_code
from ravine.user_code.python_object import text_of
from ravine.user_code.trust import trust


def test_our_own_optimizers_have_their_names():
    assert text_of(adam) == "adam"


def test_a_function_of_a_module_is_found_without_running_the_file_again(folder, monkeypatch):
    monkeypatch.syspath_prepend(folder)
    monkeypatch.delitem(sys.modules, "own", raising=False)
    own = importlib.import_module("own")
    try:
        text = text_of(own.lion)
        assert text == f"{folder}/own.py:lion"
        code = code_text(text)
        with pytest.raises(UsageError, match="not run on this machine before"):
            load_code(code)
        from ravine.user_code.load import file_hash

        trust(*file_hash(code.path))
        assert load_code(code).value is own.lion
    finally:
        del sys.modules["own"]


def test_a_function_of_an_installed_package():
    assert text_of(optax.lion).endswith(".py:lion")


@pytest.mark.parametrize("function", [lambda learning_rate: None, len, print.__call__])
def test_functions_that_cannot_be_found_again(function):
    with pytest.raises(UsageError, match="cannot be found again"):
        text_of(function)
