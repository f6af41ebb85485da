"""Old keywords of the Python functions are answered with the new ones."""

from __future__ import annotations

import inspect

import pytest

import ravine
from ravine.api.renamed_keywords import with_renamed_keywords
from ravine.errors import UsageError
from ravine.options.renamed import RENAMED_KEYS


@pytest.mark.parametrize(("old", "new"), RENAMED_KEYS.items())
def test_every_old_keyword_is_answered(old, new):
    functions = [ravine.compare, ravine.train, ravine.sweep, ravine.descent]
    function = next(known for known in functions if new in inspect.signature(known).parameters)
    with pytest.raises(UsageError, match=f"'{old}' was renamed to '{new}'. Write {new}=VALUE.") as caught:
        function("digits", **{old: 1})
    assert (caught.value.option, caught.value.value, caught.value.allowed) == (new, 1, new)


def test_an_unknown_keyword_is_the_error_of_python():
    with pytest.raises(TypeError, match="colour"):
        ravine.train("digits", colour="red")


def test_the_function_keeps_its_name_signature_and_text():
    def bake(loaves, *, label_noise=0.1):
        """Bake."""
        return loaves, label_noise

    wrapped = with_renamed_keywords(bake)
    assert (wrapped.__name__, wrapped.__doc__) == ("bake", "Bake.")
    assert inspect.signature(wrapped) == inspect.signature(bake)
    assert wrapped(2, label_noise=0.3) == (2, 0.3)
    with pytest.raises(UsageError, match="renamed to 'label_noise'"):
        wrapped(2, noise=0.3)
