"""The main job: `ravine compare digits`, cold, as a whole process, against its own plan in PyTorch.

PyTorch trains networks alone, so Ravine takes part with `--no-baselines`. A line of its own has the time of
the command as a user types it, with baselines.

Cold means a new home folder and an empty cache each time. PyTorch needs minutes for the plan, so two
processes train a random sample of its runs, the same number for every optimizer. The estimate for the plan
is the sum over optimizers of mean seconds per run times number of runs, divided by two, plus the start of a
process. All runs of a plan have the same number of steps. The result has the standard error of the
estimate. `--whole` trains all runs.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from command import NO_BASELINES, compare
from measure import line, main
from peer_environment import WORKERS, PeerError, peer_python

ROW = "main_job"
PROCESSES = 2


def runs_of(run_dir: Path) -> list[dict[str, Any]]:
    """Return every run a comparison made, from its finished cohorts."""
    from ravine.records.record import Record

    run_rows = []
    for path in sorted((run_dir / "cohorts").glob("*.npz")):
        record = Record.load(path)
        plan = record.meta["plan"]
        for rate, schedule, seed in zip(
            *(record.hyper[n] for n in ("rate", "schedule", "seed")), strict=True
        ):
            run_rows.append(
                {
                    "rule": plan["optimizer"],
                    "rate": float(rate),
                    "decays": float(schedule == "cosine"),
                    "seed": int(seed),
                    "steps": plan["steps"],
                    "evaluations": plan["evaluations"],
                    "batch": plan["batch_size"],
                }
            )
    return run_rows


def draw(
    runs: Sequence[dict[str, Any]], runs_per_rule: int | None, generator: np.random.Generator
) -> list[dict]:
    """Return `runs_per_rule` random runs of every rule (None: all there are), shuffled."""
    by_rule = defaultdict(list)
    for run in runs:
        by_rule[run["rule"]].append(run)
    chosen = [
        part[k]
        for part in by_rule.values()
        for k in generator.permutation(len(part))[: len(part) if runs_per_rule is None else runs_per_rule]
    ]
    return [chosen[k] for k in generator.permutation(len(chosen))]


def estimate(
    counts: dict[str, int], sample: Sequence[tuple[str, float]], start: float, processes: int = PROCESSES
) -> tuple[float, float]:
    """Return seconds of the whole plan and their standard error: counts {rule: runs}, sample (rule, seconds).

    Stratified by rule, with the correction for drawing without replacement (Cochran 1977, 5.6).
    """
    by_rule = defaultdict(list)
    for rule, seconds in sample:
        by_rule[rule].append(seconds)
    if set(by_rule) != set(counts):
        raise ValueError(f"The sample has the rules {sorted(by_rule)}, the plan {sorted(counts)}.")
    total = variance = 0.0
    for rule, count in counts.items():
        part = by_rule[rule]
        total += count * statistics.fmean(part)
        if len(part) > 1:
            variance += count**2 * (1 - len(part) / count) * statistics.variance(part) / len(part)
    return start + total / processes, variance**0.5 / processes


def in_torch(
    runs: list[dict[str, Any]], task: dict[str, Any], python: Path, folder: Path
) -> tuple[float, list[tuple[str, float]], float]:
    """Train `runs` on two processes at once; return the slower start, (rule, seconds) by run, all seconds."""
    started, processes = time.perf_counter(), []
    for k in range(PROCESSES):
        path = folder / f"part{k}.json"
        path.write_text(json.dumps(task | {"runs": runs[k::PROCESSES]}))
        command = [str(python), str(WORKERS / "torch_plan.py"), str(path), str(time.time())]
        processes.append(subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True))
    outputs = [process.communicate() for process in processes]
    spent = time.perf_counter() - started
    for process, (_, errors) in zip(processes, outputs, strict=True):
        if process.returncode:
            raise PeerError(f"The PyTorch loop ended with status {process.returncode}:\n{errors[-2000:]}")
    answers = [json.loads(said) for said, _ in outputs]
    sample = [
        (run["rule"], seconds)
        for k, answer in enumerate(answers)
        for run, seconds in zip(runs[k::PROCESSES], answer["seconds"], strict=True)
    ]
    return max(answer["start_seconds"] for answer in answers), sample, spent


def measure(quick: bool, tell: Callable[[str], None], peers: bool = True) -> dict[str, Any]:
    """Return the row."""
    whole = "--whole" in sys.argv
    rounds = 1 if quick or whole else 3
    runs_per_rule = None if whole else (1 if quick else 20)
    python = peer_python() if peers else None
    generator = np.random.default_rng(0)
    ours, typed, theirs, errors, documents, spent = [], [], [], [], [], []
    for number in range(rounds):
        with tempfile.TemporaryDirectory() as name:
            home = Path(name)
            if not quick:
                tell(f"round {number + 1} of {rounds}: ravine compare digits")
                (home / "typed").mkdir()
                typed.append(compare(home / "typed", home / "typed" / "run", "standard", more=())[0])
            tell(f"round {number + 1} of {rounds}: ravine compare digits --no-baselines")
            shorter = ("--optimizers", "sgd,adam", "--epochs", "2") if quick else ()
            effort, flags = "quick" if quick else "standard", (*NO_BASELINES, *shorter)
            seconds, document = compare(home, home / "run", effort, more=flags)
            runs = runs_of(home / "run")
            plans = json.loads((home / "run" / "plan.json").read_text())["plans"]
            if len(runs) != document["plan"]["runs"]:
                raise ValueError(
                    f"{len(runs)} runs in the cohorts, {document['plan']['runs']} in the document."
                )
            task = {
                "network": next(iter(plans.values()))["sizes"],
                "rules": {plan["optimizer"]: plan["hyperparameters"] for plan in plans.values()},
                "rows": document["split"]["train"],
                "held": document["split"]["validation"],
            }
            ours.append(seconds)
            documents.append({"plan": document["plan"], "seconds": document["seconds"]})
            if python is None:
                continue
            chosen = draw(runs, runs_per_rule, generator)
            tell(f"round {number + 1} of {rounds}: {len(chosen)} of {len(runs)} runs in PyTorch")
            start, sample, took = in_torch(chosen, task, python, home)
            total, error = estimate(Counter(run["rule"] for run in runs), sample, start)
            theirs.append(took if whole else total)
            errors.append(0.0 if whole else error)
            spent.append(took)
    own = [
        line("compare digits, networks alone, cold, whole process", ours, "s", at_most=45),
        line("of it compilation, programs added up", [d["seconds"]["compile"] for d in documents], "s"),
        line("of it training", [d["seconds"]["train"] for d in documents], "s"),
    ]
    if typed:
        own.append(line("compare digits with baselines, cold, whole process", typed, "s", at_most=45))
    if python is None:
        return {"lines": own, "documents": documents}
    way = f"all {len(runs)} runs" if whole else f"estimated from {len(chosen)} of {len(runs)} runs"
    note = f"{way}; standard error of the estimate {max(errors):.2g} s"
    return {
        "lines": [
            own[0],
            line(
                "compare digits, networks alone, cold, whole process",
                ours,
                "s",
                peer=f"PyTorch loop on {PROCESSES} processes",
                theirs=theirs,
                at_least=6,
                aim=12,
                note=note,
            ),
            *own[1:],
        ],
        "documents": documents,
        "sample": {"runs": len(chosen), "of": len(runs), "seconds": spent, "standard_errors": errors},
        "seconds_a_run": {
            rule: statistics.fmean(s for r, s in sample if r == rule)
            for rule in sorted({r for r, _ in sample})
        },
    }


if __name__ == "__main__":
    main(
        ROW,
        "`ravine compare digits` with an empty cache (cold), against the same trainings in PyTorch",
        measure,
        flags=("--whole",),
    )
