"""Types of the fields of documents, with the values that they allow."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

__all__ = ["Count", "Interval", "Pair", "Task"]

Count = Annotated[int, Meta(ge=0)]
"""A number of rows, seeds, steps or other items."""
Pair = Annotated[list[float], Meta(min_length=2, max_length=2)]
"""Two numbers, such as the ends of an interval, [low, high]."""
Interval = Annotated[list[float | None], Meta(min_length=2, max_length=2)]
"""The ends of an interval, [low, high]; an end that is not defined is None."""
Task = Literal["classify", "regress"]
"""The task of a network."""
