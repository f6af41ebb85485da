"""The parser of the option `--budget`, the time that a command may take: `60s`, `2m`, `1h`."""

from __future__ import annotations

import re

from ravine.errors import UsageError

__all__ = ["budget_seconds"]

UNITS_S = {"s": 1, "m": 60, "h": 3600}


def budget_seconds(text: str) -> float:
    """Return the seconds that a text such as `60s`, `2m` or `1h` names; a plain number is in seconds.

    Raises UsageError for a text of another form, and for a time of 0.
    """
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(s|sec|m|min|h)?\s*", text.lower())
    if not match or not float(match[1]) > 0:
        raise UsageError(
            f"'{text}' is not a time budget.",
            "A budget is a number above 0 with a unit: s, m or h (without a unit: seconds).",
            "Write for example 60s, 2m or 1h.",
        )
    return float(match[1]) * UNITS_S[(match[2] or "s")[0]]
