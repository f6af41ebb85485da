"""Registry of the metrics, which score predictions: facts about each, and the module that holds its function.

This file does not import JAX, so that reports can use it. The equations are in `metric_functions`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Any

from ravine.errors import UsageError, did_you_mean
from ravine.networks.smallest_difference import SmallestDifference

if TYPE_CHECKING:
    import jax

__all__ = ["METRICS", "Metric", "check_metric_name", "default_metric", "find_metric", "metric"]


@dataclass(frozen=True)
class Metric(SmallestDifference):
    """A metric: a score of the predictions for many rows, with facts about it.

    task                "classify" or "regress"
    greater_is_better   whether a greater score is better; smaller is better for an error
    definition          "module:object" of function(outputs [N, K], target [N], weight [N] | None,
                        target_scale []) -> score []
    bounds              lower and upper limit of the score if no row weight is negative
    binary              whether the metric is for two classes only
    percent             whether scores are shown in per cent and differences in points
    constant_target     reason why rows with equal targets have no score; "" if they have one
    balanced            whether a rare class counts as much as a frequent one

    `smallest_difference` and `relative_difference` give the smallest difference of two scores that matters in
    practice.
    """

    name: str
    task: str
    greater_is_better: bool
    definition: str
    bounds: tuple[float, float]
    binary: bool = False
    percent: bool = False
    constant_target: str = ""
    balanced: bool = False

    @property
    def function(self) -> Callable[..., jax.Array]:
        """The function that computes the score, a scalar, from (outputs, target, weight, target_scale)."""
        function: Callable[..., Any] = resolve_name(self.definition)
        return function

    @property
    def alternatives(self) -> tuple[str, ...]:
        """Names of the metrics of the same task that have a score even if all rows have the same target."""
        rows = METRICS.values()
        return tuple(row.name for row in rows if row.task == self.task and not row.constant_target)

    def __call__(
        self, outputs: jax.Array, target: jax.Array, weight: jax.Array | None, target_scale: jax.Array
    ) -> jax.Array:
        return self.function(outputs, target, weight, target_scale)


_FUNCTIONS = "ravine.networks.metric_functions"

SHARE = SmallestDifference(smallest_difference=0.005)
"""Half a point of a share, such as the accuracy: 1 of 200 rows."""
ERROR = SmallestDifference(smallest_difference=0.01, relative_difference=True)
"""1 % of an error or a loss, because its size depends on the data."""

# The registry. To add a metric, add a row here and its function in `metric_functions`.
METRICS: dict[str, Metric] = {
    row.name: row
    for row in (
        Metric(
            "accuracy", "classify", True, f"{_FUNCTIONS}:accuracy", (0, 1), percent=True, **vars(SHARE)
        ),
        Metric(
            "balanced_accuracy", "classify", True, f"{_FUNCTIONS}:balanced_accuracy", (0, 1), percent=True,
            balanced=True, **vars(SHARE),
        ),
        Metric("log_loss", "classify", False, f"{_FUNCTIONS}:log_loss", (0, math.inf), **vars(ERROR)),
        Metric(
            "auc", "classify", True, f"{_FUNCTIONS}:auc", (0, 1), binary=True,
            constant_target="auc compares two", balanced=True, **vars(SHARE),
        ),
        Metric("rmse", "regress", False, f"{_FUNCTIONS}:rmse", (0, math.inf), **vars(ERROR)),
        Metric("mae", "regress", False, f"{_FUNCTIONS}:mae", (0, math.inf), **vars(ERROR)),
        Metric(
            "r2", "regress", True, f"{_FUNCTIONS}:r2", (-math.inf, 1),
            constant_target="r2 divides by its variance", **vars(SHARE),
        ),
    )
}  # fmt: skip

DEFAULTS = {"classify": "accuracy", "regress": "rmse"}


def default_metric(task: str) -> str:
    """Return the name of the default metric of a task: `accuracy` to "classify", `rmse` to "regress"."""
    return DEFAULTS[task]


def find_metric(name: str | None) -> Metric | None:
    """Return the metric with a name such as `log_loss` or `Log-Loss`; None if the name is None or unknown."""
    return METRICS.get(_plain(name or ""))


def check_metric_name(name: str) -> None:
    """Raise UsageError if no metric has the name `name`. The message suggests the nearest known name."""
    if find_metric(name) is None:
        raise UsageError(
            f"There is no metric '{name}'.", "", did_you_mean(name, METRICS),
            option="metric", value=name, allowed=tuple(METRICS),
        )  # fmt: skip


def metric(name: str | None, task: str, classes: int = 0) -> Metric:
    """Return the metric with a name, or the default metric of the task if the name is None.

    task      "classify" or "regress"
    classes   number of classes of the target

    Raises UsageError for an unknown name, for a metric of another task, and for a metric of two classes if
    there is another number of classes.
    """
    name = _plain(name or default_metric(task))
    fitting = [row.name for row in METRICS.values() if row.task == task]
    if name not in METRICS:
        raise UsageError(
            f"There is no metric '{name}'.", "", did_you_mean(name, fitting),
            option="metric", value=name, allowed=tuple(fitting),
        )  # fmt: skip
    facts = METRICS[name]
    if facts.task != task:
        kind = "classification" if task == "classify" else "regression"
        raise UsageError(
            f"The metric '{name}' does not fit {kind}.", "", f"Choose from {', '.join(fitting)}.",
            option="metric", value=name, allowed=tuple(fitting),
        )  # fmt: skip
    if facts.binary and classes != 2:
        others = tuple(row.name for row in METRICS.values() if row.task == task and not row.binary)
        raise UsageError(
            f"The metric '{name}' needs two classes, and there are {classes}.", "",
            f"Choose from {', '.join(others)}.", option="metric", value=name, allowed=others,
        )  # fmt: skip
    return facts


def _plain(name: str) -> str:
    return name.strip().lower().replace("-", "_")
