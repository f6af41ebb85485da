"""Whether the default of `ravine compare` trains long enough that the answer does not change with more steps.

    python docs/scores/levels.py DATA_FOLDER [TABLE]... [--quick] [--out DIR]    writes levels.json, levels.md

Every table with at least 2,000 rows is compared twice with four optimizers on 10 seeds: with the steps that
the default gives it, and with four times as many. The optimizer recommended at the default holds if, at four
times the steps, its score is within the smallest difference that matters of the best. Where it does not hold,
the output at the default must say that the loss still fell at the end. Each comparison is saved when it is
done; a second call makes only those that are missing.
"""

from __future__ import annotations

import argparse
import gzip
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
from tables import CASES, Case, tables

from ravine.data import Dataset, from_arrays
from ravine.data import prepare as prepare_table
from ravine.engines import prepare
from ravine.execution.events import Event, FirstScores, PlanReady
from ravine.execution.execute import execute
from ravine.execution.registry import find_study
from ravine.networks import METRICS
from ravine.render.text import text
from ravine.studies.compare.result import CompareResult

HERE = Path(__file__).parent
LONGER = 4  # times the steps of the default
MIN_ROWS = 2_000
SHARED: dict[str, Any] = {
    "optimizers": ["sgd", "momentum", "rmsprop", "adam"],
    "seeds": 10,
    "baselines": False,
}
QUICK: dict[str, Any] = {
    "optimizers": ["sgd", "adam"],
    "seeds": 4,
    "trials": 4,
    "tuning_seeds": 2,
    "epochs": 1,
}
STILL_FELL = "still fell at the end for"  # in the verdict; the number of optimizers follows
SAME_ROWS = ("htru2_pulsar: htru2_missing", "higgs_lightgbm7k")  # rows that another table has too
GAL = ("kin8nm", "naval-propulsion-plant", "power-plant", "protein-tertiary-structure")


def table_names() -> list[str]:
    """Return the names of all tables that may have enough rows."""
    return [case.name for case in CASES if case.name not in SAME_ROWS] + [f"gal: {name}" for name in GAL]


def dataset_of(name: str, folder: Path) -> Dataset:
    """Return the rows of a table."""
    if name.startswith("gal: "):
        return _gal(name.removeprefix("gal: "), folder / "uci_regression_gal")
    case = next(case for case in CASES if case.name == name)
    return _prepared(case, folder)


def _prepared(case: Case, folder: Path) -> Dataset:
    train, test = tables(case, folder)
    return prepare_table(train, target=case.target, test=test, **case.more)


def _gal(name: str, folder: Path) -> Dataset:
    data = np.loadtxt(folder / f"{name}.txt.gz")
    about = json.loads(gzip.decompress((folder / f"{name}_test_splits.json.gz").read_bytes()))
    test = np.zeros(len(data), bool)
    test[about["test_index"][0]] = True
    x, y = data[:, about["feature_columns"]], data[:, about["target_column"]]
    return from_arrays(x[~test], y[~test], task="regress", test=(x[test], y[test]), name=name)


def compared(dataset: Dataset, settings: dict[str, Any]) -> dict[str, Any]:
    """Return plan, ranking and time of one comparison."""
    study, clock = find_study("compare"), time.perf_counter()
    moments: dict[str, float] = {}

    def listen(event: Event) -> None:
        if isinstance(event, FirstScores | PlanReady):
            moments[type(event).__name__] = round(time.perf_counter() - clock, 1)

    result = execute(study, study.settings.from_dict(settings), dataset=dataset, notify=listen)
    assert isinstance(result, CompareResult)
    seconds = round(time.perf_counter() - clock, 1)
    return {
        "effort": result.plan.effort,
        "steps": result.plan.steps,
        "epochs": result.plan.epochs,
        "metric": result.metric.name,
        "greater_is_better": result.metric.greater_is_better,
        "scores": {row.optimizer: row.median for row in result.leaderboard},
        "values": {row.optimizer: row.values for row in result.leaderboard},
        "pairs": [[pair.a, pair.b, pair.difference, pair.interval] for pair in result.pairs],
        "recommended": result.recommendation.optimizer,
        "still_fell": STILL_FELL in text(result.view(), 10_000),
        "extended_ends": result.plan.extended_ends,
        "seconds": seconds,
        "first_scores_s": moments.get("FirstScores", seconds),
    }


def judged(default: dict[str, Any], longer: dict[str, Any]) -> dict[str, Any]:
    """Return whether the optimizer recommended at the default holds at more steps.

    `behind` is the paired difference to the best there. `proved` tells whether its 95 % interval contains no
    difference that is too small to matter.
    """
    scores, greater = longer["scores"], longer["greater_is_better"]
    finite = {name: score for name, score in scores.items() if score is not None}
    best = (max if greater else min)(finite, key=lambda name: finite[name])
    own = default["recommended"]
    smallest = METRICS[longer["metric"]].smallest_difference_at(finite[best], finite.get(own))
    behind, least = (0.0, 0.0) if own == best else _behind(longer["pairs"], best, own, greater)
    holds = behind is not None and behind <= smallest
    proved = not holds and (least is None or least > smallest)
    return {"best": best, "behind": behind, "smallest": smallest, "holds": holds, "proved": proved}


