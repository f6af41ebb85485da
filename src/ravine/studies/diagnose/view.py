"""The report of a diagnosis, and the facts of its dry run, as blocks to be shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ravine.execution.describe import data_text, training_option_rows
from ravine.execution.next_steps import files_and_commands
from ravine.execution.result import Plain
from ravine.render.blocks import Block, Chart, Facts, Item, Items, Paragraph, Series
from ravine.render.numbers import count, is_number, learning_rate, number, seconds, with_error
from ravine.studies.diagnose.result import (
    DiagnosedTraining,
    DiagnosePlan,
    DiagnoseResult,
    EvidenceRow,
    FindingRow,
    MeasuringCost,
    ObservedCurves,
    PairedComparison,
    PlannedDiagnosis,
    Recommendation,
    RemedyTrial,
)

__all__ = ["next_steps", "plan_view", "view"]


def view(result: DiagnoseResult) -> list[Block]:
    """Return the report of a diagnosis: verdicts, worst first, recommendation, notes and time."""
    blocks: list[Block] = [Paragraph(_examined(result), tone="dim"), Paragraph(_verdict(result))]
    if result.findings:
        blocks.append(Items([_finding(finding) for finding in result.findings], style="number"))
    if result.checks:
        sentences = " ".join(check.sentence for check in result.checks)
        blocks.append(Paragraph(f"Examined without a fault: {sentences}"))
    if result.recommendation is not None:
        blocks.append(_advice(result.recommendation, result))
    if result.history:
        blocks.append(_losses(result.curves))
    return [*blocks, Items([*result.notes, _cost(result.cost)], style="plain")]


def next_steps(result: DiagnoseResult) -> list[Block]:
    """Return the files that the run wrote, and the commands to type next."""
    run, config = str(result.run_dir), result.config
    if config is None:
        return files_and_commands(run)
    commands = [("Train as recommended", ["train", "-c", config])]
    return files_and_commands(run, [("Configuration", config)], commands)


def plan_view(plan: DiagnosePlan) -> list[Block]:
    """Return the facts that a dry run shows: training, measurements and trials of remedies."""
    facts, split = plan.plan, plan.split
    rows = [
        ("data", data_text(plan.data)),
        ("split", f"{split.train:,} train, {split.validation:,} validation, {split.test:,} test"),
        ("metric", plan.metric.name),
    ]
    network = ("network", f"{facts.network}, {count(facts.parameters, 'parameter')}")
    if plan.model is not None:
        rows += [
            ("model", plan.model),
            network,
            ("trained with", _optimizer(facts)),
            ("training", "no training: the model is measured as it is, and no remedy is tried"),
            ("measured", "loss, gradients, units and both ends of the spectrum, once"),
        ]
        return [Facts(rows)]
    rows += [
        network,
        ("optimizer", _optimizer(facts)),
        *training_option_rows(facts.training_options),
        ("training", f"1 network, {_length(facts)}"),
        (
            "measured",
            f"loss, gradients and units at {count(facts.points, 'point')} of training, both ends of the "
            f"spectrum at {facts.spectra}",
        ),
    ]
    return [Facts([*rows, *_proof(facts)])]


def _optimizer(facts: DiagnosedTraining) -> str:
    """Return optimizer, learning rate and schedule as text, as far as they are known."""
    rate = f" at {learning_rate(facts.learning_rate)}" if is_number(facts.learning_rate) else ""
    schedule = f", {facts.schedule}" if facts.schedule else ""
    return f"{facts.optimizer or 'not known'}{rate}{schedule}"


def _length(facts: DiagnosedTraining) -> str:
    """Return the numbers of steps and of rows in a batch as text, as far as they are known."""
    if facts.steps is None:
        return ""
    rows = "" if facts.batch_size is None else f" of {count(facts.batch_size, 'row')}"
    return f"{count(facts.steps, 'step')}{rows}"


def _proof(facts: PlannedDiagnosis) -> list[tuple[str, str]]:
    if not facts.runs.original:
        return [("proof", "no remedy is tried")]
    return [
        ("proof", f"the original and every remedy of a finding, on {facts.runs.original} seeds"),
        (
            "fresh seeds",
            f"if a remedy is better, {facts.runs.confirm} more networks, and the test rows, once",
        ),
    ]


def _examined(result: DiagnoseResult) -> str:
    """Return the diagnosed training, as `digits: sgd at 0.1, 64-8-10 relu, 1,000 steps of 32 rows`."""
    facts = result.plan
    rate = f" at {learning_rate(facts.learning_rate)}" if is_number(facts.learning_rate) else ""
    parts = [
        "" if result.history else "a trained model",
        f"{facts.optimizer}{rate}" if facts.optimizer is not None else "",
        facts.network,
        _length(facts),
    ]
    return f"{result.data.name}: {', '.join(filter(None, parts))}"


def _verdict(result: DiagnoseResult) -> str:
    faults = sum(finding.severity > 0 for finding in result.findings)
    if not faults:
        return "The network is healthy: no fault was found."
    return f"{count(faults, 'finding')}, worst first."


def _finding(finding: FindingRow) -> Item:
    principle = finding.principle
    details = [
        *(_evidence(evidence) for evidence in finding.evidence),
        f"Principle {principle.claim}: {principle.says}.",
        *(_trial(trial) for trial in finding.remedies),
    ]
    if finding.withdrawn:
        details.append("Advice withdrawn: no trial confirms a remedy.")
    elif finding.untried:
        details.append("No remedy was tried.")
    return Item(finding.sentence, details, tone="strong")


def _evidence(evidence: EvidenceRow) -> str:
    value = number(evidence.value) if is_number(evidence.value) else "not known"
    if is_number(evidence.value) and is_number(evidence.error):
        value = with_error(evidence.value, evidence.error)
    threshold = f" (threshold {number(evidence.threshold)})" if is_number(evidence.threshold) else ""
    return f"{evidence.what}: {value}{threshold}" + (f", {evidence.where}" if evidence.where else "")


def _trial(trial: RemedyTrial) -> str:
    title = "Remedy" if trial.confirmed else "Withdrawn"
    return f"{title}: {trial.says} ({_changes(trial.changes)}): validation loss {_effect(trial.loss)}"


def _effect(pair: PairedComparison) -> str:
    """Return an effect, as `0.41 → 0.22 (by -0.19, 95 % interval -0.2 to -0.18), 20 of 20 seeds better`."""
    before, after = (number(value) if is_number(value) else "diverged" for value in (pair.before, pair.after))
    text = f"{before} → {after}"
    if is_number(pair.difference) and pair.interval:
        low, high = pair.interval
        text += f" (by {number(pair.difference)}, 95 % interval {number(low)} to {number(high)})"
    text += f", {pair.better} of {pair.seeds} seeds better"
    text += f", {pair.equal} equal" if pair.equal else ""
    diverged = pair.diverged_before, pair.diverged_after
    return text + (f"; diverged {diverged[0]} → {diverged[1]}" if any(diverged) else "")


def _changes(changes: Mapping[str, Plain]) -> str:
    return ", ".join(f"{name.replace('_', '-')} {_value(value)}" for name, value in changes.items())


def _value(value: Plain) -> str:
    return "standard" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def _advice(advice: Recommendation, result: DiagnoseResult) -> Block:
    if advice.unchanged:
        reason = "no remedy is confirmed to be better"
        if advice.not_better is not None:
            tried = _in_words(advice.not_better, result.findings)
            reason = f"the best remedy, {tried}, was not better on fresh seeds"
        return Paragraph(f"Recommended: keep this configuration; {reason}.")
    sentences: list[str | Item] = [Item(f"Recommended: {_changes(advice.changes)}.", tone="strong")]
    if advice.validation is not None:
        sentences.append(f"On fresh seeds, validation loss {_effect(advice.validation)}.")
    if advice.test is not None:
        sentences.append(f"On the test rows, read once, {result.metric.name} {_effect(advice.test)}.")
    return Items(sentences, style="plain")


def _in_words(remedies: str, findings: Sequence[FindingRow]) -> str:
    """Return remedies, names joined by ` + `, in words: `a tenth of the learning rate`."""
    words = {trial.remedy: trial.says for finding in findings for trial in finding.remedies}
    return " and ".join(words[name] for name in remedies.split(" + "))


def _losses(curves: ObservedCurves) -> Chart:
    """Return the losses of the measured run as a chart, for HTML."""
    steps = [float(step or 0) for step in curves.step]
    return Chart(
        "Loss of the measured run",
        [Series("training", steps, curves.train_loss), Series("validation", steps, curves.valid_loss)],
        x_label="step",
        y_label="loss",
    )


def _cost(cost: MeasuringCost) -> str:
    spent = ", ".join(f"{name} {seconds(value)}" for name, value in cost.measurements.items())
    compiling = f"compiling {seconds(cost.compile)}"
    if not is_number(cost.overhead):
        return f"Cost: {spent}, {compiling}."
    total = f"in total {cost.overhead:.2f} times the training"
    return f"Cost: training {seconds(cost.train)}, {spent}, {total}; {compiling}."
