"""Options: what a settings field says about itself. Flags, files, messages and documents derive from it.

    learning_rate: float | None = option(None, "Learning rate.", section="Training", above=0)

A choice or a check may be text "module:object". It is imported on use, so that a settings module imports
nothing heavy.
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
    """One option. `key`, `kind`, `optional`, `many` and `default` are those of its field.

    at_least, above, at_most, below: bounds of a number.  choices: the allowed words.
    check(text): raises UsageError for a text, or for an item of a list, that is not allowed.
    neutral: the value that switches the option off.  unit: of a number.
    split: how text becomes a list: at commas, at commas outside brackets (calls), or not at all (whole).
    schedulable: whether the number may follow a schedule.
    plan_row, plan_text: the row of a plan that shows a value which is not neutral, and its text, with {} for
    the value; without a row, plans show the value in another place or not at all.
    stored: whether the value is part of a saved configuration.  positional: an argument, without a flag.
    common: whether `--help` lists it; `--help-all` lists every option.
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
    key: str = ""
    kind: type = str
    optional: bool = False
    many: bool = False
    default: Value = None

    @property
    def flag(self) -> str:
        """The option on the command line: `--early-stop`."""
        return "--" + self.key.replace("_", "-")

    @property
    def variable(self) -> str:
        """The option in the environment: `RAVINE_EARLY_STOP`."""
        return ENVIRONMENT + self.key.upper()

    @property
    def choices(self) -> tuple[str, ...]:
        """The allowed words; empty if they are not listed."""
        if self.choices_or_path is None:
            return ()
        listed = self.choices_or_path
        return tuple(_resolved(listed) if isinstance(listed, str) else listed)

    @property
    def check(self) -> Callable[[str], object] | None:
        """The function that refuses a text which cannot be used."""
        return _resolved(self.check_or_path) if isinstance(self.check_or_path, str) else self.check_or_path

    @property
    def metavar(self) -> str:
        """The value as help names it: `N`, `cpu|gpu`."""
        return self.placeholder or "|".join(self.choices) or PLACEHOLDERS[self.kind]

    @property
    def bounds(self) -> str:
        """The allowed range in words: `at least 0 and below 1`; empty without bounds."""
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
        """Everything allowed, in words."""
        if self.choices:
            return f"one of {', '.join(self.choices)}"
        kind = "a list of texts" if self.many else KINDS[self.kind]
        kind += f" of the form {self.placeholder}" if "=" in self.placeholder else ""
        return f"{kind} {self.bounds}".rstrip() + (f" ({self.unit})" if self.unit else "")

    @property
    def default_text(self) -> str:
        """The default as texts show it; empty where there is none."""
        if self.default is None or self.default == "" or self.default is False:
            return ""
        if isinstance(self.default, list):
            return ",".join(self.default)
        return f"{self.default:g}" if isinstance(self.default, float) else str(self.default)

    def within(self, number: float) -> bool:
        """Return whether a number is within the bounds. NaN never is."""
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
) -> Any:
    """Return a dataclass field that holds an `Option`; see there for the arguments.

    The type is `Any`, as that of `dataclasses.field`, because the annotation beside it states the type.
    """
    if section not in SECTIONS:
        raise ValueError(f"There is no section '{section}'. Use one of {', '.join(SECTIONS)}.")
    made = Option(
        help, section, metavar, short, at_least, above, at_most, below, choices, check, neutral, unit, split,
        schedulable, plan_row, plan_text, stored, positional, common,
    )  # fmt: skip
    return _field(made, default)


def redefined(settings: type, key: str, default: Value, **changes: object) -> Any:
    """Return the field `key` of another settings class with another default, and changes of its option."""
    old = next(known for known in dataclasses.fields(settings) if known.name == key)
    return _field(replace(old.metadata[METADATA], **changes), default)


def options_of(settings: type) -> Mapping[str, Option]:
    """Return the options of a settings class by key, in the order of its fields.

    Raises TypeError for a field that was not made by `option`, or has a type that no option can have.
    """
    return _options_of(settings)


@lru_cache(maxsize=64)
def _options_of(settings: type) -> Mapping[str, Option]:
    hints = typing.get_type_hints(settings)
    found = {}
    for known in dataclasses.fields(settings):
        if METADATA not in known.metadata:
            raise TypeError(
                f"{settings.__name__}.{known.name} is no option: write option(default, help, ...)."
            )
        kind, optional, many = _kind(f"{settings.__name__}.{known.name}", hints[known.name])
        default = known.default if known.default_factory is MISSING else known.default_factory()
        found[known.name] = replace(
            known.metadata[METADATA], key=known.name, kind=kind, optional=optional, many=many, default=default
        )
    return types.MappingProxyType(found)


def _field(made: Option, default: Value) -> Any:
    metadata = {METADATA: made}
    if isinstance(default, list):
        values = tuple(default)
        return field(default_factory=lambda: list(values), metadata=metadata)
    return field(default=default, metadata=metadata)


def _kind(name: str, annotation: object) -> tuple[type, bool, bool]:
    """Return the kind, whether None is allowed, and whether it is a list."""
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
    found: Any = import_module(module)
    for part in name.split("."):
        found = getattr(found, part)
    return found
