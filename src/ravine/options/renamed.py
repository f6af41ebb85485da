"""Old and new names of options and of their values. The message for an old name states the new name."""

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
"""Old key -> new key. Flags and environment variables are derived from the keys."""

RENAMED_VALUES: Mapping[str, Mapping[str, str]] = {
    "tune": {"full": "all", "rate": "learning-rate"},
}
"""Key -> {old value: new value}."""


def renamed_key(key: str) -> str | None:
    """Return the new key of an option that was formerly called `key`; None for any other text."""
    return RENAMED_KEYS.get(key)


def renamed_flag(flag: str) -> str | None:
    """Return the new flag of a renamed option, such as `--plot-schedule` for `--plot`; None for others."""
    new = RENAMED_KEYS.get(flag.removeprefix("--").replace("-", "_"))
    return None if new is None else "--" + new.replace("_", "-")


def renamed_value(key: str, value: str) -> str | None:
    """Return the new word for a renamed value of the option `key`; None if the value was not renamed."""
    return RENAMED_VALUES.get(key, {}).get(value)
