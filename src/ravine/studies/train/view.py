"""The report of a training, and the facts of its dry run, as blocks to be shown."""

from __future__ import annotations

from collections.abc import Sequence

from ravine.execution.baseline_view import baseline_blocks
from ravine.execution.describe import (
    curve_rows_blocks,
    data_text,
    score_format_of,
    time_row,
    training_option_rows,
    validation_text,
)
from ravine.execution.length_advice import advice_text, advice_words, rounding_text
from ravine.execution.next_steps import files_and_commands, source_or_example
from ravine.execution.result_parts import ScoreSummary
from ravine.execution.test_rows import test_rows_sentence
from ravine.render.blocks import (
    Block,
    Column,
    Facts,
    Files,
    Paragraph,
    Sparkline,
    Sparklines,
    Steps,
    Table,
)
from ravine.render.numbers import ScoreFormat, count, is_number, learning_rate
from ravine.studies.train.result import Layer, ScheduleCurve, TrainingFacts, TrainPlan, TrainResult

__all__ = ["details", "next_steps", "plan_view", "view"]

CHOSEN = "These seeds chose the winner; `--fresh-seeds` gives an independent estimate."
PURPOSES = {"longer": "Train it longer", "earlier": "Train it again, and stop earlier"}
SEEDS_TO_COMPARE = 10  # fresh seeds of the comparison that follows a training on one seed


def view(result: TrainResult) -> list[Block]:
    """Return the report of a training: settings, scores, and loss curves of the first seed.

    A score is the median over seeds with its interval, as in `compare`.
    """
    plan, scores, curves = result.plan, result.result, result.curves
    parts = (scores, result.test)
    style = score_format_of(result.metric, [], [(part.median, part.median_interval) for part in parts])
    rows = [
        ("data", f"{result.data.name}, target {result.data.target}"),
        ("network", f"{plan.network}, {plan.parameters:,} parameters"),
        (
            "optimizer",
            f"{scores.optimizer}, learning rate {learning_rate(scores.learning_rate)}, {scores.schedule}",
        ),
        *training_option_rows(plan.training_options),
        ("training", _length(plan)),
        (f"validation {style.metric}", _score(scores, style)),
        (f"test {style.metric}", _score(result.test, style)),
    ]
    if scores.diverged:
        rows.append(("diverged", f"{scores.diverged} of {scores.n_seeds} seeds"))
    if best_epochs := [epochs for epochs in scores.epochs or () if epochs is not None]:
        whole = f"of {plan.epochs:.3g} epochs" + " in the mean" * (len(best_epochs) > 1)
        rows.append(
            ("kept", f"the weights after {sum(best_epochs) / len(best_epochs):.3g} {whole}: the best")
        )
    first = [k for k, seed in enumerate(curves.seed) if seed == curves.seed[0]]
    diverged = not is_number(scores.values[0])
    lines = [
        _line("train loss", [curves.train_loss[k] for k in first], diverged),
        _line("valid loss", [curves.valid_loss[k] for k in first], diverged),
    ]
    if len(set(plan.rates or ())) > 1:
        lines.insert(0, _line("learning rate", plan.rates or ()))
    blocks: list[Block] = [
        Facts(rows),
        *_caveat(plan),
        Sparklines(lines, scale="own"),
        *curve_rows_blocks(result.split),
    ]
    if result.advice is not None:
        blocks.append(Paragraph(advice_text(result.advice, scores.optimizer)))
    if result.test_rows is not None:
        blocks.append(Paragraph(test_rows_sentence(result.test_rows, style), tone="warning"))
    return [*blocks, *baseline_blocks(result.baselines, style, result.metric)]


def details(result: TrainResult) -> list[Block]:
    """Return the network layer by layer and the schedules, which the option `-v` adds to the report."""
    blocks: list[Block] = [_layers(result.plan.layers)]
    return blocks + [_schedule(curve) for curve in result.schedules]


