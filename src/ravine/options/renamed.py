"""Renamed keys and values with their new names. A message tells the user of an old name the new one."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["RENAMED_KEYS", "RENAMED_VALUES", "renamed_flag", "renamed_key", "renamed_value"]

RENAMED_KEYS: Mapping[str, str] = {
    "decay": "weight_decay",
    "moving": "hyper_schedule",
    "noise": "label_noise",
    "plot": "plot_schedule",
    "rate": "learning_rate",
    "smoothing": "label_smoothing",
    "track": "tune",
}
"""Old key -> new key. Flags and environment variables follow from the keys."""

RENAMED_VALUES: Mapping[str, Mapping[str, str]] = {
    "tune": {"full": "all", "rate": "learning-rate"},
}
"""Key -> {old value: new value}."""


def renamed_key(key: str) -> str | None:
    """Return the new key of an old one, else None."""
    return RENAMED_KEYS.get(key)


def renamed_flag(flag: str) -> str | None:
    """Return the new flag of an old one, else None: `--plot` -> `--plot-schedule`."""
    new = RENAMED_KEYS.get(flag.removeprefix("--").replace("-", "_"))
    return None if new is None else "--" + new.replace("_", "-")


def renamed_value(key: str, value: str) -> str | None:
    """Return the new value of an old one of that option, else None."""
    return RENAMED_VALUES.get(key, {}).get(value)
