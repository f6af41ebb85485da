"""Typed results: to plain values and back, errors by field, artifacts in memory or in the run directory."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest

import ravine
from ravine.errors import DataError
from ravine.execution.result import SCHEMA_VERSION, Artifacts
from ravine.execution.result_parts import ScoreSummary, values_of
from ravine.studies.train.result import TrainResult

SUMMARY = ScoreSummary(
    mean=0.5, median=0.5, sd=0.0, interval=None, n_seeds=2, diverged=0, values=[0.5, 0.5]
)  # fmt: skip


def test_a_result_survives_json(trained):
    written = json.dumps(trained.to_dict(), allow_nan=False)
    again = TrainResult.from_dict(json.loads(written))
    assert again == trained
    assert again.to_dict() == json.loads(written)
    assert json.loads(written)["schema_version"] == SCHEMA_VERSION


def test_a_key_that_is_left_out_has_its_default(trained):
    document = trained.to_dict()
    for key in ("run_dir", "source", "model_dir"):
        del document[key]
    found = TrainResult.from_dict(document)
    assert found.to_dict().keys() == trained.to_dict().keys()
    assert (found.schema_version, found.run_dir, found.source) == (SCHEMA_VERSION, None, "")


@pytest.mark.parametrize(
    ("path", "value", "says"),
    [
        (("plan", "steps"), "many", "plan.steps is 'many'"),
        (("result", "values"), [0.5, "high"], "result.values[1] is 'high'"),
        (("result", "values"), [0.5], "values has 1 scores, and n_seeds is 2"),
        (("data", "rows"), 1.5, "data.rows is 1.5"),
        (("data", "rows"), -1, "at least 0"),
        (("data", "task"), "x", "one of classify, regress"),
        (("metric",), None, "metric is null"),
    ],
)
def test_a_field_that_does_not_fit_is_named(trained, path, value, says):
    document = json.loads(json.dumps(trained.to_dict()))
    *above, last = path
    place = document
    for key in above:
        place = place[key]
    place[last] = value
    with pytest.raises(DataError) as caught:
        TrainResult.from_dict(document)
    assert "result of train" in caught.value.what
    assert says.lower() in caught.value.why.lower()


def test_a_result_of_a_newer_version_is_refused(trained):
    document = trained.to_dict() | {"schema_version": SCHEMA_VERSION + 1, "new": 1}
    with pytest.raises(DataError, match="pip install --upgrade ravine"):
        TrainResult.from_dict(document)


def test_a_missing_field_is_named(trained):
    document = trained.to_dict()
    del document["curves"]
    with pytest.raises(DataError, match="curves"):
        TrainResult.from_dict(document)


def test_model_and_records_are_read_from_the_run_directory(trained, frame):
    again = TrainResult.from_dict(trained.to_dict())
    assert again.artifacts == Artifacts()
    np.testing.assert_array_equal(again.model.predict(frame), trained.model.predict(frame))
    assert list(again.records) == list(trained.records) == ["train adam"]
    (record,) = again.records.values()
    (before,) = trained.records.values()
    np.testing.assert_array_equal(record.series["train_loss"], before.series["train_loss"])
    assert again.path is not None and (again.path / "result.json").is_file()


def test_a_result_that_was_not_kept_says_that_it_has_no_model(trained):
    found = TrainResult.from_dict(trained.to_dict() | {"run_dir": None})
    assert found.path is None and found.records == {}
    with pytest.raises(DataError, match="no model"):
        _ = found.model


def test_replacing_a_field_keeps_the_artifacts(trained):
    found = trained.replace(source="other.csv")
    assert (found.source, trained.source) == ("other.csv", "")
    assert found.model is trained.model


def test_a_result_shows_its_view_in_a_terminal_and_in_a_notebook(trained):
    text, html = repr(trained), trained._repr_html_()
    assert trained.data.notes
    for part in ("batchnorm", "validation accuracy", "test accuracy", "adam", *trained.data.notes):
        assert part in text and part in html
    assert max(map(len, text.splitlines())) <= 100
    assert html.lstrip().startswith("<") and "</div>" in html


def test_a_page_gets_the_blocks_as_plain_values(trained):
    document = trained.view_to_dict()
    assert json.loads(json.dumps(document, allow_nan=False)) == document
    assert [block["kind"] for block in document["blocks"]] == [
        "items",
        *(block.kind for block in trained.view()),
    ]


def test_what_a_result_is_not_asked_for_is_not_imported(trained, tmp_path):
    """Reading a result and its view needs no JAX; only the model does."""
    (tmp_path / "result.json").write_text(json.dumps(trained.to_dict()))
    code = (
        "import json, sys\nfrom pathlib import Path\n"
        "from ravine.execution.registry import find_study\n"
        f"document = json.loads(Path({str(tmp_path / 'result.json')!r}).read_text())\n"
        "result = find_study('train').result_type.from_dict(document)\n"
        "assert 'validation accuracy' in repr(result) and result.summary().startswith('adam')\n"
        "result.records\n"
        "print([name for name in ('jax', 'optax') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_values_of_a_summary_build_a_row_that_holds_them():
    values = values_of(SUMMARY)
    assert ScoreSummary(**values) == SUMMARY
    names = {"mean", "median", "median_interval", "sd", "interval", "n_seeds", "diverged", "values"}
    assert set(values) == names


def test_every_result_type_is_exported():
    from ravine.execution.registry import STUDIES, find_study

    for name in STUDIES:
        study = find_study(name)
        assert getattr(ravine, study.result) is study.result_type
