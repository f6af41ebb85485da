"""The arrays in the record of a cohort: their shapes, and the check of a record that was saved."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import jax
import numpy as np

from ravine.records.array_rules import ArrayRule, check_arrays
from ravine.records.os_errors import DamagedFile
from ravine.records.record import Record, Status
from ravine.records.strict_json import FIX

if TYPE_CHECKING:
    from ravine.training.cohort import Cohort
    from ravine.training.runs import Runs

__all__ = ["SERIES", "check_record", "check_runs", "final_rules", "series_rules"]

SERIES = ("train_loss", "valid_loss", "score")
"""Names of the series in the record of a cohort."""


def series_rules(cohort: Cohort) -> dict[str, ArrayRule]:
    """Return the rules for the series in the record of a cohort, [run, evaluation] each."""
    plan = cohort.plan
    return {name: ArrayRule("f", (len(cohort.runs), plan.evaluations), plan.precision) for name in SERIES}


def final_rules(cohort: Cohort) -> dict[str, ArrayRule]:
    """Return the rules for the final values in the record of a cohort, [run] or [run, ...] each."""
    plan, runs = cohort.plan, len(cohort.runs)
    rules = {name: ArrayRule("f", (runs,), plan.precision) for name in ("score", "valid_loss")}
    rules["evaluation"] = ArrayRule("i", (runs,), "int32", within=(-1, plan.evaluations - 1))
    if cohort.batches.sampled_rows(plan) is not None:
        rules["curve_error"] = ArrayRule("f", (runs,), plan.precision)
    if cohort.keep_parameters:
        statistics = sum(leaf.size for leaf in jax.tree.leaves(plan.network.statistics(plan.precision)))
        sizes = {"parameters": plan.network.parameters, "statistics": statistics}
        rules |= {name: ArrayRule("f", (runs, size), plan.precision) for name, size in sizes.items() if size}
    return rules


def check_record(cohort: Cohort, record: Record, subject: str) -> None:
    """Raise DamagedFile unless a record is one that the training of a cohort returns.

    subject: words for the file of the record in messages.
    """
    check_runs(cohort.runs, record, subject)
    check_arrays(record.series, series_rules(cohort), subject)
    check_arrays(record.final, final_rules(cohort), subject)


def check_runs(runs: Runs, record: Record, subject: str) -> None:
    """Raise DamagedFile unless a record holds exactly these runs, and all of them ended.

    Runs are compared by their hyperparameters and seeds. subject: words for the file of the record in
    messages.
    """
    expected: Mapping[str, np.ndarray] = {name: np.asarray(values) for name, values in runs.columns().items()}
    rules = {name: ArrayRule(values.dtype.kind, (len(runs),)) for name, values in expected.items()}
    check_arrays(record.hyper, rules, subject)
    for name, values in expected.items():
        if not np.array_equal(record.hyper[name], values, equal_nan=values.dtype.kind == "f"):
            raise DamagedFile(f"{subject} is damaged.", f"Its runs have other values of {name}.", FIX)
    if (record.status == Status.PENDING).any():
        raise DamagedFile(f"{subject} is damaged.", "It holds runs that did not end.", FIX)
