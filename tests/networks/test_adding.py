"""An activation and a metric that are added cost one row of a table: settings name them, cohorts use them."""

import jax.numpy as jnp
import numpy as np
import pytest

from ravine.data import prepare, read
from ravine.engines import find_devices
from ravine.errors import UsageError
from ravine.execution.describe import score_format_of
from ravine.execution.result import MetricFacts
from ravine.networks import ACTIVATIONS, METRICS, Activation, Metric, Network, activation, metric
from ravine.optimizers import resolve
from ravine.training import Batches, Cohort, Plan, Runs, run_cohort, shape_for


def wrong(outputs, target, weight, unit):
    """The share of rows that are wrong."""
    return jnp.mean((jnp.argmax(outputs, axis=1).astype(target.dtype) != target).astype(outputs.dtype))


@pytest.fixture
def added(monkeypatch):
    softsign = Activation("softsign", "jax.nn:soft_sign", 0.0, 0.0, 1.0, zero_at_zero=True)
    monkeypatch.setitem(ACTIVATIONS, "softsign", softsign)
    row = Metric("wrong", "classify", False, f"{__name__}:wrong", (0, 1), percent=True)
    monkeypatch.setitem(METRICS, "wrong", row)


def trained(metric):
    batches, devices = Batches(prepare(read("iris")), root=0, batch_size=16), find_devices()
    network = Network((4, 5, 3), "softsign")
    plan = Plan(resolve("sgd"), network, "cross_entropy", metric, 16, steps_per_evaluation=10, evaluations=2)
    runs = Runs(np.array([0.1]), np.array(["constant"]), np.zeros(1, int))
    return run_cohort(Cohort(plan, runs, batches), shape_for(plan, batches, 1, 1, devices), devices)


@pytest.mark.usefixtures("added")
def test_an_added_activation_and_metric_are_named_used_and_shown():
    assert activation("Softsign").saturating and activation("softsign").derivative_of_output is None
    assert metric("wrong", "classify", 3).name == "wrong"
    style = score_format_of(MetricFacts(name="wrong", greater_is_better=False), [])
    assert style.unit == "%"

    judged, accurate = (trained(name).series["score"] for name in ("wrong", "accuracy"))
    np.testing.assert_allclose(judged, 1 - accurate, atol=1e-6)  # float32


def test_it_is_gone_where_it_was_not_added():
    with pytest.raises(UsageError, match="no activation 'softsign'"):
        activation("softsign")
    with pytest.raises(UsageError, match="no metric 'wrong'"):
        metric("wrong", "classify", 3)
