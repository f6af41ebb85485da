"""Two checkouts of Ravine against each other, with their own benchmark workers in turns.

    python benchmarks/two_versions.py OLD NEW [--quick] [--only ROW,ROW] [--out FILE]

OLD and NEW are checkouts with `src/` and `benchmarks/workers/`; both run in the Python that runs this file.
A ratio is old / new, so it is above 1 if the new code is faster. Each row is saved to FILE as soon as it is
measured, and a row in FILE is not measured again.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

from command import NO_BASELINES, compare, watch, whole
from curvature import ACCURACIES, STEPS
from curvature import TASKS as CURVATURE
from landscape import TASKS as PLANES
from measure import interleave, line, per_step, sentence
from peer_environment import Worker
from share_of_peak import LARGE_PASS
from small_networks import our_task

AT_LEAST = 0.97
STARTS, MIN_ROUNDS = 3, 5

Sides = Mapping[str, Path]
Timed = Mapping[str, list[float]]


def main() -> None:
    """Measure the selected rows, save each and print it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("old", type=Path, metavar="OLD")
    parser.add_argument("new", type=Path, metavar="NEW")
    parser.add_argument("--quick", action="store_true", help="tiny sizes that measure nothing")
    parser.add_argument("--only", default="", help="rows, with commas between them")
    parser.add_argument("--out", type=Path, default=Path("two_versions.json"), metavar="FILE")
    options = parser.parse_args()
    sides = {"old": options.old.resolve(), "new": options.new.resolve()}
    lines = json.loads(options.out.read_text()) if options.out.exists() else {}
    for name, measure in rows(options.quick).items():
        if options.only and name.split(":")[0] not in options.only.split(","):
            continue
        if name not in lines:
            timed, unit = measure(sides)
            lines[name] = line(name, timed["new"], unit, peer="old", theirs=timed["old"], at_least=AT_LEAST)
            options.out.write_text(json.dumps(lines, indent=1))
        print(sentence(lines[name]), flush=True)


def rows(quick: bool) -> dict[str, Callable[[Sides], tuple[Timed, str]]]:
    """Return the function that measures each row, by row and quantity."""
    rounds = 2 if quick else 9
    large = {"sizes": [64, 256, 256, 10], "batch": 128, "steps": LARGE_PASS * (1 if quick else 20)}
    large |= {"networks": 4 if quick else 32, "seeds": 2 if quick else 4, "evaluations": 1, "cache": ""}
    measures: dict[str, Callable[[Sides], tuple[Timed, str]]] = {
        "small_networks: 200 of 64-64-64-10": partial(workers, "ours", our_task(quick, ""), rounds),
        "share_of_peak: 32 of 64-256-256-10": partial(workers, "ours", large, rounds),
    }
    for name, task in PLANES.items():
        grid = {**task, "points": 5 if quick else 51}
        measures[f"landscape: {name}"] = partial(workers, "our_plane", grid, rounds)
    for name, task in CURVATURE[1::2] if quick else CURVATURE:
        how = {"device": "cpu", "steps": STEPS[task["what"]], "accuracy": ACCURACIES[task["what"]]}
        measures[f"curvature: {name}"] = partial(
            workers, "our_curvature", {**task, **how, "truth": ""}, rounds
        )
    effort = "quick" if quick else "standard"
    short = ["compare", "digits", "--effort", "standard"]
    return measures | {
        "first_line: of compare": partial(
            commands, lambda home, k: watch([*short, "-o", f"{home}/r{k}"], home, bool), rounds
        ),
        "first_line: --help": partial(commands, lambda home, k: whole(["--help"], home), rounds),
        "first_line: --version": partial(commands, lambda home, k: whole(["--version"], home), rounds),
        "warm_cache: compare, quick": partial(
            commands,
            lambda home, k: compare(home, home / f"r{k}", "quick", k, same_work())[0],
            rounds,
        ),
        "main_job: compare, cold": partial(cold, effort, 1 if quick else 3),
    }


def workers(script: str, task: Mapping[str, Any], rounds: int, sides: Sides) -> tuple[Timed, str]:
    """Return µs per network-step, or per point, of the worker of each side, round by round.

    Each side starts anew several times, in turn the first: two processes of one program differ in speed.
    """
    timed: dict[str, list[float]] = {side: [] for side in sides}
    for start in range(1 if rounds < MIN_ROUNDS else STARTS):
        with ExitStack() as stack:
            contenders = {}
            for side in list(sides)[:: -1 if start % 2 else 1]:
                folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
                places = {"cache": str(folder), "truth": str(folder / "truth.npy")}
                own = {key: places.get(key, value) for key, value in task.items()}
                how: dict[str, Any] = {"folder": sides[side] / "benchmarks" / "workers"}
                worker = Worker(script, own, PYTHONPATH=str(sides[side] / "src"), **how)
                contenders[side] = stack.enter_context(worker)
            answers = interleave(contenders, rounds)
        for side in sides:
            timed[side] += per_step(answers[side])
    return timed, "µs"


def commands(run: Callable[[Path, int], float], rounds: int, sides: Sides) -> tuple[Timed, str]:
    """Return the seconds of a command of each side, round by round, after one call that fills caches.

    run(home, k): the seconds of call k.
    """
    with tempfile.TemporaryDirectory() as name:
        calls = {}
        for side, checkout in sides.items():
            home = Path(name) / side
            home.mkdir()
            calls[side] = partial(call, run, checkout, home, iter(range(rounds + 1)))
        interleave(calls, 1)
        answers = interleave(calls, rounds)
    return {
        side: [answer["seconds"] for answer in side_answers] for side, side_answers in answers.items()
    }, "s"


def call(run: Callable[[Path, int], float], checkout: Path, home: Path, numbers: Any) -> dict[str, float]:
    """Run a command of one checkout in a home."""
    os.environ["PYTHONPATH"] = str(checkout / "src")
    return {"seconds": run(home, next(numbers))}


def same_work() -> tuple[str, ...]:
    """Return the flags with which the checkout that runs trains networks alone, as version 1 does."""
    has_baselines = (Path(os.environ["PYTHONPATH"]) / "ravine" / "baselines").is_dir()
    return NO_BASELINES if has_baselines else ()


def cold(effort: str, rounds: int, sides: Sides) -> tuple[Timed, str]:
    """Return the seconds of `ravine compare digits`, each time in a new home with an empty cache."""

    def run(home: Path, number: int) -> float:
        new = home / f"home{number}"
        new.mkdir()
        return compare(new, new / "run", effort, more=same_work())[0]

    return commands(run, rounds, sides)


if __name__ == "__main__":
    main()
