"""Choice of the recommended settings: the smallest change among the best remedies, proved on fresh seeds."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ravine.execution.constant_score import constant_scores
from ravine.execution.result import Plain
from ravine.studies.diagnose.judgement import Outcomes, Yardstick, can_confirm, choose, is_better, judge
from ravine.studies.diagnose.remedies import REMEDIES
from ravine.studies.diagnose.result import ConstantComparison, FindingRow, Recommendation
from ravine.studies.diagnose.trial_runner import TrialRunner
from ravine.studies.diagnose.trials import Trials

__all__ = ["recommend"]

EARLY_STOPPING = "early stopping"  # remedy that is combined with a change that learns more and overfits
RECOMMENDED = "recommended"


def recommend(
    runner: TrialRunner,
    findings: Sequence[FindingRow],
    trials: Trials,
    seeds: Sequence[int],
    fresh_seeds: Sequence[int],
) -> Recommendation:
    """Choose the settings that a diagnosis recommends, test them on fresh seeds; return the recommendation.

    The candidates are confirmed remedies, and combinations that are confirmed: several of these remedies, or
    a remedy that overfits, combined with early stopping. The smallest change among the best candidates is
    trained on fresh seeds, and the original settings too. The change is recommended only if it is confirmed
    there, and not worse on the test rows. Otherwise, or without candidates, the original settings stay.

    findings: faults with trials of remedies. trials: all trials, made on `seeds`, on which combinations are
    trained too.
    """
    candidates, sizes, changes = _candidates(runner, findings, trials, seeds)
    if not candidates:
        return _unchanged(runner, trials, seeds)
    chosen = choose(candidates, sizes, trials.yardstick, trials.by_score)
    pair = {"original": runner.original.settings, RECOMMENDED: runner.with_changes(changes[chosen])}
    trained = runner.run("confirm", pair, fresh_seeds, keep_parameters=True)
    runner.context.stage("test", "the test split, read once")
    before, after = (Outcomes.of(trained[name].record) for name in pair)
    judged = judge(before, {RECOMMENDED: after}, trials.yardstick)[RECOMMENDED]
    tests = [runner.test_scores(trained[name]) for name in pair]
    test = trials.yardstick.compare("score", tests[0], tests[1])
    better = judged.confirmed and not test.worse
    final = tests[1] if better else tests[0]
    prepared = trained[RECOMMENDED if better else "original"].prepared
    constants = constant_scores(prepared.plan, prepared.batches, fresh_seeds, test=True).scores
    return Recommendation(
        changes=changes[chosen] if better else {},
        remedies=chosen.split(" + ") if better else [],
        validation=judged.loss,
        score=judged.score,
        test=test,
        unchanged=not better,
        not_better=None if better else chosen,
        diverged=0 if better else max(before.diverged, trials.original.diverged),
        constant=_against_constant(final, constants, trials.yardstick, test=True),
    )


def _unchanged(runner: TrialRunner, trials: Trials, seeds: Sequence[int]) -> Recommendation:
    """Return the recommendation without a confirmed remedy."""
    original = runner.original
    constants = constant_scores(original.plan, original.batches, seeds).scores
    few_seeds = not can_confirm(len(seeds), max(1, len(trials.judged)))
    promising = [name for name in trials.judged if few_seeds and _promises(trials, name)]
    best = None
    if promising:
        sizes = {name: REMEDIES[name].size for name in promising}
        candidates = {name: trials.outcomes[name] for name in promising}
        best = choose(candidates, sizes, trials.yardstick, by_score=True)
    return Recommendation(
        changes={},
        remedies=[],
        validation=None,
        score=None,
        test=None,
        unchanged=True,
        few_seeds=few_seeds,
        promising=best,
        diverged=trials.original.diverged,
        constant=_against_constant(trials.original.score, constants, trials.yardstick, test=False),
    )


def _promises(trials: Trials, name: str) -> bool:
    """Return whether a remedy is better on all seeds on which it is not equal, in the score or the loss."""
    trial = trials.judged[name]
    pairs = (trial.score, trial.loss)
    return REMEDIES[name].judged and any(
        pair.better and pair.better + pair.equal == pair.seeds for pair in pairs
    )


def _against_constant(
    scores: np.ndarray, constants: np.ndarray, yardstick: Yardstick, test: bool
) -> ConstantComparison | None:
    """Return scores [seed] next to those of a constant prediction [seed]; None if it has no score."""
    if not np.isfinite(constants).all():
        return None
    pair = yardstick.compare("score", constants, scores)
    return ConstantComparison(
        score=pair.after,
        constant=float(np.median(constants)),
        seeds=pair.seeds,
        test=test,
        beaten=is_better(pair),
    )


def _candidates(
    runner: TrialRunner, findings: Sequence[FindingRow], trials: Trials, seeds: Sequence[int]
) -> tuple[dict[str, Outcomes], dict[str, int], dict[str, dict[str, Plain]]]:
    """Return outcomes, sizes and changes of all candidates: confirmed remedies and combinations of them.

    Combinations are trained on `seeds`.
    """
    changes = {name: dict(trials.judged[name].changes) for name in trials.confirmed}
    outcomes = {name: trials.outcomes[name] for name in trials.confirmed}
    combinations = _combinations(findings) | _with_early_stopping(runner, trials)
    combinations = {name: joined for name, joined in combinations.items() if name not in changes}
    if combinations:
        variants = {name: runner.with_changes(joined) for name, joined in combinations.items()}
        trained = runner.run("prove", variants, seeds)
        tried = {name: Outcomes.of(variant.record) for name, variant in trained.items()}
        judged = judge(trials.original, tried, trials.yardstick)
        confirmed = [name for name in tried if judged[name].confirmed]
        outcomes |= {name: tried[name] for name in confirmed}
        changes |= {name: combinations[name] for name in confirmed}
    sizes = {name: sum(REMEDIES[part].size for part in name.split(" + ")) for name in outcomes}
    return outcomes, sizes, changes


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


def _with_early_stopping(runner: TrialRunner, trials: Trials) -> dict[str, dict[str, Plain]]:
    """Return the remedies whose loss falls lower and then rises, each combined with early stopping."""
    if runner.original.settings.early_stop:
        return {}
    return {
        f"{name} + {EARLY_STOPPING}": {**trial.changes, "early_stop": 3}
        for name, trial in trials.judged.items()
        if trial.lowest_loss.confirmed and trial.loss.worse and not trial.score.worse
    }
