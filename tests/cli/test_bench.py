"""`ravine bench`: the document and the table of what ran, and the status where some did not."""

import json

import pytest

from ravine.studies import bench as module

LINE = {
    "what": "steps", "peer": "torch", "unit": "us", "ours": {"median": 2.0}, "theirs": {"median": 50.0},
    "ratio": {"median": 25.0, "min": 24.0, "max": 26.0, "count": 3}, "at_least": 20,
    "at_most": None, "aim": 30, "reached": True, "aim_reached": False,
}  # fmt: skip
ROW = {
    "row": "main_job",
    "lines": [LINE],
    "environment": {"processor": "p", "cores": 2, "date": "d", "commit": "c"},
}


@pytest.mark.parametrize(
    ("failing", "status"), [([], 0), (["first_line"], 5), (["main_job", "first_line"], 1)]
)
def test_rows_that_failed_show_in_the_status(ravine, monkeypatch, failing, status):
    def run(folder, row, quick, tell, number, total):
        return (None, "broke") if row in failing else (dict(ROW, row=row), "")

    monkeypatch.setattr(module, "_run", run)
    ended = ravine("bench", "main_job", "first_line")
    assert ended.status == status
    assert "first_line failed: broke" in ended.stdout or "first_line" not in failing
    assert "25x (24 to 26)" in ended.stdout or status == 1
    document = json.loads(ravine("bench", "main_job", "first_line", "--json").stdout)
    assert [each["row"] for each in document["failed"]] == failing
