"""Ravine's baselines on real tables against the same models tuned by scikit-learn's grid search.

    python docs/scores/baselines.py DATA_FOLDER [TABLE]... [--out DIR]   writes baselines.json, baselines.md

Both sides fit the encoded inputs of the training rows of the same seeds, and are scored on the same test
rows. Ravine tunes on the validation rows of a few tuning seeds; the grid search tunes by cross-validation
with three folds on all training and validation rows, over the same grid. The row of a table is saved when it
is complete, and a table with a row is not computed again.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import accuracy_score, root_mean_squared_error
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from tables import CASES, Case, tables
from threadpoolctl import threadpool_limits

from ravine.baselines import Size, find_baseline
from ravine.data import Dataset, prepare, split
from ravine.engines import prepare as prepare_devices
from ravine.execution.baselines import baseline_scores
from ravine.execution.seeds import seeds as seeds_of

HERE = Path(__file__).parent
SEEDS = 6
FOLDS = 3
NAMES = ("linear model", "boosted trees")
LIMIT = 0.01  # largest relative difference that counts as equal
PARAMETERS = {
    "C": "logisticregression__C", "alpha": "ridge__alpha", "learning_rate": "learning_rate",
    "leaves": "max_leaf_nodes", "rows_per_leaf": "min_samples_leaf", "trees": "max_iter",
}  # fmt: skip
WHOLE = ("leaves", "rows_per_leaf", "trees")
TABLES = (
    "titanic", "bank_additional", "telco_churn", "magic_gamma", "htru2_pulsar", "wine_quality: wine_red",
    "california_housing", "airfoil", "grid_stability: grid_stability_reg", "imbalanced_small: mammography",
    "ctg_cardio", "credit_default",
)  # fmt: skip


def grid(name: str, size: Size) -> list[dict[str, list[float]]]:
    """Return the looks of a baseline as scikit-learn takes a grid: one dictionary for each look."""
    looks = find_baseline(name).plan(size).looks
    return [
        {PARAMETERS[key]: [int(value) if key in WHOLE else value] for key, value in look.items()}
        for look in looks
    ]


def model_of(name: str, classifies: bool) -> Any:
    """Return scikit-learn's model of a baseline, with its preprocessing."""
    if name == "linear model":
        last = LogisticRegression(max_iter=2_000) if classifies else Ridge()
        return make_pipeline(SimpleImputer(strategy="median"), StandardScaler(), last)
    make = HistGradientBoostingClassifier if classifies else HistGradientBoostingRegressor
    return make(early_stopping=False, random_state=0)


def grid_search(data: Dataset, name: str, seeds: list[int]) -> float:
    """Return the mean test score of the model that grid search chooses, fitted to the rows of each seed."""
    classifies = data.classes is not None
    x, y = data.x.astype(np.float64), data.y
    rows = data.development
    first = split(data, seeds[0]).train
    size = Size(len(first), x.shape[1], len(data.classes or ()))
    scoring = "accuracy" if classifies else "neg_root_mean_squared_error"
    search = GridSearchCV(
        model_of(name, classifies), grid(name, size), scoring=scoring, cv=FOLDS, refit=False
    )
    shuffled = np.random.default_rng(0).permutation(rows)
    search.fit(x[shuffled], y[shuffled])
    scores = []
    for seed in seeds:
        train = split(data, seed).train
        chosen = model_of(name, classifies).set_params(**search.best_params_).fit(x[train], y[train])
        predicted = chosen.predict(x[data.test])
        score = accuracy_score if classifies else root_mean_squared_error
        scores.append(score(y[data.test], predicted))
    return float(np.mean(scores))


def measured(case: Case, folder: Path) -> dict[str, Any]:
    """Return the row of one table: the test scores of both sides."""
    train, test = tables(case, folder)
    data = prepare(train, target=case.target, test=test, **case.more)
    metric = "accuracy" if data.classes is not None else "rmse"
    seeds = seeds_of("compare.evaluate", SEEDS)
    row: dict[str, Any] = {"table": case.name, "metric": metric, "rows": len(data), "inputs": data.x.shape[1]}
    for name in NAMES:
        clock = time.perf_counter()
        (ours,) = baseline_scores(data, metric, seeds, names=[name])
        seconds = time.perf_counter() - clock
        assert ours.test is not None and ours.test.mean is not None and not ours.note
        theirs = grid_search(data, name, seeds)
        better = ours.test.mean - theirs if metric == "accuracy" else theirs - ours.test.mean
        row[name] = {
            "ravine": ours.test.mean, "grid_search": theirs, "difference": better / theirs,
            "looks": ours.looks, "seconds": round(seconds, 1),
        }  # fmt: skip
    return row


def table(rows: list[dict[str, Any]]) -> str:
    """Return the rows as Markdown."""
    lines = [
        "# Baselines against scikit-learn's grid search",
        "",
        "Mean score on the test rows over the same seeds. The difference is relative, and positive where",
        "Ravine's baseline is better. [baselines.py](baselines.py) states how both sides are tuned.",
        "",
        "| table | model | metric | looks | grid search | Ravine | difference | within 1 % | seconds |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        for name in NAMES:
            found = row[name]
            better = found["difference"] > 0
            close = "yes" if abs(found["difference"]) <= LIMIT else "better" if better else "no"
            cells = (
                row["table"], name, row["metric"], str(found["looks"]), f"{found['grid_search']:.5g}",
                f"{found['ravine']:.5g}", f"{100 * found['difference']:+.2f} %", close,
                f"{found['seconds']:.1f}",
            )  # fmt: skip
            lines.append(f"| {' | '.join(cells)} |")
    pairs = [row[name]["difference"] for row in rows for name in NAMES]
    count = sum(difference >= -LIMIT for difference in pairs)
    lines += ["", f"At least as good within 1 %: {count} of {len(pairs)}."]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure the tables without a row, or those that are named; write JSON and Markdown."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="folder with the data sets")
    parser.add_argument("only", nargs="*", metavar="TABLE", help="name of a table; default: all")
    parser.add_argument("--out", type=Path, default=HERE, help="folder of the two files")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    prepare_devices()
    path = options.out / "baselines.json"
    done = {row["table"]: row for row in json.loads(path.read_text())} if path.exists() else {}
    cases = {case.name: case for case in CASES}
    for name in options.only or TABLES:
        if name not in done:
            with threadpool_limits(1):  # threads that wait for each other take longer
                done[name] = measured(cases[name], options.folder)
            print(json.dumps(done[name]), flush=True)
            path.write_text(json.dumps(list(done.values()), indent=1) + "\n")
            (options.out / "baselines.md").write_text(table(list(done.values())))


if __name__ == "__main__":
    main()
