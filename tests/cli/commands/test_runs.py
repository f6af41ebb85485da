"""`ravine runs`: a table that fits the terminal, or one document; whatever the runs are like."""

import json
from pathlib import Path

import pytest


def test_runs_are_listed_newest_first(ravine, some_runs):
    lines = ravine("runs", env={"COLUMNS": "200"}).stdout.splitlines()
    assert lines[0].split()[:3] == ["path", "study", "state"]
    assert lines[1].startswith("runs/2")
    assert "iris" in lines[1]
    assert "Every run diverged." in lines[1]
    assert "adam and 1 tied, accuracy 0.98" in lines[3]
    found = json.loads(ravine("runs", "--json").stdout)["runs"]
    assert [each["data"] for each in found][::2] == ["iris", "digits"]
    assert found[2]["summary"] == "adam and 1 tied, accuracy 0.98"
    assert set(found[0]) == {"id", "path", "verb", "data", "created", "state", "summary", "bytes", "files"}


def test_the_latest_run_is_listed_alone(ravine, some_runs):
    found = json.loads(ravine("runs", "latest", "--json").stdout)["runs"]
    assert [row["data"] for row in found] == ["iris"]


def test_the_study_of_a_run_is_named(ravine, some_runs):
    head, *rows = ravine("runs", env={"COLUMNS": "200"}).stdout.splitlines()
    assert head.split()[1] == "study"
    assert [("train" in row, "compare" in row) for row in rows] == [
        (True, False),
        (False, True),
        (False, True),
    ]


@pytest.mark.parametrize("width", [40, 60, 80, 200])
def test_runs_fit_the_terminal(ravine, some_runs, width):
    lines = ravine("runs", env={"COLUMNS": str(width)}).stdout.splitlines()
    assert len(lines) == 4
    assert max(map(len, lines)) <= max(width, 60)
    assert "study" in lines[0]


def test_a_broken_run_is_listed_too(ravine, some_runs):
    next(Path("runs").glob("*digits*/run.json")).write_text("{")
    ended = ravine("runs")
    assert ended.status == 0
    assert "unreadable" in ended.stdout


def test_runs_of_an_empty_folder(ravine):
    ended = ravine("runs")
    assert (ended.status, ended.stdout) == (0, "")
    assert "ravine compare digits" in ended.stderr
    assert "ravine runs DIR" in ended.stderr  # -o puts runs elsewhere
    assert json.loads(ravine("runs", "--json").stdout) == {"schema_version": 1, "runs": []}


def test_a_run_that_was_written_elsewhere_is_listed_with_its_path(ravine, study):
    assert ravine("compare", "data.csv", "-o", "mine/a").status == 0
    assert ravine("train", "data.csv", "-o", "mine/b").status == 0
    assert not Path("runs").exists()
    paths = [line.split()[:2] for line in ravine("runs").stdout.splitlines()[1:]]
    assert paths == [["mine/b", "train"], ["mine/a", "compare"]]
    assert Path(json.loads(ravine("resume", "latest", "--json").stdout)["run_dir"]).name == "b"


def test_the_files_of_all_runs_are_compared_with_their_digests(ravine, study):
    for name in ("sound", "changed", "older"):
        assert ravine("train", "data.csv", "-o", f"runs/{name}").status == 0
    (Path("runs/changed/plan.json")).write_text("{ }")
    (Path("runs/changed/config.toml")).unlink()
    Path("runs/older/MANIFEST").unlink()
    about = json.loads(Path("runs/older/run.json").read_text())
    Path("runs/older/run.json").write_text(json.dumps(about | {"schema_version": 2}))
    found = {
        Path(row["path"]).name: row for row in json.loads(ravine("runs", "--verify", "--json").stdout)["runs"]
    }
    assert {row["state"] for row in found.values()} == {"finished"}
    assert (found["sound"]["files"], found["older"]["files"]) == ("intact", "not verified")
    assert sorted(found["changed"]["files"].split("; ")) == [
        "config.toml is missing", "plan.json was changed after it was written",
    ]  # fmt: skip
    table = ravine("runs", "--verify", env={"COLUMNS": "200"}).stdout
    assert "intact" in table and "not verified" in table and "config.toml is missing" in table
    assert {row["files"] for row in json.loads(ravine("runs", "--json").stdout)["runs"]} == {
        "",
        "not verified",
    }
    for command, word in (("runs", "runs/changed"), ("resume", "runs/changed")):
        ended = ravine(command, word)
        assert ended.status == (0 if command == "runs" else 3)
    assert "runs/changed/config.toml' is missing" in ended.stderr
    assert "not verified" in ravine("resume", "runs/older").stderr
