"""The tuned winner on the standard splits of eight UCI regressions: 50 hidden units, protein 100.

    python docs/scores/gal.py DATA_FOLDER [SET]... [--quick] [--out DIR]      writes gal.json and gal.md

Eight optimizers are tuned on the training rows of the first split at quick effort, with and without an
average of the weights. The best of them by validation trains on the training rows of every split, and is
scored once on the test rows.
"""

from __future__ import annotations

import argparse
import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ravine.data import Dataset, from_arrays
from ravine.engines import prepare
from ravine.execution.execute import execute
from ravine.execution.registry import find_study

HERE = Path(__file__).parent
STEPS, EPOCHS = 16_000, 30  # of a run, whichever is more
QUICK_EPOCHS = 2.0
BATCH = 32
WAYS: tuple[dict[str, Any], ...] = ({}, {"average": "ema=0.99"})


def sets(folder: Path) -> pd.DataFrame:
    """Return the sets with the scores of the baseline, a multilayer perceptron."""
    return pd.read_csv(folder / "_reference" / "gal_splits_sklearn_mlp_hgb.csv")


def measured(folder: Path, name: str, splits: int, hidden: int, quick: bool) -> dict[str, Any]:
    """Return the mean RMSE over the splits with its standard error."""
    where = folder / "uci_regression_gal"
    data = np.loadtxt(where / f"{name}.txt.gz")
    about = json.loads(gzip.decompress((where / f"{name}_test_splits.json.gz").read_bytes()))
    x, y = data[:, about["feature_columns"]], data[:, about["target_column"]]
    epochs = QUICK_EPOCHS if quick else max(EPOCHS, STEPS * BATCH / len(x))
    shared = {"net": str(hidden), "batch_size": BATCH, "epochs": epochs, "task": "regress", "validation": 0.1}
    train = find_study("train")
    errors, setting = [], {}
    for number in range(splits):
        test = np.zeros(len(x), bool)
        test[about["test_index"][number]] = True
        dataset = from_arrays(x[~test], y[~test], task="regress", test=(x[test], y[test]), name=name)
        if not setting:
            setting = tuned(dataset, shared)
        result = execute(train, train.settings.from_dict(setting | shared), dataset=dataset)
        errors.append(result.test.model)
    return {
        "set": name, "splits": splits, "ravine": float(np.mean(errors)),
        "standard_error": float(np.std(errors, ddof=1) / np.sqrt(splits)), **setting,
    }  # fmt: skip


def tuned(dataset: Dataset, shared: dict[str, Any]) -> dict[str, Any]:
    """Return optimizer, learning rate, schedule and average of the best by validation."""
    compare = find_study("compare")
    scored = []
    for way in WAYS:
        settings = compare.settings.from_dict({"effort": "quick"} | shared | way)
        best = execute(compare, settings, dataset=dataset).leaderboard[0]
        names = ("optimizer", "learning_rate", "schedule")
        numbers = {name: getattr(best, name) for name in names}
        scored.append((best.mean, numbers | way))
    return min(scored, key=lambda item: item[0])[1]


def main() -> None:
    """Measure all sets, or those that are named; write JSON and Markdown."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="folder with the data sets")
    parser.add_argument("only", nargs="*", metavar="SET", help="a set; default: all")
    parser.add_argument("--quick", action="store_true", help="few steps: shows that the script works")
    parser.add_argument("--out", type=Path, default=HERE, help="folder of the two files")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    prepare()
    path = options.out / "gal.json"
    done = {row["set"]: row for row in json.loads(path.read_text())} if path.exists() else {}
    for base in sets(options.folder).itertuples():
        if options.only and base.dataset not in options.only:
            continue
        row = measured(options.folder, base.dataset, base.splits, base.mlp_hidden, options.quick)
        row |= {"mlp": base.mlp_rmse, "mlp_se": base.mlp_se}
        done[base.dataset] = row
        print(row, flush=True)
        path.write_text(json.dumps(list(done.values()), indent=1) + "\n")
    (options.out / "gal.md").write_text(table(list(done.values())))


def table(rows: list[dict[str, Any]]) -> str:
    """Return the rows as Markdown."""
    lines = [
        "# Scores on the standard splits of eight UCI regressions",
        "",
        "Each error is a mean over the splits with its standard error (s.e.). The baseline is a plain",
        "multilayer perceptron (MLP) with the same number of hidden units as Ravine's network.",
        "",
        "| set | splits | plain MLP, RMSE ± s.e. | Ravine's winner, RMSE ± s.e. | winner | reached |",
        "|---|---|---|---|---|---|",
    ]
    for row in rows:
        reached = "yes" if row["ravine"] <= row["mlp"] else "no"
        mlp = f"{row['mlp']:.4g} ± {row['mlp_se']:.2g}"
        ours = f"{row['ravine']:.4g} ± {row['standard_error']:.2g}"
        winner = f"{row['optimizer']}, {row['learning_rate']:.3g}, {row['schedule']}"
        winner += f", average {row['average']}" if "average" in row else ""
        lines.append(f"| {row['set']} | {row['splits']} | {mlp} | {ours} | {winner} | {reached} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
