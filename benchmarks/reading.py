"""Time and memory of reading large files, by two checkouts of Ravine in turns.

    python benchmarks/reading.py OLD NEW FOLDER [--megabytes M] [--rounds N] [--only FORMAT,FORMAT]

OLD and NEW are checkouts with `src/`. FOLDER receives the files of `make_large.py`, which are deleted at the
end. A ratio is old / new, so it is above 1 if the new code is faster. Every reading is a process of its own;
its time is that of `ravine.data.read` alone, and its memory is the peak of the process and its helpers.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
from functools import partial
from pathlib import Path

from make_large import FEATURES, WRITERS, write
from measure import interleave, ratios

CODE = """
import json, resource, sys, time
import pandas, ravine.data.prepare_table
from ravine.data import read
start = time.perf_counter()
frame = read(sys.argv[1]).frame
seconds = time.perf_counter() - start
kinds = resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN
peak = max(resource.getrusage(kind).ru_maxrss for kind in kinds) / 1e6
print(json.dumps({"seconds": seconds, "peak": peak, "rows": len(frame)}))
"""
BYTES_PER_ROW = {"csv": 9.3 * FEATURES, "parquet": 4.1 * FEATURES, "npz": 4 * FEATURES + 1,
                 "hdf5": 4 * FEATURES + 1, "root": 4 * FEATURES}  # fmt: skip


def main() -> None:
    """Write each file, read it in turns, and print medians and ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("old", type=Path, metavar="OLD")
    parser.add_argument("new", type=Path, metavar="NEW")
    parser.add_argument("folder", type=Path, metavar="FOLDER")
    parser.add_argument("--megabytes", type=float, default=300, help="size of each file, about")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", default=",".join(WRITERS), metavar="FORMATS")
    options = parser.parse_args()
    sides = {"old": options.old.resolve(), "new": options.new.resolve()}
    for name in options.only.split(","):
        path = write(options.folder, name, max(1, int(1e6 * options.megabytes / BYTES_PER_ROW[name])))
        try:
            print(sentence(name, path, sides, options.rounds), flush=True)
        finally:
            path.unlink()


def sentence(name: str, path: Path, sides: dict[str, Path], rounds: int) -> str:
    """Return what the readings of a file took: seconds and gigabytes of both sides, and the ratio."""
    readers = {side: partial(read_once, root, path) for side, root in sides.items()}
    answers = interleave(readers, rounds)
    seconds = {side: [answer["seconds"] for answer in answers[side]] for side in sides}
    peak = {side: statistics.median(answer["peak"] for answer in answers[side]) for side in sides}
    found = ratios(seconds["old"], seconds["new"])
    old, new = (statistics.median(seconds[side]) for side in sides)
    return (
        f"{name:<8} {path.stat().st_size / 1e6:6,.0f} MB  old {old:.2f} s, new {new:.2f} s, ratio "
        f"{statistics.median(found):.2f} ({min(found):.2f} to {max(found):.2f}); "
        f"peak {peak['old']:.2f} -> {peak['new']:.2f} GB"
    )


def read_once(root: Path, path: Path) -> dict[str, float]:
    """Read a file in a new process with the code of a checkout."""
    done = subprocess.run(
        [sys.executable, "-c", CODE, str(path)], check=True, capture_output=True, text=True,
        env=os.environ | {"PYTHONPATH": str(root / "src")},
    )  # fmt: skip
    answer: dict[str, float] = json.loads(done.stdout)
    return answer


if __name__ == "__main__":
    main()
