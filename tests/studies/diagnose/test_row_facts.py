"""Measurements of rows: nearly equal rows, dependence on the order, wrong labels among confident rows."""

from __future__ import annotations

import numpy as np
import pytest

from ravine.data import from_arrays
from ravine.studies.diagnose.row_facts import (
    near_duplicates,
    of_order,
    unrelated_targets,
    wrong_where_confident,
)
from ravine.training import Rows


def test_the_share_of_nearly_equal_rows_is_that_of_the_copies() -> None:
    random = np.random.default_rng(0)
    train = random.normal(size=(500, 6))
    new = random.normal(size=(60, 6))
    copies = train[:40] + 0.005 * random.choice([-1.0, 1.0], (40, 6))
    share, count = near_duplicates(train, np.concatenate([copies, new]))
    assert (share, count) == (pytest.approx(0.4), 100)


@pytest.mark.parametrize(("distance", "expected"), [(0.019, 1.0), (0.021, 0.0)])
@pytest.mark.parametrize("unit", [1e-30, 1.0, 1e30])
def test_rows_are_nearly_equal_up_to_two_per_cent_of_a_deviation(
    distance: float, expected: float, unit: float
) -> None:
    train = np.random.default_rng(5).normal(size=(30, 40))
    deviation = train.std(axis=0)
    assert near_duplicates(unit * train, unit * (train + distance * deviation))[0] == expected


def test_no_rows_to_look_up_have_no_share() -> None:
    assert near_duplicates(np.ones((5, 2)), np.ones((0, 2))) == (0.0, 0)


def test_neighbors_of_a_series_have_its_autocorrelation() -> None:
    random = np.random.default_rng(1)
    noise = random.normal(size=(4000, 2))
    x = noise.copy()
    for row in range(1, len(x)):
        x[row, 0] = 0.8 * x[row - 1, 0] + 0.6 * noise[row, 0]  # autoregressive: correlation 0.8
    found = of_order(from_arrays(x, random.normal(size=len(x))))
    assert found["neighbors"] == pytest.approx([0.8, 0.0], abs=0.05)
    assert found["drift"] == pytest.approx([0.0, 0.0], abs=0.15)


def test_a_drift_has_its_correlation_with_the_row_number() -> None:
    random = np.random.default_rng(2)
    x = random.normal(size=(4000, 2))
    x[:, 1] += np.sqrt(3) * np.linspace(-1, 1, len(x))  # variance 1 of the drift, 1 of the noise
    found = of_order(from_arrays(x, random.normal(size=len(x))))
    assert found["drift"] == pytest.approx([0.0, np.sqrt(0.5)], abs=0.05)


@pytest.mark.parametrize("classes", [True, False])
def test_a_file_that_is_only_sorted_by_its_target_shows_no_order(classes: bool) -> None:
    random = np.random.default_rng(3)
    x = random.normal(size=(4000, 3))
    y = x[:, 0] + 0.3 * random.normal(size=len(x))
    if classes:
        y = (y > 0).astype(int)
    order = np.argsort(y, kind="stable")
    data = from_arrays(x[order], y[order])
    found = of_order(data)
    assert found["order_rows"].tolist() == [len(data.development)]
    assert np.abs(found["neighbors"]).max() < 0.1
    assert np.abs(found["drift"]).max() < 0.1
    assert found["sorted_by_target"].tolist() == [1.0]


@pytest.mark.parametrize("classes", [True, False])
def test_shuffled_rows_and_equal_targets_are_not_sorted(classes: bool) -> None:
    random = np.random.default_rng(6)
    x = random.normal(size=(400, 2))
    for y in (random.integers(0, 3, 400) if classes else random.normal(size=400), np.tile([0, 1], 200)):
        assert of_order(from_arrays(x, y))["sorted_by_target"].tolist() == [0.0]


