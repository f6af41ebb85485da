"""What differs between the runs of a cohort: numbers, and the seed that keys every random choice."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ravine.optimizers import Decay, Rule

__all__ = ["Runs"]


@dataclass(frozen=True)
class Runs:
    """Runs of one plan: `rate`, `decays` (0 constant, 1 to zero), `seed`: [run]; `hyper` {name: [run]}."""

    rate: np.ndarray
    decays: np.ndarray
    seed: np.ndarray
    hyper: dict[str, np.ndarray] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.rate)

    def numbers(self, rule: Rule, unit: np.ndarray, precision: str) -> dict[str, Any]:
        """Return everything the compiled program takes, [run] in `precision`; decay rates as pairs b, 1 - b.

        Pairs are formed in float64 here: 1 - 0.9999 in float32 would be wrong by 1.7e-4 of itself.
        """

        def spread(value: Any) -> np.ndarray:
            return np.broadcast_to(np.asarray(value, precision), (len(self),)).copy()

        named: dict[str, Any] = {
            "rate": spread(self.rate),
            "decays": spread(self.decays),
            "unit": spread(unit),
        }
        for name, value in rule.as_data(**self.hyper).items():
            named[name] = Decay(*map(spread, value)) if isinstance(value, Decay) else spread(value)
        return named

    def columns(self) -> dict[str, np.ndarray]:
        """Return the plain numbers by name, for records and identities."""
        return {"rate": self.rate, "decays": self.decays, "seed": self.seed, **self.hyper}
