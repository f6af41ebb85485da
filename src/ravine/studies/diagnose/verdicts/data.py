"""Verdicts on the rows: rare classes, columns that leak or say nothing, contradictions, small batches."""

from __future__ import annotations

import numpy as np

from ravine.networks import NORMALIZATIONS
from ravine.studies.diagnose.observation import Observation
from ravine.studies.diagnose.verdicts.finding import Evidence, Finding

__all__ = ["batchnorm", "constant_columns", "contradicting", "imbalance", "leaking"]


def imbalance(o: Observation) -> Finding | None:
    """A rare class that is not recognised."""
    classes = o.metadata.classes
    if classes is None:
        return None
    counts, recall, there = o.final("counts"), o.final("recall"), o.final("valid_counts")
    if there.min() < 3:
        return None
    rare = int(np.argmin(counts))
    share = float(counts[rare] / counts.sum() * len(counts))
    error = float(np.sqrt(recall[rare] * (1 - recall[rare]) / there[rare]))
    others = float(np.sum(np.delete(recall * there, rare)) / np.sum(np.delete(there, rare)))
    fires = bool(share < 0.3 and recall[rare] < 0.5 and others > recall[rare] + 0.3)
    name = classes[rare]
    said = (
        f"Classes are imbalanced: '{name}' is {100 * counts[rare] / counts.sum():.1f} % of the rows, and "
        f"{100 * recall[rare]:.0f} % of it is recognised."
    )
    return Finding(
        "imbalance", fires, said if fires else "Rare classes are recognised.",
        (
            Evidence("share of the rarest class that is recognised", float(recall[rare]), 0.5, 1.96 * error,
                     f"class '{name}'"),
            Evidence("share of the others that is recognised", others, float(recall[rare]) + 0.3),
            Evidence("its rows over those of equal classes", share, 0.3),
        ),
        "O8", 1, (),
    )  # fmt: skip


def leaking(o: Observation) -> Finding | None:
    """Columns that give the target away."""
    names = o.metadata.leaks
    shown = ", ".join(f"'{each}'" for each in names[:3])
    said = f"A column may leak the target: {shown} alone predicts it almost without error."
    return Finding(
        "leaking", bool(names), said if names else "No column gives the target away.",
        (Evidence("columns that alone leave a twentieth of the error or less", float(len(names)), 0.0),),
        "O8", 3, (),
    )  # fmt: skip


def constant_columns(o: Observation) -> Finding | None:
    """Columns that are the same in every training row."""
    sd = o.final("column_sd")
    count = int(np.sum(sd == 0))
    names = [name for name, each in zip(o.metadata.features, sd, strict=True) if each == 0]
    shown = ", ".join(f"'{each}'" for each in names[:3]) + (" and others" if count > 3 else "")
    plural = "s are" if count > 1 else " is"
    said = f"{count} column{plural} constant in the training rows, and say nothing: {shown}."
    return Finding(
        "constant_columns", count > 0, said if count else "No column is constant.",
        (Evidence("constant columns", float(count), 0.0),), "P2", 0, (),
    )  # fmt: skip


def contradicting(o: Observation) -> Finding | None:
    """Equal rows with different labels."""
    if not o.has("contradicting"):
        return None
    value = float(o.final("contradicting"))
    fires = value > 0.02
    said = (
        f"Labels contradict each other: {100 * value:.1f} % of the training rows have the inputs of rows "
        "with another label."
    )
    return Finding(
        "contradicting", fires, said if fires else "Labels do not contradict each other.",
        (Evidence("share of rows with the inputs of others and another label", value, 0.02),), "G1", 1, (),
    )  # fmt: skip


def batchnorm(o: Observation) -> Finding | None:
    """A network that is another one in training than in use."""
    if not NORMALIZATIONS[o.metadata.norm].over_rows or o.diverged:
        return None
    some = slice(max(1, o.end - 4), o.end + 1)  # one look at small batches is noisy
    use, training = (float(np.mean(o.series(name)[some])) for name in ("train_loss", "objective"))
    value = (use - training) / max(use, training, 0.05 * o.constant_loss)
    batch = o.metadata.batch_size
    # of normal values; of images every place counts, so a few suffice
    sampled = 0.0 if "conv" in o.metadata.network else float(np.sqrt(2 / max(batch - 1, 1)))
    fires = bool(value > 0.25 or sampled > 0.6)
    if sampled > 0.6:
        said = (
            f"Batches are too small for batch normalisation: the variance of {batch} values is known to "
            f"{100 * sampled:.0f} %."
        )
    else:
        said = (
            f"Batch normalisation disagrees with itself: the loss on training rows is {training:.3g} with "
            f"the statistics of batches of {batch}, and {use:.3g} with the running ones."
        )
    evidence = (
        Evidence("relative error of a batch's variance, root of 2 / (B - 1)", sampled, 0.6),
        Evidence(
            "loss with running less that with batch statistics, share of the larger",
            value,
            0.25,
            None,
            "the end",
        ),
    )
    return Finding(
        "batchnorm", fires, said if fires else "Batch normalisation agrees with itself.",
        evidence if sampled > 0.6 else evidence[::-1], "G9", 2, ("layernorm", "batch x 8", "no norm"),
    )  # fmt: skip
