"""The plan of a run: the structure that a program is compiled for.

The structure decides which operations a step consists of, and the shapes of its arrays. Every number of a run
(learning rate, momentum, dropout rate, ...) enters the program as data instead, see `ravine.training.runs`.
Runs of equal plans therefore share one program, and hundreds of them train side by side after one
compilation.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ravine.networks import LOSSES, METRICS, AnyNetwork, find_loss
from ravine.optimizers import Rule

__all__ = ["MIN_CURVE_ROWS", "TRANSFORMS", "EvaluationKey", "Plan"]

EvaluationKey = tuple[AnyNetwork, str, str, bool, str]
"""Network, loss, metric, weighted and precision, the parts of a plan on which its evaluation depends."""

CURVE_SHARE = 0.3
"""Validation rows on which curves are measured, for each training row between two evaluations."""
MIN_CURVE_ROWS = 1000
"""Curves are measured on at least as many validation rows, if there are as many."""

TRANSFORMS = ("l1", "l2", "weight_decay", "clip", "ema", "tail")
"""Changes around the optimizer's step, each with one hyperparameter: see `ravine.optimizers.compose`."""


@dataclass(frozen=True)
class Plan:
    """The structure of a run, for which its program is compiled; runs of equal plans share the program.

    rule: the optimizer. network: the architecture. loss: name that `find_loss` knows. metric: name in
    `METRICS`.
    batch_size: rows per step.
    steps_per_evaluation: steps of one segment, which ends with an evaluation.
    evaluations: number of segments of a run.
    weighted: whether rows carry weights, in the loss and in the metric.
    precision: "float32" or "float64".
    transforms: names in `TRANSFORMS` of the transforms that are on.
    label_smoothing: whether labels are smoothed.
    augment: names of the augmentations that are on. image: (height, width, channels) where a row is an image.
    hyper_schedules: hyperparameters besides the learning rate that follow a schedule.
    """

    rule: Rule
    network: AnyNetwork
    loss: str
    metric: str
    batch_size: int
    steps_per_evaluation: int
    evaluations: int
    weighted: bool = False
    precision: str = "float32"
    transforms: tuple[str, ...] = ()
    label_smoothing: bool = False
    augment: tuple[str, ...] = ()
    image: tuple[int, int, int] | None = None
    hyper_schedules: tuple[str, ...] = ()

    @property
    def steps(self) -> int:
        """Number of optimizer steps of one run."""
        return self.steps_per_evaluation * self.evaluations

    def curve_rows(self, rows: int) -> int:
        """Return on how many of the validation rows the curves are measured, so that they take a small share.

        A forward pass costs a third of a training step on the same rows, so evaluations take at most a tenth
        of the time of the training steps, unless a segment is short. rows: number of validation rows.
        """
        wanted = int(CURVE_SHARE * self.steps_per_evaluation * self.batch_size)
        return min(rows, max(wanted, MIN_CURVE_ROWS))

    @property
    def integer_target(self) -> bool:
        """Whether targets are class indices."""
        return METRICS[self.metric].task == "classify"

    @property
    def random(self) -> bool:
        """Whether a run draws random numbers, for dropout, augmentation or its optimizer."""
        return self.network.random or bool(self.augment) or self.rule.random

    @property
    def evaluation_key(self) -> EvaluationKey:
        """The key of the compiled program that evaluates networks: network, loss, metric, weights, precision.

        These are the parts of a plan, the structure of a run, on which the evaluation depends. Plans that
        differ only in their training share the evaluation program.
        """
        return self.network, self.loss, self.metric, self.weighted, self.precision

    def __getstate__(self) -> dict[str, Any]:
        """Return the fields, with the loss itself in place of its name if a Python file has it."""
        loss = self.loss if self.loss in LOSSES else find_loss(self.loss)
        return {**self.__dict__, "loss": loss}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update({**state, "loss": getattr(state["loss"], "name", state["loss"])})

    def describe(self) -> dict[str, Any]:
        """Return the plan as plain values by name, for content hashes and plan.json."""
        more = {
            "transforms": self.transforms,
            "augment": self.augment,
            "hyper_schedules": self.hyper_schedules,
        }
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
            **({"label_smoothing": True} if self.label_smoothing else {}),
            **({"code": self.rule.code} if self.rule.code else {}),
        }
