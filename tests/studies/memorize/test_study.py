"""Whole measurements of memorization: noise is memorized, signal is not, and a run is kept."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ravine.data import Dataset, from_arrays
from ravine.errors import NothingTrained
from ravine.execution.execute import execute
from ravine.execution.new_run import execute_in_new_run
from ravine.execution.registry import find_study
from ravine.execution.resume import resume
from ravine.records.run_directory import RunDirectory
from ravine.studies.memorize.result import MemorizeResult
from ravine.studies.memorize.settings import MemorizeSettings

STUDY = find_study("memorize")


@pytest.mark.slow
def test_noise_is_memorized_and_signal_is_not(tiny: None) -> None:
    random = np.random.default_rng(3)
    y = random.integers(0, 2, 200)
    x = random.normal(size=(200, 6)) + 4.0 * y[:, None]
    settings = MemorizeSettings(effort="quick", net="64", learning_rate=0.02)
    found = execute(STUDY, settings, dataset=from_arrays(x, y, name="apart"))
    assert isinstance(found, MemorizeResult)
    plain, noise = found.shares
    assert plain.memorized.mean < 0.05 < 0.3 < noise.memorized.mean
    assert plain.test.mean > 0.95 and abs(noise.test.mean - 0.5) < 0.25
    assert plain.fit.median < noise.fit.median
    assert noise.membership.advantage.interval[0] > 0
    limits = {"dropout 0.5", "L2 0.01", "noise 0.5", "early stopping"}
    assert {arm.limit for arm in found.limits} == limits
    assert MemorizeResult.from_dict(found.to_dict()) == found
    assert "vacuous" in repr(found) and "<table" in found._repr_html_()
    arms = ("0% drawn anew", "100% drawn anew", "25% drawn anew, L2 0.01")
    assert set(found.records) >= {f"memorize {arm} adam" for arm in arms}


@pytest.mark.slow
def test_a_run_is_kept_and_shown_again(tiny: None, tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    x = random.normal(size=(120, 3))
    data = from_arrays(x, (x[:, 0] > 0).astype(int), name="kept")
    settings = MemorizeSettings(effort="quick", net="8")
    found = execute_in_new_run(STUDY, settings, out=tmp_path / "run", dataset=data)
    pictures = [
        tmp_path / "run" / "pictures" / f"{name}.png" for name in ("random_labels", "limits", "bounds")
    ]
    assert found.pictures == [str(path) for path in pictures]
    assert all(path.stat().st_size > 10_000 for path in pictures)
    with RunDirectory.open(tmp_path / "run") as run:
        assert run.metadata.summary == found.summary()
        assert resume(run) == found


def test_divergence_of_all_networks_is_an_error(tiny: None, blobs: Dataset) -> None:
    settings = MemorizeSettings(
        effort="quick", net="8", learning_rate=1e20, optimizer="sgd", epochs=2, l2=0.1
    )
    with pytest.raises(NothingTrained, match="lower learning_rate"):
        execute(STUDY, settings, dataset=blobs)
