"""The text `FILE.py:NAME`, which names an object in a Python file of the user."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from pathlib import PurePath
from typing import NamedTuple

__all__ = ["CodeText", "absolute_code", "code_text", "files_in", "short_code"]

PATTERN = re.compile(r"(?P<path>.+\.py)\s*:\s*(?P<name>[^\W\d]\w*)\s*(?P<call>\(.*\))?", re.DOTALL)


class CodeText(NamedTuple):
    """The parts of `FILE.py:NAME(keyword=value)`. call: the brackets with their content, or ""."""

    path: str
    name: str
    call: str = ""

    def __str__(self) -> str:
        return f"{self.path}:{self.name}{self.call}"


def code_text(text: str) -> CodeText | None:
    """Return the parts of a text that names an object in a Python file; None for any other text."""
    match = PATTERN.fullmatch(text.strip())
    return CodeText(match["path"], match["name"], match["call"] or "") if match else None


def files_in(text: str) -> Iterator[str]:
    """Yield the path of every Python file that the value of an option names.

    The value is `FILE.py:NAME`, or a factor of a sweep such as `optimizer=sgd,FILE.py:NAME`.
    """
    if (found := code_text(text)) and "=" not in found.path:
        yield found.path
        return
    for item in _levels(text):
        if found := code_text(item):
            yield found.path


def absolute_code(text: str) -> str:
    """Return a text in which the path of every Python file is absolute, valid in every working folder."""
    # links stay as typed
    return _with_paths(text, lambda path: os.path.abspath(os.path.expanduser(path)))  # noqa: PTH100, PTH111


def short_code(text: str) -> str:
    """Return a text in which the path of every Python file is its name without the folder, for tables."""
    return _with_paths(text, lambda path: PurePath(path).name)


def _with_paths(text: str, changed: Callable[[str], str]) -> str:
    """Return a text with another path of every Python file."""
    for path in dict.fromkeys(files_in(text)):
        new = changed(path).replace("\\", "\\\\")
        text = re.sub(rf"(?<![^,=;\s]){re.escape(path)}(?=\s*:)", new, text)
    return text


def _levels(text: str) -> list[str]:
    """Return the values of a factor such as `optimizer=sgd,own.py:lion(b1=0.9)`, without its name."""
    _, equals, rest = text.partition("=")
    if not equals:
        return []
    levels, depth, separator = [""], 0, ";" if ";" in rest else ","
    for letter in rest:
        depth += (letter == "(") - (letter == ")")
        if letter == separator and depth == 0:
            levels.append("")
        else:
            levels[-1] += letter
    return levels
