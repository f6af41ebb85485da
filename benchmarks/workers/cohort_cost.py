"""One cohort of 64-256-256-10, batch 128, and its cost. Task: networks, passes.

Prints `seconds` (the fastest pass, compiled), `peak_mib` (largest resident memory of the process), `shape`.
"""

from __future__ import annotations

import json
import resource
import sys
from typing import Any

import ours
from serve import timed


def main() -> None:
    """Run the cohort and print one line of JSON."""
    task: dict[str, Any] = json.loads(sys.argv[1])
    facts, once = ours.setup(
        {
            "sizes": [64, 256, 256, 10],
            "batch": 128,
            "steps": 12,
            "networks": task["networks"],
            "seeds": 5,
            "evaluations": 4,
            "cache": None,
        }
    )
    once()
    seconds = min(timed(once, 0)["seconds"] for _ in range(task["passes"]))
    largest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    peak = largest / (2**20 if sys.platform == "darwin" else 2**10)  # bytes there, KiB elsewhere
    print(
        json.dumps(
            {
                "networks": task["networks"],
                "seconds": seconds,
                "peak_mib": peak,
                "shape": facts["shape"],
            }
        )
    )


if __name__ == "__main__":
    main()
