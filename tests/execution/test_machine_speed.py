"""The measured speed of a core: what is plausible, and how it changes estimates."""

from __future__ import annotations

import time

import pytest

from ravine.execution import machine_speed
from ravine.execution.machine_speed import at_this_speed, operations_per_second, slowness


@pytest.fixture(autouse=True)
def measured_again():
    """Each test measures itself, and leaves nothing to the others."""
    slowness.cache_clear()
    yield
    slowness.cache_clear()


def test_the_speed_of_products_is_plausible() -> None:
    """Any core of the last twenty years computes at least 10^8 and at most 10^12 operations a second."""
    assert 1e8 < operations_per_second() < 1e12


def test_the_speed_of_other_work_is_plausible_and_measured_once() -> None:
    first = slowness()
    assert 0.1 < first < 30
    assert slowness() == first
    assert at_this_speed(3.0) == 3.0 * first


def test_a_machine_with_slower_rounds_takes_longer_for_everything(monkeypatch) -> None:
    clock = iter(range(10_000))
    monkeypatch.setattr(machine_speed, "MEASURE_S", 0.0)
    monkeypatch.setattr(time, "thread_time", lambda: float(next(clock)))  # a round takes one second
    monkeypatch.setattr(machine_speed, "ROUND_S", 0.25)
    assert at_this_speed(10.0) == 40.0
