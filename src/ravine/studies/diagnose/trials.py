"""Trials of remedies: training with every remedy (change of settings) on the same seeds as the original."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import isclose

from ravine.errors import UsageError
from ravine.execution.result import Plain
from ravine.execution.result_parts import MetricFacts
from ravine.networks import METRICS
from ravine.studies.diagnose.judgement import Outcomes, Yardstick, can_confirm, choose, judge
from ravine.studies.diagnose.observation import Observation
from ravine.studies.diagnose.remedies import REMEDIES, Context, remedy_changes
from ravine.studies.diagnose.result import RemedyTrial
from ravine.studies.diagnose.trial_runner import TrialRunner, source_columns
from ravine.studies.diagnose.verdicts import Finding

__all__ = ["Trials", "best_first", "try_remedies", "yardstick_of"]


@dataclass(frozen=True)
class Trials:
    """All remedies (changes of settings) that a diagnosis tried, with their results by name of the remedy.

    yardstick: smallest differences that matter. original: losses and scores of the original training.
    outcomes: those with each remedy, on the same seeds. judged: comparison of each remedy with the original.
    notes: sentences on remedies that could not be tried.
    """

    yardstick: Yardstick
    original: Outcomes
    outcomes: Mapping[str, Outcomes] = field(default_factory=dict)
    judged: Mapping[str, RemedyTrial] = field(default_factory=dict)
    notes: Sequence[str] = ()

    @property
    def confirmed(self) -> list[str]:
        """Names of the remedies (changes of settings) that are clearly better than the original training."""
        return [name for name, trial in self.judged.items() if trial.confirmed]

    @property
    def any_judged(self) -> bool:
        """Whether at least one remedy was tried that a better score or loss would confirm."""
        return any(REMEDIES[name].judged for name in self.judged)

    @property
    def by_score(self) -> bool:
        """Whether the score decides which remedy (change of settings) is best.

        It does if at least one confirmed remedy improves the score by a difference that matters. Otherwise
        the validation loss at the end decides.
        """
        return any(trial.score.confirmed for trial in self.judged.values() if trial.confirmed)

    def smallest_cure(self, names: Iterable[str]) -> str | None:
        """Return the name of the confirmed remedy that changes least among those as good as the best one.

        A remedy is a change of settings. Only confirmed remedies with which training diverges on the fewest
        seeds are considered. names: remedies to choose from. The result is None if no remedy in `names` was
        confirmed.
        """
        confirmed = {name: self.outcomes[name] for name in names if name in self.confirmed}
        if not confirmed:
            return None
        return choose(
            confirmed, {name: REMEDIES[name].size for name in confirmed}, self.yardstick, self.by_score
        )


def yardstick_of(runner: TrialRunner, run: Observation) -> Yardstick:
    """Return the smallest differences of loss and score that matter when trainings are compared.

    run: measurements of the diagnosed run, whose loss of a constant prediction sets a scale.
    """
    plan, settings = runner.original.plan, runner.original.settings
    metric = MetricFacts.of(METRICS[plan.metric], settings.smallest_difference)
    return Yardstick(metric, plan.loss, run.constant_loss)


def try_remedies(
    runner: TrialRunner,
    findings: Sequence[Finding],
    run: Observation,
    original: Outcomes,
    seeds: Sequence[int],
) -> Trials:
    """Train with the remedies (changes of settings) of all findings, and return the trials.

    A remedy that does not apply or changes nothing is left out. Remedies of last resort are tried only if
    neither the original training nor any earlier remedy learned something.

    findings: faults and observations with the names of their remedies. run: measurements of the diagnosed
    run. original: losses and scores of the original training. seeds: seeds on which the original was and
    every remedy is trained.
    """
    yardstick = yardstick_of(runner, run)
    context = _context(runner, run)
    names = list(dict.fromkeys(name for finding in findings for name in finding.remedies))
    outcomes: dict[str, Outcomes] = {}
    changes: dict[str, dict[str, Plain]] = {}
    notes: list[str] = []
    for stage in sorted({REMEDIES[name].last_resort for name in names}):
        networks = [original, *outcomes.values()]
        if stage and any(tried.learns(yardstick.constant_loss) for tried in networks):
            break
        of_stage = [name for name in names if REMEDIES[name].last_resort == stage]
        candidates = _candidates(runner, of_stage, changes.values(), context, notes)
        changes |= candidates
        outcomes |= _train(runner, candidates, seeds)
    count = sum(REMEDIES[name].judged for name in outcomes)
    if count and can_confirm(len(seeds), 1) and not can_confirm(len(seeds), count):
        notes.append(f"{len(seeds)} seeds are too few to confirm one of {count} remedies: give --seeds 20.")
    return Trials(yardstick, original, outcomes, _judged(original, outcomes, changes, yardstick), notes)


def _context(runner: TrialRunner, run: Observation) -> Context:
    original = runner.original
    ratio, _ = run.ratio()
    finite = ratio[(ratio > 0) & (ratio < float("inf"))]
    return Context(
        train=original.batches.sizes[0],
        batch_size=original.batches.batch_size,
        learning_rate=original.learning_rate,
        epochs=original.plan.steps * original.batches.batch_size / original.batches.sizes[0],
        curvature=float(finite.max()) if len(finite) else float("nan"),
        columns=source_columns(runner.context.dataset, [*run.metadata.leaks, *run.metadata.class_leaks]),
    )


def _candidates(
    runner: TrialRunner,
    names: Sequence[str],
    tried: Iterable[Mapping[str, Plain]],
    context: Context,
    notes: list[str],
) -> dict[str, dict[str, Plain]]:
    """Return the changes of settings of each remedy that fits and changes the training.

    Of remedies with the same changes, only the first is a candidate. tried: changes of earlier remedies. A
    sentence on each remedy that does not fit is added to `notes`.
    """
    candidates: dict[str, dict[str, Plain]] = {}
    for name in names:
        changes = remedy_changes(runner.original.settings, name, context)
        if changes is None or any(_same(changes, other) for other in (*tried, *candidates.values())):
            continue
        try:
            if not runner.changes_nothing(runner.with_changes(changes)):
                candidates[name] = changes
        except UsageError as error:
            notes.append(f"Not tried: {REMEDIES[name].says}. {error.what}")
    return candidates


def _same(changes: Mapping[str, Plain], other: Mapping[str, Plain]) -> bool:
    """Return whether two changes of settings are equal, apart from rounding of numbers."""
    return changes.keys() == other.keys() and all(
        isclose(value, other_value, rel_tol=1e-6)
        if isinstance(value, float) and isinstance(other_value, float)
        else value == other_value
        for value, other_value in ((value, other[name]) for name, value in changes.items())
    )


def _train(
    runner: TrialRunner, candidates: Mapping[str, Mapping[str, Plain]], seeds: Sequence[int]
) -> dict[str, Outcomes]:
    if not candidates:
        return {}
    variants = {name: runner.with_changes(changes) for name, changes in candidates.items()}
    trained = runner.run("prove", variants, seeds)
    return {name: Outcomes.of(variant.record) for name, variant in trained.items()}


def _judged(
    original: Outcomes,
    outcomes: Mapping[str, Outcomes],
    changes: Mapping[str, dict[str, Plain]],
    yardstick: Yardstick,
) -> dict[str, RemedyTrial]:
    """Return the trials of all remedies. Those that only make scores honest are compared and not judged."""
    groups = [
        {name: tried for name, tried in outcomes.items() if REMEDIES[name].judged == judged}
        for judged in (True, False)
    ]
    comparisons = {name: own for group in groups for name, own in judge(original, group, yardstick).items()}
    return {
        name: RemedyTrial(
            remedy=name,
            says=REMEDIES[name].says,
            changes=changes[name],
            loss=own.loss,
            lowest_loss=own.lowest_loss,
            score=own.score,
            outcome=own.outcome if REMEDIES[name].judged else "not_judged",
            confirmed=own.confirmed and REMEDIES[name].judged,
        )
        for name, own in ((name, comparisons[name]) for name in outcomes)
    }


def best_first(finding: Finding, trials: Trials) -> list[RemedyTrial]:
    """Return the trials of the remedies (changes of settings) of one fault, the best first.

    The confirmed remedy with the smallest change among the best comes first. Other confirmed remedies follow,
    then the rest, both ordered by validation loss at the end.
    """
    tried = [trials.judged[name] for name in finding.remedies if name in trials.judged]
    cure = trials.smallest_cure(trial.remedy for trial in tried)
    return sorted(
        tried, key=lambda trial: (trial.remedy != cure, not trial.confirmed, _or_inf(trial.loss.after))
    )


def _or_inf(value: float | None) -> float:
    return float("inf") if value is None else value