def _behind(pairs: list[list[Any]], best: str, own: str, greater: bool) -> tuple[float | None, float | None]:
    """Return how far `own` is behind `best` on the same seeds, and the least value of the 95 % interval.

    None if a run diverged.
    """
    a, _, difference, interval = next(pair for pair in pairs if {pair[0], pair[1]} == {best, own})
    if difference is None or interval is None or None in interval:
        return None, None
    sign = 1 if (a == best) == greater else -1
    return sign * difference, min(sign * end for end in interval)


def main() -> None:
    """Compare all tables, or those that are named; write JSON and Markdown."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="folder with the data sets")
    parser.add_argument("only", nargs="*", metavar="TABLE", help="part of a table's name; default: all")
    parser.add_argument("--quick", action="store_true", help="one epoch: shows that the script works")
    parser.add_argument("--out", type=Path, default=HERE, help="folder of the two files")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    prepare()
    kept = options.out / "levels.json"
    done: dict[str, dict[str, Any]] = json.loads(kept.read_text()) if kept.exists() else {}
    for name in table_names():
        if options.only and not any(part in name for part in options.only):
            continue
        row = done.get(name, {})
        if "skipped" in row or {"default", "longer"} <= set(row):
            continue
        dataset = dataset_of(name, options.folder)
        if len(dataset) < MIN_ROWS:
            done[name] = {"rows": len(dataset), "skipped": f"fewer than {MIN_ROWS:,} rows"}
        shared = SHARED | (QUICK if options.quick else {})
        for part in ("default", "longer") if len(dataset) >= MIN_ROWS else ():
            row = done.setdefault(name, {"rows": len(dataset), "inputs": len(dataset.features)})
            if part in row:
                continue
            more = {}
            if part == "longer":
                more = {"effort": row["default"]["effort"], "epochs": LONGER * row["default"]["epochs"]}
            row[part] = compared(dataset, {"metric": None} | shared | more)
            print(name, part, row[part], flush=True)
            kept.write_text(json.dumps(done, indent=1) + "\n")
        kept.write_text(json.dumps(done, indent=1) + "\n")
    (options.out / "levels.md").write_text(report(done))


def report(done: dict[str, dict[str, Any]]) -> str:
    """Return the tables that have both comparisons as Markdown, with the share that holds."""
    rows = {name: row for name, row in done.items() if {"default", "longer"} <= set(row)}
    verdicts = {name: judged(row["default"], row["longer"]) for name, row in rows.items()}
    holds = sum(verdict["holds"] for verdict in verdicts.values())
    missed = [name for name, verdict in verdicts.items() if not verdict["holds"]]
    unproved = sum(not verdicts[name]["proved"] for name in missed)
    told = sum(rows[name]["default"]["still_fell"] for name in missed)
    lines = [
        f"# The steps of the default, on {len(rows)} real tables",
        "",
        f"Each table is compared by four optimizers on 10 seeds, with the default steps and {LONGER} times",
        "as many. The optimizer recommended at the default *holds* if, at the larger number of steps, it is",
        "within the smallest difference that matters of the best (median difference on the same seeds).",
        "*First* is the time until the first scores of all optimizers, or the result if that came sooner.",
        "",
        "| tables | number |",
        "|---|---|",
        f"| compared | {len(rows)} |",
        f"| the recommended optimizer holds | {holds} ({100 * holds / max(len(rows), 1):.0f} %) |",
        f"| it does not hold | {len(missed)} |",
        f"| of these: the output at the default says that the loss still fell | {told} |",
        "| of these: the 95 % interval of the difference contains differences too small to matter "
        f"| {unproved} |",
        "",
        "| table | rows | effort | steps (epochs) | recommended | best at more steps | behind | matters from "
        "| holds | still fell | first s | s |",
        "|---|---|---|---|---|---|---|---|---|---|---|---|",
    ]  # fmt: skip
    for name, row in rows.items():
        default, verdict = row["default"], verdicts[name]
        behind = "diverged" if verdict["behind"] is None else f"{verdict['behind']:.3g}"
        lines.append(
            f"| {name} | {row['rows']:,} | {default['effort']} | {default['steps']:,} "
            f"({default['epochs']:.3g}) | {default['recommended']} | {verdict['best']} | {behind} "
            f"| {verdict['smallest']:.3g} | {'yes' if verdict['holds'] else 'no'} "
            f"| {'yes' if default['still_fell'] else 'no'} | {default['first_scores_s']:.0f} "
            f"| {default['seconds']:.0f} |"
        )
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
