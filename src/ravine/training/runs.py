"""What differs between the runs of a cohort: numbers, and the seed that keys every random choice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from ravine.optimizers import Decay, Rule, decay

__all__ = ["Runs"]

INIT_ONLY = ("gate_bias",)  # see `initial_state`


@dataclass(frozen=True)
class Runs:
    """Runs of one plan, [run] each.

    rate: learning rate. schedule: text of its schedule. seed: keys split, initialization, batches.
    hyper {name: [run]}: the rule's numbers. extra {name: [run]}: the network's, and those of what goes around
    the rule. moving {name: [run]}: schedules of other hyperparameters. patience: evaluations without
    improvement that end a run, 0 for none; an improvement is a fall of the loss by more than min_change.
    """

    rate: np.ndarray
    schedule: np.ndarray
    seed: np.ndarray
    hyper: Mapping[str, np.ndarray] = field(default_factory=dict)
    extra: Mapping[str, np.ndarray] = field(default_factory=dict)
    moving: Mapping[str, np.ndarray] = field(default_factory=dict)
    patience: np.ndarray | None = None
    min_change: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.rate)

    def numbers(self, rule: Rule, target_scale: np.ndarray, precision: str) -> dict[str, Any]:
        """Return everything the compiled program takes, [run] in `precision`; decay rates as pairs b, 1 - b.

        Pairs are formed in float64 here: 1 - 0.9999 in float32 would be wrong by 1.7e-4 of itself.
        """

        def spread(value: npt.ArrayLike) -> np.ndarray:
            return np.broadcast_to(np.asarray(value, precision), (len(self),)).copy()

        def data(value: npt.ArrayLike | Decay) -> np.ndarray | Decay:
            return Decay(*map(spread, value)) if isinstance(value, Decay) else spread(value)

        # what only the start needs is none of the program's
        extra: dict[str, Any] = {k: v for k, v in self.extra.items() if k not in INIT_ONLY}
        if "ema" in extra:
            extra["ema"] = decay(extra["ema"])
        return {
            "rate": spread(self.rate),
            "target_scale": spread(target_scale),
            "hyper": {name: data(value) for name, value in rule.as_data(**self.hyper).items()},
            "extra": {name: data(value) for name, value in extra.items()},
        }

    def take(self, index: np.ndarray | slice) -> Runs:
        """Return these runs only."""

        def some(columns: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
            return {name: np.asarray(values)[index] for name, values in columns.items()}

        patience, min_change = (
            None if each is None else np.asarray(each)[index] for each in (self.patience, self.min_change)
        )
        return Runs(
            self.rate[index], self.schedule[index], self.seed[index],
            some(self.hyper), some(self.extra), some(self.moving), patience, min_change,
        )  # fmt: skip

    @classmethod
    def concatenate(cls, parts: Sequence[Runs]) -> Runs:
        """Return the runs of all parts, which have numbers of the same names; who has no patience has 0."""

        def joined(columns: Sequence[Mapping[str, np.ndarray]]) -> dict[str, np.ndarray]:
            return {name: np.concatenate([each[name] for each in columns]) for name in columns[0]}

        def waits(values: Sequence[np.ndarray | None]) -> np.ndarray | None:
            if all(each is None for each in values):
                return None
            return np.concatenate(
                [np.zeros(len(p)) if v is None else v for p, v in zip(parts, values, strict=True)]
            )

        return cls(
            np.concatenate([each.rate for each in parts]),
            np.concatenate([np.asarray(each.schedule, str) for each in parts]),
            np.concatenate([each.seed for each in parts]),
            joined([each.hyper for each in parts]),
            joined([each.extra for each in parts]),
            joined([each.moving for each in parts]),
            waits([each.patience for each in parts]),
            waits([each.min_change for each in parts]),
        )

    def columns(self) -> dict[str, np.ndarray]:
        """Return the plain numbers and texts by name, for records and identities."""
        waits = {"patience": self.patience, "min_change": self.min_change}
        return {
            "rate": self.rate,
            "schedule": np.asarray(self.schedule, str),
            "seed": self.seed,
            **self.hyper,
            **self.extra,
            **{f"schedule of {name}": np.asarray(each, str) for name, each in self.moving.items()},
            **{name: each for name, each in waits.items() if each is not None},
        }
