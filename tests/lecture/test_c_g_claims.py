"""The theory of connections and memorisation: by counting, by a second library, by limits."""

import jax
import numpy as np
import pytest
from scipy import integrate, stats

from ravine.engines import precision_context
from ravine.lecture import c2_highway_and_dense as c2
from ravine.lecture import g2_capacity as g2
from ravine.lecture import g3_bound as g3
from ravine.lecture import g7_double_descent as g7
from ravine.lecture import g8_penalties as g8
from ravine.lecture import g10_augmentation as g10
from ravine.lecture import random_features
from ravine.lecture.confidence import half_width
from ravine.lecture.gradient_gain import gradient_gain
from ravine.lecture.initial_params import initial_params
from ravine.lecture.width_ensemble import Setting, train_widths
from ravine.networks import Network
from ravine.optimizers import adam


def test_half_width_is_that_of_scipy():
    values = np.random.default_rng(0).standard_normal(9)
    low, high = stats.t.interval(0.95, 8, values.mean(), stats.sem(values))
    assert half_width(values) == pytest.approx((high - low) / 2, rel=1e-12)
    assert np.isnan(half_width(values[:1])) and np.isnan(half_width(np.full(3, np.nan)))
    assert half_width(np.ones(4)) == 0


def test_starts_differ_by_seed_and_share_their_shape():
    both = initial_params(Network((3, 4, 2)), np.random.default_rng(0), 5)
    assert both[0]["weight"].shape == (5, 3, 4) and both[1]["bias"].shape == (5, 2)
    assert len(np.unique(both[0]["weight"])) == 60


def test_gains_of_a_net_written_out():
    generator = np.random.default_rng(1)
    net = Network((4, 4, 4, 2), "tanh", "residual")
    params = net.init(generator, dtype="float64")
    x, outside = generator.standard_normal((3, 4)), generator.standard_normal((3, 2))
    first, second, last = (layer["weight"] for layer in params)
    h = x + np.tanh(x @ first)
    late = outside @ last.T
    inner = (1 - np.tanh(h @ second) ** 2) * late  # at the second layer's sums
    middle = late + inner @ second.T
    outer = (1 - np.tanh(x @ first) ** 2) * middle
    early = middle + outer @ first.T
    with precision_context("float64"):
        gain, by_layer = gradient_gain(net, params, x, outside)
    assert float(gain) == pytest.approx(np.linalg.norm(early) / np.linalg.norm(late), rel=1e-12)
    expected = np.array([np.linalg.norm(outer), np.linalg.norm(inner)]) / np.linalg.norm(inner)
    np.testing.assert_allclose(by_layer, expected, rtol=1e-12)


def test_an_open_gate_is_the_plain_chain_and_a_shut_one_lets_all_past():
    z = np.linspace(-12, 12, 200_001)
    weight = stats.norm.pdf(z) * (z[1] - z[0])
    q, gain = 1.0, 1.0
    for _ in range(c2.DEPTH):
        s = 1 / (1 + np.exp(-np.sqrt(q) * z))
        gain, q = gain * (weight @ (s * (1 - s)) ** 2), weight @ s**2
    assert c2.highway(60.0)[-1] == pytest.approx(np.sqrt(gain), rel=1e-6)
    assert c2.highway(-60.0)[-1] == pytest.approx(1.0, abs=1e-12)


def test_the_dense_product_telescopes():
    expected = np.sqrt((c2.WIDTH + c2.DEPTH * c2.GROWTH) / c2.WIDTH)
    assert c2.dense(np.ones(c2.DEPTH)) == pytest.approx(expected, rel=1e-12)
    assert c2.dense(np.zeros(c2.DEPTH)) == 1


@pytest.mark.parametrize(("points", "inputs"), [(4, 2), (5, 2), (6, 3)])
def test_cover_counts_labellings(points, inputs):
    """Of all labellings of a few points in general position."""
    x = np.random.default_rng(points).standard_normal((points, inputs))
    directions = np.random.default_rng(0).standard_normal((200_000, inputs))
    found = np.unique(directions @ x.T > 0, axis=0)
    assert g2.cover(points, inputs) == len(found) / 2**points


def test_twice_as_many_points_as_inputs_are_even_chances():
    assert all(g2.cover(2 * d, d) == 0.5 for d in range(1, 30))


def test_separability_of_points_that_are_or_are_not():
    class Fixed:
        def __init__(self, x, y):
            self.x, self.y = np.array(x, float), np.array(y)

        def standard_normal(self, shape):
            return self.x.reshape(shape)

        def integers(self, low, high, size):
            return self.y

    assert g2._separable(3, 2, Fixed([[1, 0], [0, 1], [1, 1]], [1, 1, 1]))
    assert not g2._separable(3, 2, Fixed([[1, 0], [0, 1], [-1, -1]], [1, 1, 1]))
    assert g2._separable(3, 2, Fixed([[1, 0], [0, 1], [-1, -1]], [1, 1, 0]))


def test_the_finite_class_by_counting_every_outcome():
    rules, rows = 3, 2
    outcomes = range(2 ** (rules * rows))  # every rule right or wrong on every row
    gap = information = 0.0
    for code in outcomes:
        errors = [bin(code >> (rows * k) & (2**rows - 1)).count("1") for k in range(rules)]
        gap += 0.5 - min(errors) / rows
        information += np.log(rules) - np.log(errors.count(min(errors)))
    exact = g3.exact(rules, rows)
    assert exact[0] == pytest.approx(gap / len(outcomes), rel=1e-12)
    assert exact[1] == pytest.approx(information / len(outcomes), rel=1e-12)


