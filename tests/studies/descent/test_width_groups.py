"""Networks of several widths that share a program are those that do not."""

from __future__ import annotations

import numpy as np
import pytest

from ravine.data import Dataset
from ravine.engines import find_devices
from ravine.networks import Network
from ravine.optimizers import resolve
from ravine.studies.descent.width_groups import can_share, narrowed, of_width
from ravine.training import Batches, Cohort, Plan, Runs, run_cohort, shape_for


def curves_of(network: Network, rule: str, data: Dataset) -> tuple[np.ndarray, np.ndarray]:
    """Validation losses of 3 seeds, and their final parameters."""
    batches = Batches(data, 0, 16, "float64")
    plan = Plan(resolve(rule), network, "cross_entropy", "accuracy", 16, 10, 4, precision="float64")
    runs = Runs(np.full(3, 0.02), np.full(3, "constant"), np.arange(3))
    shape = shape_for(plan, batches, 3, 3, find_devices())
    record = run_cohort(Cohort(plan, runs, batches, keep_parameters=True), shape, find_devices())
    return record.series["valid_loss"], record.final["parameters"]


@pytest.mark.parametrize(
    ("rule", "activation", "connection"),
    [("adam", "relu", "plain"), ("momentum", "tanh", "residual"), ("adagrad", "leaky_relu", "plain")],
)
def test_units_that_are_zero_stay_zero(rule: str, activation: str, connection: str, blobs: Dataset) -> None:
    wide = Network((4, 8, 8, 2), activation, connection)
    shared = narrowed(wide, 3, (3, 5, 8), share=True)
    assert shared.sizes == (4, 8, 8, 2)
    alone, _ = curves_of(of_width(wide, 3), rule, blobs)
    together, params = curves_of(shared, rule, blobs)
    np.testing.assert_allclose(together, alone, rtol=1e-9)
    assert np.sum(params[0] != 0) <= of_width(wide, 3).parameters


def test_widths_of_a_group_share_their_programs(blobs: Dataset, new_programs: list[Plan]) -> None:
    wide, widths = Network((4, 9, 2)), (2, 5, 9, 40)
    curves_of(narrowed(wide, 2, widths, True), "sgd", blobs)
    new_programs.clear()
    curves_of(narrowed(wide, 5, widths, True), "sgd", blobs)
    assert new_programs == []
    assert narrowed(wide, 40, widths, True) != narrowed(wide, 9, widths, True)


@pytest.mark.parametrize(
    ("network", "rule", "shares"),
    [
        (Network((4, 8, 2)), "adam", True),
        (Network((4, 8, 2), "sigmoid"), "adam", False),  # 1/2 at zero
        (Network((4, 8, 2), "softplus"), "adam", False),
        (Network((4, 8, 2), norm="layernorm"), "adam", False),
        (Network((4, 8, 2), connection="dense"), "adam", False),
        (Network((4, 8, 2)), "optax:adafactor", False),
    ],
)
def test_programs_are_shared_only_where_zero_stays_zero(network: Network, rule: str, shares: bool) -> None:
    assert can_share(network, resolve(rule)) is shares
