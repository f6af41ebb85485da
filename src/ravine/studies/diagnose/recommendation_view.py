"""Sentences of a report on the settings that a diagnosis recommends."""

from __future__ import annotations

from ravine.render.blocks import Item, Items
from ravine.render.numbers import ScoreFormat, count, is_number, listed, number
from ravine.studies.diagnose.finding_view import change_text, loss_text, score_format, score_text
from ravine.studies.diagnose.result import (
    ConstantComparison,
    DiagnoseResult,
    FindingRow,
    Recommendation,
)

__all__ = ["recommendation_block", "untried_text"]

DATA_THEME = "RAV4"  # beginning of the codes of faults of the data, which no change of the training cures


def recommendation_block(result: DiagnoseResult) -> Items:
    """Return the block of the report with the recommended settings and their proof.

    Without a recommended change, the block gives the reason. Raises ValueError if the diagnosis has no
    recommendation, neither for a change nor against it.
    """
    advice = result.recommendation
    if advice is None:
        raise ValueError("The result has no recommendation.")
    form = score_format(result)
    sentences: list[str | Item] = [Item(_title(advice, result), tone="strong")]
    if not advice.unchanged and advice.score is not None and advice.validation is not None:
        losses = f"validation loss {loss_text(advice.validation)}"
        sentences.append(f"On fresh seeds, {score_text(advice.score, form)}; {losses}.")
    if not advice.unchanged and advice.test is not None:
        sentences.append(f"On the test rows, read once, {score_text(advice.test, form)}.")
    if advice.constant is not None and _nothing_learned(advice, advice.constant):
        sentences.append(_not_cured(advice, advice.constant, form))
    elif (sentence := _against_baselines(advice, result, form)) is not None:
        sentences.append(sentence)
    return Items(sentences, style="plain")


def _title(advice: Recommendation, result: DiagnoseResult) -> str:
    facts = result.plan
    length = ""
    if facts.steps is not None:
        epochs = "" if facts.epochs is None else f" ({number(facts.epochs)} epochs)"
        length = f" for {count(facts.steps, 'step')}{epochs}"
    if not advice.unchanged:
        return f"Recommended{'' if 'epochs' in advice.changes else length}: {change_text(advice.changes)}."
    if advice.few_seeds:
        promising = ""
        if advice.promising is not None:
            promising = f" The most promising is {_in_words(advice.promising, result)}."
        return f"No recommendation: {facts.seeds} seeds cannot confirm a remedy.{promising} Give --seeds 20."
    if advice.diverged:
        return (
            f"No recommendation: this configuration diverges on {advice.diverged} of {facts.seeds} seeds, "
            "and no remedy that was tried is confirmed. Check the data for extreme values, and try a lower "
            "learning rate."
        )
    reason = "no remedy that was tried is better by a difference that matters"
    if advice.not_better is not None:
        remedy = _in_words(advice.not_better, result)
        reason = f"the best remedy, {remedy}, was not better on fresh seeds"
    faults = [finding.code for finding in result.findings if finding.severity and not finding.muted]
    if not faults:
        return f"Recommended{length}: keep this configuration; {reason}."
    ending = "was found. This finding stands" if len(faults) == 1 else "were found. These findings stand"
    return f"No change is recommended: {reason}, although {listed(faults)} {ending} without proof."


def untried_text(finding: FindingRow, result: DiagnoseResult) -> list[str]:
    """Return a list with a sentence on a fault for which no remedy of its own was tried.

    The sentence names other faults whose remedies help, if there are any. If the diagnosis tried no remedies
    at all, the list is empty, since a note of the report says so.
    """
    if not result.plan.seeds:
        return []
    helpful = _helpful(finding, result)
    if not helpful:
        return ["No remedy was tried."]
    source = f"{'the remedy' if len(helpful) == 1 else 'the remedies'} of {listed(helpful)}"
    advice, form = result.recommendation, score_format(result)
    constant = None if advice is None or advice.unchanged else advice.constant
    if advice is None or constant is None or not constant.beaten or _against_baselines(advice, result, form):
        return [f"No remedy of its own was tried; see {source}."]
    return [f"With {source}, {_next_to_constant(constant, form, result)}"]


def _helpful(finding: FindingRow, result: DiagnoseResult) -> list[str]:
    """Return the codes of other faults whose remedies help a fault of the training that has no trial.

    Without a recommended remedy, all confirmed ones count. A remedy of several faults belongs to the worst.
    """
    if finding.code.startswith(DATA_THEME):
        return []
    owners: dict[str, str] = {}  # code of the worst fault, by name of the remedy
    for other in result.findings:
        for trial in other.remedies:
            if trial.confirmed:
                owners.setdefault(trial.remedy, other.code)
    recommended = [] if result.recommendation is None else result.recommendation.remedies
    chosen = [owners[name] for name in recommended if name in owners]
    return list(dict.fromkeys(chosen or owners.values()))


def _nothing_learned(advice: Recommendation, constant: ConstantComparison) -> bool:
    """Return whether a score is not above that of a constant; a training that diverges has no score."""
    return not constant.beaten and (not advice.unchanged or constant.score is not None)


def _in_words(remedies: str, result: DiagnoseResult) -> str:
    """Return remedies, names joined by ` + `, in words: `a tenth of the learning rate`."""
    words = {trial.remedy: trial.says for finding in result.findings for trial in finding.remedies}
    return " and ".join(words.get(name, name) for name in remedies.split(" + "))


def _not_cured(advice: Recommendation, constant: ConstantComparison, form: ScoreFormat) -> str:
    facts = _next_to_constant(constant, form)
    return f"Nothing is learned: {facts}" if advice.unchanged else f"Better, but not cured: {facts}"


def _next_to_constant(
    constant: ConstantComparison, form: ScoreFormat, result: DiagnoseResult | None = None
) -> str:
    """Return the score next to that of a constant prediction, as a sentence.

    result: diagnosis whose linear model is compared, too, if it was scored on the test rows.
    """
    rows = "test rows" if constant.test else "validation rows"
    score = form.with_unit(constant.score) if is_number(constant.score) else "no finite score"
    others = [f"and a constant prediction has {form.with_unit(constant.constant)}"]
    rows_of = [] if result is None or not constant.test else result.baselines
    for linear in (row.test for row in rows_of if row.model == "linear model"):
        if linear is not None and is_number(linear.median):
            others.insert(0, f"a linear model has {form.with_unit(linear.median)}")
    return f"{form.metric} on the {rows} is {score}, {', '.join(others)}."


def _against_baselines(advice: Recommendation, result: DiagnoseResult, form: ScoreFormat) -> str | None:
    """Return the sentence that a simpler model is better on the test rows; None if no such model exists."""
    score = None if advice.unchanged or advice.test is None else advice.test.after
    if not is_number(score):
        return None
    sign = 1 if result.metric.greater_is_better else -1
    tests = {row.model: row.test.median for row in result.baselines if row.test is not None}
    known = {name: value for name, value in tests.items() if is_number(value)}
    best = max(known, key=lambda name: sign * known[name], default=None)
    if best is None or sign * (known[best] - score) <= 0 or not result.metric.matters(score, known[best]):
        return None
    return (
        f"Better, but still worse than the {best}, which has {form.with_unit(known[best])} on the test rows."
    )
