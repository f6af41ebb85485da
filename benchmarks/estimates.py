"""Estimated against taken time of 20 commands, and the time taken with a budget of 60 s and of 5 min.

    python benchmarks/estimates.py [DATA_FOLDER] [--out DIR]      writes estimates.json

Every command is a process of its own with an empty cache of compiled programs. The estimate is the one that
the command announces with its plan. Without DATA_FOLDER only the commands on built-in data run. Each command
is saved when it is done; a second call runs only those that are missing. Use an idle machine.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

from command import RAVINE, CommandFailed, fresh

HERE = Path(__file__).parent / "results"
COMMANDS = (
    "compare digits",
    "compare digits -O sgd,adam --effort quick",
    "compare breast_cancer",
    "compare diabetes -O momentum,rmsprop,adam",
    "compare digits -O adam --net 256-256 --effort quick",
    "compare wine --tune all",
    "compare {data}/htru2_pulsar/HTRU_2.csv -t -1 -O sgd,momentum,rmsprop,adam",
    "compare {data}/california_housing/housing.csv -t median_house_value -O sgd,adam",
    "compare {data}/bank_additional/bank-additional.csv -t y",
    "sweep digits --vary dropout=0,0.2,0.5",
    "sweep breast_cancer --vary l2=0,1e-4,1e-2",
    "sweep digits --vary 'net=64;64-64;128-128'",
    "sweep {data}/magic_gamma/magic04.data -t 10 --vary dropout=0,0.3",
    "train digits",
    "train digits --seeds 16 --net 256-256",
    "train {data}/adult/adult-train.csv -t -1 --seeds 4",
    "diagnose digits",
    "landscape digits",
    "memorize digits --effort quick",
    "descent digits --effort quick",
)
BUDGETS = {"60s": 60.0, "5m": 300.0}
WITHIN, BUDGET_WITHIN = 0.3, 0.2  # largest deviation that is wanted, as a share of the time taken or allowed


def arguments(command: str, data: Path | None) -> list[str]:
    """Return the words of a command. data: folder of the tables."""
    return shlex.split(command.format(data=data))


def with_budget(command: str, budget: str) -> str | None:
    """Return the command with a time budget in place of its effort; None for a study without budget."""
    if command.split()[0] not in ("compare", "sweep"):
        return None
    return command.replace(" --effort quick", "") + f" --budget {budget}"


def timed(words: list[str]) -> dict[str, Any]:
    """Run a command in a fresh home; return the estimated and the taken seconds, and the plan in words."""
    with tempfile.TemporaryDirectory() as name:
        home, out = Path(name), Path(name) / "run"
        load, clock, before = os.getloadavg()[0], time.perf_counter(), os.times()
        done = subprocess.run(
            [*RAVINE, *words, "-q", "-o", str(out)], env=fresh(home), cwd=home, capture_output=True, text=True
        )
        taken, after = time.perf_counter() - clock, os.times()
        if done.returncode not in (0, 5):
            raise CommandFailed(f"ravine {' '.join(words)} ended with {done.returncode}:\n{done.stderr}")
        events = [json.loads(line) for line in (out / "events.jsonl").read_text().splitlines()]
        parts = json.loads((out / "times.json").read_text())["result"]["seconds"]
    ready = next(event for event in events if event["event"] == "PlanReady")
    return {
        "estimated": ready["estimated_seconds"],
        "taken": taken,
        "ratio": ready["estimated_seconds"] / taken,
        "cpu": after.children_user + after.children_system - before.children_user - before.children_system,
        "parts": parts,
        "load_at_start": load,
        "plan": ready["text"],
    }


def main() -> None:
    """Time all commands that are missing, save after each, and print the counts."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", nargs="?", type=Path, help="folder of the tables")
    parser.add_argument("--out", type=Path, default=HERE, help="folder of estimates.json")
    parser.add_argument("--only", default="", help="part of the commands to run")
    parser.add_argument("--no-budget", action="store_true", help="leave out the commands with a budget")
    options = parser.parse_args()
    data = None if options.data is None else options.data.resolve()
    options.out.mkdir(parents=True, exist_ok=True)
    kept = options.out / "estimates.json"
    done: dict[str, dict[str, Any]] = json.loads(kept.read_text()) if kept.exists() else {}
    commands = list(COMMANDS)
    if not options.no_budget:
        pairs = [with_budget(command, budget) for budget in BUDGETS for command in COMMANDS]
        commands += [command for command in pairs if command is not None]
    for command in commands:
        if command in done or options.only not in command or ("{data}" in command and data is None):
            continue
        done[command] = timed(arguments(command, data))
        print(f"{done[command]['ratio']:.2f} {done[command]['taken']:.0f} s  {command}", flush=True)
        kept.write_text(json.dumps(done, indent=1) + "\n")
    print(counts(done))


def counts(done: dict[str, dict[str, Any]]) -> str:
    """Return how many estimates and budgets are within the wanted deviation."""
    plain = [row for command, row in done.items() if "--budget" not in command]
    near = sum(abs(row["ratio"] - 1) <= WITHIN for row in plain)
    lines = [f"estimates within {WITHIN:.0%} of the time taken: {near} of {len(plain)}"]
    for budget, limit in BUDGETS.items():
        rows = [row for command, row in done.items() if command.endswith(f"--budget {budget}")]
        held = sum(row["taken"] <= (1 + BUDGET_WITHIN) * limit for row in rows)
        lines.append(f"budget {budget} exceeded by at most {BUDGET_WITHIN:.0%}: {held} of {len(rows)}")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
