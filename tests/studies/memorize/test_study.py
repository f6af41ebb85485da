"""What is counted as memorised, against networks whose memory is known by construction."""

from __future__ import annotations

import json

import numpy as np
import pytest

import ravine
from ravine.data import Dataset, from_arrays
from ravine.data.splits import Split
from ravine.errors import DataError, UsageError
from ravine.execution.label_noise import Relabelled
from ravine.execution.resume import resume
from ravine.networks import Network
from ravine.records.run_directory import RunDirectory
from ravine.studies.memorize import study as memorise
from ravine.studies.memorize.bounds import DELTA, bounds
from ravine.studies.memorize.measures import Answers, measured, pairs, summary_of
from ravine.studies.memorize.settings import MemorizeSettings
from ravine.studies.memorize.study import Level, memorise_study
from ravine.studies.memorize.view import memorise_text
from ravine.training import Rows, Streams, Trained

TINY = Level((0.0, 1.0), 8, 1, 300, 40)


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(memorise.LEVELS, "quick", TINY)


def said(answer_if_member: bool, n: int = 200, k: int = 12) -> Answers:
    """Networks that know nothing of new rows, and of the rows they were trained on all or nothing."""
    random = np.random.default_rng(0)
    given = random.integers(0, 2, (n, 2))
    member = random.integers(0, 2, (k, n))
    inside = np.stack([member == 0, member == 1], axis=2)
    wrong = np.broadcast_to(1 - given, inside.shape)
    predicted = np.where(inside & answer_if_member, given, wrong)
    loss = np.where(inside & answer_if_member, 0.1, 2.0) + 0.01 * random.normal(size=inside.shape)
    return Answers(predicted, loss, np.zeros(k), member, given, given, np.full(k, np.inf))


def test_a_network_that_only_knows_its_rows_has_memorised_them_all() -> None:
    facts = measured(said(True), True)
    assert facts["memorised"]["mean"] == facts["memorised"]["by_heart"] == 1
    assert (facts["train"]["mean"], facts["held_out"]["mean"], facts["gap"]["mean"]) == (1, 0, 1)
    assert facts["membership"]["advantage"]["mean"] == 1
    # of each pair the right answer tells which row was trained on: one bit
    assert facts["information"]["nats"] == pytest.approx(np.log(2), abs=0.02)
    assert facts["fit"]["median"] is None and facts["fit"]["reached"] == 0


def test_a_network_that_answers_all_rows_alike_has_memorised_none() -> None:
    facts = measured(said(False), True)
    assert facts["memorised"]["mean"] == facts["memorised"]["by_heart"] == facts["gap"]["mean"] == 0
    low, high = facts["membership"]["advantage"]["interval"]
    assert low < 0.05 and high > -0.05 and abs(facts["membership"]["advantage"]["mean"]) < 0.05
    assert facts["information"]["bound"] == 0


def test_wrong_labels_learned_are_counted_among_wrong_labels_only() -> None:
    seen = said(True)
    true = seen.given.copy()
    true[:50] = 1 - true[:50]
    seen = Answers(seen.predicted, seen.loss, seen.test, seen.member, seen.given, true, seen.fitted)
    facts = measured(seen, False)
    assert facts["wrong"] == 0.25
    assert facts["wrong_learned"]["mean"] == 1
    assert facts["fit"] is None


def test_a_time_that_was_never_reached_counts_as_late() -> None:
    some = summary_of(np.array([3.0, 4.0, np.inf]), "median")
    assert (some["median"], some["reached"], some["values"]) == (4.0, 2, [3.0, 4.0, None])
    assert summary_of(np.array([3.0, np.inf, np.inf]), "median")["median"] is None


def test_pairs_are_disjoint_development_rows_and_each_row_is_in_half_of_the_time(blobs: Dataset) -> None:
    chosen = pairs(blobs, 0, 1_000)
    rows = chosen.rows.ravel()
    assert len(np.unique(rows)) == len(rows) == len(blobs.development) // 2 * 2
    assert np.isin(rows, blobs.development).all()
    parts = chosen.split(5, "held out")
    assert np.array_equal(np.sort(np.concatenate([parts.train, parts.valid])), np.sort(rows))
    assert np.array_equal(chosen.split(5).valid, parts.train)
    share = np.mean([chosen.member(seed) for seed in range(400)], axis=0)
    assert abs(share.mean() - 0.5) < 0.01 and share.std() < 0.05


def test_only_training_labels_are_drawn_anew(blobs: Dataset) -> None:
    whole = np.arange(len(blobs))
    parts = Split(whole[:200], whole[200:])
    plain = Relabelled(blobs, 0, 16, "float32", lambda seed: parts).rows(1)
    noisy = Relabelled(blobs, 0, 16, "float32", lambda seed: parts, 0.5)
    changed = np.mean(noisy.rows(1).train.y != plain.train.y)
    assert 0.1 < changed < 0.4  # of two classes half of those drawn anew are the same again
    assert np.array_equal(noisy.rows(1).valid.y, plain.valid.y)
    assert not np.array_equal(noisy.rows(1).train.y, noisy.rows(2).train.y)
    assert np.array_equal(noisy.rows(1).train.x, plain.train.x)


