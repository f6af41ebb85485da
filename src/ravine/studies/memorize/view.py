"""The report of a memorization study, and the facts of its dry run, as blocks to be shown."""

from __future__ import annotations

from collections.abc import Sequence

from ravine.execution.describe import data_text, time_row, training_option_rows
from ravine.execution.next_steps import files_and_commands
from ravine.execution.result_parts import Measure, TimeMeasure
from ravine.render.blocks import (
    Block,
    Column,
    Facts,
    Items,
    Paragraph,
    Sparkline,
    Sparklines,
    Table,
)
from ravine.render.numbers import (
    MISSING_CELL,
    count,
    is_number,
    learning_rate,
    longer_side,
    percent,
    with_interval,
)
from ravine.studies.memorize.result import (
    ArmResult,
    Bound,
    Information,
    MemorizedRows,
    MemorizePlan,
    MemorizeResult,
    RandomLabelsResult,
)

__all__ = ["BOUND_NAMES", "next_steps", "plan_view", "view"]

BOUND_NAMES = {
    "pac_bayes": "PAC-Bayes certificate",
    "held_out": "from held-out rows",
    "lecture": "lecture's sqrt(I/N)",
    "xu_raginsky": "sqrt(I/2N)",
    "f_cmi": "f-CMI",
}
"""Title of each bound on the error in a report, by its name in the result."""
QUANTITIES = {"error": "error on held-out rows", "gap": "gap, held out less train"}
DIVERGED = "diverged"


def view(result: MemorizeResult) -> list[Block]:
    """Return the report of a memorization study: findings, random-label test, limits and bounds."""
    plan, rows = result.plan, result.rows
    trained = [arm for arm in result.shares if arm.networks]
    head = (
        f"{result.data.name}: {len(plan.seeds)} networks {plan.network} for each line, "
        f"{plan.parameters:,} parameters, {plan.optimizer} at {learning_rate(plan.learning_rate)}, "
        f"{plan.epochs:.3g} epochs. Each network trains on {rows.train:,} rows; {rows.held_out:,} others are "
        "held out."
    )
    blocks: list[Block] = [Paragraph(head), Items(_findings(result, trained)), _share_table(result.shares)]
    if trained:
        blocks.append(_learning_curves(trained))
    if result.limits:
        blocks.append(_limit_table(result))
    if trained:
        blocks.append(_bound_table(trained))
    return [*blocks, Paragraph(_legend(result), tone="dim")]


def next_steps(result: MemorizeResult) -> list[Block]:
    """Return the end of the report of a memorization study: its files, and the commands to type next."""
    run = str(result.run_dir)
    commands = [("Look for double descent in the same data", ["descent", "-c", f"{run}/config.toml"])]
    return files_and_commands(run, [("Picture", path) for path in result.pictures], commands)


def plan_view(plan: MemorizePlan) -> list[Block]:
    """Return the facts that a dry run of a memorization study shows: networks, training and rows."""
    facts, rows, arms = plan.plan, plan.rows, plan.plan.arms
    shares = [percent(arm.share) for arm in arms if arm.limit is None]
    limits = dict.fromkeys(arm.limit for arm in arms if arm.limit is not None)
    limited = dict.fromkeys(percent(arm.share) for arm in arms if arm.limit is not None)
    lines = [
        ("data", data_text(plan.data)),
        ("rows", f"{rows.train:,} to train, {rows.held_out:,} held out, {rows.test:,} to test"),
        ("effort", facts.effort),
        ("network", f"{facts.network}, {facts.parameters:,} parameters"),
        ("optimizer", f"{facts.optimizer} at {learning_rate(facts.learning_rate)}, {facts.schedule}"),
        *training_option_rows(facts.training_options),
        ("labels", f"{', '.join(shares)} of the labels random"),
    ]
    if limits:
        lines.append(("limits", f"{', '.join(limits)}; each with {' and '.join(limited)} random labels"))
    networks = f"{count(facts.runs, 'network')}, {facts.network_steps:,} network steps"
    lines += [
        (
            "training",
            f"{networks}: {len(arms)} times {count(len(facts.seeds), 'seed')}, "
            f"each {count(facts.steps, 'step')} of {count(facts.batch_size, 'row')}",
        ),
        ("measured", "accuracy on training and held-out rows, membership, information, bounds"),
        time_row(plan),
    ]
    return [Facts(lines)]


# -------------------------------------------------------------------------------------------------- findings


