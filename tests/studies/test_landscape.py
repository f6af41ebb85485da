"""The study: what it measures against what is known by construction and by another way of computing it."""

from __future__ import annotations

import dataclasses
import json

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import ravine
from ravine.data import from_arrays
from ravine.diagnostics import to_vector
from ravine.engines import working_in
from ravine.errors import DataError, NothingTrained, UsageError
from ravine.networks import Network
from ravine.optimizers import compose, resolve
from ravine.studies.landscape import landscape_study
from ravine.studies.relief import Relief, barriers, plane_of_solutions
from ravine.studies.settings import LandscapeSettings, TrainSettings
from ravine.studies.train import train_study
from ravine.studies.viewpoint import Viewpoint, preconditioner_of, rows_at_once, training_loss
from ravine.training import Rows


def asked(**more):
    plain = {"net": "8", "epochs": 3, "grid": 7, "precision": "float64", "batch_size": 32} | more
    return LandscapeSettings(**plain)


@pytest.fixture(scope="module")
def seen(blobs):
    return landscape_study(asked(optimizers=["sgd", "adam"]), dataset=blobs)


def linear_view(**more):
    """A linear regression, whose loss is a quadratic with a Hessian known in closed form."""
    random = np.random.default_rng(3)
    x, y = random.normal(size=(40, 3)), random.normal(size=40)
    weight = np.abs(random.normal(size=40)) if more.pop("weighted", False) else None
    params = [{"bias": random.normal(size=1), "weight": random.normal(size=(3, 1))}]
    given = {"rule": resolve("sgd"), "rate": 0.1, "origin": "here"} | more
    return Viewpoint(Network((3, 1)), params, "squared_error", Rows(x, y, weight), {}, **given)


def closed_form(view):
    """Hessian of mean m (w.x + b - y)^2 in the order bias, weights."""
    x = np.concatenate([np.ones((40, 1)), view.rows.x], axis=1)
    m = np.ones(40) if view.rows.weight is None else view.rows.weight
    return 2 * (x.T * m) @ x / 40


@pytest.mark.parametrize("weighted", [False, True])
def test_curvature_of_a_quadratic_is_its_hessian(weighted):
    view = linear_view(weighted=weighted)
    relief, hessian = Relief(view), closed_form(view)
    np.testing.assert_allclose(relief.pairs.values, np.linalg.eigvalsh(hessian)[::-1][:2], rtol=1e-8)
    along = np.array([1.0, -2.0, 0.5, 3.0])
    found = relief.direction("a", along, np.linspace(-1, 1, 5))
    unit = along / np.linalg.norm(along)
    assert found.curvature == pytest.approx(unit @ hessian @ unit, rel=1e-12)
    assert found.error < 1e-12
    # along a line a quadratic is its own parabola
    t = found.along.x * found.norm
    expected = relief.value + found.slope * t + found.curvature * t**2 / 2
    np.testing.assert_allclose(found.along.losses, expected, rtol=1e-12)


def test_the_limit_of_sgd_is_two_over_the_rate_in_every_direction():
    relief = Relief(linear_view(rate=0.25))
    found = relief.direction("a", np.ones(4), np.linspace(-1, 1, 5))
    assert found.limit == pytest.approx(8.0)
    t = found.along.x * 2.0
    np.testing.assert_allclose(relief.edge(found), relief.value + found.slope * t + t**2 / 0.25, rtol=1e-12)
    ratio, steep = relief.sharpness()
    assert ratio.value == pytest.approx(relief.pairs.values[0] / 8)
    assert np.linalg.norm(steep) == pytest.approx(1)


def test_the_preconditioned_limit_is_that_of_the_scaled_hessian():
    """Adam after one step on a constant gradient: P = (1 - b1) (|g| + eps), by the rule's equations."""
    view = linear_view(rule=resolve("adam"), rate=0.01)
    rule = view.rule.build(0.01)
    gradient = [{"bias": np.array([0.5]), "weight": np.array([[2.0], [-4.0], [1.0]])}]
    with working_in("float64"):
        _, state = rule.update(gradient, rule.init(view.params), view.params)
    diagonal = preconditioner_of(view.rule, state)
    np.testing.assert_allclose(diagonal, 0.1 * (np.array([0.5, 2.0, 4.0, 1.0]) + 1e-8), rtol=1e-10)
    relief = Relief(dataclasses.replace(view, state=state))
    ratio, steep = relief.sharpness()
    root = 1 / np.sqrt(diagonal)
    values, vectors = np.linalg.eigh(root[:, None] * closed_form(view) * root)
    assert ratio.value == pytest.approx(values[-1] / (3.8 / (0.1 * 0.01)), rel=1e-8)
    along = root * vectors[:, -1]
    assert abs(steep @ along) == pytest.approx(np.linalg.norm(along), rel=1e-8)
    # (2): along that direction the curvature is the same share of its limit
    found = relief.direction("s", steep, np.linspace(-1, 1, 3))
    assert found.curvature / found.limit == pytest.approx(ratio.value, rel=1e-8)


