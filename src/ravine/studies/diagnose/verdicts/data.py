"""Verdicts on columns and classes (leaks, constant columns, rare classes), and on batch normalization."""

from __future__ import annotations

import numpy as np

from ravine.networks import METRICS, NORMALIZATIONS
from ravine.studies.diagnose.observation import Observation
from ravine.studies.diagnose.verdicts.finding import Evidence, Finding
from ravine.studies.diagnose.verdicts.verdict import verdict

__all__ = ["batchnorm", "class_leak", "constant_columns", "imbalance", "leaking"]

VERY_RARE = 0.1  # share of an equal share of the rows; a less rare class is only reported


@verdict("RAV404", "a rare class that is not recognized")
def imbalance(run: Observation) -> Finding | None:
    """Return a finding that says whether the rarest class is too rare to be recognized.

    The class is reported if three conditions hold. It has less than 0.3 of an equal share of the training
    rows. Less than half of its validation rows are recognized. The recognized share is more than 30
    percentage points below that of the other classes together.

    It is only an observation if the class has a tenth of an equal share or more, or if chance may explain the
    low share. The result is None without classes, and if a class has fewer than 3 validation rows.
    """
    classes = run.metadata.classes
    if classes is None:
        return None
    counts, recall, there = run.final("counts"), run.final("recall"), run.final("valid_counts")
    weight = run.final("class_weights")
    if there.min() < 3 or counts.min() <= 0 or weight.min() <= 0:
        return None
    rare = int(np.argmin(counts))
    share = float(counts[rare] / counts.sum() * len(counts))
    error = float(np.sqrt(max(recall[rare] * (1 - recall[rare]), 0.0) / there[rare]))
    others = float(np.sum(np.delete(recall * weight, rare)) / np.sum(np.delete(weight, rare)))
    fires = bool(share < 0.3 and recall[rare] < 0.5 and others > recall[rare] + 0.3)
    name, unit = classes[rare], "weight" if run.has("valid_weights") else "rows"
    sentence = (
        f"Classes are imbalanced: '{name}' is {100 * counts[rare] / counts.sum():.2g} % of the {unit}, and "
        f"{100 * recall[rare]:.0f} % of it is recognized. {_ways_to_recognize(run)}"
    )
    return Finding(
        "imbalance", fires, sentence if fires else "Rare classes are recognized.",
        (
            Evidence("share of the rarest class that is recognized", float(recall[rare]), 0.5, 1.96 * error,
                     f"class '{name}'"),
            Evidence("share of the other classes that is recognized", others, float(recall[rare]) + 0.3),
            Evidence(f"{unit} of the rarest class over that of equal classes", share, 0.3),
        ),
        None, 1 if share < VERY_RARE and recall[rare] + 1.96 * error < 0.5 else 0, (),
    )  # fmt: skip


def _ways_to_recognize(run: Observation) -> str:
    """Return the sentence on what the user can do for a rare class, without what was done already."""
    ways = []
    if not METRICS[run.metadata.metric].balanced:
        ways.append("judge by a metric that counts classes equally (--metric balanced_accuracy)")
    if not run.has("valid_weights"):
        ways.append("give its rows larger weights (--weights)")
    text = ", or ".join(filter(None, (", ".join(ways), "collect more rows of it")))
    return f"{text[0].upper()}{text[1:]}."


@verdict("RAV402", "columns that give the target away")
def leaking(run: Observation) -> Finding | None:
    """Return a finding that says whether columns may give the target away.

    Such columns predict the target almost without error, alone or together. A network that uses them is
    useless if their values are not known when it predicts.
    """
    names = run.metadata.leaks
    shown = ", ".join(f"'{name}'" for name in names[:3])
    if len(names) > 1:
        subject, verb = "Columns", "predict the target, alone or together,"
    else:
        subject, verb = "A column", "alone predicts the target"
    sentence = f"{subject} may leak the target: {shown} {verb} almost without error."
    return Finding(
        "leaking", bool(names), sentence if names else "No column leaks the target.",
        (Evidence("columns that predict the target with at most 1/20 of the error", float(len(names)), 0.0),),
        None, 3, ("drop columns",),
    )  # fmt: skip


