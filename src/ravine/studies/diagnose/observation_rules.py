"""The check of the record of a measured run that an earlier process saved, before verdicts are given on it.

The docstring of `ravine.studies.diagnose.observation` describes the arrays.
"""

from __future__ import annotations

from ravine.records.array_rules import NUMBERS, ArrayRule, Axis, check_arrays
from ravine.records.os_errors import DamagedFile
from ravine.records.record import Record
from ravine.records.strict_json import FIX
from ravine.studies.diagnose.metadata import RunMetadata
from ravine.studies.diagnose.observation import BASELINE

__all__ = ["check_observation"]

SERIES = (
    "step", "rate", "limit", "batch_loss", "train_loss", "objective", "valid_loss", "score", "squares",
    "signal", "gradient_norm", "raised", "agreeing", "pairs", "weight_norm", "sharpness", "sharpness_error",
)  # fmt: skip
ALWAYS: dict[str, tuple[Axis, ...]] = {
    "alike": ("hidden",), "gradient": ("point", "layer"), "curve": (None,), "train_rows": ("train",),
    "valid_rows": ("valid",), "best_rows": ("valid",), "constant_rows": ("valid",),
}  # fmt: skip
"""Name of an array that every record has -> axes after the axis of the run."""
SOMETIMES: dict[str, tuple[Axis, ...]] = {
    "relative_update": ("point", "layer"), "flow": ("point", "hidden"), "saturated": ("point", "hidden"),
    "dead": ("point", "hidden"), "train_weights": ("train",), "valid_weights": ("valid",), "averaged": (3,),
    "lowest": (4,), "column_mean": ("column",), "column_sd": ("column",), "neighbors": ("ordered",),
    "drift": ("ordered",), "column_condition": (), "agreement": (), "sorted_by_target": (1,),
    "order_rows": (1,), "near_duplicates": (2,), "recall": ("class",), "counts": ("class",),
    "valid_counts": ("class",), "class_weights": ("class",), "confident_wrong": ("class",),
    "confident_rows": ("class",), "contradicting": (), "unrelated_targets": (4,), "spread": ("seed",),
    "seed_scores": ("seed",),
}  # fmt: skip
"""Name of an array that some records have -> axes after the axis of the run."""


def check_observation(record: Record, subject: str) -> RunMetadata:
    """Return the facts about a measured run in its record, after checking facts and arrays.

    subject: words for the file of the record in messages. Raises DamagedFile for a record that is not one of
    a measured run.
    """
    metadata = RunMetadata.from_dict(record.meta, subject)
    lengths = {
        "run": 1, "hidden": metadata.hidden, "layer": metadata.hidden + 1, "valid": metadata.valid,
        "train": metadata.piece * metadata.pieces, "column": len(metadata.features),
        "class": metadata.outputs,
    }  # fmt: skip
    check_arrays(
        record.hyper, {name: ArrayRule(NUMBERS, ("run",)) for name in record.hyper}, subject, lengths
    )
    series = {name: ArrayRule(NUMBERS, ("run", "point")) for name in SERIES}
    lengths = check_arrays(record.series, series, subject, lengths)
    if not max(metadata.end, metadata.best) < lengths["point"]:
        why = f"Its points {metadata.end} and {metadata.best} are not among {lengths['point']} points."
        raise DamagedFile(f"{subject} is damaged.", why, FIX)
    rules = {name: ArrayRule(NUMBERS, ("run", *axes)) for name, axes in ALWAYS.items()}
    rules |= {name: ArrayRule(NUMBERS, ("run", *axes), optional=True) for name, axes in SOMETIMES.items()}
    rules |= {name: ArrayRule("f", ("run", None)) for name in record.final if name.startswith(BASELINE)}
    for name in metadata.changed:
        rules |= {name: ArrayRule("f", ("run", "valid")), f"{name}_train": ArrayRule("f", ("run",))}
    check_arrays(record.final, rules, subject, lengths)
    return metadata
