"""Trials: every remedy of every finding on the same seeds; those confirmed, joined, on fresh ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ravine.errors import UsageError
from ravine.execution.base_settings import FixedTrainingSettings
from ravine.execution.events import Event, Notify
from ravine.networks import METRICS
from ravine.records.record import Record
from ravine.studies.diagnose.remedies import REMEDIES, changed
from ravine.studies.diagnose.trial_runner import LEVEL, Bench, changed_to, compared
from ravine.studies.diagnose.verdicts import Finding

__all__ = ["best_first", "recommendation", "tried_all"]


def tried_all(
    bench: Bench,
    original: FixedTrainingSettings,
    findings: list[Finding],
    context: dict[str, Any],
    seeds: list[int],
) -> tuple[dict[str, dict[str, Any]], list[str]]:
    """Try every remedy of every finding; return {remedy: trial}, and sentences on those that do not fit."""
    wanted: dict[str, dict[str, Any]] = {}
    unfit = []
    for name in dict.fromkeys(name for each in findings for name in each.remedies):
        changes = changed(original, name, context)
        if changes is None:
            continue
        try:
            bench.make(changed_to(original, changes))
        except UsageError as error:
            unfit.append(f"{REMEDIES[name].says} was not tried: {error.what}")
            continue
        wanted[name] = changes
    if not wanted:
        return {}, unfit
    if len(wanted) * 2.0 ** (1 - len(seeds)) > LEVEL:  # the smallest p value there is, by Holm
        unfit.append(
            f"{len(seeds)} seeds cannot confirm any of {len(wanted)} remedies, however good: give --seeds 20."
        )
    variants = {"original": original} | {name: changed_to(original, each) for name, each in wanted.items()}
    records = bench.run("prove", variants, seeds)
    losses = {name: _losses(record) for name, (_, record) in records.items()}
    scores = {name: record.final["score"].astype(np.float64) for name, (_, record) in records.items()}
    made = records["original"][0]
    greater = METRICS[made.plan.metric].greater_is_better
    by_loss = compared(losses.pop("original"), losses, False, original.seed)
    by_score = compared(scores.pop("original"), scores, greater, original.seed)
    trials = {
        name: {
            "remedy": name,
            "says": REMEDIES[name].says,
            "changes": changes,
            "loss": by_loss[name],
            "score": by_score[name],
            "confirmed": by_loss[name]["confirmed"],
        }
        for name, changes in wanted.items()
    }
    return trials, unfit


def best_first(finding: Finding, trials: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the trials of a finding's remedies: those confirmed first, by the loss they ended with."""
    tried = [trials[name] for name in finding.remedies if name in trials]
    return sorted(tried, key=lambda each: (not each["confirmed"], _or_inf(each["loss"]["after"])))


def recommendation(
    bench: Bench,
    original: FixedTrainingSettings,
    told: list[dict[str, Any]],
    trials: dict[str, dict[str, Any]],
    seeds: list[int],
    fresh: list[int],
    notify: Notify,
) -> dict[str, Any]:
    """Combine what was confirmed, choose on the seeds of the proof, and try the choice on fresh ones."""
    confirmed = {name: each for name, each in trials.items() if each["confirmed"]}
    nothing: dict[str, Any] = {"changes": {}, "remedies": [], "validation": None, "test": None, "kept": True}
    if not confirmed:
        return nothing
    best = [each["remedies"][0] for each in told if each["remedies"] and each["remedies"][0]["confirmed"]]
    candidates: dict[str, dict[str, Any]] = {name: dict(each["changes"]) for name, each in confirmed.items()}
    joined: dict[str, Any] = {}
    names: list[str] = []
    for each in best:
        if each["remedy"] not in names and not set(each["changes"]) & set(joined):
            joined |= each["changes"]
            names.append(each["remedy"])
            if len(names) > 1:
                candidates[" + ".join(names)] = dict(joined)
    combined = {name: changed_to(original, each) for name, each in candidates.items() if name not in trials}
    results = {name: _or_inf(each["loss"]["after"]) for name, each in confirmed.items()}
    if combined:
        for name, (_, record) in bench.run("prove", combined, seeds).items():
            losses = _losses(record)
            results[name] = float(np.mean(losses)) if np.isfinite(losses).all() else np.inf
    chosen = min(results, key=lambda name: results[name])
    changes = candidates[chosen]
    pair = {"original": original, "recommended": changed_to(original, changes)}
    records = bench.run("confirm", pair, fresh, keep=True)
    notify(Event("test", "the test split, read once"))
    made = records["original"][0]
    greater = METRICS[made.plan.metric].greater_is_better
    ended = {name: _losses(record) for name, (_, record) in records.items()}
    tests = {name: bench.tested(*each) for name, each in records.items()}
    valid = compared(ended["original"], {"recommended": ended["recommended"]}, False)["recommended"]
    test = compared(tests["original"], {"recommended": tests["recommended"]}, greater)["recommended"]
    if not (valid["confirmed"] or test["confirmed"]):
        return {**nothing, "tried": chosen, "validation": valid, "test": test}
    return {
        "changes": changes, "remedies": chosen.split(" + "), "validation": valid, "test": test, "kept": False,
    }  # fmt: skip


def _losses(record: Record) -> np.ndarray:
    return np.asarray(record.final["valid_loss"], np.float64)


def _or_inf(value: float | None) -> float:
    return float("inf") if value is None else value