def _findings(result: MemorizeResult, trained: Sequence[RandomLabelsResult]) -> list[str]:
    """Return one sentence for each main finding on memorization."""
    if not trained:
        return []
    true_labels = trained[0]
    findings = [*_fitting(result, true_labels, trained[-1])]
    memory = true_labels.memorized
    if is_number(memory.mean):
        findings.append(
            f"{_percent(memory)} % of the true labels are right only because the row was in the training set "
            f"({100 * (memory.memorized_share or 0):.1f} % of the rows are memorized)."
        )
    risk = true_labels.membership.advantage
    if is_number(risk.mean):
        low = risk.interval[0] if risk.interval is not None else None
        separates = is_number(low) and low > 0
        outcome = "succeeds" if separates else "does not succeed"
        findings.append(
            f"Membership inference {outcome}: the attack's advantage is "
            f"{with_interval(risk.mean, risk.interval, decimals=2)} (0 = guessing, 1 = all rows)."
        )
    return findings + _strongest_limit(result)


def _fitting(result: MemorizeResult, first: ArmResult, last: ArmResult) -> list[str]:
    """Return a sentence that compares the epochs to fit true labels with those for random labels."""
    early, late = (None if arm.fit is None else arm.fit.median for arm in (first, last))
    if last is first or not is_number(early):
        return []
    if is_number(late):
        return [
            f"Random labels are fitted too, in {late:.3g} epochs; true labels need {early:.3g}, "
            f"{late / early:.1f} times fewer."
        ]
    return [
        f"True labels are fitted after {early:.3g} epochs; with {last.share:.0%} random labels they are not "
        f"fitted in {result.plan.epochs:.3g} epochs (give more --epochs, or a larger --learning-rate)."
    ]


def _strongest_limit(result: MemorizeResult) -> list[str]:
    """Return a sentence on the limit (such as dropout) that lowered memorization of wrong labels most."""
    limited = [
        (arm.wrong_learned.mean, arm)
        for arm in result.limits
        if arm.wrong_learned is not None and arm.wrong_learned.mean is not None
    ]
    if not limited:
        return []
    _, best = min(limited, key=lambda item: item[0])
    plain = next((arm for arm in result.shares if arm.networks and arm.share == best.share), None)
    if plain is None or plain.wrong_learned is None or best.wrong_learned is None:
        return []
    return [
        f"With {best.share:.0%} random labels, {best.limit} limits memorization most: the network learns "
        f"{_percent(best.wrong_learned)} % of the wrong labels instead of {_percent(plain.wrong_learned)} %, "
        f"and test accuracy is {_percent(best.test)} % instead of {_percent(plain.test)} %."
    ]


# ---------------------------------------------------------------------------------------------------- tables


def _share_table(shares: Sequence[RandomLabelsResult]) -> Table:
    first = [
        Column("random", [f"{arm.share:.0%}" for arm in shares], unit="labels"),
        Column("fitted after", [_epochs(arm) for arm in shares], unit="epochs"),
    ]
    return Table([*first, *_score_columns(shares)], title="Random labels", tight=True)


def _limit_table(result: MemorizeResult) -> Table:
    """Return the table of limits: rows in groups by share of random labels, first without a limit."""
    names: list[str] = []
    rows: list[ArmResult | None] = []
    for share in dict.fromkeys(arm.share for arm in result.limits):
        arms = [arm for arm in (*result.shares, *result.limits) if arm.share == share]
        names += [f"{share:.0%} random labels", *(f"  {arm.limit or 'no limit'}" for arm in arms)]
        rows += [None, *arms]
    columns = [
        Column("", names, align="left"),
        Column("wrong learned", [_wrong_learned(arm) for arm in rows], unit="%", priority=1),
    ]
    return Table([*columns, *_score_columns(rows)], title="Limits on memorization", tight=True)


def _score_columns(arms: Sequence[ArmResult | None]) -> list[Column]:
    """Return the columns of accuracies, memory and membership advantage, one row for each group.

    arms: measures of the groups of networks; None stands for a row of headings.
    """

    def column(title: str, unit: str, texts: Sequence[str], priority: int = 0) -> Column:
        shown = [
            "" if arm is None else text if arm.networks else MISSING_CELL
            for arm, text in zip(arms, texts, strict=True)
        ]
        return Column(title, shown, unit=unit, priority=priority)

    def texts(name: str) -> list[str]:
        return ["" if arm is None else _percent(getattr(arm, name)) for arm in arms]

    train = ["" if arm is None else f"{100 * (arm.train.mean or 0):.1f}" for arm in arms]
    advantages = [None if arm is None else arm.membership.advantage for arm in arms]
    attack = ["" if gain is None else with_interval(gain.mean, gain.interval, 1, 2) for gain in advantages]
    return [
        column("train", "%", train, 3),
        column("test", "%", texts("test")),
        column("memorized", "%", texts("memorized")),
        column("attack's", "advantage", attack, 2),
    ]