def test_groups_make_the_order_no_question() -> None:
    x = np.random.default_rng(4).normal(size=(400, 2))
    data = from_arrays(x, x[:, 0], groups=np.arange(400) // 4)
    assert of_order(data) == {}


def test_confident_rows_are_a_fifth_of_those_of_each_class() -> None:
    """100 rows say 0 and 200 say 1, ever more clearly; of the clearest 20 and 40, 5 and 4 are wrong."""
    size = np.concatenate([np.arange(1, 101), np.arange(1, 201)]) / 100
    says = np.repeat([0, 1], [100, 200])
    outputs = np.stack([np.where(says == 0, size, 0), np.where(says == 1, size, 0)], axis=1)
    y = says.copy()
    y[[80, 85, 90, 95, 99]] = 1
    y[[100 + 160, 100 + 170, 100 + 180, 100 + 199]] = 0
    y[:50] = 1  # unsure rows do not count
    found = wrong_where_confident(Rows(None, y), outputs)
    assert found["confident_rows"].tolist() == [20, 40]
    assert found["confident_wrong"] == pytest.approx([5 / 20, 4 / 40])


def test_a_class_that_is_hardly_predicted_is_not_judged() -> None:
    outputs = np.tile([1.0, 0.0, 0.0], (50, 1))
    outputs[:10] = [0.0, 1.0, 0.0]
    found = wrong_where_confident(Rows(None, np.zeros(50, int)), outputs)
    assert np.isnan(found["confident_wrong"]).tolist() == [False, True, True]


def test_wrong_labels_count_by_their_weight() -> None:
    outputs = np.tile([1.0, 0.0], (20, 1))
    y = np.repeat([0, 1], [15, 5])
    weight = np.repeat([1.0, 9.0], [15, 5])
    assert wrong_where_confident(Rows(None, y, weight), outputs)["confident_wrong"][0] == pytest.approx(
        45 / 60
    )


def _targets(seed: int, wrong: float, noise: float) -> tuple[np.ndarray, np.ndarray]:
    """Return targets [m], a share of which belongs to other rows, and predictions [m, 1] without noise."""
    random = np.random.default_rng(seed)
    f = random.normal(size=2000)
    y = f + noise * random.standard_t(4, size=2000)
    count = round(wrong * 2000)
    y[:count] = random.permutation(y)[:count]
    return y, 0.5 * f[:, None] + 3  # a network that predicts too little and off the mark


@pytest.mark.parametrize("noise", [0.2, 0.7])
def test_targets_with_noise_alone_follow_the_predictions(noise: float) -> None:
    """The error does not depend on the prediction f: the slope of f plus error on f is 1."""
    y, f = _targets(0, 0.0, noise)
    _, _, slope, error = unrelated_targets(Rows(None, y), f)["unrelated_targets"]
    assert abs(slope - 1) < 3 * error < 1


@pytest.mark.parametrize("wrong", [0.3, 0.4])
def test_the_share_of_wrong_targets_is_bounded_and_they_do_not_follow(wrong: float) -> None:
    y, f = _targets(1, wrong, 0.2)
    share, share_error, slope, error = unrelated_targets(Rows(None, y), f)["unrelated_targets"]
    assert wrong - 3 * share_error < share < wrong + 0.15
    assert slope + 3 * error < 0


def test_rows_with_weight_0_do_not_count_among_targets() -> None:
    y, f = _targets(2, 0.4, 0.2)
    weight = np.where(np.arange(2000) < 800, 0.0, 1.0)  # the wrong ones
    share = unrelated_targets(Rows(None, y, weight), f)["unrelated_targets"][0]
    assert share < 0.05


def test_few_targets_and_equal_predictions_are_not_judged() -> None:
    y, f = _targets(3, 0.4, 0.2)
    assert unrelated_targets(Rows(None, y[:299]), f[:299]) == {}
    assert unrelated_targets(Rows(None, y), np.ones((2000, 1))) == {}
