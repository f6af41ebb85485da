"""Check of the values of options, and the error for a value that an option does not allow."""

from __future__ import annotations

import numbers
from collections.abc import Sequence

from ravine.errors import UsageError, nearest
from ravine.options.fields import Option
from ravine.options.renamed import renamed_value
from ravine.shell_words import quote_word

__all__ = ["raise_together", "refusal", "refused", "shown"]


def refusal(option: Option, value: object) -> UsageError | None:
    """Return None if an option allows a value, else the error, for example for a number out of bounds."""
    if type(value) is type(option.default) and value == option.default:
        return None  # also spares the import of the check
    if value is None:
        return None if option.optional else refused(option, value)
    if option.many:
        if not isinstance(value, list | tuple) or not all(isinstance(item, str) for item in value):
            return refused(option, value)
        return next((wrong for item in value if (wrong := _word(option, item))), None)
    if option.kind is bool:
        return None if isinstance(value, bool) else refused(option, value)
    if option.kind is str:
        return _word(option, value) if isinstance(value, str) else refused(option, value)
    kind = numbers.Integral if option.kind is int else numbers.Real
    right = isinstance(value, kind) and not isinstance(value, bool) and option.within(value)  # type: ignore[arg-type]
    return None if right else refused(option, value)


def refused(option: Option, value: object) -> UsageError:
    """Return the error for a value that an option does not allow, with the allowed values.

    For a word that was renamed, the error names the new word instead.
    """
    new = renamed_value(option.key, value) if isinstance(value, str) else None
    flag = _name(option)
    if new is not None:
        what, why, fix = f"{flag} {shown(value)} was renamed.", "", f"Write {flag} {shown(new)!r}."
    else:
        what, why = f"{flag} {shown(value)} cannot be used.", f"It must be {option.allowed}."
        fix = _fix(option, value)
    allowed: object = option.choices or option.allowed
    return UsageError(what, why, fix, option=option.key, value=value, allowed=allowed)


def raise_together(problems: Sequence[UsageError]) -> None:
    """Raise the only error in a list, or one error that names all of them; do nothing for an empty list."""
    if len(problems) == 1:
        raise problems[0]
    if problems:
        sentences = [" ".join(filter(None, (problem.what, problem.why, problem.fix))) for problem in problems]
        raise UsageError(
            f"{len(problems)} settings are wrong.",
            "\n".join(sentences),
            "Correct them.",
            problems=tuple(problems),
        )


def shown(value: object) -> str:
    """Return the value of an option as a user types it in a shell, with quotes where they are needed."""
    if isinstance(value, bool) or value is None:
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:.10g}"
    if isinstance(value, list | tuple):
        return quote_word(",".join(map(str, value)))
    return quote_word(str(value))


def _word(option: Option, word: str) -> UsageError | None:
    """Return the error for a text, or for an item of a list, that is not allowed; None if it is allowed."""
    if option.choices and word not in option.choices:
        return refused(option, word)
    if option.check is None:
        return None
    try:
        option.check(word)
    except UsageError as error:
        if renamed_value(option.key, word) is not None:
            return refused(option, word)
        allowed = error.allowed or option.allowed
        return UsageError(error.what, error.why, error.fix, option=option.key, value=word, allowed=allowed)
    return None


def _name(option: Option) -> str:
    """Return the name of the option on the command line."""
    if option.default is True:  # its flag takes no value, so the value comes from a file or from Python
        return option.key
    return option.placeholder.strip("[]") if option.positional else option.flag


def _fix(option: Option, value: object) -> str:
    if option.choices:
        return nearest(str(value), option.choices)
    if (
        option.kind is str
        and not isinstance(value, str)
        and isinstance(option.default, str)
        and option.default
    ):
        return f"Write one text in quotes, such as {option.flag} {option.default!r}."
    if option.neutral is not None:
        return f"Type {option.flag} {shown(option.neutral)} to turn it off."
    if option.default is None and option.at_least is not None:
        return f"Type for example {option.flag} {shown(option.at_least)}, or leave it out."
    if option.default is None or option.default == "" or option.many:
        return "Leave it out to get the default." if option.kind in (int, float) else ""
    return f"Leave it out for {shown(option.default)}."
