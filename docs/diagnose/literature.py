"""Recall on the fault kinds of AUTOTRAINER and TheDeepChecker, rebuilt on generated data.

    python docs/diagnose/literature.py [--quick] [--only FAULT] [--out DIR]

The script writes literature.json and literature.md. It saves after each case, and a run that was interrupted
goes on where it stopped. `planted/literature.py` holds the cases. A case is found if one of the verdicts that
name its cause is reported. False alarms are counted in `cases.py` and `natural.py`.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from cases import diagnosed, resumed
from planted.case import Case
from planted.literature import literature

from ravine.engines import prepare

HERE = Path(__file__).parent


def case_row(case: Case) -> dict[str, Any]:
    """Diagnose a case and return its row: verdicts that name the cause, and reported verdicts."""
    verdicts, _, _ = diagnosed(case)
    found = bool(case.plants & set(verdicts))
    return {
        "fault": case.fault, "seed": case.seed, "settings": case.settings, "given": verdicts,
        "expected": sorted(case.plants), "missed": [] if found else sorted(case.plants), "alarms": [],
    }  # fmt: skip


def counted(rows: Sequence[dict[str, Any]], complete: bool) -> dict[str, Any]:
    """Return cases and found cases of each kind of fault."""
    kinds: dict[str, dict[str, int]] = {}
    for row in rows:
        count = kinds.setdefault(row["fault"], {"cases": 0, "found": 0})
        count["cases"] += 1
        count["found"] += not row["missed"]
    return {"complete": complete, "cases": len(rows), "kinds": kinds, "rows": list(rows)}


def table(result: dict[str, Any]) -> str:
    """Return the counts as Markdown."""
    lines = [
        "# Fault kinds of AUTOTRAINER and TheDeepChecker",
        "",
        f"`python docs/diagnose/literature.py` diagnosed {result['cases']} generated cases with the fault",
        "kinds of these two detectors. [planted/literature.py](planted/literature.py) names the sources.",
        "A case is found if one of the verdicts that name its cause is reported.",
        "",
        "| fault | cases | found | recall |",
        "|---|---|---|---|",
    ]
    rows = [(name, kind["cases"], kind["found"]) for name, kind in result["kinds"].items()]
    rows.append(("all", result["cases"], sum(found for _, _, found in rows)))
    lines += [
        f"| {name} | {count} | {found} | {100 * found / max(count, 1):.0f} % |" for name, count, found in rows
    ]
    missed = [
        f"- {row['fault']} {row['seed']}: {', '.join(row['given']) or 'no fault found'}"
        for row in result["rows"]
        if row["missed"]
    ]
    lines += ["", "Missed cases, with the verdicts that were reported instead:", "", *(missed or ["- none"])]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Diagnose all cases, or those of some faults; write JSON and Markdown."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true", help="one case of each kind")
    parser.add_argument("--only", help="kinds of faults, with commas between them")
    parser.add_argument("--shift", type=int, default=0, help="added to every seed")
    parser.add_argument("--out", type=Path, default=HERE)
    arguments = parser.parse_args()
    prepare()
    arguments.out.mkdir(parents=True, exist_ok=True)
    only = arguments.only.split(",") if arguments.only else None
    wanted = [
        replace(case, seed=case.seed + arguments.shift)
        for case in literature()
        if (only is None or case.fault in only) and (not arguments.quick or case.seed % 100 == 0)
    ]
    result = resumed(wanted, case_row, counted, arguments.out / "literature.json")
    (arguments.out / "literature.md").write_text(table(result))
    print(table(result))


if __name__ == "__main__":
    main()
