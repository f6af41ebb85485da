"""A quick sweep, data on which some factors help, and what was found there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from ravine.data import Dataset, from_arrays
from ravine.execution.execute import execute
from ravine.execution.registry import find_study
from ravine.studies.sweep.result import SweepResult
from ravine.studies.sweep.settings import SweepSettings


@pytest.fixture(scope="session")
def quick() -> SweepSettings:
    """Settings of a sweep that takes seconds."""
    return SweepSettings(net="8", epochs=4, learning_rate=0.01, vary=["dropout=0,0.2", "l2=0,1e-3"])


@pytest.fixture(scope="session")
def run_sweep() -> Callable[..., SweepResult]:
    """A function that runs a sweep."""

    def run(settings: SweepSettings, dataset: Dataset | None = None, **more: Any) -> SweepResult:
        result = execute(find_study("sweep"), settings, dataset=dataset, **more)
        assert isinstance(result, SweepResult)
        return result

    return run


@pytest.fixture(scope="session")
def circle() -> Dataset:
    """Inside or outside of a circle: a linear network can learn nothing of it."""
    random = np.random.default_rng(2)
    x = random.normal(size=(400, 2))
    return from_arrays(x, ((x**2).sum(axis=1) > 1.4).astype(int), name="circle")


@pytest.fixture(scope="session")
def found(circle: Dataset, quick: SweepSettings, run_sweep: Callable[..., SweepResult]) -> SweepResult:
    """A hidden layer, which helps on the circle, and a tiny penalty, which does not."""
    return run_sweep(replace(quick, vary=["net=linear; 16", "l2=0,1e-6"], epochs=20), circle)
