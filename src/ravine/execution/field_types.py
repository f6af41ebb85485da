"""Types of the fields of documents, with the values that they allow, and a check of lists."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

__all__ = ["Count", "Interval", "NonNegative", "Pair", "Positive", "Task", "check_lengths"]

Count = Annotated[int, Meta(ge=0)]
"""A number of rows, seeds, steps or other items."""
Positive = Annotated[int, Meta(ge=1)]
"""A number that counts from 1."""
NonNegative = Annotated[float, Meta(ge=0)]
"""A number of at least 0."""
Pair = Annotated[list[float], Meta(min_length=2, max_length=2)]
"""Two numbers, such as the ends of an interval, [low, high]."""
Interval = Annotated[list[float | None], Meta(min_length=2, max_length=2)]
"""The ends of an interval, [low, high]; an end that is not defined is None."""
Task = Annotated[str, Meta(pattern="^(classify|regress)$")]
"""The task of a network."""


def check_lengths(document: object, *names: str) -> None:
    """Raise ValueError unless the lists in these fields of a document have one length; None is no list."""
    lists = {name: values for name in names if (values := getattr(document, name)) is not None}
    if len({len(values) for values in lists.values()}) > 1:
        lengths = ", ".join(f"{name} {len(values)}" for name, values in lists.items())
        raise ValueError(f"the lists must have one length, and have the lengths {lengths}")
