"""The conversion of text, and of values from TOML and Python, to the type of a settings field."""

from __future__ import annotations

import numbers
import re
from collections.abc import Sequence

from ravine.errors import UsageError
from ravine.options.fields import Option, Value
from ravine.options.validate import refused

__all__ = ["from_text", "from_texts", "from_value"]

WORDS = {
    "true": True,
    "yes": True,
    "on": True,
    "1": True,
    "false": False,
    "no": False,
    "off": False,
    "0": False,
}
CALL = r"(?:[^,()]|\([^()]*\)|[()])+"  # adam(b1=0.9,b2=0.99): the commas in brackets do not split


def from_text(option: Option, text: str) -> Value:
    """Return the value of an option that the user typed as text. Raises UsageError for a wrong type."""
    if option.many:
        return from_texts(option, [text])
    if option.kind is str:
        return text
    if option.kind is bool:
        if text.strip().lower() not in WORDS:
            raise refused(option, text)
        return WORDS[text.strip().lower()]
    try:
        return _whole(text) if option.kind is int else float(text)
    except ValueError:
        raise refused(option, text) from None


def from_texts(option: Option, texts: Sequence[str]) -> list[str]:
    """Return the items of an option that is a list, from all texts that the user typed for the option.

    The option decides whether a text is split at all commas, at commas outside brackets, or not at all.
    Raises UsageError for a text without items.
    """
    return [item for text in texts for item in _split(option, text)]


def from_value(option: Option, value: object) -> Value:
    """Return a value from TOML or Python in the type of an option.

    If the option is a list, a single text becomes a list; it is split only if its items may be calls, such as
    `sgd,adam(b1=0.8)`. A number becomes text if the option is a text. A whole float becomes an integer if the
    option is an integer. Raises UsageError for any other value of a wrong type.
    """
    if value is None and option.optional:
        return None
    if option.many and (to_list := getattr(value, "tolist", None)) is not None:  # an array, or a pandas index
        value = to_list()
    if option.many and isinstance(value, list | tuple):
        return [_text(option, item) for item in value]
    if option.many:
        # A column's name may hold a comma, so only calls are split: "sgd,adam(b1=0.8)".
        text = _text(option, value)
        return _split(option, text) if option.split == "calls" else [text]
    if option.kind is bool:
        if isinstance(value, bool):
            return value
        raise refused(option, value)
    if option.kind is str:
        return _text(option, value)
    if isinstance(value, numbers.Real) and not isinstance(value, bool):
        if option.kind is float:
            try:
                return float(value)
            except OverflowError:  # an integer beyond float64
                raise refused(option, value) from None
        if isinstance(value, numbers.Integral):
            return int(value)
        if (number := float(value)).is_integer():
            return int(number)
    raise refused(option, value)


def _text(option: Option, value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, str | numbers.Real):
        raise refused(option, value)
    return str(value)


def _whole(text: str) -> int:
    """Return the integer of `100` or `1e2`. Raises ValueError."""
    try:
        return int(text)
    except ValueError:
        number = float(text)
    if not number.is_integer():
        raise ValueError(text)
    return int(number)


def _split(option: Option, text: str) -> list[str]:
    """Return the items of a text. Quotes protect commas in the names of columns."""
    if option.split == "whole":
        return [text]
    import csv  # slow to import, and not needed for help

    words = (
        re.findall(CALL, text)
        if option.split == "calls"
        else next(csv.reader([text], skipinitialspace=True), [])
    )
    words = [word.strip() for word in words if word.strip()]
    if not words:
        raise UsageError(
            f"{option.flag} is empty.", "It is a list of items with commas between them.",
            "Give at least one item, or leave the option out.", option=option.key, value=text,
            allowed=option.allowed,
        )  # fmt: skip
    return words