@verdict("RAV403", "columns that give one class away")
def class_leak(run: Observation) -> Finding | None:
    """Return a finding that says whether a column alone separates one of several classes from all others.

    It is an observation, since it is no fault if the values of the column are known before the class is. The
    result is None without classes.
    """
    if run.metadata.classes is None:
        return None
    leaks = run.metadata.class_leaks
    column, labels = next(iter(leaks.items()), ("", []))
    shown = ", ".join(f"'{label}'" for label in labels[:3])
    more = len(leaks) - 1
    does = "columns do" if more > 1 else "column does"
    others = f", and {more} more {does} so for some class" if more > 0 else ""
    sentence = (
        f"A column may leak a class: '{column}' alone separates {shown} from all other classes{others}. "
        "Leave it out (--drop) if its values are not known before the class is."
    )
    return Finding(
        "class_leak", bool(leaks), sentence if leaks else "No column separates one class from all others.",
        (Evidence("columns that separate a class with at most 1/20 of the error", float(len(leaks)), 0.0),),
        None, 0, ("drop columns",),
    )  # fmt: skip


@verdict("RAV406", "constant columns")
def constant_columns(run: Observation) -> Finding | None:
    """Return a finding that says whether inputs are constant over the training rows; this is no fault.

    At most 4,096 training rows are examined.
    """
    sd = run.final("column_sd")
    count = int(np.sum(sd == 0))
    names = [name for name, deviation in zip(run.metadata.features, sd, strict=True) if deviation == 0]
    shown = ", ".join(f"'{name}'" for name in names[:3]) + (" and others" if count > 3 else "")
    words = "columns are constant in the training rows and carry"
    if count == 1:
        words = "column is constant in the training rows and carries"
    sentence = f"{count} {words} no information: {shown}."
    return Finding(
        "constant_columns", count > 0, sentence if count else "No column is constant.",
        (Evidence("constant columns", float(count), 0.0),), None, 0, (),
    )  # fmt: skip


@verdict("RAV205", "batch normalization that differs in inference")
def batchnorm(run: Observation) -> Finding | None:
    """Return a finding that says whether batch normalization differs between training and inference.

    The fault is present in one of two cases. The training loss with running statistics exceeds that with
    statistics of batches, by more than a quarter of the larger. Or the variance in a batch of B rows is too
    uncertain: its relative error, the root of 2 / (B - 1), exceeds 0.6. The second case does not apply to
    convolutional networks. The result is None without batch normalization, and if the loss diverged.
    """
    if not NORMALIZATIONS[run.metadata.norm].over_rows or run.diverged:
        return None
    points = slice(max(1, run.end - 4), run.end + 1)  # a single point is noisy
    inference, training = (float(np.mean(run.series(name)[points])) for name in ("train_loss", "objective"))
    value = (inference - training) / max(inference, training, 0.05 * run.constant_loss)
    batch = run.metadata.batch_size
    # for normal values; every position of an image is a value, so a few images suffice
    sampled = 0.0 if "conv" in run.metadata.network else float(np.sqrt(2 / max(batch - 1, 1)))
    fires = bool(value > 0.25 or sampled > 0.6)
    if sampled > 0.6:
        sentence = (
            f"Batches are too small for batch normalization: the variance of {batch} values has a relative "
            f"error of {100 * sampled:.0f} %."
        )
    else:
        sentence = (
            "Batch normalization differs between training and inference: the loss on training rows is "
            f"{training:.3g} with statistics of batches of {batch}, and {inference:.3g} with running ones."
        )
    evidence = (
        Evidence("relative error of a batch's variance, root of 2 / (B - 1)", sampled, 0.6),
        Evidence(
            "loss with running statistics less that with batch statistics, share of the larger",
            value,
            0.25,
            None,
            "the end",
        ),
    )
    return Finding(
        "batchnorm", fires, sentence if fires else "Batch normalization agrees in training and inference.",
        evidence if sampled > 0.6 else evidence[::-1], "G9", 2, ("layernorm", "batch x 8", "no norm"),
    )  # fmt: skip
