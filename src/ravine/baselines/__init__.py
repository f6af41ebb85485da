"""Baselines: simple models that show whether a network is the right model for a data table.

A baseline is fitted to the training rows and gives outputs for other rows, in the form of a network's
outputs. `ravine.execution.baselines` tunes and scores baselines. The package needs no JAX.
"""

from __future__ import annotations

from pkgutil import resolve_name

from ravine.baselines.baseline import Baseline, FitPlan, Inputs, Look, Size, TrainingRows

__all__ = [
    "BASELINES", "Baseline", "FitPlan", "Inputs", "Look", "Size", "TrainingRows", "find_baseline",
    "simple_baselines",
]  # fmt: skip

# The registry, from the simplest to the most flexible. To add a baseline, write its file and add a line here.
BASELINES: dict[str, str] = {
    "constant": "ravine.baselines.constant:CONSTANT",
    "linear model": "ravine.baselines.linear:LINEAR",
    "boosted trees": "ravine.baselines.trees:TREES",
}


def find_baseline(name: str) -> Baseline:
    """Return the baseline, such as the linear model, with a name of the registry `BASELINES`.

    Raises KeyError for another name.
    """
    baseline: Baseline = resolve_name(BASELINES[name])
    return baseline


def simple_baselines() -> list[str]:
    """Return the names of the simple baselines, the simplest first.

    A simple baseline cannot fit every function, so a network should be better than each of them.
    """
    return [name for name in BASELINES if find_baseline(name).simple]