def test_one_rule_has_nothing_to_choose():
    gap, information, _ = g3.exact(1, 10)
    assert gap == pytest.approx(0, abs=1e-12) and information == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("p", [5, 20, 30, 50, 80, 120])
def test_the_mean_of_the_risks_distribution_is_the_table_s(p):
    """E 1 / chi2 by quadrature, and the beta's mean from scipy."""
    above, below = random_features._ratio(p)
    unseen = random_features.SIGMA**2 + 1 - p / random_features.FEATURES
    inverse, _ = integrate.quad(lambda v: stats.chi2.pdf(v, below) / v, 0, np.inf)
    missed = stats.beta.mean((p - 40) / 2, 20) * p / random_features.FEATURES if p > 40 else 0
    assert random_features.mean_risk(p) == pytest.approx(unseen * (1 + above * inverse) + missed, rel=1e-6)
    if p in g7.TABLE:
        assert random_features.mean_risk(p) == pytest.approx(g7.TABLE[p], abs=0.006)


@pytest.mark.parametrize("p", [38, 40, 42, 60])
def test_the_median_splits_draws_of_the_distribution(p):
    generator = np.random.default_rng(p)
    above, below = random_features._ratio(p)
    unseen = random_features.SIGMA**2 + 1 - p / random_features.FEATURES
    ratio = generator.chisquare(above, 100_000) / generator.chisquare(below, 100_000)
    risks = unseen * (1 + ratio)
    if p > 40:
        risks += p / random_features.FEATURES * generator.beta((p - 40) / 2, 20, 100_000)
    assert np.mean(risks < random_features.median_risk(p)) == pytest.approx(
        0.5, abs=4 * 0.5 / np.sqrt(100_000)
    )


def test_the_risks_diverge_where_features_and_rows_are_as_many():
    assert [random_features.mean_risk(p) for p in (39, 40, 41)] == [np.inf] * 3
    assert random_features.mean_risk(38) == pytest.approx(36.4, abs=0.05) and random_features.mean_risk(
        42
    ) == pytest.approx(36.9, abs=0.05)


def test_a_peak_is_found_where_other_seeds_have_it():
    time = np.arange(40)
    curve = np.exp(-time / 3) + np.exp(-((time - 20) ** 2) / 20)
    rise, fall = g7._peak(np.stack([curve] * 4))
    assert rise == pytest.approx(1 - curve[:20].min(), abs=0.01)
    assert fall == pytest.approx(1, abs=0.01)
    flat, down = g7._peak(np.random.default_rng(0).standard_normal((200, 30)))
    # no peak in noise: what others name is no peak here
    assert abs(flat.mean()) < 4 * flat.std() / np.sqrt(200) and abs(down.mean()) < 4 * down.std() / np.sqrt(
        200
    )


def test_penalised_weights_cannot_be_improved():
    """The derivative of the objective is zero, or its two sides at a kink point inwards."""
    free = g8.FREE
    for alpha, l2, l1 in zip(g8.ALPHAS, g8._shrunk(free, g8.ALPHAS), g8._cut(free, g8.ALPHAS), strict=True):
        np.testing.assert_allclose(l2 - free + alpha * l2, 0, atol=1e-12)
        slope = l1 - free
        at_zero = l1 == 0
        np.testing.assert_allclose(slope[~at_zero] + alpha * np.sign(l1[~at_zero]), 0, atol=1e-12)
        assert (np.abs(slope[at_zero]) <= alpha + 1e-12).all()


def test_ridge_is_scikit_learn_s():
    from sklearn.linear_model import Ridge

    generator = np.random.default_rng(3)
    evidence = {
        "x": generator.standard_normal((g10.ROWS, g10.INPUTS)),
        "y": generator.standard_normal(g10.ROWS),
    }
    for penalty in (0.1, 1.0, 40.0):
        peer = Ridge(penalty, fit_intercept=False).fit(evidence["x"], evidence["y"]).coef_
        mine = g10.ridge(evidence, penalty)
        np.testing.assert_allclose(mine, peer, rtol=1e-9)
        assert g10._penalty(evidence, mine[None]) == pytest.approx([penalty], rel=1e-9)


def test_widths_in_one_net_train_as_alone():
    """All widths share one program: the narrow net's curve must not depend on its neighbours."""
    how = Setting(rows=60, clear=4, faint=0, useless=0, noise=0.15, steps=30, seeds=1)

    def curves(widths, generator):
        with precision_context("float64"), jax.default_matmul_precision("highest"):
            return train_widths(how, widths, adam(0.01), generator).loss

    # the same first weights for the net of 3 units: it comes first, and one column of draws is its own
    class Repeats:
        """A generator whose weights do not depend on how many are drawn."""

        def __init__(self):
            self.rows = np.random.default_rng(0)

        def __getattr__(self, name):
            return getattr(self.rows, name)

        def standard_normal(self, shape):
            value = np.random.default_rng(7).standard_normal((*shape[:-1], 64))
            return value[..., : shape[-1]]

    alone, beside = curves((3,), Repeats()), curves((3, 5), Repeats())
    np.testing.assert_allclose(alone[:, 0], beside[:, 0], rtol=1e-4)
    assert not np.allclose(beside[:, 0], beside[:, 1])