def test_state_inside_averages_is_found():
    rule = resolve("rmsprop")
    averaged = compose(rule.build(0.1), rate=0.1, mask=None, decay=0.1, ema=0.9)
    with working_in("float64"):
        _, state = averaged.update([np.array([3.0])], averaged.init([np.zeros(1)]), [np.zeros(1)])
    np.testing.assert_allclose(preconditioner_of(rule, state), np.sqrt(0.1 * 9 + 1e-8), rtol=1e-12)


def test_without_state_or_rate_there_is_no_ratio_and_a_reason():
    adam = Relief(linear_view(rule=resolve("adam"), rate=0.01))
    assert adam.sharpness()[0] is None
    assert "no model keeps" in adam.why_not
    ended = Relief(linear_view(rate=0.0))
    assert ended.limit.value is None
    assert "zero" in ended.why_not
    assert Relief(linear_view(rule=None, rate=None)).sharpness()[0] is None


def test_parts_of_the_rows_give_the_loss_of_all():
    network = Network((3, 1))
    view = linear_view(weighted=True)
    with working_in("float64"):
        data = tuple(jnp.asarray(each) for each in view.rows)
        whole = training_loss(network, "squared_error", (), None)(view.params, *data)
        parts = training_loss(network, "squared_error", (), 7)(view.params, *data)
    assert float(whole) == pytest.approx(float(parts), rel=1e-14)
    assert rows_at_once(network, 10**9, 2**20) < 10**9
    assert rows_at_once(network, 10, 2**20) is None


def test_batch_norm_sees_all_rows_at_every_point():
    """The function does not change when a layer's weights are scaled: running statistics would be stale."""
    network = Network((3, 4, 2), norm="batchnorm")
    params = network.init(np.random.default_rng(0), dtype="float64")
    random = np.random.default_rng(1)
    rows = Rows(random.normal(size=(30, 3)), random.integers(0, 2, 30).astype(np.int32))
    view = Viewpoint(network, params, "cross_entropy", rows, {}, None, None, "here")
    scaled = [{**params[0], "weight": 100 * params[0]["weight"]}, params[1]]
    flat = [np.concatenate([np.ravel(leaf) for leaf in jax.tree.leaves(each)]) for each in (params, scaled)]
    one, other = view.at(np.stack(flat))
    assert one == pytest.approx(other, rel=1e-4)  # up to the epsilon under the root
    assert rows_at_once(network, 10**9, 2**20) is None


@pytest.mark.parametrize(
    ("network", "weighted"),
    [
        (Network((3, 4, 5, 2)), False),
        (Network((3, 4, 5, 2)), True),
        (Network((3, 2)), False),
        (Network((3, 4, 2), "leaky_relu", dropout=True), False),
        (Network((3, 4, 4, 2), "tanh", connection="highway"), False),
        (Network((3, 4, 4, 2), connection="dense"), True),
        (Network((3, 4, 2), norm="batchnorm"), False),
        (Network((3, 4, 2), "leaky_relu", norm="layernorm", slope=True, dropout=True), False),
        (Network((16, 4, 2), conv=(3, 2), image=(4, 4, 1)), True),
    ],
    ids=str,
)
@pytest.mark.parametrize(("rows", "budget"), [(1, 2**20), (150, 2**20), (150, 1)])
def test_a_plane_is_the_loss_at_each_of_its_points(network, weighted, rows, budget, monkeypatch):
    """The first layer's sums, put together from those of the axes, are those of the weights moved.

    All rows at once, and in parts of 64.
    """
    monkeypatch.setattr("ravine.studies.viewpoint.IN_PLANE", budget)
    random = np.random.default_rng(0)
    x, y = random.normal(size=(rows, network.sizes[0])), random.integers(0, 2, rows).astype(np.int32)
    weight = np.abs(random.normal(size=rows)) if weighted else None
    params, *along = (network.init(np.random.default_rng(k), dtype="float64") for k in range(3))
    view = Viewpoint(network, params, "cross_entropy", Rows(x, y, weight), {"slope": 0.1}, None, None, "here")
    here, *ways = (to_vector(each) for each in (params, *along))
    across, up = np.array([-1.0, 0.0, 0.7]), np.array([-0.4, 2.0])
    for directions, axes in ((along[:1], (across,)), (along, (across, up))):
        seen = view.seen(directions, *axes)
        places = np.stack([each.ravel() for each in np.meshgrid(*axes)], axis=1)
        expected = view.at(here + places @ np.stack(ways[: len(axes)]))
        np.testing.assert_allclose(seen.losses.ravel(), expected, rtol=1e-11)
        assert seen.centre == pytest.approx(view.at(here)[0], rel=1e-12)


