"""Two runs of the same command write the same bytes into every file that carries results."""

import json

import pytest

from ravine.execution.new_run import execute_in_new_run
from ravine.execution.registry import find_study
from ravine.records.manifest import check_run

SMALL = {"source": "iris", "epochs": 2.0, "net": "4"}
COMMANDS = {
    "train": {"seeds": 2},
    "diagnose": {"seeds": 2, "learning_rate": 30.0, "optimizer": "sgd", "baselines": False},
    "compare": {"optimizers": ["sgd", "adam"], "effort": "quick", "seeds": 3},
    "sweep": {"vary": ["l2=0,1e-3"], "seeds": 2},
    "memorize": {"effort": "quick", "seeds": 2},
    "descent": {"effort": "quick", "seeds": 2},
    "landscape": {"optimizers": ["sgd"]},
}
LOGS = ("times.json", "log.txt", "events.jsonl", ".lock")
SLOW = ("compare", "sweep", "memorize", "descent", "landscape")


def contents(folder):
    """Return the bytes of all files but logs. Time and id of the run, which differ, are left out."""
    found = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    blobs = {name: path.read_bytes() for name, path in found.items() if name not in LOGS}
    about = json.loads(blobs.pop("run.json"))
    assert about.pop("created") and about.pop("id")
    manifest = json.loads(blobs.pop("MANIFEST"))["files"]
    assert manifest.pop("run.json")
    return blobs | {"run.json": about, "MANIFEST": manifest}


@pytest.mark.parametrize(
    "study", [pytest.param(name, marks=pytest.mark.slow) if name in SLOW else name for name in COMMANDS]
)
def test_two_runs_of_a_command_write_the_same_bytes(study, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    declared = find_study(study)
    settings = declared.settings.from_dict({**SMALL, **COMMANDS[study]})
    for out in ("one", "two"):
        execute_in_new_run(declared, settings, out=out, command=["ravine", study])
    one, two = contents(tmp_path / "one"), contents(tmp_path / "two")
    assert sorted(one) == sorted(two)
    assert [name for name in one if one[name] != two[name]] == []
    assert {"result.json", "config.toml", "plan.json"} <= set(one)
    assert check_run("one") == check_run("two") == []
