"""Generated cases with a known fault, and healthy ones, to count how often each verdict is right.

    python docs/diagnose/cases.py [--quick] [--only FAULT]      writes cases.json and cases.md

A case plants a fault by construction. It names the verdicts that must be reported, and those that may follow
from the fault: a learning rate that is far too high also kills units. Every other verdict is a false alarm,
also in a case with another fault. Verdicts are counted before any remedy is tried. The counts are saved
after each case, and a run that was interrupted goes on where it stopped.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from planted import healthy, networks, regularization, rows, training
from planted.case import Case

from ravine.engines import find_devices, prepare
from ravine.execution.context import RunContext
from ravine.execution.events import ignore, never
from ravine.execution.runner import Runner
from ravine.records.record import Record
from ravine.studies.diagnose.design import design
from ravine.studies.diagnose.instrumented_run import measure_run
from ravine.studies.diagnose.observation import with_spread
from ravine.studies.diagnose.settings import DiagnoseSettings
from ravine.studies.diagnose.trial_runner import TrialRunner
from ravine.studies.diagnose.verdicts import find_all
from ravine.training import drop_programs

HERE = Path(__file__).parent
FRESH = 2_700_000  # added to every seed: thresholds and cases were chosen on seeds below 1,000,000
SEEDS = 20  # of the cohort, where a case is about seeds: as many as `diagnose` takes

MAKERS = (
    training.rate_high,
    training.rate_low,
    rows.raw_inputs,
    networks.saturated,
    networks.dead,
    networks.vanishing,
    networks.exploding,
    training.overfits,
    training.gradient_noise,
    training.ill_conditioned,
    training.plateau,
    networks.batchnorm,
    training.edge_of_stability,
    training.seed_sensitivity,
    rows.data_faults,
    networks.units_alike,
    regularization.penalty_strong,
    regularization.dropout_strong,
    regularization.too_small,
    regularization.batches_small,
    regularization.few_epochs,
    rows.label_noise,
    rows.no_better_than_baseline,
    rows.near_duplicates,
    rows.order_not_exchangeable,
    healthy.healthy,
)


def cases(quick: bool) -> Iterator[Case]:
    """Yield every case; a tenth of them if `quick`."""
    all_cases = [case for make in MAKERS for case in make()]
    yield from all_cases[::9] if quick else all_cases


def diagnosed(case: Case) -> tuple[list[str], Record, list[str]]:
    """Return the reported verdicts, the record, and all verdicts that were evaluated."""
    drop_programs()
    dataset = case.data(case.seed)
    settings = DiagnoseSettings.from_dict({**case.settings, "seed": case.seed, "seeds": SEEDS})
    designed = design(settings, dataset, find_devices())
    training = designed.prepared
    record = measure_run(
        training.plan, training.runs([designed.seed]), training.batches, training.spec.initial
    ).record
    if case.cohort:
        runner = Runner(None, ignore, never)
        context = RunContext(dataset, designed.devices, None, ignore, runner, time.perf_counter())
        record = with_spread(record, TrialRunner(training, context).run_original(designed.seeds))
    findings = find_all(record)
    return (
        [finding.verdict for finding in findings if finding.fires],
        record,
        [finding.verdict for finding in findings],
    )


@dataclass
class Count:
    """Counts of one verdict: planted, found, cases without the fault, false alarms."""

    planted: int = 0
    found: int = 0
    clean: int = 0
    alarms: int = 0
    where: list[str] = field(default_factory=list)


def _seen(case: Case, keep: Path | None) -> tuple[list[str], list[str], float]:
    """Return the reported and all verdicts, and the seconds; from a saved record if there is one."""
    place = None if keep is None else keep / f"{case.fault}-{case.seed}.npz"
    if place is not None and place.exists():
        record = Record.load(place)
        findings = find_all(record)
        verdicts = [finding.verdict for finding in findings if finding.fires]
        return verdicts, [finding.verdict for finding in findings], float(record.meta["case_seconds"])
    begin = time.perf_counter()
    verdicts, record, judged = diagnosed(case)
    seconds = time.perf_counter() - begin
    if place is not None:
        replace(record, meta={**record.meta, "case_seconds": seconds}).save(place)
    return verdicts, judged, seconds


def case_row(case: Case, keep: Path | None = None) -> dict[str, Any]:
    """Diagnose a case and return its row: reported verdicts, misses and false alarms."""
    verdicts, judged, seconds = _seen(case, keep)
    clean = [name for name in judged if name not in case.plants | case.may]
    return {
        "fault": case.fault, "seed": case.seed, "settings": case.settings, "given": verdicts,
        "missed": sorted(case.plants - set(verdicts)),
        "alarms": [name for name in clean if name in verdicts],
        "planted": sorted(case.plants), "clean": clean, "seconds": seconds,
    }  # fmt: skip


def counted(rows: Sequence[dict[str, Any]], complete: bool) -> dict[str, Any]:
    """Return the counts of each verdict over the rows of cases.

    complete: whether every case has a row; a run that was interrupted goes on where it stopped.
    """
    counts: dict[str, Count] = {}
    for row in rows:
        for name in row["planted"]:
            count = counts.setdefault(name, Count())
            count.planted += 1
            count.found += name in row["given"]
        for name in row["clean"]:
            count = counts.setdefault(name, Count())
            count.clean += 1
            count.alarms += name in row["alarms"]
            if name in row["alarms"]:
                count.where.append(f"{row['fault']} {row['seed']}")
    healthy_rows = [row for row in rows if row["fault"] == "healthy"]
    told_so = sum(not set(row["given"]) - {"edge_of_stability", "constant_columns"} for row in healthy_rows)
    return {
        "complete": complete,
        "cases": len(rows),
        "seconds": sum(row["seconds"] for row in rows),
        "healthy": {"cases": len(healthy_rows), "told so": told_so},
        "verdicts": {name: asdict(count) for name, count in sorted(counts.items())},
        "rows": list(rows),
    }


def run(
    quick: bool, only: str | None, keep: Path | None = None, shift: int = 0, path: Path | None = None
) -> dict[str, Any]:
    """Diagnose every case and return the counts of each verdict.

    path: file for the counts, saved after each case. Cases with a row in an incomplete file are not repeated.
    """
    wanted = [replace(case, seed=case.seed + shift) for case in cases(quick)
              if not only or case.fault in only.split(",")]  # fmt: skip
    return resumed(wanted, lambda case: case_row(case, keep), counted, path)


def resumed(
    wanted: Sequence[Case],
    diagnose: Callable[[Case], dict[str, Any]],
    count: Callable[[Sequence[dict[str, Any]], bool], dict[str, Any]],
    path: Path | None,
) -> dict[str, Any]:
    """Return the counts of all wanted cases; save them after each case, and begin where a file stopped."""
    before = json.loads(path.read_text()) if path is not None and path.exists() else {"complete": True}
    known = {} if before.get("complete", True) else {(r["fault"], r["seed"]): r for r in before["rows"]}
    rows: list[dict[str, Any]] = []
    for case in wanted:
        row = known.get((case.fault, case.seed))
        if row is None:
            row = diagnose(case)
            print(f"{case.fault} {case.seed}: {' '.join(row['given']) or 'no fault found'}"
                  + (f"   MISSED {' '.join(row['missed'])}" if row["missed"] else "")
                  + (f"   ALARM {' '.join(row['alarms'])}" if row["alarms"] else ""), flush=True)  # fmt: skip
        rows.append(row)
        _save(count(rows, len(rows) == len(wanted)), path)
    return count(rows, True)


def _save(result: dict[str, Any], path: Path | None) -> None:
    """Write the result so that an interruption leaves the old file or the new one."""
    if path is not None:
        new = path.with_suffix(".new")
        new.write_text(json.dumps(result, indent=1, default=float) + "\n")
        new.replace(path)


def table(result: dict[str, Any]) -> str:
    """Return the result as Markdown."""
    lines = [
        "# How often each verdict is right",
        "",
        f"`python docs/diagnose/cases.py` diagnosed {result['cases']} generated cases in "
        f"{result['seconds'] / 60:.1f} minutes.",
        "Verdicts are counted before any remedy is tried. A verdict must find a planted fault. A verdict in",
        "a case that neither plants its fault nor lists it as a consequence is a false alarm. The thresholds",
        "were chosen on cases with other seeds.",
        "",
        "| verdict | planted | found | recall | other cases | false alarms | false-alarm rate |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, c in result["verdicts"].items():
        recall = f"{100 * c['found'] / c['planted']:.0f} %" if c["planted"] else "–"
        rate = f"{100 * c['alarms'] / c['clean']:.1f} %" if c["clean"] else "–"
        lines.append(
            f"| {name} | {c['planted']} | {c['found']} | {recall} | {c['clean']} | {c['alarms']} | {rate} |"
        )
    healthy = result["healthy"]
    lines += ["", f"Healthy networks without a reported fault: {healthy['told so']} of {healthy['cases']}."]
    missed = [
        f"{r['fault']} {r['seed']}: missed {', '.join(r['missed'])}" for r in result["rows"] if r["missed"]
    ]
    alarms = [f"{r['fault']} {r['seed']}: {', '.join(r['alarms'])}" for r in result["rows"] if r["alarms"]]
    lines += [
        "",
        "Missed faults, by fault and seed of the case: " + ("; ".join(missed) or "none") + ".",
        "",
        "False alarms, by fault and seed of the case: " + ("; ".join(alarms) or "none") + ".",
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Diagnose all cases, or those of some faults; write JSON and Markdown."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only")
    parser.add_argument("--shift", type=int, default=FRESH, help="added to every seed")
    parser.add_argument(
        "--keep", type=Path, help="folder of records: a case in it is evaluated again, not trained"
    )
    parser.add_argument("--out", default=str(HERE))
    options = parser.parse_args()
    prepare()
    out = Path(options.out)
    out.mkdir(parents=True, exist_ok=True)
    result = run(options.quick, options.only, options.keep, options.shift, out / "cases.json")
    (out / "cases.md").write_text(table(result))
    print(table(result))


if __name__ == "__main__":
    main()
