"""The report of a diagnosis, and the facts that its dry run shows, as blocks for terminal and web page."""

from __future__ import annotations

from ravine.execution.baseline_view import baseline_blocks
from ravine.execution.describe import data_text, score_format_of, time_row, training_option_rows
from ravine.execution.next_steps import files_and_commands
from ravine.render.blocks import Block, Chart, Facts, Heading, Item, Items, Paragraph, Series
from ravine.render.numbers import count, is_number, learning_rate, number, seconds
from ravine.studies.diagnose.finding_view import (
    all_evidence,
    evidence_text,
    principle_text,
    score_format,
    trial_text,
    trial_texts,
)
from ravine.studies.diagnose.recommendation_view import recommendation_block, untried_text
from ravine.studies.diagnose.result import (
    CheckRow,
    DiagnosedTraining,
    DiagnosePlan,
    DiagnoseResult,
    FindingRow,
    MeasuringCost,
    ObservedCurves,
    PlannedDiagnosis,
)

__all__ = ["details", "next_steps", "plan_view", "view"]

MAX_EVIDENCE = 3  # numbers below a finding; `details` has all
OBSERVATIONS = "Also noted"  # title of findings that are no faults


def view(result: DiagnoseResult) -> list[Block]:
    """Return the report of a diagnosis as blocks: findings, checks, recommendation, baselines, notes, time.

    Findings come first, the most severe at the top. The loss of the measured run is a chart, unless a trained
    model was examined.
    """
    blocks: list[Block] = [Paragraph(_examined(result), tone="dim"), Paragraph(_verdict(result))]
    faults, observations = _by_severity(result)
    muted = [f"{finding.code} ({finding.fault})" for finding in result.findings if finding.muted]
    if faults:
        blocks.append(Items([_finding(finding, result) for finding in faults], style="number"))
    if observations:
        blocks.append(Items([_finding(finding, result) for finding in observations], title=OBSERVATIONS))
    if muted:
        blocks.append(Paragraph(f"Muted: {', '.join(muted)}."))
    if result.checks:
        blocks.append(Paragraph(_passed(result.checks)))
    if result.recommendation is not None:
        blocks.append(recommendation_block(result))
    style = score_format_of(result.metric, result.baselines)
    blocks += baseline_blocks(result.baselines, style, result.metric)
    if result.history:
        blocks.append(_losses(result.curves))
    return [*blocks, Items([*result.notes, *_cost(result.cost)], style="plain")]


def details(result: DiagnoseResult) -> list[Block]:
    """Return blocks with more detail for the option -v of `ravine diagnose`.

    They list every finding with all of its numbers and trials of remedies, and every check that found no
    fault.
    """
    blocks: list[Block] = []
    faults, observations = _by_severity(result)
    muted = [finding for finding in result.findings if finding.muted]
    for title, findings in (("Findings", faults), (OBSERVATIONS, observations), ("Muted", muted)):
        if findings:
            rows = [_detailed(finding, result) for finding in findings]
            blocks += [Heading(title), Items(rows, style="plain")]
    if result.checks:
        passed = [Item(f"{check.code} {check.sentence}", all_evidence(check)) for check in result.checks]
        blocks += [Heading("Checks that passed"), Items(passed, style="plain")]
    return blocks


def _by_severity(result: DiagnoseResult) -> tuple[list[FindingRow], list[FindingRow]]:
    """Return the faults, worst first, and the observations that are no faults, without muted findings."""
    active = [finding for finding in result.findings if not finding.muted]
    faults = [finding for finding in active if finding.severity]
    return faults, [finding for finding in active if not finding.severity]


def _detailed(finding: FindingRow, result: DiagnoseResult) -> Item:
    """Return a finding with all of its numbers and trials."""
    form = score_format(result)
    trials = [trial_text(trial, form) for trial in finding.remedies]
    return Item(
        f"{finding.code} {finding.sentence}", [*all_evidence(finding), *principle_text(finding), *trials]
    )


