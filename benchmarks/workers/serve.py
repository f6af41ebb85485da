"""The protocol of a worker: the task is the first argument (JSON), answers are lines of JSON.

A worker prints one line when it is ready, after a first pass that warms it up. Then it prints one line for
every line that it reads. So several workers stay warm, while only one at a time works.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from collections.abc import Callable
from typing import Any

Pass = Callable[[], int]  # runs the work once, returns the network steps done


def serve(setup: Callable[[dict[str, Any]], tuple[dict[str, Any], Pass]]) -> None:
    """Run the first pass, then one for every line read. `setup(task)` returns facts and the pass."""
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # what libraries print must not look like an answer
    facts, once = setup(json.loads(sys.argv[1]))
    print(json.dumps({**facts, "first": timed(once, 0)}), file=answers)
    for _ in sys.stdin:
        print(json.dumps(timed(once)), file=answers)


LEAST = 1.0  # seconds: in the first 0.1 after a pause the processor wakes up, and is half as slow again


def timed(once: Pass, least: float = LEAST) -> dict[str, Any]:
    """Return seconds and processor seconds of one pass, or of several that take `least` seconds together.

    With their number, the network steps that were done, and the largest memory of the process so far [MB].
    """
    clock, busy = time.perf_counter(), time.process_time()
    steps, passes = once(), 1
    while time.perf_counter() - clock < least:
        steps, passes = steps + once(), passes + 1
    return {
        "seconds": time.perf_counter() - clock,
        "cpu_seconds": time.process_time() - busy,
        "network_steps": steps,
        "passes": passes,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def versions(*names: str) -> dict[str, str]:
    """Return the versions of installed packages."""
    from importlib.metadata import version

    return {name: version(name) for name in names}
