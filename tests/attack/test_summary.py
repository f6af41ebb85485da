"""Counts of campaigns, on outcomes made up for them."""

import json
import subprocess
import sys
from pathlib import Path

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


def test_the_file_holds_the_counts_of_all_seeds(tmp_path):
    for seed in ("a", "b"):
        results = Results(tmp_path / f"{seed}.jsonl")
        for outcome in OUTCOMES:
            results.add(outcome)
    command = [sys.executable, "-m", "tests.attack.summary", "a", "b", "--results", tmp_path, "-o"]
    subprocess.run([*command, tmp_path / "out.json"], cwd=ROOT, check=True)
    document = json.loads((tmp_path / "out.json").read_text())
    assert document["seeds"] == ["a", "b"] and document["commit"]
    assert document["scripts"]["readers"]["tried"] == 8
