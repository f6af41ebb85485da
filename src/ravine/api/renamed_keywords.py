"""The error for a keyword of a Python function that was renamed; it names the new keyword."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from ravine.errors import UsageError
from ravine.options.renamed import renamed_key

__all__ = ["with_renamed_keywords"]

Parameters = ParamSpec("Parameters")
Returned = TypeVar("Returned")


def with_renamed_keywords(function: Callable[Parameters, Returned]) -> Callable[Parameters, Returned]:
    """Return a function that behaves like `function`, but raises UsageError for a keyword that was renamed.

    The error names the new keyword.
    """
    keywords = getattr(function, "__kwdefaults__", None) or {}

    @wraps(function)
    def call(*arguments: Parameters.args, **named: Parameters.kwargs) -> Returned:
        for key, value in named.items():
            new = renamed_key(key)
            if new in keywords:
                raise UsageError(
                    f"'{key}' was renamed to '{new}'.", "", f"Write {new}=VALUE.", option=new, value=value,
                    allowed=new,
                )  # fmt: skip
        return function(*arguments, **named)

    return call