def test_the_plane_goes_through_its_solutions():
    view = linear_view()
    random = np.random.default_rng(5)
    relief = Relief(view)
    solutions = np.stack(
        [relief.here, relief.here + random.normal(size=4), relief.here + random.normal(size=4)]
    )
    plane = plane_of_solutions(relief, solutions, 9)
    places = np.concatenate(list(plane.marks.values()))
    distances = np.linalg.norm(solutions[:, None] - solutions[None], axis=2)
    np.testing.assert_allclose(np.linalg.norm(places[:, None] - places[None], axis=2), distances, atol=1e-12)
    with pytest.raises(UsageError, match="on one line"):
        plane_of_solutions(relief, np.stack([relief.here, relief.here + 1, relief.here + 2]), 9)


def test_a_permuted_copy_has_no_barrier_once_aligned():
    network = Network((4, 6, 3), "tanh")
    params = network.init(np.random.default_rng(0), dtype="float64")
    order = np.array([3, 1, 5, 0, 2, 4])
    moved = [
        {"weight": params[0]["weight"][:, order], "bias": params[0]["bias"][order]},
        {"weight": params[1]["weight"][order], "bias": params[1]["bias"]},
    ]
    random = np.random.default_rng(1)
    x = random.normal(size=(50, 4))
    with working_in("float64"):
        y = np.asarray(network.apply(params, x)).argmax(axis=1).astype(np.int32)
    view = Viewpoint(network, params, "cross_entropy", Rows(x, y), {}, None, None, "here")
    flat = [np.concatenate([np.ravel(leaf) for leaf in jax.tree.leaves(each)]) for each in (params, moved)]
    (found,) = barriers(view, np.stack(flat))
    assert found.before.barrier > 0.05
    assert found.after.barrier < 1e-12
    # a difference of squares of length about 10: its root keeps half the digits
    assert found.distances[1] < 1e-6 < 1 < found.distances[0]


@pytest.mark.slow
def test_a_run_followed_is_the_run_train_does(blobs):
    """The first solution has the weights that `train` ends with: same start, rows and batches."""
    settings = {"net": "8", "epochs": 100 / 6, "precision": "float64", "schedule": "decay", "batch_size": 32}
    seen = landscape_study(
        LandscapeSettings(optimizers=["momentum"], solutions=1, grid=5, **settings), dataset=blobs
    )
    alone = train_study(TrainSettings(optimizer="momentum", **settings), dataset=blobs)
    # 100 steps are whole stretches for both: 20 looks of one, 50 of the other
    assert seen.document["centre"]["steps"] == alone.document["plan"]["steps"] == 100
    expected = np.concatenate([np.ravel(a) for a in jax.tree.leaves(alone.model.trained.params)])
    np.testing.assert_allclose(seen.arrays["centre/parameters"], expected, rtol=1e-9, atol=1e-12)


def test_document_and_arrays_agree(seen):
    document, arrays = seen.document, seen.arrays
    json.dumps(document, allow_nan=False)
    assert [each["name"] for each in document["planes"]] == [
        "random", "eigenvectors", "trajectories", "solutions",
    ]  # fmt: skip
    assert arrays["plane/random/loss"].shape == (7, 7)
    assert arrays["slice/random 1/x"].shape == (13,)
    assert arrays["plane/random/loss"][3, 3] == pytest.approx(document["centre"]["loss"], rel=1e-12)
    assert arrays["slice/sharpest/loss"][6] == pytest.approx(document["centre"]["loss"], rel=1e-12)
    row = document["barriers"][0]
    assert row["ends"][0] == pytest.approx(document["centre"]["loss"], rel=1e-12)
    assert len(document["barriers"]) == 3
    np.testing.assert_array_equal(arrays["way/sgd/parameters"][-1], arrays["centre/parameters"])
    # all optimizers begin at one point
    np.testing.assert_array_equal(arrays["way/sgd/parameters"][0], arrays["way/adam/parameters"][0])
    assert 0 < sum(document["planes"][2]["explained"]) <= 1 + 1e-12


@pytest.mark.slow
def test_seeds_repeat_and_differ(blobs):
    few = {"optimizers": ["sgd"], "solutions": 1, "grid": 5}
    one, again, other = (landscape_study(asked(seed=s, **few), dataset=blobs) for s in (0, 0, 1))
    np.testing.assert_array_equal(one.arrays["plane/random/loss"], again.arrays["plane/random/loss"])
    assert not np.array_equal(one.arrays["plane/random/loss"], other.arrays["plane/random/loss"])
    assert one.document["not_drawn"][0]["what"] == "solutions"
    assert one.document["barriers"] == []


