"""Whole searches for double descent: the threshold, units, arms, and a run that is kept."""

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
from ravine.studies.descent.result import DescentResult
from ravine.studies.descent.settings import DescentSettings

STUDY = find_study("descent")


def found_in(dataset: Dataset, **settings: object) -> DescentResult:
    found = execute(STUDY, DescentSettings(**{"effort": "quick", **settings}), dataset=dataset)
    assert isinstance(found, DescentResult)
    return found


@pytest.mark.slow
def test_a_sweep_of_classes(tiny: None, blobs: Dataset) -> None:
    found = found_in(blobs, label_noise=0.2)
    widths = found.widths
    assert [arm.name for arm in widths.arms] == ["plain", "ridge", "early stopping"]
    assert widths.parameters == [(4 + 1) * h + (h + 1) * 2 for h in (1, 4, 24)]
    assert widths.threshold.by_count == 60 * 2
    wrong = [error.mean for error in widths.arms[0].train_error]
    assert wrong[-1] < wrong[0]
    assert len(found.epochs.curves) >= 2
    assert found.seconds.programs == 2
    assert DescentResult.from_dict(found.to_dict()) == found
    assert "By width" in repr(found) and "<table" in found._repr_html_()


@pytest.mark.slow
def test_the_threshold_is_the_first_width_that_fits(tiny: None) -> None:
    """XOR: one unit cannot, many can."""
    random = np.random.default_rng(0)
    x = random.uniform(-1, 1, (300, 2))
    y = (x[:, 0] * x[:, 1] > 0).astype(int)
    widths = found_in(from_arrays(x, y, name="xor"), learning_rate=0.03, epochs=800).widths
    fit = [error.mean <= 0.01 for error in widths.arms[0].train_error]
    assert not fit[0] and fit[-1]
    assert widths.threshold.units == widths.units[fit.index(True)]


@pytest.mark.slow
def test_a_sweep_of_numbers_is_in_their_unit(tiny: None, line: Dataset) -> None:
    found = found_in(line)
    assert found.metric.name == "rmse"
    last = found.widths.arms[0]
    assert 10 < last.test_error[-1].mean < 300  # the noise is 20, the spread 500
    ratio = last.test_error[-1].values[0] ** 2 / last.test_loss[-1].values[0]
    assert np.sqrt(ratio) == pytest.approx(500, rel=0.2)  # squared errors are of standardized targets


@pytest.mark.slow
def test_a_run_is_kept_and_shown_again(tiny: None, tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    x = random.normal(size=(160, 3))
    data = from_arrays(x, (x[:, 0] > 0).astype(int), name="kept")
    found = execute_in_new_run(STUDY, DescentSettings(effort="quick"), out=tmp_path / "run", dataset=data)
    pictures = sorted(path.name for path in (tmp_path / "run" / "pictures").iterdir())
    assert pictures == ["epochs.png", "examples.png", "width.png"]
    with RunDirectory.open(tmp_path / "run") as run:
        assert run.metadata.summary == found.summary()
        assert resume(run) == found


def test_divergence_at_every_width_is_an_error(tiny: None, blobs: Dataset) -> None:
    with pytest.raises(NothingTrained, match="every width"):
        found_in(blobs, learning_rate=1e20, optimizer="sgd", epochs=2)