def test_no_share_is_the_streams_of_old(blobs: Dataset) -> None:
    usual = Streams(blobs, 0, 16)
    same = Relabelled(blobs, 0, 16, "float32", usual._split)
    for one, other in zip(usual.batches(3, 0, 5), same.batches(3, 0, 5), strict=True):
        assert one is other is None or np.array_equal(one, other)


@pytest.fixture(scope="module")
def judged() -> list[dict]:
    """Bounds of a network that is right on every row."""
    random = np.random.default_rng(0)
    y = random.integers(0, 2, 400).astype(np.int32)
    x = np.stack([2.0 * y - 1, random.normal(size=400)], axis=1).astype(np.float32)
    network = Network((2, 2))
    params = [{"weight": np.array([[-9.0, 9.0], [0, 0]], np.float32), "bias": np.zeros(2, np.float32)}]
    first = [{"weight": np.array([[-8.0, 8.0], [0, 0]], np.float32), "bias": np.zeros(2, np.float32)}]
    return bounds(Trained(network, params), first, Rows(x, y), 0.0, 300, 0.5)


def test_held_out_bound_is_the_closed_form(judged: list[dict]) -> None:
    found = {each["name"]: each for each in judged}
    assert found["held_out"]["value"] == pytest.approx(1 - DELTA ** (1 / 300), rel=1e-9)


def test_bounds_hold_and_the_lecture_s_is_root_two_wider(judged: list[dict]) -> None:
    found = {each["name"]: each for each in judged}
    assert 0 < found["pac_bayes"]["value"] < 0.5 and not found["pac_bayes"]["vacuous"]
    assert found["pac_bayes"]["value"] >= found["pac_bayes"]["noisy_error"]
    assert found["lecture"]["value"] == pytest.approx(np.sqrt(2) * found["xu_raginsky"]["value"])
    assert found["lecture"]["value"] == pytest.approx(np.sqrt(found["lecture"]["nats"] / 400))


@pytest.mark.slow
def test_noise_is_memorised_and_signal_is_not(tiny: None) -> None:
    random = np.random.default_rng(3)
    y = random.integers(0, 2, 200)
    x = random.normal(size=(200, 6)) + 4.0 * y[:, None]
    found = memorise_study(
        MemorizeSettings(effort="quick", net="64", rate=0.02), dataset=from_arrays(x, y, name="apart")
    ).document
    plain, noise = found["shares"]
    assert plain["memorised"]["mean"] < 0.05 < 0.3 < noise["memorised"]["mean"]
    assert plain["test"]["mean"] > 0.95 and abs(noise["test"]["mean"] - 0.5) < 0.25
    assert plain["fit"]["median"] < noise["fit"]["median"]
    assert noise["membership"]["advantage"]["interval"][0] > 0
    assert {each["limit"] for each in found["limits"]} == {
        "dropout 0.5",
        "L2 0.01",
        "noise 0.5",
        "early stopping",
    }
    json.dumps(found, allow_nan=False)
    for unicode in (True, False):
        text = memorise_text(found, 60, unicode)
        assert max(map(len, text.splitlines())) <= 60 and "nan" not in text.lower()
        assert unicode or text.isascii()
    assert "vacuous" in memorise_text(found, 100)


@pytest.mark.slow
def test_what_is_on_already_is_no_limit_of_its_own(tiny: None, blobs: Dataset) -> None:
    settings = MemorizeSettings(effort="quick", net="8 dropout=0.1", l2=0.1, augment="noise=1", early_stop=3)
    found = memorise_study(settings, dataset=blobs).document
    assert found["limits"] == []
    assert "Bounds" in repr(memorise_study(settings, dataset=blobs))


@pytest.mark.slow
def test_a_run_is_kept_and_shown_again(tiny: None, tmp_path, blobs: Dataset) -> None:
    random = np.random.default_rng(0)
    x = random.normal(size=(120, 3))
    found = ravine.memorise(x, (x[:, 0] > 0).astype(int), effort="quick", net="8", out=tmp_path / "run")
    assert all((tmp_path / "run" / "pictures" / f"{name}.png").stat().st_size > 10_000
               for name in ("random_labels", "limits", "bounds"))  # fmt: skip
    again = resume(RunDirectory.open(tmp_path / "run"))
    assert json.loads(json.dumps(found.document)) == again.document


def test_numbers_are_refused(line: Dataset) -> None:
    with pytest.raises(UsageError, match="cannot be counted"):
        memorise_study(MemorizeSettings(), dataset=line)


def test_too_few_rows_are_refused() -> None:
    x = np.random.default_rng(0).normal(size=(12, 2))
    with pytest.raises(DataError, match="too few"):
        memorise_study(MemorizeSettings(), dataset=from_arrays(x, np.arange(12) % 2))


def test_another_metric_is_refused(blobs: Dataset) -> None:
    with pytest.raises(UsageError, match="metric"):
        memorise_study(MemorizeSettings(metric="auc"), dataset=blobs)


def test_an_interval_ends_where_its_measure_does():
    """Of three shares near 1 the interval alone would reach beyond it."""
    values = np.array([0.7, 0.99, 1.0])
    beyond = summary_of(values)["interval"]
    assert beyond[1] > 1
    assert summary_of(values, bounds=(0.0, 1.0))["interval"] == [beyond[0], 1.0]
