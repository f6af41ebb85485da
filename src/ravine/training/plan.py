"""A plan: everything about a run that is structure. What is a number is not here; it enters as data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ravine.networks import Network
from ravine.optimizers import Rule

__all__ = ["AROUND", "EvaluationKey", "Plan"]

EvaluationKey = tuple[Network, str, str, bool, str]  # network, loss, metric, weighted, precision

# What may go around a rule, each with one number of a run: see `ravine.optimizers.compose`.
AROUND = ("l1", "l2", "decay", "clip", "ema", "tail")


@dataclass(frozen=True)
class Plan:
    """Two runs of equal plans share one compiled program. Hashable.

    steps_per_evaluation: steps between evaluations. evaluations: how many there are in a run.
    weighted: whether rows carry weights, in the loss and in the metric.
    around: names of AROUND that the runs have numbers for. smoothing: whether labels are smoothed.
    augment: names of augmentations. moving: hyperparameters, the rate apart, that follow a schedule.
    """

    rule: Rule
    network: Network
    loss: str
    metric: str
    batch_size: int
    steps_per_evaluation: int
    evaluations: int
    weighted: bool = False
    precision: str = "float32"
    around: tuple[str, ...] = ()
    smoothing: bool = False
    augment: tuple[str, ...] = ()
    image: tuple[int, int, int] | None = None
    moving: tuple[str, ...] = ()

    @property
    def steps(self) -> int:
        """Optimizer steps of one run."""
        return self.steps_per_evaluation * self.evaluations

    @property
    def random(self) -> bool:
        """Whether a step draws random numbers: dropout, augmentation."""
        return self.network.dropout or bool(self.augment)

    @property
    def evaluation_key(self) -> EvaluationKey:
        """What evaluation depends on: plans that differ only in how they train share its program."""
        return self.network, self.loss, self.metric, self.weighted, self.precision

    def describe(self) -> dict[str, Any]:
        """Return the plan as plain values, for identities and for plan.json."""
        more = {"around": self.around, "augment": self.augment, "moving": self.moving}
        return {
            "optimizer": self.rule.name,
            "hyperparameters": dict(self.rule.defaults),
            **self.network.describe(),
            "loss": self.loss,
            "metric": self.metric,
            "batch_size": self.batch_size,
            "steps": self.steps,
            "evaluations": self.evaluations,
            "weighted": self.weighted,
            "precision": self.precision,
            **{name: list(value) for name, value in more.items() if value},
            **({"smoothing": True} if self.smoothing else {}),
        }