def test_a_diverging_optimizer_is_said(blobs, line):
    with pytest.raises(NothingTrained, match="sgd diverged"):
        landscape_study(asked(optimizers=["sgd"], rate=1e12, net="linear", epochs=20), dataset=line)


def test_weights_that_are_all_zero_have_no_direction(blobs):
    def never(event):
        assert event.stage != "train"

    with pytest.raises(UsageError, match=r"zero"):
        landscape_study(asked(optimizers=["sgd"], init="zero", solutions=1), dataset=blobs, notify=never)


def test_constant_targets_are_refused():
    with pytest.raises(DataError):
        landscape_study(asked(), dataset=from_arrays(np.ones((50, 2)), np.ones(50)))


@pytest.mark.parametrize(
    "wrong",
    [{"solutions": 0}, {"solutions": 4}, {"grid": 3}, {"span": 0.0}, {"early_stop": 3}, {"rate": -1.0}],
)
def test_settings_that_cannot_be_used(wrong):
    with pytest.raises(UsageError):
        asked(**wrong)


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    random = np.random.default_rng(0)
    kind = random.integers(0, 2, 120)
    x = random.normal(size=(120, 2)) + kind[:, None]
    path = tmp_path_factory.mktemp("rows") / "rows.csv"
    lines = [f"{a:.6f},{b:.6f},{'no' if k else 'yes'}" for (a, b), k in zip(x, kind, strict=True)]
    path.write_text("\n".join(["a,b,kind", *lines]) + "\n")
    return path


@pytest.fixture(scope="module")
def run(table, tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "t"
    asked = {"optimizer": "momentum", "epochs": 3, "net": "4", "schedule": "constant"}
    with pytest.MonkeyPatch.context() as elsewhere:
        elsewhere.chdir(folder.parent)  # where runs/latest will point at it
        ravine.train(str(table), "kind", out=folder, **asked)
    return folder


def test_around_a_run_on_its_own_rows(run):
    found = ravine.landscape(model=run, grid=5)
    centre = found.document["centre"]
    assert (centre["optimizer"], centre["rate"]) == ("momentum", pytest.approx(0.03))
    assert found.document["sharpness"]["limit"] == pytest.approx(3.8 / 0.03)
    assert found.document["trajectories"] == []
    assert "keeps its last parameters only" in found.document["not_drawn"][0]["why"]


@pytest.mark.slow
def test_around_a_model_on_rows_named_beside_it(run, table, tmp_path):
    model = ravine.load_model(run)
    found = ravine.landscape(str(table), model=run / "models" / "best", grid=5)
    rows = np.genfromtxt(table, delimiter=",", skip_header=1, usecols=(0, 1))
    import pandas as pd

    frame = pd.read_csv(table)
    share = model.predict_proba(frame)
    index = [model.classes.index(each) for each in frame["kind"]]
    expected = -np.log(share[np.arange(len(rows)), index]).mean()
    assert found.document["centre"]["loss"] == pytest.approx(expected, rel=1e-5)
    assert found.document["centre"]["rows"] == 120

    strange = tmp_path / "strange.csv"
    strange.write_text("a,b,kind\n1,2,maybe\n")
    with pytest.raises(DataError, match="class 'maybe'"):
        ravine.landscape(str(strange), model=run)
    other = tmp_path / "other.csv"
    other.write_text("a,b\n1,2\n3,4\n")
    with pytest.raises(DataError, match="no column 'kind'"):
        ravine.landscape(str(other), model=run)


def test_a_model_in_no_run_needs_its_data(run, tmp_path):
    import shutil

    alone = tmp_path / "alone"
    shutil.copytree(run / "models" / "best", alone)
    with pytest.raises(UsageError, match="lies in no run"):
        ravine.landscape(model=alone)


def test_files_are_whole_and_named(seen, tmp_path):
    pytest.importorskip("matplotlib")
    found = seen.save(tmp_path / "deep" / "seen", "svg")
    names = {each.name for each in (tmp_path / "deep" / "seen").iterdir()}
    assert {"landscape.json", "landscape.npz", "profile.svg", "barriers.svg", "plane-solutions.svg"} <= names
    assert len(found.document["files"]) == len(names)
    with np.load(tmp_path / "deep" / "seen" / "landscape.npz") as kept:
        np.testing.assert_array_equal(kept["plane/random/loss"], seen.arrays["plane/random/loss"])


def test_without_matplotlib_the_numbers_are_kept(seen, tmp_path, monkeypatch):
    import ravine.studies.landscape as module

    monkeypatch.setattr(module, "can_draw", lambda: False)
    found = seen.save(tmp_path)
    assert {each.name for each in tmp_path.iterdir()} == {"landscape.json", "landscape.npz"}
    assert any("matplotlib is not installed" in note for note in found.document["notes"])
