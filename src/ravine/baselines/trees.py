"""Boosted trees as a baseline: scikit-learn's histogram gradient boosting.

    F_t(x) = F_t-1(x) + eta tree_t(x)        (1)   tree_t: fitted to the gradient of the loss at F_t-1
    seconds of a tree = TREE_S + leaves x bins x BIN_S + rows x ROW_S                                (2)

F_t is the prediction after t trees, and eta is the learning rate. In (2) bins is the sum over all inputs of
the number of different values, each at most 255. TREE_S, BIN_S and ROW_S are measured times, as is VALUE_S,
the time to bin one value of the inputs before a fit.

The inputs are the encoded columns, with missing values as NaN. One fit with the most trees gives the outputs
for every smaller number of trees.

Source: Friedman 2001, Greedy function approximation.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from ravine.baselines.baseline import Baseline, FitPlan, Inputs, Look, Size, TrainingRows, class_logits

__all__ = ["TREES", "new_model"]

TREE_COUNT = "trees"  # hyperparameter that needs no fit of its own
TREE_ROWS = 3_000  # rows whose time equals the fixed time of one tree
FEW_CELLS, SOME_CELLS, MANY_CELLS, MAX_CELLS = 150_000, 1_000_000, 4_000_000, 8_000_000
MIN_ROWS = 2_000  # of a fit to a part of a table
SHAPES: tuple[Look, ...] = (  # scikit-learn's usual values first
    {"learning_rate": 0.1, "leaves": 31, "rows_per_leaf": 20},
    {"learning_rate": 0.1, "leaves": 8, "rows_per_leaf": 20},
    {"learning_rate": 0.05, "leaves": 16, "rows_per_leaf": 5},
    {"learning_rate": 0.2, "leaves": 4, "rows_per_leaf": 5},
)
FAST: Look = {"learning_rate": 0.2, "leaves": 31, "rows_per_leaf": 20}
TREE_COUNTS = (100, 25, 50, 200)
TREE_S, BIN_S, ROW_S, VALUE_S = 5e-4, 6e-9, 1e-7, 3e-8  # on one core of an AMD EPYC


def plan(size: Size) -> FitPlan:
    """Return the plan to tune and score boosted trees, a baseline, on data of this size.

    Tuning tries 16, 6 or 2 settings of the hyperparameters (learning rate, leaves, rows of a leaf, number of
    trees), fewer for larger data. For very large data each fit uses only the first training rows. With very
    many columns or classes the trees are left out, and the plan has 0 rows.
    """
    most = MAX_CELLS // size.columns - TREE_ROWS
    rows = min(size.rows, most)
    if rows < min(size.rows, MIN_ROWS):
        return FitPlan(0, (), 0, 0)
    cells = (rows + TREE_ROWS) * size.columns
    shapes: tuple[Look, ...] = (FAST,)
    counts: tuple[int, ...] = (50, 25)
    tuning_seeds, seeds = 1, 6 if cells <= MANY_CELLS else 3
    if cells <= FEW_CELLS:
        shapes, counts, tuning_seeds, seeds = SHAPES, TREE_COUNTS, 2, 10
    elif cells <= SOME_CELLS:
        shapes, counts, tuning_seeds, seeds = SHAPES[:2], TREE_COUNTS[:3], 1, 7
    looks = tuple({**shape, TREE_COUNT: count} for count in counts for shape in shapes)
    return FitPlan(rows, looks, tuning_seeds, seeds)


def seconds(size: Size, bins: int, seeds: int) -> float:
    """Return the estimated seconds to tune boosted trees and to fit them on some seeds for their scores.

    The result is 0 if the trees are left out.

    bins    sum over all inputs of the number of different values, each at most 255
    seeds   number of seeds for the scores
    """
    fits = plan(size)
    if not fits.rows:
        return 0.0
    most: dict[tuple[float, float], float] = {}  # trees to fit by (learning rate, leaves)
    for look in fits.looks:
        shape = look["learning_rate"], look["leaves"]
        most[shape] = max(most.get(shape, 0.0), look[TREE_COUNT])

    def of_tree(leaves: float) -> float:
        return TREE_S + leaves * bins * BIN_S + fits.rows * ROW_S  # (2)

    scored = min(seeds, fits.seeds)
    binning = (fits.tuning_seeds * len(most) + scored) * fits.rows * size.features * VALUE_S
    tuning = fits.tuning_seeds * sum(count * of_tree(leaves) for (_, leaves), count in most.items())
    usual = fits.looks[0][TREE_COUNT] * of_tree(float(np.mean([leaves for _, leaves in most])))
    return binning + size.outputs * (tuning + scored * usual)


def outputs(train: TrainingRows, inputs: Sequence[Inputs], looks: Sequence[Look]) -> list[list[np.ndarray]]:
    """Return the outputs [N, K] of boosted trees for each setting and each of `inputs`.

    The outer list has one entry for each of `looks`, the settings of the hyperparameters. The inner list has
    one entry for each of `inputs`. The models are fitted to the rows `train`.
    """
    train = train.weighted()
    parts = [part.encoded for part in inputs]
    present = np.unique(train.y) if train.classes else np.zeros(0, int)
    if len(present) == 1:  # (1) without a gradient
        alone = [class_logits(np.zeros((len(part), 1)), present, train.classes) for part in parts]
        return [alone for _ in looks]
    found: dict[int, list[np.ndarray]] = {}
    for shape in dict.fromkeys(_shape(look) for look in looks):
        places = [place for place, look in enumerate(looks) if _shape(look) == shape]
        counts = [int(looks[place][TREE_COUNT]) for place in places]
        model = new_model(dict(shape), max(counts), bool(train.classes))
        model.fit(train.inputs.encoded, train.y, sample_weight=train.weight)
        for place in places:
            found[place] = []
        for part in parts:
            for place, scores in zip(places, _at_counts(model, part, counts), strict=True):
                logits = class_logits(scores, present, train.classes) if train.classes else scores[:, None]
                found[place].append(logits)
    return [found[place] for place in range(len(looks))]


def _shape(look: Look) -> tuple[tuple[str, float], ...]:
    """Return the hyperparameters of a look that need a fit of their own."""
    return tuple((name, value) for name, value in look.items() if name != TREE_COUNT)


def _at_counts(model: Any, x: np.ndarray, counts: Sequence[int]) -> list[np.ndarray]:
    """Return the scores of rows x [N, D] after each number of trees: [N] or [N, K]."""
    classifies = hasattr(model, "decision_function")
    if list(counts) == [model.max_iter]:
        return [np.asarray(model.decision_function(x) if classifies else model.predict(x))]
    stages: Iterator[np.ndarray] = (model.staged_decision_function if classifies else model.staged_predict)(x)
    kept: dict[int, np.ndarray] = {}
    last = 0
    for last, scores in enumerate(stages, 1):
        if last in counts or last == model.n_iter_:
            kept[last] = np.array(scores).reshape(len(x), -1) if scores.ndim > 1 else np.array(scores)
    scores_at = [kept[min(count, last)] for count in counts]
    return [scores[:, 0] if scores.ndim > 1 and scores.shape[1] == 1 else scores for scores in scores_at]


def new_model(shape: Look, trees: int, classifies: bool) -> Any:
    """Return scikit-learn's gradient boosting model, not yet fitted, with a number of trees.

    shape        hyperparameters by name: learning_rate, leaves and rows_per_leaf
    classifies   whether the model predicts classes instead of numbers
    """
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    make = HistGradientBoostingClassifier if classifies else HistGradientBoostingRegressor
    return make(
        learning_rate=shape["learning_rate"],
        max_leaf_nodes=int(shape["leaves"]),
        min_samples_leaf=int(shape["rows_per_leaf"]),
        max_iter=trees,
        early_stopping=False,
        random_state=0,
    )


TREES = Baseline("boosted trees", "Boosted trees", True, plan, outputs, seconds=seconds)
