"""The base class of the settings of all studies: values that do not change, checked by their options."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from ravine.errors import UsageError, did_you_mean
from ravine.options.fields import Option, Value, options_of
from ravine.options.parse import from_value
from ravine.options.renamed import renamed_key
from ravine.options.validate import raise_together, refusal

__all__ = ["Settings", "allowed_values", "contradiction"]


@dataclass(frozen=True, eq=False, repr=False)
class Settings:
    """Base class of the settings of a study, with one field for each option. `option` creates every field.

    Values are checked when the object is made. alternatives: pairs of options that exclude each other.
    python_types: key of an option -> type that Python functions accept, if the field has a narrower type.
    """

    alternatives: ClassVar[tuple[tuple[str, str], ...]] = ()
    python_types: ClassVar[Mapping[str, str]] = {}

    def __post_init__(self) -> None:
        """Raise UsageError that names every value that is not allowed, then check combinations."""
        options = options_of(type(self))
        problems = [refusal(option, getattr(self, key)) for key, option in options.items()]
        raise_together([problem for problem in problems if problem is not None])
        for first, second in self.alternatives:
            if all(
                getattr(self, key) not in (options[key].default, options[key].neutral)
                for key in (first, second)
            ):
                raise contradiction(first, second)
        self.check_together()

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self._values() == other._values()

    def __hash__(self) -> int:
        return hash((type(self), repr(self)))

    def __repr__(self) -> str:
        values = ", ".join(f"{key}={value!r}" for key, value in self._values().items())
        return f"{type(self).__name__}({values})"

    def _values(self) -> dict[str, Value]:
        return {key: getattr(self, key) for key in options_of(type(self))}

    def check_together(self) -> None:
        """Raise UsageError for values of options that exclude each other. Subclasses override this method."""

    def to_dict(self) -> dict[str, Any]:
        """Return the settings as a dictionary, key -> value, as a configuration file stores them.

        Options that are not stored, and values that are None, are left out.
        """
        stored = [key for key, option in options_of(type(self)).items() if option.stored]
        values = {key: getattr(self, key) for key in stored}
        return {
            key: list(value) if isinstance(value, list | tuple) else value
            for key, value in values.items()
            if value is not None
        }

    @classmethod
    def from_dict(cls, plain: Mapping[str, object]) -> Self:
        """Return settings of this class from the values of options by key, as in a configuration file.

        Raises UsageError for unknown keys and for values that an option does not allow; the error names all
        of them. Raises UsageError as well if two options exclude each other.
        """
        values = allowed_values(plain, options_of(cls))
        for first, second in cls.alternatives:
            if all(values.get(key) not in (None, False) for key in (first, second)):
                raise contradiction(first, second)
        return cls(**values)


def contradiction(first: str, second: str) -> UsageError:
    """Return the error for two options, given by their keys, that exclude each other."""
    flags = ["--" + key.replace("_", "-") for key in (first, second)]
    return UsageError(
        f"{flags[0]} and {flags[1]} contradict.", "A command takes at most one of them.", "Give one.",
        option=first, allowed=f"{first} or {second}, not both",
    )  # fmt: skip


def allowed_values(plain: Mapping[str, object], options: Mapping[str, Option]) -> dict[str, Value]:
    """Return plain values by key in the types of their options.

    Raises UsageError that names all unknown keys and all values that an option does not allow.
    """
    values: dict[str, Value] = {}
    problems: list[UsageError] = []
    for key, raw in plain.items():
        if key not in options:
            problems.append(_unknown(key, list(options)))
            continue
        try:
            values[key] = from_value(options[key], raw)
        except UsageError as error:
            problems.append(error)
            continue
        if problem := refusal(options[key], values[key]):
            problems.append(problem)
    raise_together(problems)
    return values


def _unknown(key: str, keys: list[str]) -> UsageError:
    new = renamed_key(key)
    if new in keys:
        return UsageError(f"The setting '{key}' was renamed to '{new}'.", "", f"Write {new}.", option=key)
    return UsageError(f"There is no setting '{key}'.", "", did_you_mean(key, keys), option=key)
