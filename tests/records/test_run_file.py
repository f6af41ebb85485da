"""The file run.json: read as it was written, changed entry by entry, and refused where it is damaged."""

from __future__ import annotations

import pytest

from ravine.errors import DataError
from ravine.records.atomic_files import read_json, write_json
from ravine.records.os_errors import DamagedFile
from ravine.records.run_file import RunData, RunFile, read_run_file, summary_text

RUN = RunFile(
    id="0af3", verb="compare", state="running", created="2026-01-05T09:30:00.123+00:00", command=["ravine"],
    data=RunData(name="iris"), seed=3, settings={"epochs": 3.0, "drop": ["a"], "test": None},
    more={"new": [1]},
)  # fmt: skip


def test_a_run_file_is_written_and_read_again(tmp_path, seal):
    write_json(tmp_path / "run.json", RUN.to_dict())
    seal(tmp_path)
    assert read_run_file(tmp_path) == RUN
    assert read_json(tmp_path / "run.json")["new"] == [1]


def test_entries_are_changed_and_data_are_merged():
    found = RUN.updated(state="finished", data={"sha256": "ff"}, note="x")
    assert (found.state, found.data, found.verb) == ("finished", RunData(name="iris", sha256="ff"), "compare")
    assert found.more == {"new": [1], "note": "x"} and RUN.more == {"new": [1]}


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("state", "odd", "allowed is one of running, finished, stopped, failed"), ("id", "../x", "id"),
        ("id", "", "id"), ("verb", None, "verb is null; allowed is text"), ("data", [1], "data is a list"),
        ("data", {"name": 5}, r"data\.name is 5"), ("created", "now", "Created is 'now'"),
        ("created", "0001-01-01T00:00:00+14:00", "Created"),
        ("created", "9999-12-31T23:59:59-14:00", "Created"),
        ("seed", 1.5, "seed is 1.5; allowed is a whole number or null"),
        ("summary", {"winner": 1}, "summary is an object"), ("settings", {"a": {}}, "settings"),
        ("command", "x", "command is 'x'; allowed is a list"), ("versions", {"ravine": 5}, "versions"),
    ],
)  # fmt: skip
def test_a_wrong_entry_is_named(tmp_path, seal, key, value, says):
    write_json(tmp_path / "run.json", RUN.to_dict() | {key: value})
    seal(tmp_path)
    with pytest.raises(DamagedFile, match=says) as caught:
        read_run_file(tmp_path)
    assert "run.json" in caught.value.what


def test_a_folder_without_the_file_is_no_run(tmp_path):
    with pytest.raises(DataError, match="is not a run"):
        read_run_file(tmp_path)


def test_a_file_of_version_2_has_entries_that_are_not_known_any_more(tmp_path):
    write_json(tmp_path / "run.json", RUN.to_dict() | {"schema_version": 2, "pid": 7, "host": "h"})
    assert read_run_file(tmp_path).more == {"new": [1], "pid": 7, "host": "h"}


def test_a_run_under_a_wrong_clock_has_no_time(tmp_path, seal):
    write_json(tmp_path / "run.json", RUN.to_dict() | {"created": ""})
    seal(tmp_path)
    assert read_run_file(tmp_path).created == ""


@pytest.mark.parametrize(
    ("summary", "text"),
    [
        ({"winner": "adam", "tied": ["sgd"], "metric": "auc", "score": 0.5}, "adam and 1 tied, auc 0.5"),
        ({"winner": "adam", "tied": [], "metric": "auc", "score": None}, "adam"),
        ({"winner": 1, "tied": 5, "metric": [], "score": "x"}, "1"),
        ("memorized", "memorized"),
        (None, None),
    ],
)
def test_a_summary_of_version_1_becomes_one_line(tmp_path, summary, text):
    write_json(tmp_path / "run.json", RUN.to_dict() | {"schema_version": 1, "summary": summary})
    assert read_run_file(tmp_path).summary == text


def test_the_summary_of_a_comparison():
    assert summary_text("adam", 2, "accuracy", 0.97667) == "adam and 2 tied, accuracy 0.9767"
    assert summary_text("adam", 0, "accuracy", None) == "adam"
