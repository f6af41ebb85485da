"""The command line that gives the same settings."""

from __future__ import annotations

import csv
import io
import shlex
from collections.abc import Iterator

from ravine.options.fields import Option, Value, options_of
from ravine.options.settings import Settings

__all__ = ["command_text"]


def command_text(settings: Settings, command: str) -> str:
    """Return the shortest command for settings, as a shell takes it: `ravine train digits --rate 0.01`.

    command: the name of the study's command. Only values that differ from the defaults are written.
    """
    options = options_of(type(settings))
    changed = {
        key: (option, getattr(settings, key))
        for key, option in options.items()
        if getattr(settings, key) not in (None, option.default)
    }
    # the fields of a study follow those that all share; on the command line MODEL precedes DATA
    arguments = [str(value) for option, value in reversed(changed.values()) if option.positional]
    flags = [
        word for option, value in changed.values() if not option.positional for word in _words(option, value)
    ]
    return shlex.join(["ravine", command, *arguments, *flags])


def _words(option: Option, value: Value) -> Iterator[str]:
    if isinstance(value, bool):
        yield option.flag
        return
    if not isinstance(value, list | tuple):
        texts = [repr(value) if isinstance(value, float) else str(value)]
    elif option.split == "whole":
        texts = list(value)
    else:
        texts = [",".join(value) if option.split == "calls" else _row(value)]
    for text in texts:
        if text.startswith("-"):  # or it reads as a flag
            yield f"{option.flag}={text}"
        else:
            yield option.flag
            yield text


def _row(items: list[str]) -> str:
    """Return items with commas between, quoted where an item holds a comma."""
    stream = io.StringIO()
    csv.writer(stream, lineterminator="").writerow(items)
    return stream.getvalue()
