"""Sentences of a report on the findings of a diagnosis: their evidence, and the trials of their remedies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ravine.execution.describe import score_format_of
from ravine.execution.result import Plain
from ravine.render.numbers import ScoreFormat, is_number, number, with_error
from ravine.studies.diagnose.result import (
    CheckRow,
    DiagnoseResult,
    EvidenceRow,
    FindingRow,
    PairedComparison,
    RemedyTrial,
)

__all__ = [
    "all_evidence", "change_text", "evidence_text", "loss_text", "principle_text", "score_format",
    "score_text", "trial_text", "trial_texts",
]  # fmt: skip

MAX_CONFIRMED = 2  # confirmed remedies that a finding shows with their numbers
ENDINGS = {
    "overfits": ": it then overfits",
    "learns_less": ": it overfits less because it learns less",
    "too_small": "; too small a difference to matter",
    "no_difference": "; no clear difference",
    "worse": "; this is worse",
}


def score_format(result: DiagnoseResult) -> ScoreFormat:
    """Return the number format in which the report of a diagnosis shows all scores.

    The format has enough digits for the smallest interval of a difference of scores.
    """
    pairs = [trial.score for finding in result.findings for trial in finding.remedies]
    if result.recommendation is not None:
        pairs += [pair for pair in (result.recommendation.score, result.recommendation.test) if pair]
    return score_format_of(result.metric, [], [(pair.difference, pair.interval) for pair in pairs])


def all_evidence(check: CheckRow) -> list[str]:
    """Return one line of text for each number behind a finding, with error and threshold."""
    return [evidence_text(row) for row in check.evidence]


def principle_text(finding: FindingRow) -> list[str]:
    """Return a list with a sentence on the claim of the lecture behind a finding; empty without a claim."""
    if finding.principle is None:
        return []
    return [f"Principle {finding.principle.claim}: {finding.principle.says}."]


def evidence_text(evidence: EvidenceRow) -> str:
    """Return a number behind a finding as text, such as `share: 0.5 ± 0.02 (threshold 0.4), layer 1`."""
    value = number(evidence.value) if is_number(evidence.value) else "not known"
    if is_number(evidence.value) and is_number(evidence.error):
        value = with_error(evidence.value, evidence.error)
    threshold = f" (threshold {number(evidence.threshold)})" if is_number(evidence.threshold) else ""
    return f"{evidence.what}: {value}{threshold}" + (f", {evidence.where}" if evidence.where else "")


def trial_texts(finding: FindingRow, form: ScoreFormat, recommended: Sequence[str] = ()) -> list[str]:
    """Return lines of text on the trials of the remedies of a finding.

    The best confirmed remedies are shown with their numbers, most others by name. If no remedy is confirmed,
    all are shown with their numbers. form: format of scores. recommended: names of the recommended remedies.
    """
    confirmed = [trial for trial in finding.remedies if trial.confirmed]
    others = [trial for trial in finding.remedies if not trial.confirmed]
    told = [trial for trial in others if not confirmed or trial.outcome in ("overfits", "not_judged")]
    lines = [trial_text(trial, form) for trial in [*confirmed[:MAX_CONFIRMED], *told]]
    if more := confirmed[MAX_CONFIRMED:]:
        lines.append(f"Also better: {_names(more)}.")
    if rest := [trial for trial in others if trial not in told]:
        lines.append(f"Not better: {_names(rest)}.")
    combined = [trial.says for trial in others if trial.remedy in recommended]
    if combined:
        lines.append(f"Recommended below, combined with another remedy: {', '.join(combined)}.")
    elif finding.withdrawn and not any(trial.outcome == "too_few_seeds" for trial in others):
        lines.append("No remedy that was tried helps by a difference that matters.")
    return lines


def _names(trials: Sequence[RemedyTrial]) -> str:
    return ", ".join(trial.says for trial in trials)


def trial_text(trial: RemedyTrial, form: ScoreFormat) -> str:
    """Return the trial of a remedy as text: the remedy, and score and validation loss without and with it.

    The text is `Remedy: Adam (optimizer adam): accuracy 90.1 → 97.2 % ..., validation loss ...`. It begins
    with `Tried` if the remedy is not confirmed. form: format of scores.
    """
    title = "Remedy" if trial.confirmed else "Tried"
    changes = change_text(trial.changes)
    if trial.outcome == "diverges":
        runs = f"{trial.loss.diverged_after} of {trial.loss.seeds} seeds"
        return f"{title}: {trial.says} ({changes}): diverges on {runs}"
    score = score_text(trial.score, form)
    if trial.outcome == "not_judged":
        says = trial.says[0].upper() + trial.says[1:]
        honest = "expect this score if predictions cannot use them"
        return f"{says} (--{changes}): {_before_after(trial.score, form)}; {honest}"
    ending = ENDINGS.get(trial.outcome, "")
    if trial.outcome == "too_few_seeds":
        ending = f"; {trial.loss.seeds} seeds cannot confirm it"
    elif trial.confirmed and trial.loss.worse:
        ending = ENDINGS["overfits"]
    return f"{title}: {trial.says} ({changes}): {score}; {_losses(trial)}{ending}"


def _losses(trial: RemedyTrial) -> str:
    """Return the validation loss at the end and, where it makes a difference, at its lowest."""
    last, lowest = trial.loss, trial.lowest_loss
    ends = [(last.before, lowest.before), (last.after, lowest.after)]
    rises = any(
        is_number(end) and is_number(low) and end - low > last.smallest_difference for end, low in ends
    )
    if not rises:
        return f"validation loss {loss_text(last)}"
    return f"validation loss at its lowest {loss_text(lowest)}, at the end {loss_text(last)}"


def loss_text(pair: PairedComparison) -> str:
    """Return the medians of a loss without and with a change as text, such as `0.41 → 0.22`.

    If too many runs diverged to have a median, `diverged` takes its place.
    """
    before, after = (number(value) if is_number(value) else "diverged" for value in (pair.before, pair.after))
    return f"{before} → {after}"


def score_text(pair: PairedComparison, form: ScoreFormat) -> str:
    """Return a score without and with a change as text, with the paired difference and the better seeds.

    The text is `accuracy 73 → 75 % (paired difference +1.8 ± 0.4 points), 19 of 20 seeds better`. form:
    format of scores.
    """
    text = _before_after(pair, form)
    text += f", {pair.better} of {pair.seeds} seeds better"
    text += f", {pair.equal} equal" if pair.equal else ""
    diverged = pair.diverged_before, pair.diverged_after
    return text + (f", diverged {diverged[0]} → {diverged[1]}" if any(diverged) else "")


def _before_after(pair: PairedComparison, form: ScoreFormat) -> str:
    before, after = (
        form.number(value) if is_number(value) else "diverged" for value in (pair.before, pair.after)
    )
    text = " ".join(filter(None, (form.metric, before, "→", after, form.unit)))
    if not is_number(pair.difference):
        return text
    unit = f" {form.step}" if form.unit else ""
    return f"{text} (paired difference {form.difference(pair.difference, pair.interval)}{unit})"


def change_text(changes: Mapping[str, Plain]) -> str:
    """Return changes of settings as text, such as `learning-rate 0.01, scaling standard`."""
    return ", ".join(f"{name.replace('_', '-')} {_value(value)}" for name, value in changes.items())


def _value(value: Plain) -> str:
    if isinstance(value, list):
        return ",".join(map(str, value))
    return "standard" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
