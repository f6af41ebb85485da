"""Options of commands: fields of settings, each with its help, section, unit, bounds and allowed words.

Flags, environment variables, TOML keys, messages, documents and Python functions are derived from the fields.

    learning_rate: float | None = option(None, "Learning rate.", section="Training", above=0)

Allowed words and checks can be given as text, "module:object". The object is imported when it is needed, so
that a settings module imports nothing slow.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, dataclass, field, replace
from functools import lru_cache
from importlib import import_module
from typing import Any, Literal

__all__ = ["ENVIRONMENT", "SECTIONS", "Option", "Value", "option", "options_of", "redefined"]

ENVIRONMENT = "RAVINE_"  # beginning of an environment variable
SECTIONS = ("Data", "Comparison", "Network", "Training", "Regularization", "Machine", "Output")
"""Headings of options, in the order of help."""
METADATA = "option"
PLACEHOLDERS = {int: "N", float: "NUMBER", str: "TEXT", bool: ""}
KINDS = {int: "a whole number", float: "a number", str: "text", bool: "true or false"}

Value = bool | int | float | str | list[str] | None
"""A value that an option can have."""
Split = Literal["commas", "calls", "whole"]


@dataclass(frozen=True)
class Option:
    """An option of a command, stored in a field of the settings.

    help                  text in the help, a noun phrase or an imperative
    section               heading under which the help lists the option
    placeholder           word for the value in the help, such as `N`
    short                 short flag
    at_least, above       lower bound of a number, included or not; None = unbounded
    at_most, below        upper bound of a number, included or not; None = unbounded
    choices_or_path       allowed words
    check_or_path         function check(text) that raises UsageError for a text, or an item of a list, that
                          is not allowed
    neutral               value that switches the option off
    unit                  unit of a number
    split                 where a text is split into a list: at commas, at commas outside brackets (calls), or
                          nowhere (whole)
    schedulable           whether the number can follow a schedule
    plan_row, plan_text   title and text of the row in a dry run, for a value that is not neutral; {} in the
                          text stands for the value
    stored                whether a saved configuration contains the value
    code                  whether the value can name a Python file of the user, as FILE.py:NAME
    typed                 whether only the user can give the value, and no file: as a flag, in the environment
                          or in Python
    positional            whether the option is an argument without a flag
    common                whether `--help` lists the option; `--help-all` lists every option

    key, kind, optional, many, default: name and type of the settings field, whether None is allowed, whether
    the value is a list, and default.
    """

    help: str
    section: str
    placeholder: str = ""
    short: str = ""
    at_least: float | None = None
    above: float | None = None
    at_most: float | None = None
    below: float | None = None
    choices_or_path: Iterable[str] | str | None = None
    check_or_path: Callable[[str], object] | str | None = None
    neutral: float | str | None = None
    unit: str = ""
    split: Split = "commas"
    schedulable: bool = False
    plan_row: str = ""
    plan_text: str = ""
    stored: bool = True
    positional: bool = False
    common: bool = False
    code: bool = False
    typed: bool = False
    key: str = ""
    kind: type = str
    optional: bool = False
    many: bool = False
    default: Value = None

    @property
    def flag(self) -> str:
        """The flag of the option: `--early-stop`, or `--no-baselines` if the option is true by default."""
        return ("--no-" if self.default is True else "--") + self.key.replace("_", "-")

    @property
    def variable(self) -> str:
        """The environment variable that sets the option, such as `RAVINE_EARLY_STOP`."""
        return ENVIRONMENT + self.key.upper()

    @property
    def choices(self) -> tuple[str, ...]:
        """The words that the option allows; empty if the option has no list of words."""
        if self.choices_or_path is None:
            return ()
        words = self.choices_or_path
        return tuple(_resolved(words) if isinstance(words, str) else words)

    @property
    def check(self) -> Callable[[str], object] | None:
        """The function that raises UsageError for a text that the option does not allow.

        The value is None if the option has no such function.
        """
        return _resolved(self.check_or_path) if isinstance(self.check_or_path, str) else self.check_or_path

    @property
    def metavar(self) -> str:
        """The word that stands for the value in the help, such as `N` or `cpu|gpu`."""
        return self.placeholder or "|".join(self.choices) or PLACEHOLDERS[self.kind]

    @property
    def bounds(self) -> str:
        """The bounds of the number in words, such as `at least 0 and below 1`; empty without bounds."""
        limits = (
            ("at least", self.at_least), ("above", self.above),
            ("at most", self.at_most), ("below", self.below),
        )  # fmt: skip
        return " and ".join(
            f"{words} {limit if isinstance(limit, int) else f'{limit:.10g}'}"
            for words, limit in limits
            if limit is not None
        )

    @property
    def allowed(self) -> str:
        """The values that the option allows, in words, such as `a number above 0`."""
        if self.choices:
            return f"one of {', '.join(self.choices)}"
        kind = "a list of texts" if self.many else KINDS[self.kind]
        kind += f" of the form {self.placeholder}" if "=" in self.placeholder else ""
        return f"{kind} {self.bounds}".rstrip() + (f" ({self.unit})" if self.unit else "")

    @property
    def default_text(self) -> str:
        """The default of the option as text for the help; empty without a default, and for true or false."""
        if self.default is None or self.default == "" or isinstance(self.default, bool):
            return ""
        if isinstance(self.default, list):
            return ",".join(self.default)
        return f"{self.default:g}" if isinstance(self.default, float) else str(self.default)

    def within(self, number: float) -> bool:
        """Return whether a number is within the bounds of the option; False for NaN."""
        return (
            (self.at_least is None or number >= self.at_least)
            and (self.above is None or number > self.above)
            and (self.at_most is None or number <= self.at_most)
            and (self.below is None or number < self.below)
        )


def option(
    default: Value,
    help: str,
    *,
    section: str,
    metavar: str = "",
    short: str = "",
    at_least: float | None = None,
    above: float | None = None,
    at_most: float | None = None,
    below: float | None = None,
    choices: Iterable[str] | str | None = None,
    check: Callable[[str], object] | str | None = None,
    neutral: float | str | None = None,
    unit: str = "",
    split: Split = "commas",
    schedulable: bool = False,
    plan_row: str = "",
    plan_text: str = "",
    stored: bool = True,
    positional: bool = False,
    common: bool = False,
    code: bool = False,
    typed: bool = False,
) -> Any:
    """Return a dataclass field for a class of settings, with an `Option` that describes the field.

    `Option` documents the arguments. The returned type is `Any`, as for `dataclasses.field`. The annotation
    of the field states its type. Raises ValueError for an unknown section.
    """
    if section not in SECTIONS:
        raise ValueError(f"There is no section '{section}'. Use one of {', '.join(SECTIONS)}.")
    new = Option(
        help, section, metavar, short, at_least, above, at_most, below, choices, check, neutral, unit, split,
        schedulable, plan_row, plan_text, stored, positional, common, code, typed,
    )  # fmt: skip
    return _field(new, default)


def redefined(settings: type, key: str, default: Value, **changes: object) -> Any:
    """Return a settings field for an option that another class of settings has, with another default.

    settings: the other class. key: name of the field there. changes: attributes of the option (`Option`) that
    differ, by name.
    """
    old = next(known for known in dataclasses.fields(settings) if known.name == key)
    return _field(replace(old.metadata[METADATA], **changes), default)


def options_of(settings: type) -> Mapping[str, Option]:
    """Return the options of a class of settings, key -> `Option`, in the order of its fields.

    Raises TypeError for a field without an option, and for a field whose type an option cannot have.
    """
    return _options_of(settings)


@lru_cache(maxsize=64)
def _options_of(settings: type) -> Mapping[str, Option]:
    hints = typing.get_type_hints(settings)
    options = {}
    for known in dataclasses.fields(settings):
        if METADATA not in known.metadata:
            raise TypeError(
                f"{settings.__name__}.{known.name} has no option. Write option(default, help, ...)."
            )
        kind, optional, many = _kind(f"{settings.__name__}.{known.name}", hints[known.name])
        default = known.default if known.default_factory is MISSING else known.default_factory()
        options[known.name] = replace(
            known.metadata[METADATA], key=known.name, kind=kind, optional=optional, many=many, default=default
        )
    return types.MappingProxyType(options)


def _field(described: Option, default: Value) -> Any:
    metadata = {METADATA: described}
    if isinstance(default, list):
        values = tuple(default)
        return field(default_factory=lambda: list(values), metadata=metadata)
    return field(default=default, metadata=metadata)


def _kind(name: str, annotation: object) -> tuple[type, bool, bool]:
    """Return the type of a field, whether None is allowed, and whether the field is a list."""
    united = isinstance(annotation, types.UnionType) or typing.get_origin(annotation) is typing.Union
    parts = typing.get_args(annotation) if united else (annotation,)
    others = [part for part in parts if part is not types.NoneType]
    if len(others) == 1 and others[0] == list[str]:
        return str, len(parts) > 1, True
    if len(others) == 1 and isinstance(others[0], type) and others[0] in PLACEHOLDERS:
        return others[0], len(parts) > 1, False
    raise TypeError(
        f"{name} is {annotation}. An option is bool, int, float, str or list[str], or one of them or None."
    )


@lru_cache(maxsize=256)
def _resolved(path: str) -> Any:
    """Return the object that the text "module:object" names."""
    module, _, name = path.partition(":")
    value: Any = import_module(module)
    for part in name.split("."):
        value = getattr(value, part)
    return value
