"""Compilations of a second comparison (none), and cost against the number of runs.

Three comparisons have one shape and different seeds: two in one process, one in another. JAX's own events
count the compilations, that is, the programs that were not in the cache. Then cohorts of N, 2N and 4N runs
train, each in a process of its own, with N large enough to fill a chunk. Time grows with the number of
runs; the largest resident memory does not.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from command import fresh
from measure import line, main
from peer_environment import WORKERS, PeerError

ROW = "warm_cache"


def answer(script: str, task: dict[str, Any], home: Path) -> Any:
    """Run a worker to its end and return the document it prints last. Raises PeerError."""
    done = subprocess.run(
        [sys.executable, str(WORKERS / f"{script}.py"), json.dumps(task)],
        env=fresh(home),
        cwd=home,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise PeerError(f"The worker {script} ended with {done.returncode}:\n{done.stderr[-2000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def measure(quick: bool, tell: Callable[[str], None], peers: bool = True) -> dict[str, Any]:
    """Return the row. It has no peers, so `peers` changes nothing."""
    settings: dict[str, Any] = {"effort": "quick", "baselines": False}
    settings |= {"optimizers": ["adam"], "epochs": 2.0} if quick else {}
    base = 4 if quick else 400  # more than twice the states that are held at once
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        tell("two comparisons in one process, then one in another")
        here = answer("comparisons", {"seeds": [0, 1], "settings": settings}, home)
        there = answer("comparisons", {"seeds": [2], "settings": settings}, home)
        costs = []
        for count in (base, 2 * base, 4 * base):
            tell(f"a cohort of {count} runs")
            costs.append(answer("cohort_cost", {"networks": count, "passes": 1 if quick else 3}, home))
    cold, same, other = [*here, *there]
    small, middle, large = costs
    return {
        "lines": [
            line("programs compiled by the first comparison", [cold["compiled"]], "programs"),
            line("by a second in the same process", [same["compiled"]], "programs", at_most=0),
            line("by a second in another process", [other["compiled"]], "programs", at_most=0),
            line("programs a second in the same process asks for", [same["asked"]], "programs"),
            line("first comparison", [cold["seconds"]], "s"),
            line("second in the same process", [same["seconds"]], "s"),
            line("second in another process", [other["seconds"]], "s"),
            line(
                "seconds a run at 4N over seconds a run at N",
                [large["seconds"] / large["networks"] / (small["seconds"] / small["networks"])],
                "times",
                at_most=1.1,
                note=f"N = {base} runs of 64-256-256-10, batch 128; compiled, best of the passes",
            ),
            line(
                "largest resident memory at 4N over that at N",
                [large["peak_mib"] / small["peak_mib"]],
                "times",
                at_most=1.1,
                note=f"{small['peak_mib']:.0f}, {middle['peak_mib']:.0f}, {large['peak_mib']:.0f} MiB",
            ),
        ],
        "comparisons": [cold, same, other],
        "costs": costs,
    }


if __name__ == "__main__":
    main(
        ROW,
        "programs that a second comparison compiles; time and memory by number of runs trained together",
        measure,
    )
