"""The runs of a cohort: the numbers in which they differ, and the seed that keys every random choice.

Runs of the same seed have the same split, initial weights, batches and random numbers, for all optimizers and
hyperparameters. Differences between them are therefore paired by seed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from ravine.optimizers import Decay, Rule, decay

__all__ = ["Runs"]

INIT_ONLY = ("gate_bias",)  # used by `initial_params` alone, and no input of the compiled program


@dataclass(frozen=True)
class Runs:
    """The numbers in which the runs of a cohort differ: hyperparameters, schedules and seeds.

    Every array is [run]. rate: learning rate.
    schedule: text of the schedule of the learning rate, for example "cosine".
    seed: number that fixes the split, the initial weights, the batch order, dropout and augmentation.
    hyper: hyperparameters of the optimizer, by name.
    extra: hyperparameters of network, transforms, label smoothing and augmentation, by name.
    hyper_schedules: texts of the schedules of hyperparameters besides the learning rate, by their name.
    patience: evaluations without improvement after which a run ends; 0 = never. None = 0 for all runs.
    min_change: decrease of the validation loss that an improvement must exceed. None = 0 for all runs.
    """

    rate: np.ndarray
    schedule: np.ndarray
    seed: np.ndarray
    hyper: Mapping[str, np.ndarray] = field(default_factory=dict)
    extra: Mapping[str, np.ndarray] = field(default_factory=dict)
    hyper_schedules: Mapping[str, np.ndarray] = field(default_factory=dict)
    patience: np.ndarray | None = None
    min_change: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.rate)

    def numbers(self, rule: Rule, target_scale: np.ndarray, precision: str) -> dict[str, Any]:
        """Return the hyperparameters of all runs as inputs of the compiled program, [run] in `precision`.

        The result has the entries of `loop.Numbers`. rule: the optimizer. target_scale: standard deviation of
        a regression target, [run]. An averaging rate b becomes the pair (b, 1 - b), formed here in float64,
        since in float32 the difference 1 - 0.9999 has a relative error of 1.7e-4.
        """

        def to_column(value: npt.ArrayLike) -> np.ndarray:
            return np.broadcast_to(np.asarray(value, precision), (len(self),)).copy()

        def to_data(value: npt.ArrayLike | Decay) -> np.ndarray | Decay:
            return Decay(*map(to_column, value)) if isinstance(value, Decay) else to_column(value)

        extra: dict[str, Any] = {k: v for k, v in self.extra.items() if k not in INIT_ONLY}
        if "ema" in extra:
            extra["ema"] = decay(extra["ema"])
        return {
            "rate": to_column(self.rate),
            "target_scale": to_column(target_scale),
            "hyper": {name: to_data(value) for name, value in rule.as_data(**self.hyper).items()},
            "extra": {name: to_data(value) for name, value in extra.items()},
        }

    def take(self, index: np.ndarray | slice) -> Runs:
        """Return only the runs at the places `index` [n], in the order of `index`."""

        def take_columns(columns: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
            return {name: np.asarray(values)[index] for name, values in columns.items()}

        patience, min_change = (
            None if values is None else np.asarray(values)[index]
            for values in (self.patience, self.min_change)
        )
        return Runs(
            self.rate[index], self.schedule[index], self.seed[index], take_columns(self.hyper),
            take_columns(self.extra), take_columns(self.hyper_schedules), patience, min_change,
        )  # fmt: skip

    @classmethod
    def concatenate(cls, parts: Sequence[Runs]) -> Runs:
        """Return all runs of several sets of runs as one set, in order.

        All parts must have hyperparameters of the same names. If only some parts have a patience, the runs of
        the other parts get a patience of 0.
        """

        def join_columns(columns: Sequence[Mapping[str, np.ndarray]]) -> dict[str, np.ndarray]:
            return {name: np.concatenate([part[name] for part in columns]) for name in columns[0]}

        def join_optional(columns: Sequence[np.ndarray | None]) -> np.ndarray | None:
            if all(column is None for column in columns):
                return None
            return np.concatenate(
                [np.zeros(len(p)) if v is None else v for p, v in zip(parts, columns, strict=True)]
            )

        return cls(
            np.concatenate([part.rate for part in parts]),
            np.concatenate([np.asarray(part.schedule, str) for part in parts]),
            np.concatenate([part.seed for part in parts]),
            join_columns([part.hyper for part in parts]),
            join_columns([part.extra for part in parts]),
            join_columns([part.hyper_schedules for part in parts]),
            join_optional([part.patience for part in parts]),
            join_optional([part.min_change for part in parts]),
        )

    def columns(self) -> dict[str, np.ndarray]:
        """Return the numbers of all runs by name, such as `rate`, `schedule` and `seed`: arrays [run].

        They are hyperparameters, schedules, seeds and the numbers of early stopping. Records store them, and
        content hashes identify runs by them.
        """
        stopping = {"patience": self.patience, "min_change": self.min_change}
        return {
            "rate": self.rate,
            "schedule": np.asarray(self.schedule, str),
            "seed": self.seed,
            **self.hyper,
            **self.extra,
            **{f"schedule of {name}": np.asarray(text, str) for name, text in self.hyper_schedules.items()},
            **{name: values for name, values in stopping.items() if values is not None},
        }
