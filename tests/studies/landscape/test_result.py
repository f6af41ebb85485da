"""The result of a landscape: JSON and back, its files, its line in `ravine runs`."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ravine.execution.new_run import execute_in_new_run
from ravine.execution.registry import find_study
from ravine.execution.result import SCHEMA_VERSION
from ravine.execution.resume import resume
from ravine.records.array_rules import check_arrays
from ravine.records.os_errors import DamagedFile
from ravine.records.run_directory import RunDirectory
from ravine.records.run_index import list_runs
from ravine.studies.landscape.result import LandscapeResult

LANDSCAPE = find_study("landscape")


def test_a_result_is_the_same_after_json(example):
    document = json.loads(json.dumps(example.to_dict(), allow_nan=False))
    assert LandscapeResult.from_dict(document) == example
    assert (document["schema_version"], document["study"]) == (SCHEMA_VERSION, "landscape")


def test_a_result_shows_itself_in_terminal_and_notebook(example):
    assert "2 / eta" in repr(example)
    assert "<table" in example._repr_html_()


def test_the_summary_names_sharpness_and_its_share_of_the_limit(changed, example):
    assert example.summary() == "sgd: sharpness 18, 0.9 of the stability limit"
    assert changed(center={"current_learning_rate": 1e-6}).summary() == "sgd: sharpness 18"
    unknown = changed(center={"optimizer": None}, sharpness={"ratio": None, "ratio_error": None})
    assert unknown.summary() == "sharpness 18"


def test_the_arrays_have_rules(example):
    check_arrays(example.arrays, example.array_rules(), "'arrays.npz'")


@pytest.mark.parametrize(
    ("name", "array", "said"),
    [
        ("plane/random/loss", np.zeros((2, 2)), "allowed is"),
        ("slice/sharpest/loss", np.zeros(3), "allowed is"),
        ("center/parameters", np.array(["text"]), "allowed is"),
        ("plane/other/loss", np.zeros((2, 2)), "does not belong there"),
    ],
)
def test_other_arrays_are_refused_by_name(example, name, array, said):
    with pytest.raises(DamagedFile) as refused:
        check_arrays({**example.arrays, name: array}, example.array_rules(), "'arrays.npz'")
    assert name in str(refused.value)
    assert said in str(refused.value)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["png", "svg"])
def test_a_run_holds_arrays_and_pictures_and_is_listed(tmp_path, monkeypatch, kind):
    monkeypatch.chdir(tmp_path)
    settings = LANDSCAPE.settings.from_dict(
        {"source": "iris", "net": "4", "epochs": 2.0, "grid": 5, "optimizers": ["adam"], "format": kind}
    )
    result = execute_in_new_run(LANDSCAPE, settings)
    run = tmp_path / "runs" / result.path.name
    names = {"slices", "profile", "plane-random", "plane-trajectories", "plane-solutions", "barriers"}
    assert {f"{name}.{kind}" for name in names} <= {path.name for path in (run / "pictures").iterdir()}
    assert all((tmp_path / path).is_file() for path in result.pictures)
    with np.load(run / "arrays.npz") as arrays:
        np.testing.assert_array_equal(arrays["plane/random/loss"], result.arrays["plane/random/loss"])
    (listed,) = list_runs()
    assert (listed.verb, listed.state, listed.summary) == ("landscape", "finished", result.summary())
    with RunDirectory.open(run).lock() as again:
        read = resume(again)
    assert read.replace(pictures=[], run_dir=None) == result.replace(pictures=[], run_dir=None)
    assert read.figures().keys() == result.figures().keys()


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_changed_document_is_shown_as_it_stands_or_refused(example, check_changed_result, data):
    check_changed_result(data.draw, example)
