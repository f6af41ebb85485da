"""Exceptions of Ravine, with the exit status that each gives the command `ravine`, and their messages.

    exception           exit status
    RavineError             1   internal error
    ├── OptionError         1   base of errors that may be about one option
    │   ├── UsageError      2   wrong flag, option or configuration key
    │   └── DataError       3   unusable data, file, model or run
    ├── NothingTrained      4   every run that the result needs diverged
    └── Stopped            75   stopped on request (130 after Ctrl-C, 143 after SIGTERM, ...)

A message has up to three parts: the fault with its value, the reason or the allowed values, and the remedy,
such as a command to type. The code writes options as the command line does (`--early-stop 5`). The command
line prints the parts as they are. In Python, `str(error)` shows keywords instead (`early_stop=5`).
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
    """The base of all errors of Ravine, whose message has up to three parts.

    what: the fault. why: the reason, or the allowed values. fix: the remedy, often a command to type.
    """

    status = 1

    def __init__(self, what: str, why: str = "", fix: str = "") -> None:
        self.what, self.why, self.fix = what, why, fix
        super().__init__(" ".join(part for part in (what, why, fix) if part))

    def __str__(self) -> str:
        return in_python(" ".join(part for part in (self.what, self.why, self.fix) if part))


class OptionError(RavineError, ValueError):
    """The base of errors that the value of one option can cause.

    option: key of the option, such as `early_stop`; None if the error is not about one option.
    value: the value that cannot be used. allowed: the allowed words, or a text such as `a number at least 0`.
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
    """The error of a wrong flag, option or configuration value. The command then has the exit status 2.

    problems: one `UsageError` for each fault, if this error reports several faults at once.
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
    """The error of data, a file, a model or a run that cannot be used. The command has the exit status 3."""

    status = 3


class NothingTrained(RavineError):
    """The error of a command without a result, as every run that it needs diverged. The exit status is 4."""

    status = 4


class Stopped(RavineError):
    """The end of a command on a stop request. `ravine resume` continues it if it has a run directory.

    status: exit status of the command, 130 after Ctrl-C, 143 after SIGTERM, 129 after SIGHUP, 152
    after SIGXCPU, 75 after another request.
    """

    def __init__(self, what: str, why: str = "", fix: str = "", status: int = 75) -> None:
        super().__init__(what, why, fix)
        self.status = status


@contextmanager
def about_option(option: str, value: object, allowed: object) -> Iterator[None]:
    """Complete an `OptionError` that a `with` block raises without naming an option.

    option: key of the option to name. value, allowed: the wrong value and the allowed values, which the error
    gets if it has none of its own.
    """
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
    """Return a message with Python keywords in place of flags: `--early-stop 5` becomes `early_stop=5`.

    The word after a flag is taken for the flag's value if it is quoted, holds a digit or `=`, is `inf` or
    `nan`, or equals `value`, the value that the error is about. Text in backticks is a command and stays.
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
    """Return the question `Did you mean 'x'?` with up to three allowed words that resemble a wrong word.

    Names that other tools use, such as `lr`, lead to the names in Ravine. The text is empty if no allowed
    word is similar.
    """
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
    """Return a hint for a wrong word: `Did you mean 'x'?` with similar allowed words, else the allowed words.

    The list of allowed words ends after 20 words.
    """
    words = [str(item) for item in allowed]
    if near := nearest(word, words):
        return near
    shown = words[:MAX_WORDS]
    more = f" and {len(words) - MAX_WORDS} more" if len(words) > MAX_WORDS else ""
    return "There " + ("is" if len(words) == 1 else "are") + f": {', '.join(shown)}{more}."
