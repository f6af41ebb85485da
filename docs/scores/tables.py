"""The tuned winner on real tables against the multilayer perceptron (MLP) of their README, on the same split.

    python docs/scores/tables.py DATA_FOLDER [TABLE]... [--quick] [--out DIR]    writes tables.json, tables.md

The split is that of the data set if it has one. Otherwise it is scikit-learn's train_test_split: 25 % test
rows, random_state 0, stratified. The network is that of the baseline, 128-64 ReLU. Every table is compared
in the same ways, `WAYS`, with 2,500 steps of 64 rows (more for the masses of the CMS sets and the houses)
or 500. Effort is quick: 12 trials of learning rate and schedule for each optimizer. The way with the best
validation score is kept, and only its test score is used. The baseline has one seed. The winner reaches it
within noise if it lies in the 95 % prediction interval of one more seed of the winner.
"""

from __future__ import annotations

import argparse
import json
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import t as student
from sklearn.model_selection import train_test_split

from ravine.data import Table, prepare, read
from ravine.engines import prepare as prepare_devices
from ravine.execution.execute import execute
from ravine.execution.registry import find_study
from ravine.optimizers import DEFAULT_OPTIMIZERS

HERE = Path(__file__).parent
QUICK_STEPS = 20
STOPPED = {"early_stop": 4, "average": "ema=0.99"}
# Adam, as the baseline uses it. Tables with few or noisy rows need the penalties on the weights.
WAYS: dict[str, dict[str, Any]] = {
    "averaged": {"average": "ema=0.99"},
    "l2=0.001, early stop, averaged": {"l2": 1e-3, **STOPPED},
    "l2=0.01, early stop, averaged": {"l2": 1e-2, **STOPPED},
    "dropout=0.2, l2=0.001, early stop, averaged": {"net": "128-64 dropout=0.2", "l2": 1e-3, **STOPPED},
    "of eight rules, l2=0.01": {"optimizers": list(DEFAULT_OPTIMIZERS), "steps": 500, "l2": 1e-2},
}


@dataclass(frozen=True)
class Case:
    """One table: its files below the data folder, its target, and settings other than the defaults."""

    name: str
    files: tuple[str, ...]
    target: str
    test: str | None = None
    steps: int = 2_500
    more: dict[str, Any] = field(default_factory=dict)
    made: Callable[[pd.DataFrame], pd.DataFrame] | None = None


def _zee_mass(frame: pd.DataFrame) -> pd.DataFrame:
    angle = np.cosh(frame.eta1 - frame.eta2) - np.cos(frame.phi1 - frame.phi2)
    return frame.assign(M=np.sqrt(2 * frame.pt1 * frame.pt2 * angle))


