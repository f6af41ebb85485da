"""Comparisons of the digits, one after another in one process, with the compilations of each.

Task: seeds (one comparison each), settings (of each). Prints a list of `seconds`, `asked` (programs
requested), `compiled` (programs not in the cache).
"""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from typing import Any


def main() -> None:
    """Run the comparisons and print one line of JSON."""
    task = json.loads(sys.argv[1])
    from ravine.engines import prepare

    prepare("cpu")
    import jax

    from ravine.execution.execute import execute
    from ravine.studies.compare.settings import STUDY, CompareSettings

    events: Counter[str] = Counter()
    jax.monitoring.register_event_listener(lambda event, **_: events.update([event]))
    rows: list[dict[str, Any]] = []
    for seed in task["seeds"]:
        events.clear()
        clock = time.perf_counter()
        execute(STUDY, CompareSettings(source="digits", seed=seed, **task["settings"]))
        rows.append(
            {
                "seconds": time.perf_counter() - clock,
                "asked": events["/jax/compilation_cache/compile_requests_use_cache"],
                "compiled": events["/jax/compilation_cache/cache_misses"],
            }
        )
    if rows[0]["asked"] == 0:
        raise SystemExit("JAX told of no compilation at all: its events have other names now.")
    print(json.dumps(rows))


if __name__ == "__main__":
    main()
