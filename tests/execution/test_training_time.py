"""Estimated times: exact counts of places, and a sum of the times of all parts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ravine.execution import machine_speed, training_time
from ravine.execution.training_time import Training, estimated_seconds, forward_seconds, places
from ravine.networks import Network
from ravine.networks.network_text import read_network
from ravine.optimizers import resolve
from ravine.training import Plan, ProgramShape

NETWORK: Network = read_network("8").build(4, 3, "relu", None)
PLAN = Plan(resolve("sgd"), NETWORK, "cross_entropy", "accuracy", 16, 5, 20)
SHAPE = ProgramShape(size=8, tables=8, valid=100, width=32, segments=5)


@pytest.fixture(autouse=True)
def this_speed(monkeypatch):
    monkeypatch.setattr(machine_speed, "slowness", lambda: 1.0)


def without(monkeypatch, *names: str) -> None:
    """Set some of the measured times to 0."""
    for name in names:
        monkeypatch.setattr(training_time, name, 0.0)


@pytest.mark.parametrize(
    ("runs", "workers", "expected"),
    [
        (1, 2, 8),  # a group is never smaller than its program
        (16, 2, 8),
        (17, 2, 16),  # three groups on two workers
        (32, 2, 16),
        (33, 2, 24),  # a second wave for the 33rd run
        (33, 1, 40),
    ],
)
def test_places_of_the_busiest_worker(runs: int, workers: int, expected: int) -> None:
    assert places(Training(PLAN, SHAPE, runs), workers) == expected


def test_the_estimate_counts_steps_evaluations_programs_and_other_work(monkeypatch) -> None:
    monkeypatch.setattr(training_time, "forward_seconds", lambda network, rows: 1e-6 * rows)
    without(monkeypatch, "CLASS_ROW_S", "SEGMENT_S", "RANDOM_VALUE_S", "INPUT_S", "PARAMETER_S")
    monkeypatch.setattr(training_time, "STEP_PRODUCTS", 3.0)
    monkeypatch.setattr(training_time, "ROW_PRODUCTS", 1.0)
    monkeypatch.setattr(training_time, "START_S", 10.0)
    monkeypatch.setattr(training_time, "COMPILE_S", 2.0)
    monkeypatch.setattr(training_time, "EVALUATION_COMPILE_S", 1.0)
    monkeypatch.setattr(training_time, "COHORT_S", 0.5)
    one_run = 100 * 3 * 16e-6 + 20 * 100e-6  # 100 steps of 16 rows, 20 evaluations of 100 rows
    training = Training(PLAN, SHAPE, 16)
    assert estimated_seconds([training], 2) == pytest.approx(10 + 2 + 1 + 0.5 + 8 * one_run)
    other = Training(replace(PLAN, rule=resolve("adam")), SHAPE, 16, share=0.5)
    three = 2.5 * (0.5 + 8 * one_run)  # cohorts with two programs, which share their evaluation
    assert estimated_seconds([training, training, other], 2, other=5.0) == pytest.approx(15 + 5 + three)
    monkeypatch.setattr(machine_speed, "slowness", lambda: 3.0)  # products have a speed of their own
    assert estimated_seconds([training], 2) == pytest.approx(3 * (10 + 2 + 1 + 0.5) + 8 * one_run)


def test_losses_of_classes_and_random_numbers_take_time_of_their_own(monkeypatch) -> None:
    monkeypatch.setattr(training_time, "forward_seconds", lambda network, rows: 0.0)
    monkeypatch.setattr(training_time, "CLASS_ROW_S", 2.0)
    monkeypatch.setattr(training_time, "RANDOM_VALUE_S", 3.0)
    without(monkeypatch, "COHORT_S", "SEGMENT_S", "INPUT_S", "PARAMETER_S")
    steps_and_rows = 8 * 100 * 16
    assert training_time.training_seconds(Training(PLAN, SHAPE, 1), 1) == steps_and_rows * 2.0
    numbers = Plan(resolve("sgd"), NETWORK, "squared_error", "rmse", 16, 5, 20)
    assert training_time.training_seconds(Training(numbers, SHAPE, 1), 1) == 0.0
    dropped = read_network("8 dropout=0.5").build(4, 3, "relu", None)
    noisy = Plan(resolve("sgd"), dropped, "squared_error", "rmse", 16, 5, 20)
    assert training_time.training_seconds(Training(noisy, SHAPE, 1), 1) == steps_and_rows * (8 + 3) * 3.0


def test_inputs_of_batches_and_parameters_take_time_of_their_own(monkeypatch) -> None:
    monkeypatch.setattr(training_time, "forward_seconds", lambda network, rows: 0.0)
    without(monkeypatch, "CLASS_ROW_S", "SEGMENT_S", "COHORT_S")
    monkeypatch.setattr(training_time, "INPUT_S", 2.0)
    monkeypatch.setattr(training_time, "PARAMETER_S", 3.0)
    one_step = 16 * 4 * 2.0 + (4 * 8 + 8 + 8 * 3 + 3) * 3.0
    assert training_time.training_seconds(Training(PLAN, SHAPE, 1), 1) == 8 * 100 * one_step


def test_more_validation_rows_take_longer(monkeypatch) -> None:
    without(monkeypatch, "COHORT_S", "SEGMENT_S", "STEP_PRODUCTS", "INPUT_S", "PARAMETER_S", "CLASS_ROW_S")
    few, many = (Training(PLAN, replace(SHAPE, valid=rows), 16) for rows in (100, 10_000))
    assert training_time.training_seconds(many, 2) > 2 * training_time.training_seconds(few, 2)


def test_a_forward_pass_counts_the_operations_of_its_products(monkeypatch) -> None:
    monkeypatch.setattr(training_time, "operations_per_second", lambda: 10.0)
    assert forward_seconds(NETWORK, 7) == pytest.approx(7 * 2 * (4 * 8 + 8 * 3) / 10)
    image = read_network("16 conv=4").build(36, 2, "relu", (6, 6, 1))
    of_pixels = sum(pixels * inputs * units for pixels, inputs, units in image.products)
    assert forward_seconds(image, 5) == pytest.approx(5 * 2 * of_pixels / 10)


def test_rows_of_a_table_and_final_scores_count(monkeypatch) -> None:
    """A program that finds its rows in a table reads them faster, and once for runs that share them."""
    monkeypatch.setattr(training_time, "forward_seconds", lambda network, rows: 1e-6 * rows)
    without(monkeypatch, "CLASS_ROW_S", "SEGMENT_S", "PARAMETER_S", "STEP_PRODUCTS", "COHORT_S")
    monkeypatch.setattr(training_time, "ROW_PRODUCTS", 1.0)
    monkeypatch.setattr(training_time, "INPUT_S", 4e-6)
    monkeypatch.setattr(training_time, "TABLE_INPUT_S", 1e-6)
    values = 100 * 16 * 4  # steps x rows x features
    evaluations = 20 * 100e-6

    def one(**changes) -> float:
        return training_time.training_seconds(Training(PLAN, replace(SHAPE, **changes), 8), 1)

    assert one() == pytest.approx(8 * (4e-6 * values + evaluations))
    assert one(rows=5000) == pytest.approx(8 * (1e-6 * values + evaluations))
    assert one(rows=5000, tables=1) == pytest.approx(8 * (1e-6 * values / 8 + evaluations))
    assert one(rows=5000, final=3000) == pytest.approx(8 * (1e-6 * values + evaluations + 3000e-6))
