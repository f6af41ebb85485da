"""The list of runs as a JSON document."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

from ravine.execution.run_list import RunList, RunRow, run_list
from ravine.records.run_index import RunInfo


def test_every_fact_of_a_run_is_a_key():
    info = RunInfo("ab", Path("runs/x"), "train", "iris", "2026-01-05T09:30:00+00:00", "failed", None, 9)
    document = run_list([info]).to_dict()
    assert document["schema_version"] == 1
    assert document["runs"] == [{**vars(info), "path": "runs/x"}]
    assert {field.name for field in fields(RunRow)} == {field.name for field in fields(RunInfo)}
    assert RunList.from_dict(document) == run_list([info])