def _wrong_learned(arm: ArmResult | None) -> str:
    if arm is None:
        return ""
    if not arm.networks:
        return DIVERGED
    return MISSING_CELL if arm.wrong_learned is None else _percent(arm.wrong_learned)


def _epochs(arm: ArmResult) -> str:
    """Return the epochs until the labels were fitted, `12.4 ± 0.9`."""
    if not arm.networks:
        return DIVERGED
    fit: TimeMeasure | None = arm.fit
    if fit is None:
        return MISSING_CELL
    if not is_number(fit.median):
        return f"never ({fit.reached} of {len(fit.values)})"
    away = longer_side(fit.median, fit.interval)
    return f"{fit.median:.3g}" + ("" if away is None else f" ± {away:.2g}")


def _bound_table(shares: Sequence[RandomLabelsResult]) -> Table:
    """Return the table of measured errors and gaps with their bounds.

    It shows the first, the middle and the last share of random labels.
    """
    shown = [shares[k] for k in dict.fromkeys((0, len(shares) // 2, len(shares) - 1))]
    names: list[str] = []
    texts: list[list[str]] = [[] for _ in shown]
    for quantity, title in QUANTITIES.items():
        bounds = dict.fromkeys(bound.name for arm in shown for bound in arm.bounds if bound.of == quantity)
        names += [title, *(f"  ≤ {BOUND_NAMES[name]}" for name in bounds)]
        for column, arm in zip(texts, shown, strict=True):
            by_name = {bound.name: bound for bound in arm.bounds}
            column += [_measured(arm, quantity), *(_bound(by_name.get(name), arm.gap) for name in bounds)]
        if quantity == "gap":
            names.append(f"  ≤ {BOUND_NAMES['f_cmi']}")
            for column, arm in zip(texts, shown, strict=True):
                column.append(_information_bound(arm.information))
    columns = [
        Column(f"{arm.share:.0%} random", column, priority=int(0 < k < len(shown) - 1))
        for k, (arm, column) in enumerate(zip(shown, texts, strict=True))
    ]
    return Table([Column("", names, align="left"), *columns], title="Bounds, in %", tight=True, split=True)


def _measured(arm: ArmResult, quantity: str) -> str:
    if quantity == "gap":
        return _percent(arm.gap)
    score, ends = arm.held_out, arm.held_out.interval
    if score.mean is None:
        return MISSING_CELL
    wrong = None if ends is None else [None if end is None else 1 - end for end in reversed(ends)]
    return with_interval(1 - score.mean, wrong, 100, 1)


def _bound(bound: Bound | None, gap: Measure) -> str:
    """Return a bound in percent, marked if it is no better than guessing or below the measured gap."""
    if bound is None:
        return MISSING_CELL
    low = 0.0 if gap.interval is None else gap.interval[0] or 0.0
    is_too_low = bound.of == "gap" and bound.value < low
    return f"{100 * bound.value:.3g}" + (" vacuous" if bound.vacuous else " too low" * is_too_low)


def _information_bound(information: Information | None) -> str:
    if information is None:
        return MISSING_CELL
    return (
        f"{100 * information.bound:.3g} (to {100 * information.bound_high:.3g})"
        + " vacuous" * information.vacuous
    )


def _learning_curves(shares: Sequence[RandomLabelsResult]) -> Sparklines:
    epochs = shares[0].curve.epoch
    lines = [
        Sparkline(f"{arm.share:.0%}", arm.curve.epoch, arm.curve.train, after=_last(arm.curve.train))
        for arm in shares
    ]
    return Sparklines(
        lines,
        title="Training labels learned, by epoch (right: % at the end)",
        low=0.0,
        high=1.0,
        axis="log",
        ticks="ends",
        ends=(f"{epochs[0]:.3g}", f"{epochs[-1]:.3g}"),
        x_label="epoch",
    )


def _last(values: Sequence[float | None]) -> str:
    return f"{100 * values[-1]:.0f}" if is_number(values[-1]) else DIVERGED


def _percent(measure: Measure | MemorizedRows) -> str:
    """Return a share in percent with its interval, `97.3 ± 0.4`."""
    return with_interval(measure.mean, measure.interval, 100, 1)


def _legend(result: MemorizeResult) -> str:
    deltas = {bound.delta for arm in result.shares for bound in arm.bounds if bound.delta is not None}
    certain = "".join(
        f"Certificates hold for the first network with probability {1 - delta:.0%}. " for delta in deltas
    )
    return (
        f"Fitted: the median network predicts {result.plan.fitted:.0%} of the training labels. "
        "Memorized: accuracy on rows in training less accuracy on the same rows held out. "
        f"± is a 95 % interval. {certain}"
        "Bounds on gaps hold in expectation; those with I use an estimate of the information in the weights, "
        "which can be too low. Vacuous: no better than guessing."
    )