def next_steps(result: TrainResult) -> list[Block]:
    """Return the end of the report of a training: its files, and the commands to type next."""
    run = str(result.run_dir)
    # The configuration holds the number of seeds, and `compare` refuses a single one.
    seeds = ["--seeds", str(SEEDS_TO_COMPARE)] if result.plan.runs < 2 else []
    commands = [
        (
            "Predict with the best model",
            ["predict", run, source_or_example(result.source), "-o", "predictions.csv"],
        ),
        ("Compare it with other optimizers", ["compare", "-c", f"{run}/config.toml", *seeds]),
    ]
    if result.advice is not None:
        purpose = f"{PURPOSES[result.advice.action]}: {result.advice.reason}"
        words = ["train", "-c", f"{run}/config.toml", *advice_words(result.advice)]
        commands.insert(1, (purpose, words))
    return files_and_commands(run, [("Model", str(result.model_dir))], commands)


def plan_view(plan: TrainPlan) -> list[Block]:
    """Return the facts that a dry run of a training shows: network, optimizer, schedules and length."""
    split = plan.split
    rows = [
        ("data", data_text(plan.data)),
        (
            "split",
            f"{split.train:,} train, {validation_text(split)}, {split.test:,} test",
        ),
        ("optimizer", f"{plan.optimizer}, learning rate {learning_rate(plan.learning_rate)}"),
        *training_option_rows(plan.plan.training_options),
        ("training", _length(plan.plan)),
        ("networks", f"{plan.plan.runs:,}"),
        time_row(plan),
    ]
    blocks: list[Block] = [Facts(rows), *_caveat(plan.plan), _layers(plan.plan.layers)]
    blocks += map(_schedule, plan.schedules)
    if plan.picture is not None:
        blocks.append(Files([("Picture", plan.picture)]))
    return blocks


def _caveat(plan: TrainingFacts) -> list[Block]:
    """Return the sentence on seeds that chose the training; empty if no study chose it on these seeds."""
    return [] if plan.winner_of is None else [Paragraph(CHOSEN)]


def _length(plan: TrainingFacts) -> str:
    rounding = rounding_text(plan.steps, plan.epochs, plan.requested_epochs)
    epochs = f"{plan.epochs:.3g} epoch{'s' * (plan.epochs != 1)}" + f" ({rounding})" * bool(rounding)
    return f"{count(plan.steps, 'step')} of {count(plan.batch_size, 'row')}, {epochs}"


def _score(part: ScoreSummary, style: ScoreFormat) -> str:
    """Return the median over seeds with its interval, as `81 ± 5 %, median of 10 seeds`."""
    if not is_number(part.median):
        return "diverged"
    text = style.with_unit(part.median, part.median_interval)
    text += f", median of {part.n_seeds} seeds" if part.n_seeds > 1 else ""
    return text + ", some diverged" * bool(part.diverged)


def _line(label: str, values: Sequence[float | None], diverged: bool = False) -> Sparkline:
    """Return one line of text with a loss curve, between its first and its last value.

    diverged: whether values without a number are those of a diverged run, not of a run that stopped early. A
    curve ends where its run stopped.
    """
    finite = [value for value in values if is_number(value)]
    if not finite:
        return Sparkline(label, (), (), after="diverged")
    if not diverged:
        values = values[: 1 + max(k for k, value in enumerate(values) if is_number(value))]
    x = [float(k) for k in range(len(values))]
    return Sparkline(label, x, values, after=f"{finite[-1]:.3g}", before=f"{finite[0]:.3g}")


def _layers(layers: Sequence[Layer]) -> Table:
    """Return a table of the layers of the network, with the sum of their parameters."""
    total = sum(layer.parameters for layer in layers)
    shapes = [" × ".join(f"{size:,}" for size in layer.output) for layer in layers]
    return Table(
        [
            Column("layer", [*(layer.layer for layer in layers), "total"], align="left", shrink=20),
            Column("output", [*shapes, ""]),
            Column("parameters", [*(f"{layer.parameters:,}" for layer in layers), f"{total:,}"]),
        ],
        rules=(0, len(layers)),
    )


def _schedule(curve: ScheduleCurve) -> Block:
    title = f"{curve.what}, {curve.schedule}"
    if curve.values is None or curve.epochs is None:
        return Paragraph(f"{title}: it depends on the validation loss")
    end = f"{curve.total_epochs:.3g} epochs, {count(curve.steps, 'step')}"
    return Steps(title, curve.epochs, curve.values, end=end)
