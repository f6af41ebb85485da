"""Verdicts on rows: wrong or contradicting labels, repeated rows, order of rows, test rows unlike others."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np

from ravine.data.unlike_rows import MIN_DISTANCE
from ravine.studies.diagnose.observation import Observation
from ravine.studies.diagnose.verdicts.finding import Evidence, Finding
from ravine.studies.diagnose.verdicts.gain import clear_gain
from ravine.studies.diagnose.verdicts.verdict import verdict

__all__ = ["contradicting", "label_noise", "near_duplicates", "order_not_exchangeable", "test_unlike"]

MIN_LEARNED = 0.05  # share of the loss of a constant that validation must show in a regression
MAX_CONFIDENT_WRONG = 0.06  # share of wrong labels where each class is predicted with most confidence
CURES = ("longer", "higher_rate", "lower_rate", "without_penalty", "without_dropout", "wider")
MAX_UNRELATED = 0.1  # share of targets that may be those of other rows
FAR = 0.2  # distance above which unlike test rows are a fault
MAX_NEAR = 0.05  # share of rows with a nearly equal training row
MANY_NEAR = 0.5  # the same; above it, the validation score says little on new rows
MAX_ORDER = 0.3  # correlation of a column with the next row, or with the row number
ORDER_ERROR_RATE = 0.05  # probability that any of these correlations exceeds its error by chance


@verdict("RAV405", "contradicting labels")
def contradicting(run: Observation) -> Finding | None:
    """Return a finding that says whether training rows with equal inputs have different labels.

    A row contradicts others if its label is not the most frequent one among all rows with the same inputs.
    The fault is present if more than 2 % of the training rows do. The result is None without classes.
    """
    if not run.has("contradicting"):
        return None
    value = float(run.final("contradicting"))
    fires = value > 0.02
    sentence = (
        f"Labels contradict each other: {100 * value:.1f} % of the training rows have the same inputs as "
        "rows with another label."
    )
    return Finding(
        "contradicting", fires, sentence if fires else "Labels do not contradict each other.",
        (Evidence("share of rows with the same inputs as rows with another label", value, 0.02),),
        "G1", 1, (),
    )  # fmt: skip


@verdict("RAV407", "noisy labels")
def label_noise(run: Observation) -> Finding | None:
    """Return a finding that says whether labels are noisy or not decided by the inputs; this is no fault.

    For classes, the share of wrong labels is measured among the most confident predictions of each class. The
    class with the smallest share decides: it must exceed 6 % by more than one standard error. Where classes
    merely overlap, errors lie at their border, and confident predictions are right. Labels that are wrong at
    random are wrong there too.

    For a target of numbers, two conditions must hold. More than 10 % of the targets may belong to other rows.
    Where errors are largest, targets do not follow the predictions.

    The result is None if too few rows can be judged, or if the network learned too little. It is also None if
    the same training with one change, such as more steps, has a clearly lower loss: such errors are no noise.
    """
    if run.has("unrelated_targets"):
        return _unrelated_targets(run)
    if not run.has("confident_wrong"):
        return None
    wrong, counts = run.final("confident_wrong"), run.final("confident_rows")
    judged = np.flatnonzero(np.isfinite(wrong))
    classes = run.metadata.classes
    if len(judged) < 2 or classes is None or not _learned(run) > 0 or clear_gain(run, *CURES):
        return None
    best = int(judged[np.argmin(wrong[judged])])
    value, count = float(wrong[best]), float(counts[best])
    error = float(np.sqrt(max(value * (1 - value), 0.0) / count))
    weights = run.final("class_weights")
    if not value + 2 * error < 1 - weights[best] / weights.sum():  # no better than chance
        return None
    fires = value - error > MAX_CONFIDENT_WRONG
    sentence = (
        f"Labels are noisy, or the inputs do not decide them: of the validation rows that are most clearly "
        f"'{classes[best]}', {100 * value:.0f} % have another label, and no class has fewer."
    )
    return Finding(
        "label_noise", fires, sentence if fires else "Labels agree with confident predictions.",
        (
            Evidence("smallest share over classes of wrong labels among confident predictions", value,
                     MAX_CONFIDENT_WRONG, error, f"class '{classes[best]}', {int(count)} rows"),
        ),
        "G1", 0, ("early stopping", "l2", "dropout"),
    )  # fmt: skip


def _learned(run: Observation) -> float:
    """Return the share of the loss of a constant that training removed on validation rows, at its lowest."""
    return 1 - run.mean_of(run.final("best_rows"), "valid")[0] / max(run.constant_loss, 1e-300)


def _unrelated_targets(run: Observation) -> Finding | None:
    """Return the verdict "label_noise" for a target of numbers."""
    if not _learned(run) > MIN_LEARNED or clear_gain(run, *CURES):
        return None
    share, share_error, slope, slope_error = (float(number) for number in run.final("unrelated_targets"))
    fires = share - share_error > MAX_UNRELATED and slope + 1.96 * slope_error < 0
    sentence = (
        f"Targets are noisy: up to {100 * min(share, 1):.0f} % of the validation rows may have the target of "
        "another row. Where errors are largest, targets do not follow the predictions."
    )
    return Finding(
        "label_noise", fires, sentence if fires else "Targets follow the predictions where errors are large.",
        (
            Evidence("slope of targets on predictions where errors are largest", slope, 0.0,
                     1.96 * slope_error, "the largest tenth of the errors"),
            Evidence("largest share of targets that may belong to other rows", share, MAX_UNRELATED,
                     share_error, "validation rows"),
        ),
        "G1", 0, ("early stopping", "l2", "dropout"),
    )  # fmt: skip


@verdict("RAV408", "nearly equal rows in training and validation")
def near_duplicates(run: Observation) -> Finding | None:
    """Return a finding that says whether validation rows nearly equal training rows.

    The score then says less on new rows. The share of such validation rows, less 1.96 standard errors,
    must exceed 5 %. Up to 50 % it is only an observation, above it a fault. The result is None if fewer than
    20 validation rows were looked up.
    """
    if not run.has("near_duplicates"):
        return None
    value, count = (float(number) for number in run.final("near_duplicates"))
    if count < 20:
        return None
    error = float(np.sqrt(value * (1 - value) / count))
    fires = value - 1.96 * error > MAX_NEAR
    sentence = (
        f"Rows nearly repeat: {100 * value:.0f} % of the validation rows nearly equal a training row, so the "
        "score says less on new rows. Give repeated rows a common group (--groups), or remove them."
    )
    return Finding(
        "near_duplicates", fires, sentence if fires else "Validation rows do not repeat training rows.",
        (Evidence("share of validation rows that nearly equal a training row", value, MAX_NEAR, 1.96 * error,
                  f"{int(count)} rows"),),
        None, 2 if value - 1.96 * error > MANY_NEAR else 0, (),
    )  # fmt: skip


@verdict("RAV409", "rows whose order matters")
def order_not_exchangeable(run: Observation) -> Finding | None:
    """Return a finding that says whether rows depend on their place in the file; this is no fault.

    A random split then rates the network too well for rows to come. Measured are two correlations of each
    column: with the same column of the next row, and with the row number. The largest correlation of all
    columns, less its error, must exceed 0.3. By chance, any of them exceeds the error with probability 5 %.

    A file that is sorted by its target is reported too. Columns are then compared at equal targets, since
    sorting alone does not make rows depend on one another. The result is None with groups of rows, and for
    fewer than 100 rows.
    """
    if not run.has("order_rows"):
        return None
    neighbors, drift = run.final("neighbors"), run.final("drift")
    j, k = int(np.argmax(neighbors)), int(np.argmax(np.abs(drift)))
    names = run.metadata.features
    near, far = float(neighbors[j]), float(np.abs(drift[k]))
    in_target_order = bool(run.final("sorted_by_target")[0])
    count = len(neighbors) + len(drift)  # the largest of so many correlations is large by chance
    z = NormalDist().inv_cdf(1 - ORDER_ERROR_RATE / (2 * count))
    error = z / float(np.sqrt(run.final("order_rows")[0]))
    dependent = max(near, far) - error > MAX_ORDER
    if near >= far:
        reason = f"'{names[j]}' of a row has correlation {near:.2f} with '{names[j]}' of the next row"
    else:
        reason = f"'{names[k]}' has correlation {far:.2f} with the row number"
    if dependent:
        sentence = (
            f"The order of rows matters: {reason}. A random split then rates the network too well for rows "
            "to come. Hold out the last rows as a test file, or give related rows a group (--groups)."
        )
    else:
        sentence = (
            "The rows are sorted by the target. Ravine shuffles rows before it splits them, but in any split "
            "by position the parts are unlike each other."
        )
    fires = dependent or in_target_order
    correlations = [
        Evidence("largest correlation of a column with the next row", near, MAX_ORDER, error,
                 f"column '{names[j]}'"),
        Evidence("largest correlation of a column with the row number", far, MAX_ORDER, error,
                 f"column '{names[k]}'"),
    ]  # fmt: skip
    target_order = [Evidence("rows sorted by the target (1 = yes)", 1.0)] if in_target_order else []
    return Finding(
        "order_not_exchangeable", fires, sentence if fires else "The order of rows does not matter.",
        (*correlations, *target_order) if dependent else (*target_order, *correlations),
        None, 0, (),
    )  # fmt: skip


@verdict("RAV410", "test rows unlike training rows")
def test_unlike(run: Observation) -> Finding | None:
    """Return a finding that says whether columns or the target differ in the test rows from other rows.

    The validation score then may not hold for the test rows. The difference is reported if a distance
    between the two distributions is at least 0.1 and larger than chance explains. Up to 0.2 it is only an
    observation, above it a fault. The result is None without test rows.
    """
    if not run.metadata.test:
        return None
    name, value = next(iter(run.metadata.unlike.items()), ("", 0.0))
    fires = bool(run.metadata.unlike)
    words = run.metadata.unlike_words or list(run.metadata.unlike)  # a record of before has no words
    sentence = (
        f"Test rows are unlike training rows: {'; '.join(words)}. The validation score "
        "may not hold for the test rows."
    )
    return Finding(
        "test_unlike", fires, sentence if fires else "Test rows are like training rows.",
        (Evidence("largest distance of a column or the target between test rows and other rows", value,
                  MIN_DISTANCE, None, f"column '{name}'" if fires else "test rows"),),
        None, 2 if value > FAR else 0, (),
    )  # fmt: skip
