"""Metrics against scikit-learn, with and without weights."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import sklearn.metrics as oracle
from hypothesis import given
from hypothesis import strategies as st

from ravine.data import prepare, read
from ravine.engines import find_devices
from ravine.errors import UsageError
from ravine.execution.describe import score_format_of
from ravine.execution.result_parts import MetricFacts
from ravine.networks import (
    ACTIVATIONS,
    METRICS,
    Activation,
    Metric,
    Network,
    default_metric,
    metric,
)
from ravine.optimizers import resolve
from ravine.training import Batches, Cohort, Plan, Runs, run_cohort, shape_for

N = 60
ONE = jnp.asarray(1.0)


def rows(task, seed=0, classes=4):
    rng = np.random.default_rng(seed)
    if task == "classify":
        return rng.standard_normal((N, classes)), rng.integers(0, classes, N).astype(np.int32)
    return rng.standard_normal((N, 1)), rng.standard_normal(N)


def weights(kind, seed=7):
    rng = np.random.default_rng(seed)
    return {
        "none": None,
        "positive": rng.uniform(0.1, 3, N),
        "some_zero": rng.integers(0, 3, N).astype(float),
    }[kind]


def score(name, z, y, w=None, unit=1.0):
    w = None if w is None else jnp.asarray(w)
    return float(METRICS[name](jnp.asarray(z), jnp.asarray(y), w, jnp.asarray(unit)))


ORACLES = {
    "accuracy": lambda z, y, w: oracle.accuracy_score(y, z.argmax(1), sample_weight=w),
    "balanced_accuracy": lambda z, y, w: oracle.balanced_accuracy_score(y, z.argmax(1), sample_weight=w),
    "log_loss": lambda z, y, w: oracle.log_loss(
        y, np.asarray(jax.nn.softmax(z)), sample_weight=w, labels=range(z.shape[1])
    ),
    "auc": lambda z, y, w: oracle.roc_auc_score(y, z[:, 1] - z[:, 0], sample_weight=w),
    "rmse": lambda z, y, w: oracle.root_mean_squared_error(y, z[:, 0], sample_weight=w),
    "mae": lambda z, y, w: oracle.mean_absolute_error(y, z[:, 0], sample_weight=w),
    "r2": lambda z, y, w: oracle.r2_score(y, z[:, 0], sample_weight=w),
}


def test_every_metric_has_its_oracle():
    assert set(ORACLES) == set(METRICS)


@pytest.mark.parametrize("kind", ["none", "positive", "some_zero"])
@pytest.mark.parametrize("name", METRICS)
def test_equals_scikit_learn(name, kind):
    z, y = rows(METRICS[name].task, classes=2 if METRICS[name].binary else 4)
    w = weights(kind)
    assert score(name, z, y, w) == pytest.approx(ORACLES[name](z, y, w), rel=1e-12)


@pytest.mark.parametrize("kind", ["none", "positive", "some_zero"])
def test_auc_with_ties(kind):
    z, y = rows("classify", classes=2)
    z = np.round(z)  # few distinct scores
    w = weights(kind)
    assert score("auc", z, y, w) == pytest.approx(ORACLES["auc"](z, y, w), rel=1e-12)


@given(
    st.lists(st.tuples(st.integers(-2, 2), st.booleans(), st.integers(1, 3)), min_size=2, max_size=12).filter(
        lambda each: len({y for _, y, _ in each}) == 2
    )
)
def test_auc_is_the_share_of_pairs_in_the_right_order(drawn):
    s, y, w = (np.array(each, float) for each in zip(*drawn, strict=True))
    up, down = y == 1, y == 0
    pair = np.sign(s[up][:, None] - s[down][None, :]) / 2 + 0.5
    by = w[up][:, None] * w[down][None, :]
    pad = (0, 12 - len(s))  # with rows of no weight: one size, compiled once
    s, y, w = np.pad(s, pad), np.pad(y, pad), np.pad(w, pad)
    found = score("auc", np.c_[np.zeros(12), s], y.astype(np.int32), w)
    assert found == pytest.approx(np.sum(pair * by) / np.sum(by), rel=1e-12)


def test_balanced_accuracy_counts_the_classes_that_occur():
    z, y = rows("classify")
    y = np.where(y == 3, 0, y).astype(np.int32)  # class 3 does not
    expected = np.mean([np.mean(z[y == k].argmax(1) == k) for k in range(3)])
    assert score("balanced_accuracy", z, y) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("name", METRICS)
def test_unit_scales_errors_and_nothing_else(name):
    z, y = rows(METRICS[name].task, classes=2)
    factor = 3.5 if name in ("rmse", "mae") else 1.0
    assert score(name, z, y, unit=3.5) == pytest.approx(factor * score(name, z, y), rel=1e-13)


@pytest.mark.parametrize("name", METRICS)
def test_equal_weights_are_no_weights(name):
    z, y = rows(METRICS[name].task, classes=2)
    assert score(name, z, y, np.full(N, 2.5)) == pytest.approx(score(name, z, y), rel=1e-12)


@pytest.mark.parametrize("name", METRICS)
def test_rows_of_weight_zero_do_not_count(name):
    z, y = rows(METRICS[name].task, classes=2)
    w = np.r_[np.ones(N // 2), np.zeros(N - N // 2)]
    assert score(name, z, y, w) == pytest.approx(score(name, z[: N // 2], y[: N // 2]), rel=1e-12)


@pytest.mark.parametrize("name", METRICS)
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_one_output_that_is_not_a_number_gives_no_score(name, bad):
    z, y = rows(METRICS[name].task, classes=2)
    z[3] = bad
    assert not np.isfinite(score(name, z, y))


@pytest.mark.parametrize("name", METRICS)
def test_the_better_outputs_score_better(name):
    """`greater_is_better` says which way round a metric goes."""
    if METRICS[name].task == "classify":
        y = np.arange(N) % 2
        good, poor = np.eye(2)[y] * 5, np.eye(2)[(y + (np.arange(N) % 3 == 0)) % 2] * 5
    else:
        y = np.linspace(-1, 1, N)
        good, poor = 0.9 * y[:, None], 0.1 * y[:, None]
    better = score(name, good, y.astype(np.int32) if METRICS[name].task == "classify" else y)
    worse = score(name, poor, y.astype(np.int32) if METRICS[name].task == "classify" else y)
    assert (better > worse) == METRICS[name].greater_is_better


@pytest.mark.parametrize("name", METRICS)
def test_float32_stays_float32(name):
    z, y = rows(METRICS[name].task, classes=2)
    kind = jnp.int32 if METRICS[name].task == "classify" else jnp.float32
    for w in (None, jnp.ones(N, jnp.float32)):
        found = METRICS[name](
            jnp.asarray(z, jnp.float32), jnp.asarray(y, kind), w, jnp.asarray(1, jnp.float32)
        )
        assert found.dtype == jnp.float32


def test_which_metric_fits():
    assert default_metric("classify") == metric(None, "classify").name == "accuracy"
    assert default_metric("regress") == metric(None, "regress").name == "rmse"
    assert metric("Balanced-Accuracy", "classify", 3).name == "balanced_accuracy"
    assert metric("auc", "classify", 2).name == "auc"


@pytest.mark.parametrize(
    "name, task, classes, says",
    [
        ("acuracy", "classify", 2, "Did you mean 'accuracy'"),
        ("rmse", "classify", 2, "does not fit classification.*accuracy"),
        ("accuracy", "regress", 0, "does not fit regression.*rmse"),
        ("auc", "classify", 3, "two classes, and there are 3"),
    ],
)
def test_which_metric_does_not(name, task, classes, says):
    with pytest.raises(UsageError, match=says):
        metric(name, task, classes)


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
def test_an_added_metric_is_named_used_and_shown():
    assert metric("wrong", "classify", 3).name == "wrong"
    style = score_format_of(MetricFacts(name="wrong", greater_is_better=False), [])
    assert style.unit == "%"

    judged, accurate = (trained(name).series["score"] for name in ("wrong", "accuracy"))
    np.testing.assert_allclose(judged, 1 - accurate, atol=1e-6)  # float32


def test_an_added_metric_is_gone_where_it_was_not_added():
    with pytest.raises(UsageError, match="no metric 'wrong'"):
        metric("wrong", "classify", 3)
