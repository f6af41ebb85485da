"""The time of day, which is only shown and never decides anything: a clock can be wrong."""

from __future__ import annotations

import datetime

__all__ = ["seconds_since_1970", "time_stamp", "utc_now"]

EARLIEST, LATEST = 1970, 2262  # years; outside, the clock is not set, or Python itself cannot hold the time


def utc_now() -> datetime.datetime | None:
    """Return the time of day in UTC; None if the clock stands outside the years 1970 to 2262."""
    try:
        now = datetime.datetime.now(datetime.UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return now if EARLIEST <= now.year < LATEST else None


def seconds_since_1970() -> float | None:
    """Return the time of day in seconds since 1970 in UTC, rounded to 1 ms; None if the clock is wrong."""
    now = utc_now()
    return None if now is None else round(now.timestamp(), 3)


def time_stamp() -> str:
    """Return the time of day in UTC as ISO 8601 with milliseconds; an empty text if the clock is wrong."""
    now = utc_now()
    return "" if now is None else now.isoformat(timespec="milliseconds")
