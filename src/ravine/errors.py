"""Exceptions of Ravine, and the words of their messages.

    RavineError            1   internal error
    ├── OptionError            an error that may name an option
    │   ├── UsageError     2   a flag, an option, a configuration key
    │   └── DataError      3   the file, a column, the target
    ├── NothingTrained     4   every run diverged
    └── Stopped           75   stopped on request, resumable (130 / 143 by signal)

Every message has three parts: the fault with its value, the reason or the allowed values, and the command
to type. The code writes options as the command line does (`--early-stop 5`). The command line prints the
parts as they are. Python users read `str(error)`, which shows the keyword instead (`early_stop=5`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

__all__ = [
    "DataError",
    "NothingTrained",
    "OptionError",
    "RavineError",
    "Stopped",
    "UsageError",
    "about_option",
    "did_you_mean",
    "in_python",
    "nearest",
]


class RavineError(Exception):
    """An error with a message in three parts. what: the fault. why: the reason. fix: the text to type."""

    status = 1

    def __init__(self, what: str, why: str = "", fix: str = "") -> None:
        self.what, self.why, self.fix = what, why, fix
        super().__init__(" ".join(part for part in (what, why, fix) if part))

    def __str__(self) -> str:
        return in_python(" ".join(part for part in (self.what, self.why, self.fix) if part))


class OptionError(RavineError, ValueError):
    """An error that may be about one option.

    option: its key (`early_stop`).  value: the value that cannot be used.
    allowed: the allowed words, or a text such as `a number at least 0`.
    """

    def __init__(
        self,
        what: str,
        why: str = "",
        fix: str = "",
        *,
        option: str | None = None,
        value: object = None,
        allowed: object = None,
    ) -> None:
        super().__init__(what, why, fix)
        self.option, self.value, self.allowed = option, value, allowed

    def __str__(self) -> str:
        return in_python(" ".join(part for part in (self.what, self.why, self.fix) if part), self.value)


class UsageError(OptionError):
    """A wrong flag, option or configuration value. Exit status 2.

    problems: the single errors, where one error names several.
    """

    status = 2

    def __init__(
        self,
        what: str,
        why: str = "",
        fix: str = "",
        *,
        option: str | None = None,
        value: object = None,
        allowed: object = None,
        problems: tuple[UsageError, ...] = (),
    ) -> None:
        super().__init__(what, why, fix, option=option, value=value, allowed=allowed)
        self.problems = problems


class DataError(OptionError):
    """Data that cannot be read or learned from. Exit status 3."""

    status = 3


class NothingTrained(RavineError):
    """Every run diverged. Exit status 4."""

    status = 4


class Stopped(RavineError):
    """Stopped on request after saving; `ravine resume` goes on. Exit status 75, 130 or 143."""

    def __init__(self, what: str, why: str = "", fix: str = "", status: int = 75) -> None:
        super().__init__(what, why, fix)
        self.status = status


@contextmanager
def about_option(option: str, value: object, allowed: object) -> Iterator[None]:
    """Add `option`, `value` and `allowed` to an `OptionError` that the block raises without an option."""
    try:
        yield
    except OptionError as error:
        if error.option is None:
            error.option = option
            error.value = value if error.value is None else error.value
            error.allowed = allowed if error.allowed is None else error.allowed
        raise


# Texts, not compiled patterns: most commands end without an error.
FLAG = r"(?<![\w-])--([a-z][a-z0-9-]*)(?:[ =]('[^']*'|\"[^\"]*\"|[^\s,;]*[^\s,;.:)?]))?"
VALUE = r"['\"].*|.*[\d=].*|inf|nan"
NUMBER = r"[-+]?(\d[\d.]*|\.\d+)(e[-+]?\d+)?|inf|nan"


def in_python(text: str, value: object = None) -> str:
    """Return a message with keywords in place of flags: `--early-stop 5` becomes `early_stop=5`.

    A word behind a flag is its value if it is quoted, holds a digit or `=`, or is `value`. Text in backticks
    is a command and stays.
    """

    def keyword(match: re.Match[str]) -> str:
        name, word = match[1].replace("-", "_"), match[2]
        if word is None:
            return name
        if isinstance(value, bool | None) and word == str(value).lower():  # typed in a shell: true, none
            return f"{name}={value}"
        if not re.fullmatch(VALUE, word, re.DOTALL) and word != str(value):
            return name + match[0][2 + len(match[1]) :]
        is_text = word[0] not in "'\"" and not re.fullmatch(NUMBER, word)
        return f"{name}={word!r}" if is_text else f"{name}={word}"

    parts = text.split("`")
    return "`".join(part if place % 2 else re.sub(FLAG, keyword, part) for place, part in enumerate(parts))


SYNONYMS = {
    "batch": "batch size", "bn": "batchnorm", "bs": "batch size", "densenet": "dense", "hidden": "net",
    "hidden layer sizes": "net", "hidden layers": "net", "label": "target", "labels": "target",
    "layers": "net", "rate": "learning rate", "lr": "learning rate", "model": "net", "network": "net",
    "optim": "optimizer", "patience": "early stop", "random state": "seed", "resnet": "residual",
    "scheduler": "schedule", "skip": "residual", "wd": "weight decay", "y": "target",
}  # fmt: skip
"""Name in other tools -> name in Ravine."""


MAX_WORDS = 20  # in a list of allowed words
SIMILARITY = 0.6  # of a word that is suggested, as a ratio of difflib


def nearest(word: str, allowed: Iterable[str]) -> str:
    """Return `Did you mean 'x'?` for the nearest allowed words; an empty text if no word is near."""
    words = [str(item) for item in allowed]
    for meant in (_plain(word), SYNONYMS.get(_plain(word))):
        if same := [item for item in words if _plain(item) in (meant, f"{meant}s")]:
            return f"Did you mean '{same[0]}'?"
    import difflib  # slow to import, and needed only for a wrong word

    by_key = {item.lower().lstrip("-"): item for item in reversed(words)}  # dashes would make all flags alike
    near = difflib.get_close_matches(str(word).lower().lstrip("-"), list(by_key), n=3, cutoff=SIMILARITY)
    return "Did you mean " + " or ".join(f"'{by_key[key]}'" for key in near) + "?" if near else ""


def _plain(name: str) -> str:
    return str(name).lower().lstrip("-").replace("_", " ").replace("-", " ")


def did_you_mean(word: str, allowed: Iterable[str]) -> str:
    """Return `Did you mean 'x'?` for the nearest allowed word, or the list of all of them."""
    words = [str(item) for item in allowed]
    if near := nearest(word, words):
        return near
    shown = words[:MAX_WORDS]
    more = f" and {len(words) - MAX_WORDS} more" if len(words) > MAX_WORDS else ""
    return "There " + ("is" if len(words) == 1 else "are") + f": {', '.join(shown)}{more}."