CASES = (
    Case("magic_gamma", ("magic_gamma/magic04.data",), "10"),
    Case("htru2_pulsar", ("htru2_pulsar/HTRU_2.csv",), "-1"),
    Case("htru2_pulsar: htru2_missing", ("htru2_pulsar/pulsar_data_train_missing.csv",), "-1"),
    Case(
        "higgs_uci_15k", ("higgs_uci_15k/higgs_train_10k.csv",), "response", "higgs_uci_15k/higgs_test_5k.csv"
    ),
    Case("higgs_lightgbm7k", ("higgs_lightgbm7k/binary.train",), "0", "higgs_lightgbm7k/binary.test"),
    Case(
        "atlas_higgsml_10k",
        ("atlas_higgsml_10k/train_sml_bg.csv", "atlas_higgsml_10k/train_sml_sig.csv"),
        "Label",
        more={"drop": ["EventId", "KaggleSet", "KaggleWeight", "Weight"]},
    ),
    Case("cms_zll: cms_zll_ee_vs_mumu", ("cms_zll/Zmumu_Run2011A_masses.csv",), "M", steps=8_000),
    Case("cms_zll: cms_zee_mass", ("cms_zll/Zee_Run2011A.csv",), "M", steps=8_000, made=_zee_mass),
    Case("cms_dielectron_1k", ("cms_dielectron_1k/dielectron.csv",), "M", steps=5_000),
    Case(
        "fair_higgsml_parquet",
        ("fair_higgsml_parquet/FAIR_Universe_HiggsML_data.parquet",),
        "labels",
        more={"drop": ["detailed_labels", "weights"]},
    ),
    Case("sdss_skyserver", ("sdss_skyserver/Skyserver_SQL2_27_2018 6_51_39 PM.csv",), "class"),
    Case("bank_additional", ("bank_additional/bank-additional.csv",), "y"),
    Case("telco_churn", ("telco_churn/Telco-Customer-Churn.csv",), "Churn"),
    Case("titanic", ("titanic/titanic.csv",), "Survived"),
    Case("california_housing", ("california_housing/housing.csv",), "median_house_value", steps=8_000),
    Case("credit_default", ("credit_default/UCI_Credit_Card.csv",), "default.payment.next.month"),
    Case("product_backorders", ("product_backorders/product_backorders.csv",), "went_on_backorder"),
    Case("covtype_15k", ("covtype_15k/covtype.csv",), "Cover_Type"),
    Case("adult", ("adult/adult-train.csv",), "-1", "adult/adult-test.csv"),
    Case(
        "wine_quality: wine_red", ("wine_quality/winequality-red.csv",), "quality", more={"task": "regress"}
    ),
    Case(
        "wine_quality: wine_white",
        ("wine_quality/winequality-white.csv",),
        "quality",
        more={"task": "regress"},
    ),
    Case(
        "grid_stability: grid_stability_reg",
        ("grid_stability/electric_grid.csv.gz",),
        "stab",
        more={"drop": ["stabf"]},
    ),
    Case(
        "grid_stability: grid_stability_clf",
        ("grid_stability/electric_grid.csv.gz",),
        "stabf",
        more={"drop": ["stab"]},
    ),
    Case("ctg_cardio", ("ctg_cardio/CTG.csv",), "CLASS"),
    Case("imbalanced_small: mammography", ("imbalanced_small/mammography.csv",), "-1"),
    Case("imbalanced_small: oil_spill", ("imbalanced_small/oil-spill.csv",), "-1"),
    Case("airfoil", ("airfoil/airfoil.csv.gz",), "-1"),
)


def baselines(folder: Path) -> dict[str, tuple[str, float]]:
    """Return metric and score of the MLP of each row of the folder's README."""
    scores = {}
    for line in (folder / "README.md").read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) != 6 or not (mlp := re.match(r"(acc|R2) (-?[\d.]+)(?:.*RMSE ([\d.e+-]+))?", cells[5])):
            continue
        scores[cells[0]] = ("accuracy", float(mlp[2])) if mlp[1] == "acc" else ("rmse", float(mlp[3]))
    return scores


def tables(case: Case, folder: Path) -> tuple[Table, Table]:
    """Return the training and the test table of a case."""
    parts = [read(str(folder / file)) for file in case.files]
    first = parts[0]
    frame = pd.concat([part.frame for part in parts], ignore_index=True)
    frame = case.made(frame) if case.made else frame
    if case.test:
        return first, read(str(folder / case.test))
    if case.name == "airfoil":
        mask = np.loadtxt(folder / "airfoil/airfoil_test_mask.csv.gz", delimiter=",")[:, 0].astype(bool)
        pieces = frame[~mask], frame[mask]
    else:
        column = frame.columns[int(case.target)] if re.fullmatch(r"-?\d+", case.target) else case.target
        classes = frame[column].nunique() <= 20 and case.more.get("task") != "regress"
        frame = frame[frame[column].notna()]
        pieces = train_test_split(
            frame, test_size=0.25, random_state=0, stratify=frame[column] if classes else None
        )
    return tuple(
        Table(piece.reset_index(drop=True), case.name, f"{first.sha256}-{part}", header=first.header)
        for piece, part in zip(pieces, ("train", "test"), strict=True)
    )