def next_steps(result: DiagnoseResult) -> list[Block]:
    """Return blocks that list the files of a diagnosis and the commands to type next."""
    run, config = str(result.run_dir), result.config
    if config is None:
        return files_and_commands(run)
    commands = [("Train as recommended", ["train", "-c", config])]
    return files_and_commands(run, [("Configuration", config)], commands)


def plan_view(plan: DiagnosePlan) -> list[Block]:
    """Return the block that a dry run of a diagnosis shows: data, training, measurements, trials, time."""
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
            time_row(plan),
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
    return [Facts([*rows, *_proof(facts), time_row(plan)])]


def _optimizer(facts: DiagnosedTraining) -> str:
    """Return optimizer, learning rate and schedule as text, as far as they are known."""
    rate = f" at {learning_rate(facts.learning_rate)}" if is_number(facts.learning_rate) else ""
    schedule = f", {facts.schedule}" if facts.schedule else ""
    return f"{facts.optimizer or 'not known'}{rate}{schedule}"


def _length(facts: DiagnosedTraining) -> str:
    """Return the numbers of steps, of rows in a batch and of epochs as text, as far as they are known."""
    if facts.steps is None:
        return ""
    rows = "" if facts.batch_size is None else f" of {count(facts.batch_size, 'row')}"
    epochs = "" if facts.epochs is None else f" ({number(facts.epochs)} epochs)"
    return f"{count(facts.steps, 'step')}{rows}{epochs}"


def _proof(facts: PlannedDiagnosis) -> list[tuple[str, str]]:
    if not facts.runs.original:
        return [("proof", "no remedy is tried")]
    few = [] if facts.few_seeds is None else [("too few seeds", facts.few_seeds)]
    return [
        *few,
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
    faults, _ = _by_severity(result)
    words = f"{count(len(faults), 'finding')}, worst first." if faults else "No fault found."
    if not is_number(result.score):
        return words
    form = score_format(result)
    others = [(row.model, row.values[0]) for row in result.baselines if row.values]
    if not others and is_number(result.constant_score):
        others = [("constant prediction", result.constant_score)]
    shown = ", ".join(f"{name} {form.with_unit(value)}" for name, value in others if is_number(value))
    score = f"On the validation rows, {form.metric} is {form.with_unit(result.score)}"
    return f"{words} {score} ({shown})." if shown else f"{words} {score}."


def _passed(checks: list[CheckRow]) -> str:
    """Return all checks that passed as one sentence."""
    faults = ", ".join(check.fault for check in checks)
    return f"{count(len(checks), 'check')} passed. No sign of: {faults}. Option -v explains each."


def _finding(finding: FindingRow, result: DiagnoseResult) -> Item:
    shown = [row for row in finding.evidence if is_number(row.threshold)] or finding.evidence
    lines = [evidence_text(row) for row in shown[:MAX_EVIDENCE]]
    lines += principle_text(finding)
    if finding.untried:
        lines += untried_text(finding, result)
    else:
        recommended = [] if result.recommendation is None else result.recommendation.remedies
        lines += trial_texts(finding, score_format(result), recommended)
    return Item(f"{finding.code} {finding.sentence}", lines, tone="strong")


def _losses(curves: ObservedCurves) -> Chart:
    """Return the losses of the measured run as a chart, for HTML."""
    steps = [float(step or 0) for step in curves.step]
    return Chart(
        "Loss of the measured run",
        [Series("training", steps, curves.train_loss), Series("validation", steps, curves.valid_loss)],
        x_label="step",
        y_label="loss",
    )


def _cost(cost: MeasuringCost | None) -> list[str]:
    """Return the seconds of the measured run in one sentence; an empty list if they are not known."""
    if cost is None:
        return []
    spent = ", ".join(f"{name} {seconds(value)}" for name, value in cost.measurements.items())
    compiling = f"compiling {seconds(cost.compile)}"
    if not is_number(cost.overhead):
        return [f"Cost: {spent}, {compiling}."]
    total = f"in total {cost.overhead:.2f} times the training"
    return [f"Cost: training {seconds(cost.train)}, {spent}, {total}; {compiling}."]
