"""Counts of campaigns, on outcomes made up for them."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.attack.results import Outcome, Results
from tests.attack.summary import summary

ROOT = Path(__file__).resolve().parents[2]
OUTCOMES = [
    Outcome("readers.known", 1, "right"),
    Outcome("readers.known", 2, "refused"),
    Outcome("readers.npz_headers", 2, "failed", "crash", "line 7"),
    Outcome("readers.npz_headers", 3, "failed", "crash", "line 8"),
    Outcome("limits.namespaces", 0, "skipped", detail="needs root"),
    Outcome("kill.kill_train", 5, "failed", "unclear message", "status 3"),
]


def test_cases_are_counted_by_script_and_failures_by_cause():
    found = summary(OUTCOMES)
    zero = dict.fromkeys(("tried", "skipped", "severity_1", "severity_2", "severity_3"), 0)
    assert found["scripts"]["readers"] == zero | {"tried": 4, "severity_2": 2}
    assert found["scripts"]["limits"] == zero | {"skipped": 1}
    assert found["scripts"]["kill"] == zero | {"tried": 1, "severity_3": 1}
    assert found["scripts"]["numerics"] == zero
    assert found["failures"] == [
        {"severity": 2, "class": "crash", "family": "readers.npz_headers", "detail": "line #", "cases": 2},
        {
            "severity": 3,
            "class": "unclear message",
            "family": "kill.kill_train",
            "detail": "status #",
            "cases": 1,
        },
    ]


def written(folder: Path, *words: str) -> list[dict[str, Any]]:
    """Return the campaigns of the file that the command writes."""
    command = [sys.executable, "-m", "tests.attack.summary", *words, "--results", folder, "-o"]
    subprocess.run([*command, folder / "out.json"], cwd=ROOT, check=True)
    return json.loads((folder / "out.json").read_text())["campaigns"]


def test_the_file_holds_the_counts_of_all_seeds(tmp_path):
    for seed in ("a", "b"):
        results = Results(tmp_path / f"{seed}.jsonl")
        for outcome in OUTCOMES:
            results.add(outcome)
    (campaign,) = written(tmp_path, "a", "b")
    assert campaign["seeds"] == ["a", "b"]
    assert campaign["commit"]
    assert campaign["scripts"]["readers"]["tried"] == 8
    first, second = written(tmp_path, "a", "--add")
    assert first == campaign
    assert second["seeds"] == ["a"]
    assert len(written(tmp_path, "a", "--add")) == 2  # the campaign of these seeds is replaced
    assert len(written(tmp_path, "a")) == 1
