"""Trials of remedies: every remedy on the same seeds, then the best combination on fresh seeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ravine.errors import UsageError
from ravine.execution.result import Plain
from ravine.networks import METRICS
from ravine.records.record import Record
from ravine.studies.diagnose.remedies import REMEDIES, remedy_changes
from ravine.studies.diagnose.result import FindingRow, Recommendation, RemedyTrial
from ravine.studies.diagnose.trial_runner import SIGNIFICANCE_LEVEL, TrialRunner, compare_with_original
from ravine.studies.diagnose.verdicts import Finding

__all__ = ["best_first", "recommend", "try_remedies"]


def try_remedies(
    runner: TrialRunner, findings: Sequence[Finding], seeds: Sequence[int]
) -> tuple[dict[str, RemedyTrial], list[str]]:
    """Train with every remedy of every fault; return the trials by remedy, and notes on their limits."""
    original = runner.original
    training = {
        "train": original.batches.sizes[0],
        "batch_size": original.batches.batch_size,
        "learning_rate": original.learning_rate,
    }
    candidates: dict[str, dict[str, Plain]] = {}
    notes = []
    for name in dict.fromkeys(name for finding in findings for name in finding.remedies):
        changes = remedy_changes(original.settings, name, training)
        if changes is None:
            continue
        try:
            runner.prepare(runner.with_changes(changes))
        except UsageError as error:
            notes.append(f"Not tried: {REMEDIES[name].says}. {error.what}")
            continue
        candidates[name] = changes
    if not candidates:
        return {}, notes
    if (
        len(candidates) * 2.0 ** (1 - len(seeds)) > SIGNIFICANCE_LEVEL
    ):  # the smallest p value that Holm's test can give
        notes.append(
            f"{len(seeds)} seeds are too few to confirm one of {len(candidates)} remedies: give --seeds 20."
        )
    variants = {"original": original.settings}
    variants |= {name: runner.with_changes(changes) for name, changes in candidates.items()}
    trained = runner.run("prove", variants, seeds)
    losses = {name: _losses(variant.record) for name, variant in trained.items()}
    scores = {name: variant.record.final["score"].astype(np.float64) for name, variant in trained.items()}
    greater, root = METRICS[original.plan.metric].greater_is_better, original.settings.seed
    by_loss = compare_with_original(losses.pop("original"), losses, False, root)
    by_score = compare_with_original(scores.pop("original"), scores, greater, root)
    trials = {
        name: RemedyTrial(
            remedy=name,
            says=REMEDIES[name].says,
            changes=changes,
            loss=by_loss[name],
            score=by_score[name],
            confirmed=by_loss[name].confirmed,
        )
        for name, changes in candidates.items()
    }
    return trials, notes


def best_first(finding: Finding, trials: Mapping[str, RemedyTrial]) -> list[RemedyTrial]:
    """Return the trials of the remedies of a fault: confirmed ones first, then by final loss."""
    tried = [trials[name] for name in finding.remedies if name in trials]
    return sorted(tried, key=lambda trial: (not trial.confirmed, _or_inf(trial.loss.after)))


def recommend(
    runner: TrialRunner,
    findings: Sequence[FindingRow],
    trials: Mapping[str, RemedyTrial],
    seeds: Sequence[int],
    fresh_seeds: Sequence[int],
) -> Recommendation:
    """Return the recommendation: the remedy or combination of remedies with the lowest loss on `seeds`.

    The best one is trained again on fresh seeds, together with the original. It is recommended only if it is
    better on the fresh seeds too.
    """
    confirmed = {name: trial for name, trial in trials.items() if trial.confirmed}
    if not confirmed:
        return Recommendation(changes={}, remedies=[], validation=None, test=None, unchanged=True)
    combinations = {name: dict(trial.changes) for name, trial in confirmed.items()}
    combinations |= _combinations(findings)
    results = {name: _or_inf(trial.loss.after) for name, trial in confirmed.items()}
    combined = {
        name: runner.with_changes(changes) for name, changes in combinations.items() if name not in trials
    }
    if combined:
        for name, variant in runner.run("prove", combined, seeds).items():
            losses = _losses(variant.record)
            results[name] = float(np.mean(losses)) if np.isfinite(losses).all() else np.inf
    chosen = min(results, key=lambda name: results[name])
    changes = combinations[chosen]
    pair = {"original": runner.original.settings, "recommended": runner.with_changes(changes)}
    trained = runner.run("confirm", pair, fresh_seeds, keep_parameters=True)
    runner.context.stage("test", "the test split, read once")
    greater = METRICS[runner.original.plan.metric].greater_is_better
    valid_losses = {name: _losses(variant.record) for name, variant in trained.items()}
    tests = {name: runner.test_scores(variant) for name, variant in trained.items()}
    name = "recommended"
    valid = compare_with_original(valid_losses["original"], {name: valid_losses[name]}, False)[name]
    test = compare_with_original(tests["original"], {name: tests[name]}, greater)[name]
    better = valid.confirmed or test.confirmed
    return Recommendation(
        changes=changes if better else {},
        remedies=chosen.split(" + ") if better else [],
        validation=valid,
        test=test,
        unchanged=not better,
        not_better=None if better else chosen,
    )


def _combinations(findings: Sequence[FindingRow]) -> dict[str, dict[str, Plain]]:
    """Return combinations of the best confirmed remedies of the worst two, three, ... faults.

    The keys are joined names of remedies, the values are changes of settings. A remedy is skipped if it
    changes a setting that an earlier remedy changes.
    """
    combinations: dict[str, dict[str, Plain]] = {}
    joined: dict[str, Plain] = {}
    names: list[str] = []
    for finding in findings:
        if not finding.remedies or not finding.remedies[0].confirmed:
            continue
        best = finding.remedies[0]
        if best.remedy not in names and not set(best.changes) & set(joined):
            joined |= best.changes
            names.append(best.remedy)
            if len(names) > 1:
                combinations[" + ".join(names)] = dict(joined)
    return combinations


def _losses(record: Record) -> np.ndarray:
    return np.asarray(record.final["valid_loss"], np.float64)


def _or_inf(value: float | None) -> float:
    return float("inf") if value is None else value