def measured(case: Case, folder: Path, base: tuple[str, float], quick: bool) -> dict[str, Any]:
    """Compare all ways on one table and return its row of results."""
    clock = time.perf_counter()
    train, test = tables(case, folder)
    dataset = prepare(train, target=case.target, test=test, **case.more)
    metric, theirs = base
    compare = find_study("compare")
    results = {}
    for name, way in WAYS.items():
        settings: dict[str, Any] = {"optimizers": ["adam"], "net": "128-64", "steps": case.steps, **way}
        steps = min(settings.pop("steps"), QUICK_STEPS) if quick else settings.pop("steps")
        epochs = steps * 64 / (0.8 * len(dataset.development))
        shared = {"effort": "quick", "metric": metric, "batch_size": 64, "epochs": epochs}
        results[name] = execute(compare, compare.settings.from_dict(shared | settings), dataset=dataset)
    means = {name: result.leaderboard[0].mean for name, result in results.items()}
    validation = {name: mean for name, mean in means.items() if mean is not None}  # no seed diverged
    best = (max if metric == "accuracy" else min)(validation, key=lambda name: validation[name])
    result = results[best]
    winner, ours = result.leaderboard[0], result.test
    # The baseline is one seed: it may lie anywhere in the 95 % prediction interval of one more of our seeds.
    noise = float(student.ppf(0.975, ours.n_seeds - 1)) * ours.sd * (1 + 1 / ours.n_seeds) ** 0.5
    low, high = ours.interval or (None, None)
    better = ours.mean - theirs if metric == "accuracy" else theirs - ours.mean
    return {
        "table": case.name,
        "metric": metric,
        "mlp": theirs,
        "ravine": ours.mean,
        "interval": [low, high],
        "noise": noise,
        "difference": better if metric == "accuracy" else better / theirs,
        "winner": f"{winner.optimizer}, {winner.learning_rate:.3g}, {winner.schedule}, "
        f"{result.plan.steps:,} steps",
        "way": best,
        "validation": validation,
        "reached": "yes" if better >= 0 else "within noise" if better >= -noise else "no",
        "seconds": round(time.perf_counter() - clock, 1),
    }


def rows(folder: Path, only: list[str], quick: bool) -> Iterator[dict[str, Any]]:
    """Yield the row of every case, or of the cases in `only`."""
    base = baselines(folder)
    for case in CASES:
        if not only or any(word in case.name for word in only):
            yield measured(case, folder, base[case.name], quick)


def main() -> None:
    """Measure all tables, or those that are named; write JSON and Markdown."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="folder with the data sets")
    parser.add_argument("only", nargs="*", metavar="TABLE", help="part of a table's name; default: all")
    parser.add_argument("--quick", action="store_true", help="few steps: shows that the script works")
    parser.add_argument("--out", type=Path, default=HERE, help="folder of the two files")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    prepare_devices()
    path = options.out / "tables.json"
    done = {row["table"]: row for row in json.loads(path.read_text())} if path.exists() else {}
    for row in rows(options.folder, options.only, options.quick):
        done[row["table"]] = row
        print(row, flush=True)
        path.write_text(json.dumps(list(done.values()), indent=1) + "\n")
        write(done, options.out)


def write(done: dict[str, dict[str, Any]], out: Path) -> None:
    """Write the table as Markdown."""
    order = [case.name for case in CASES if case.name in done]
    lines = [
        f"# Scores on {len(order)} real tables",
        "",
        f"Ravine compares optimizers on every table in {len(WAYS)} ways, with the settings in this list. The",
        "way with the best validation score is kept.",
        "",
        *(f"- {name}" for name in WAYS),
        "",
        "*Averaged* means averages of the weights. *Of eight rules* means a comparison of eight optimizers;",
        "every other way has Adam alone.",
        "",
        "Penalties, dropout and the comparison of eight optimizers were added after an earlier table, with",
        "Adam alone, had not reached the MLP in two of these rows. The MLP, the multilayer perceptron that",
        "comes with each table, is not tuned; it has the usual learning rate.",
        "",
        "*Winner* is the optimizer with its learning rate, schedule and number of steps. *Reached* tells",
        "whether the winner is at least as good as the MLP. The MLP has one seed. *Within noise* means that",
        "the MLP is better than the mean of Ravine's seeds, but lies in the 95 % prediction interval of one",
        "more seed. The prediction interval is wider than the interval of the mean, which the table shows. A",
        "positive difference means that Ravine is better; for RMSE the difference is in per cent of the",
        "MLP's error.",
        "",
        "| table | metric | MLP | Ravine, mean of 10 seeds on test [95 %] | difference | reached "
        "| winner | way |",
        "|---|---|---|---|---|---|---|---|",
    ]  # fmt: skip
    for row in (done[name] for name in order):
        low, high = row["interval"]
        difference = format(row["difference"], "+.4f" if row["metric"] == "accuracy" else "+.1%")
        lines.append(
            f"| {row['table']} | {row['metric']} | {row['mlp']:.4g} | {row['ravine']:.4g} "
            f"[{low:.4g}, {high:.4g}] | {difference} | {row['reached']} | {row['winner']} | {row['way']} |"
        )
    (out / "tables.md").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
