"""A plan: everything about a run that is structure. What is a number is not here; it enters as data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ravine.networks import Network
from ravine.optimizers import Rule

__all__ = ["Plan"]


@dataclass(frozen=True)
class Plan:
    """Two runs of equal plans share one compiled program. Hashable.

    stride: steps between evaluations. evaluations: how many there are in a run.
    weighted: whether rows carry weights, in the loss and in the metric.
    """

    rule: Rule
    network: Network
    loss: str
    metric: str
    batch_size: int
    stride: int
    evaluations: int
    weighted: bool = False
    precision: str = "float32"

    @property
    def steps(self) -> int:
        """Optimizer steps of one run."""
        return self.stride * self.evaluations

    def describe(self) -> dict[str, Any]:
        """Return the plan as plain values, for identities and for plan.json."""
        return {
            "optimizer": self.rule.name,
            "hyperparameters": dict(self.rule.defaults),
            "network": list(self.network.sizes),
            "activation": self.network.activation,
            "loss": self.loss,
            "metric": self.metric,
            "batch_size": self.batch_size,
            "steps": self.steps,
            "evaluations": self.evaluations,
            "weighted": self.weighted,
            "precision": self.precision,
        }
