"""The walks of the rules in every scene, against recurrences, closed forms and minima."""

import numpy as np
import pytest

from ravine.lecture.animations.scenes import RULES, SCENES, STEPS, scene_paths

ALL = tuple(RULES)


@pytest.fixture(scope="module")
def walked():
    return {scene.name: scene_paths(scene, ALL) for scene in SCENES}


def path(walked, scene, rule):
    return walked[scene].paths[ALL.index(rule)]


def losses(walked, scene, rule):
    return walked[scene].losses[ALL.index(rule)]


def test_every_scene_has_a_rate_for_every_rule_and_shows_where_it_starts():
    for scene in SCENES:
        assert set(scene.rates) == set(RULES)
        x_from, x_to, y_from, y_to = scene.window
        assert x_from < scene.start[0] < x_to and y_from < scene.start[1] < y_to


def test_all_walks_start_together_and_stay_in_the_picture(walked):
    for each in walked.values():
        assert each.paths.shape == (len(ALL), STEPS + 1, 2)
        np.testing.assert_array_equal(each.paths[:, 0], np.tile(each.scene.start, (len(ALL), 1)))
        x_from, x_to, y_from, y_to = each.scene.window
        assert (each.paths >= [x_from, y_from]).all() and (each.paths <= [x_to, y_to]).all()


def test_losses_are_above_the_lowest(walked):
    for each in walked.values():
        assert (each.losses > -1e-12).all()
        assert each.ground.min() - each.scene.lowest > -1e-12
        assert (np.diff(each.levels) > 0).all()


def test_sgd_in_the_valley_is_its_closed_form(walked):
    scene = walked["valley"].scene
    factor = 1 - scene.rates["sgd"] * np.array([1.0, 40.0])
    expected = np.array(scene.start) * factor ** np.arange(STEPS + 1)[:, None]
    np.testing.assert_allclose(path(walked, "valley", "sgd"), expected, rtol=1e-11, atol=1e-14)


def test_momentum_and_nesterov_in_the_valley_are_their_recurrences(walked):
    scene = walked["valley"].scene
    for rule in ("momentum", "nesterov"):
        h = scene.rates[rule] * np.array([1.0, 40.0])
        ahead = 1 - h if rule == "nesterov" else np.ones(2)
        w = [np.array(scene.start), np.array(scene.start) * (1 - h)]
        while len(w) <= STEPS:
            w.append((1 - h) * w[-1] + 0.9 * ahead * (w[-1] - w[-2]))
        np.testing.assert_allclose(path(walked, "valley", rule), w, atol=1e-12)


def test_the_noise_is_the_same_for_all(walked):
    scene = walked["noise"].scene
    curvature = np.array([1.0, 5.0])
    sgd, ball = path(walked, "noise", "sgd"), path(walked, "noise", "momentum")
    seen = -np.diff(sgd, axis=0) / scene.rates["sgd"] - curvature * sgd[:-1]
    v = np.diff(ball, axis=0, prepend=ball[:1])
    felt = (0.9 * v[:-1] - v[1:]) / scene.rates["momentum"] - curvature * ball[:-1]
    np.testing.assert_allclose(seen, felt, atol=1e-9)
    assert 0.8 < seen.std() < 1.2


def test_what_the_valley_says(walked):
    """SGD jitters across and crawls along."""
    across = path(walked, "valley", "sgd")[:12, 1]
    assert (across[1:] * across[:-1] < 0).all()
    after = {
        rule: np.abs(path(walked, "valley", rule)[40, 0]) for rule in ("sgd", "momentum", "nesterov", "adam")
    }
    assert max(after, key=after.get) == "sgd"


def test_what_the_saddle_says(walked):
    """SGD waits there longest."""
    left = {rule: np.flatnonzero(losses(walked, "saddle", rule) < 0.2)[0] for rule in ALL}
    assert max(left, key=left.get) == "sgd" and left["sgd"] > 1.3 * sorted(left.values())[-2]


def test_what_the_minimum_says(walked):
    """SGD stops in the shallow minimum, momentum goes on to the deep one."""
    roots = np.sort(np.roots([1.0, 0.0, -1.0, -0.2]).real)
    assert path(walked, "minimum", "sgd")[-1] == pytest.approx([roots[0], 0], abs=1e-3)
    for rule in ("momentum", "nesterov"):
        assert path(walked, "minimum", rule)[-1] == pytest.approx([roots[2], 0], abs=0.01)
    shallow, deep = (0.25 * x**4 - 0.5 * x**2 - 0.2 * x for x in (roots[0], roots[2]))
    assert deep < shallow and walked["minimum"].scene.lowest == pytest.approx(deep, abs=1e-15)


def test_what_the_noise_says(walked):
    """Nobody comes to rest."""
    for rule in ALL:
        assert losses(walked, "noise", rule)[-40:].mean() > 0.01
        assert np.abs(np.diff(path(walked, "noise", rule)[-10:], axis=0)).max() > 1e-3


def test_adagrad_in_the_valley_is_its_recurrence(walked):
    scene = walked["valley"].scene
    w, total = np.array(scene.start), np.zeros(2)
    expected = [w]
    for _ in range(STEPS):
        gradient = np.array([1.0, 40.0]) * w
        total = total + gradient**2
        w = w - scene.rates["adagrad"] * gradient / np.sqrt(total + 1e-8)
        expected.append(w)
    np.testing.assert_allclose(path(walked, "valley", "adagrad"), expected, atol=1e-9)
