"""Harm of the natural faults: test scores with and without the change, on the same seeds.

    python docs/diagnose/natural_harm.py DATA [--only ID,...] [--seconds N] [--out DIR]

For every fault that settings can repair, the script trains the sound command and the faulty one on 5 seeds.
It writes natural_harm.json and natural_harm.md. It saves after each case, and a run that was interrupted goes
on where it stopped. A change without harm does not lower the test score by more than the smallest difference
that matters. The list is frozen, so such a case stays in it.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from natural import (
    HERE,
    LIST,
    REPAIRABLE_BY_SETTINGS,
    Entry,
    NaturalList,
    options_of,
    read_list,
    saved,
    wanted,
    write_files,
)

import ravine
from ravine.errors import NothingTrained
from ravine.networks import METRICS

SEEDS = 5


def median_score(entry: Entry, listed: NaturalList, data: Path) -> tuple[str, float | None]:
    """Return the metric and the median test score over the seeds; None if most runs diverged."""
    with tempfile.TemporaryDirectory() as folder:
        path, test = write_files(entry, listed, data, Path(folder))
        target = listed.tables[entry.table]["target"]
        try:
            result = ravine.train(path, target=target, test=test, seeds=SEEDS, **options_of(entry, listed))
        except NothingTrained:
            return "", None
    return result.metric.name, result.test.median


def harm_row(entry: Entry, listed: NaturalList, data: Path) -> dict[str, Any]:
    """Return the test scores of the sound and of the faulty command."""
    metric, sound = median_score(replace(entry, change={}, file={}), listed, data)
    _, faulty = median_score(entry, listed, data)
    return {"kind": entry.kind, "metric": metric, "sound": sound, "faulty": faulty}


def harms(row: Mapping[str, Any]) -> bool:
    """Return whether the fault makes the test score worse by more than the smallest difference."""
    if row["faulty"] is None:
        return True
    metric = METRICS[row["metric"]]
    loss = (row["sound"] - row["faulty"]) * (1 if metric.greater_is_better else -1)
    return loss > metric.smallest_difference_at(row["sound"], row["faulty"])


def table(rows: Mapping[str, Mapping[str, Any]]) -> str:
    """Return scores with and without each fault as Markdown, those without harm first."""
    harmless = sum(not harms(row) for row in rows.values())
    lines = [
        "# Harm of the natural faults",
        "",
        f"`python docs/diagnose/natural_harm.py DATA` trained {len(rows)} faulty commands and the sound ones",
        f"on {SEEDS} seeds. The table shows median scores on the test rows. {harmless} changes do no harm:",
        "they do not make the score worse by more than the smallest difference that matters.",
        "",
        "| fault | metric | sound | faulty | harm |",
        "|---|---|---|---|---|",
    ]
    for name, row in sorted(rows.items(), key=lambda item: harms(item[1])):
        faulty = "diverged" if row["faulty"] is None else f"{row['faulty']:.4g}"
        harm = "yes" if harms(row) else "no"
        lines.append(f"| {name} | {row['metric']} | {row['sound']:.4g} | {faulty} | {harm} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Train the faults that have no row yet, with and without their change; write JSON and Markdown."""
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=Path, help="folder of the tables")
    parser.add_argument("--only", default="", help="names of entries, with commas between them")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="begin no case after N seconds")
    parser.add_argument("--list", type=Path, default=LIST, help="list of faults; its digest lies next to it")
    parser.add_argument("--out", type=Path, default=HERE)
    arguments = parser.parse_args()
    listed = read_list(arguments.list, arguments.list.with_suffix(".sha256"))
    arguments.out.mkdir(parents=True, exist_ok=True)
    path = arguments.out / "natural_harm.json"
    rows: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    begin = time.perf_counter()
    only = [name for name in arguments.only.split(",") if name]
    for entry in wanted(listed, True, False, only, 1):
        if entry.id in rows or entry.kind not in REPAIRABLE_BY_SETTINGS:
            continue
        if time.perf_counter() - begin > arguments.seconds:
            break
        rows[entry.id] = row = harm_row(entry, listed, arguments.data)
        saved(rows, path)
        print(f"{entry.id}: {row['metric']} {row['sound']} -> {row['faulty']}"
              + ("" if harms(row) else "   NO HARM"), flush=True)  # fmt: skip
    (arguments.out / "natural_harm.md").write_text(table(rows))


if __name__ == "__main__":
    main()
