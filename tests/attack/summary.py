"""The counts of campaigns as a JSON file, from which `docs/reliability.md` takes its table.

    python -m tests.attack.summary SEED... -o docs/reliability.json [--add]

A campaign is all cases of some seeds on one commit. With `--add` the file keeps its other campaigns, so that
several machines can share a full count. A campaign with the same seeds is replaced.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tests.attack.campaign import SCRIPTS
from tests.attack.case import KINDS, SEVERITIES
from tests.attack.report import cause
from tests.attack.results import FOLDER, ROOT, Outcome, load


def summary(outcomes: Iterable[Outcome]) -> dict[str, Any]:
    """Return the counts of each script, and the causes of the failures with their numbers of cases."""
    counts: dict[str, Counter[str]] = {script: Counter() for script in SCRIPTS}
    failures: Counter[tuple[int, str, str, str]] = Counter()
    for outcome in outcomes:
        count = counts[outcome.family.partition(".")[0]]
        count["skipped" if outcome.skipped else "tried"] += 1
        if outcome.failed:
            severity = KINDS[outcome.kind]
            count[f"severity_{severity}"] += 1
            failures[severity, outcome.kind, outcome.family, cause(outcome)] += 1
    names = ("tried", "skipped", *(f"severity_{severity}" for severity in SEVERITIES))
    return {
        "scripts": {script: {name: count[name] for name in names} for script, count in counts.items()},
        "failures": [
            {"severity": severity, "class": kind, "family": family, "detail": detail, "cases": cases}
            for (severity, kind, family, detail), cases in sorted(failures.items())
        ],
    }


def main() -> int:
    """Write the summary of the campaign with the given seeds."""
    parser = argparse.ArgumentParser(prog="python -m tests.attack.summary", description=__doc__)
    parser.add_argument("seeds", metavar="SEED", nargs="+")
    parser.add_argument("-o", "--out", metavar="FILE", type=Path, required=True)
    parser.add_argument("--add", action="store_true", help="keep the other campaigns of the file")
    parser.add_argument("--results", metavar="FOLDER", type=Path, default=FOLDER)
    given = parser.parse_args()
    outcomes = []
    for seed in given.seeds:
        file = given.results / f"{seed}.jsonl"
        if not file.exists():
            parser.error(f"there are no results of seed {seed} in {given.results}")
        outcomes += load(file).values()
    describe = ["git", "describe", "--always", "--dirty=+", "--exclude=*"]
    commit = subprocess.run(describe, cwd=ROOT, capture_output=True, text=True, check=True)
    campaign = {"commit": commit.stdout.strip(), "seeds": given.seeds, **summary(outcomes)}
    kept = json.loads(given.out.read_text("utf-8"))["campaigns"] if given.add and given.out.exists() else []
    campaigns = [*(other for other in kept if other["seeds"] != given.seeds), campaign]
    given.out.write_text(json.dumps({"campaigns": campaigns}, indent=1) + "\n", "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
