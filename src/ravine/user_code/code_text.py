"""The text `FILE.py:NAME`, which names an object in a Python file of the user."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

__all__ = ["CodeText", "absolute_code", "code_text", "files_in", "short_code"]

PATTERN = re.compile(r"(?P<path>.+\.py)\s*:\s*(?P<name>[^\W\d]\w*)\s*(?P<call>\(.*\))?", re.DOTALL)
ITEM = re.compile(r"[^,=;]+\.py\s*:\s*[^\W\d]\w*")
"""`FILE.py:NAME` inside a longer text, such as `optimizer=sgd,own.py:lion`; its path has none of , = ;."""


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
    """Yield the path of every Python file that a text names, such as `sgd,own.py:lion`."""
    for match in ITEM.finditer(_without_calls(text)):
        if found := code_text(match[0]):
            yield found.path


def absolute_code(text: str) -> str:
    """Return a text in which the path of every Python file is absolute, valid in every working folder."""
    # links stay as typed
    return _with_paths(text, lambda path: os.path.abspath(os.path.expanduser(path)))  # noqa: PTH100, PTH111


def short_code(text: str) -> str:
    """Return a text in which the path of every Python file is its name without the folder, for tables."""
    return _with_paths(text, os.path.basename)


def _with_paths(text: str, changed: Callable[[str], str]) -> str:
    """Return a text with another path of every Python file."""
    for path in dict.fromkeys(files_in(text)):
        new = changed(path).replace("\\", r"\\")
        text = re.sub(rf"(?<![^,=;\s]){re.escape(path)}(?=\s*:)", new, text)
    return text


def _without_calls(text: str) -> str:
    """Return a text without the content of its brackets, which may hold commas and colons."""
    depth, kept = 0, []
    for letter in text:
        depth += letter == "("
        kept.append("" if depth else letter)
        depth -= letter == ")" and depth > 0
    return "".join(kept)
