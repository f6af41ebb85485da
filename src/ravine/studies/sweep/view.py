"""The report of a sweep, and the report of its dry run, as lists of blocks.

A block is a heading, a paragraph or a table, which the terminal, a notebook or the web page renders.
"""

from __future__ import annotations

from collections.abc import Sequence

from ravine.execution.describe import curve_rows_blocks, data_text, score_format_of, time_row, validation_text
from ravine.execution.evaluated_scores import (
    FAILED,
    PAIRED,
    failed_cells,
    failure_warning,
    few_seeds_text,
    median_cell,
    tied_with_best,
    tier_column,
)
from ravine.execution.length_advice import advice_text, length_text, still_falling_text
from ravine.execution.next_steps import after_ranking
from ravine.execution.test_rows import test_rows_sentence
from ravine.render.blocks import (
    Block,
    Column,
    Facts,
    Heading,
    Items,
    Paragraph,
    Table,
)
from ravine.render.numbers import (
    MISSING_CELL,
    ScoreFormat,
    count,
    every,
    is_number,
    learning_rate,
)
from ravine.significance import MIN_TEST_SEEDS, SIGNIFICANCE_LEVEL
from ravine.studies.sweep.result import (
    ConfigurationRow,
    LevelEffect,
    PairedDifference,
    SweepPlan,
    SweepResult,
)

__all__ = ["next_steps", "plan_view", "verdict", "view"]

MAX_FAILURE_NOTES = 4
MAX_ROWS = 40  # of a table; the JSON document contains all rows
MAX_KEPT_FACTORS = 3  # columns of extra factors are dropped where there is no room
LEVEL_WIDTH, LAST_LEVEL_WIDTH = 12, 6  # smallest widths of a level, in columns
METRIC_WIDTH = 20  # columns of the name of a metric


def view(result: SweepResult) -> list[Block]:
    """Return the report of a sweep as blocks (heading, tables, paragraphs).

    It shows the leaderboard of the configurations, the effects of all levels (values) if a grid has several
    factors, warnings, the verdict in words, advice on the length of training, and test scores.
    """
    style = _style(result)
    blocks: list[Block] = [_heading(result, style), _configurations(result, style)]
    if len(result.design.factors) > 1 and result.effects:  # with one factor the leaderboard shows them
        blocks.append(_effects(result.effects, style))
    blocks += [Paragraph(note, tone="warning") for note in _notes(result.leaderboard)]
    blocks.append(Paragraph(" ".join(verdict(result))))
    blocks += curve_rows_blocks(result.split)
    if result.advice is not None:
        blocks.append(Paragraph(advice_text(result.advice, result.best.setting)))
    if is_number(result.test.median):
        score = style.with_unit(result.test.median, result.test.median_interval)
        saved = style.with_unit(result.test.model)
        blocks.append(
            Paragraph(
                f"On the test rows, read once: {result.test.setting} {style.metric} {score}; "
                f"the saved network {saved}."
            )
        )
    if result.test_rows is not None:
        blocks.append(Paragraph(test_rows_sentence(result.test_rows, style), tone="warning"))
    return blocks


def next_steps(result: SweepResult) -> list[Block]:
    """Return the end of the report of a sweep: the files of its run, and commands to type next."""
    unused = result.data.unused
    return after_ranking(str(result.run_dir), str(result.model_dir), result.source, result.advice, unused)


def plan_view(plan: SweepPlan) -> list[Block]:
    """Return the report of a dry run of a sweep: planned work, estimated time, and list of configurations."""
    names = ", ".join(factor.name for factor in plan.factors)
    rates = (
        f"{len(plan.rates)} for each configuration, on {count(len(plan.tuning_seeds), 'seed')}"
        if plan.rates
        else "as given"
    )
    rows = [
        ("data", data_text(plan.data)),
        (
            "split",
            f"{plan.rows.train:,} train, {validation_text(plan.rows)}, the rest test",
        ),
        ("metric", plan.metric),
        ("design", f"{plan.design} of {count(len(plan.settings), 'configuration')}: {names}"),
        ("effort", f"{plan.effort} ({plan.effort_chosen})"),
        ("learning rates", rates),
        ("evaluation", f"each configuration on the same {count(len(plan.seeds), 'fresh seed')}"),
        ("networks", f"{plan.runs:,} in all of {_steps(plan)}, {plan.network_steps:,} network steps"),
        ("programs", f"{plan.programs:,} to compile"),
        time_row(plan),
        ("baseline", plan.settings[0].setting),
    ]
    shown = [row.setting for row in plan.settings[:MAX_ROWS]]
    more = [f"and {len(plan.settings) - MAX_ROWS} more"] * (len(plan.settings) > MAX_ROWS)
    return [Facts(rows), Items([*shown, *more], title="Configurations", style="plain")]


def _steps(plan: SweepPlan) -> str:
    """Return the steps of a network, such as `360 steps`; a range if the batch sizes differ."""
    steps = [facts["steps"] for facts in plan.plans.values()]
    whole = sorted({item for item in steps if isinstance(item, int)})
    return count(whole[0], "step") if len(whole) == 1 else f"{whole[0]:,} to {count(whole[-1], 'step')}"


# ------------------------------------------------------------------------------------------------- tables


def _style(result: SweepResult) -> ScoreFormat:
    """Return the format of scores and differences, with decimals for the smallest uncertainty."""
    rows = result.leaderboard
    changes = [(row.median, row.median_interval) for row in rows]
    changes += [
        (row.against_first.difference, row.against_first.interval)
        for row in rows
        if row.against_first is not None
    ]
    return score_format_of(result.metric, [], changes)


def _heading(result: SweepResult, style: ScoreFormat) -> Heading:
    data, seeds = result.data, max(row.n_seeds for row in result.leaderboard)
    measure = f"validation {style.metric}, median of {count(seeds, 'fresh seed')}"
    measure += " ± 95 % interval" if seeds >= MIN_TEST_SEEDS else ", too few for an interval"
    measure += f"; {length_text(result.plan.steps, result.plan.epochs)} each"
    tuned = "; each configuration at its own tuned learning rate" * (result.design.learning_rate == "tuned")
    size = f"{count(data.rows, 'row')}, {count(data.features, 'feature')}"
    return Heading(f"{data.name}: {size}, {data.task}", [measure + tuned])


def _configurations(result: SweepResult, style: ScoreFormat) -> Table:
    rows, factors = result.leaderboard[:MAX_ROWS], [factor.name for factor in result.design.factors]
    tiers = [row.tier for row in result.leaderboard]
    extra = max(0, len(factors) - MAX_KEPT_FACTORS)  # factors that can give way, after all other columns
    columns = [
        tier_column(result.leaderboard, MAX_ROWS),
        *(
            Column(
                name,
                [row.levels[name] for row in rows],
                align="left",
                priority=max(0, k - MAX_KEPT_FACTORS + 1),
                shrink=LEVEL_WIDTH if k < MAX_KEPT_FACTORS else LAST_LEVEL_WIDTH,
            )
            for k, name in enumerate(factors)
        ),
        Column(_metric_title(style), [median_cell(row, style) for row in rows]),
    ]
    if len(rows) > 1:
        against = [_against(row.first, row.against_first, style) for row in rows]
        columns.append(Column("against first", against, priority=extra + 1, meaning=PAIRED))
    if len({row.epochs for row in rows}) > 1:
        epochs = [f"{row.epochs:.3g}" if row.epochs is not None else MISSING_CELL for row in rows]
        columns.append(Column("epochs", epochs, priority=extra + 4))
    if any(row.failed for row in rows):
        columns.append(Column("failed", failed_cells(rows), priority=extra + 2, meaning=FAILED))
    if "learning_rate" not in factors:
        rates = [learning_rate(row.learning_rate) + "!" * bool(row.at_edge) for row in rows]
        columns.append(Column("learning rate", rates, priority=extra + 3))
    hidden = len(result.leaderboard) - len(rows)
    return Table(
        columns,
        note=f"and {hidden} more; all are in the JSON document" if hidden else "",
        rules=[k for k in range(len(rows)) if k == 0 or tiers[k] != tiers[k - 1]],
        strong=[k for k, row in enumerate(rows) if row.tier == tiers[0] and row.failed <= result.best.failed],
    )


def _effects(effects: Sequence[LevelEffect], style: ScoreFormat) -> Table:
    """Return the table of effects, with a horizontal line before each factor."""
    medians = [style.number(row.median) if row.median is not None else "diverged" for row in effects]
    factors = [row.factor for row in effects]
    return Table(
        [
            Column("factor", factors, align="left"),
            Column("level", [row.level for row in effects], align="left", shrink=LEVEL_WIDTH),
            Column("median", medians),
            Column("effect", [_against(row.first, row.effect, style) for row in effects]),
        ],
        title="Effect of every level, averaged over the other factors",
        rules=[k for k in range(len(factors)) if k == 0 or factors[k] != factors[k - 1]],
    )


def _metric_title(style: ScoreFormat) -> str:
    name = style.metric
    name = name if len(name) <= METRIC_WIDTH else f"{name[: METRIC_WIDTH - 1]}…"
    return " ".join(filter(None, [name, style.unit]))


def _against(first: bool, change: PairedDifference | None, style: ScoreFormat) -> str:
    return "first" if first else _change(change, style)


def _change(change: PairedDifference | None, style: ScoreFormat) -> str:
    """Return a difference as `+0.4 ± 0.3`; "diverged" if too many runs diverged, a dash without runs."""
    if change is None:
        return MISSING_CELL
    if change.difference is None:
        return "diverged"
    return style.difference(change.difference, change.interval)


# ------------------------------------------------------------------------------------------------ sentences


def _notes(rows: Sequence[ConfigurationRow]) -> list[str]:
    warnings = [failure_warning(row.setting, row) for row in rows]
    notes = [warning for warning in warnings if warning is not None]
    if len(notes) > MAX_FAILURE_NOTES:
        failing = sum(row.failed > 0 for row in rows)
        notes = [f"! {failing} of {count(len(rows), 'configuration')} failed on some seeds ({FAILED})."]
    ends = [row.setting for row in rows if row.at_edge]
    if not ends:
        return notes
    subject = ends[0] if len(ends) == 1 else f"{len(ends)} configurations"
    place = "lies at an end of the range tried; a better one may lie beyond"
    return [*notes, f"! {subject}: the best learning rate {place}."]


def verdict(result: SweepResult) -> list[str]:
    """Return the verdict of a sweep in sentences: the effect of each level, and the best configuration.

    A level is a value of a factor. The first sentence gives the length of training for which the verdict
    holds. Others say how many configurations tie with the best one, warn of few seeds, and say for how many
    configurations the validation loss still fell at the end.
    """
    rows, style = result.leaderboard, _style(result)
    best_of_tier = result.best
    first = {row.factor: row.level for row in result.effects if row.first}
    comparisons, seeds = sum(not row.first for row in result.effects), best_of_tier.n_seeds
    sentences = [
        _level_sentence(row, first[row.factor], comparisons, seeds, style)
        for row in result.effects
        if not row.first
    ]
    sentences.append(_best_sentence(rows, best_of_tier, style))
    if len(rows) > 1:
        sentences.append(few_seeds_text(seeds))
    sentences.append(still_falling_text([row.trend for row in rows], "configuration"))
    length = length_text(result.plan.steps, result.plan.epochs)
    most = "at most " * (len({row.epochs for row in rows if row.epochs is not None}) > 1)
    condition = f"These results hold for {most}{length}."
    return [condition, *(sentence for sentence in sentences if sentence)]


def _best_sentence(rows: Sequence[ConfigurationRow], best: ConfigurationRow, style: ScoreFormat) -> str:
    """Return the sentence about the best configuration, and those that tie with it.

    best: the best median of the best tier among those with the fewest failed seeds. A configuration that
    failed on more seeds does not tie. With fewer than 6 seeds every configuration would tie, so the sentence
    names only the best median.
    """
    score = " ".join(filter(None, [median_cell(best, style), style.unit]))
    text = f"{best.setting} ({style.metric} {score})"
    if len(rows) == 1:
        return f"Best: {text}."
    first = rows[0]
    if best.n_seeds < MIN_TEST_SEEDS:
        least = "" if best is first else " among those with the fewest failed seeds"
        return f"Best median{least}: {text}."
    if best is not first:
        better = f"{first.setting} has the best median and is not distinguishable from it"
        return f"Best: {text}. {better}, but failed on more seeds."
    same_tier = [row for row in rows if row.tier == best.tier]
    failing = [row for row in same_tier if row.failed > best.failed]
    tied = len(tied_with_best(rows))
    if len(same_tier) == 1:
        return f"Best: {text}, distinguishable from all others."
    if tied == len(rows):
        return f"Best: {text}; {every(len(rows), 'configuration')} tie."
    ties = {1: "", 2: "; one other ties with it"}.get(tied, f"; {tied - 1} others tie with it")
    if not failing:
        return f"Best: {text}{ties}."
    names = failing[0].setting if len(failing) == 1 else f"{len(failing)} configurations"
    verb = "is" if len(failing) == 1 else "are"
    return f"Best: {text}{ties}. {names} {verb} not distinguishable from it, but failed on more seeds."


def _level_sentence(row: LevelEffect, first: str, comparisons: int, seeds: int, style: ScoreFormat) -> str:
    """Return the sentence about one level, compared with the first level of its factor.

    comparisons: number of all such comparisons. seeds: number of fresh seeds.
    """
    name, against = f"{row.factor}={row.level}", f"{row.factor}={first}"
    if row.effect is None:
        return f"{name} was not compared with {against}."
    runs = f"{row.diverged} of {row.n_runs} runs diverge"
    if row.effect.difference is None:
        return _diverged_sentence(row, row.effect, name, against, runs)
    change = style.change(row.effect.difference, row.effect.interval)
    size = f"{change} against {against}"
    size += f", although {runs}" if row.diverged and row.helps else f"; {runs}" if row.diverged else ""
    if row.helps is not None:
        small = "" if row.matters else ": significant, but too small to matter"
        return f"{name} {'helps' if row.helps else 'hurts'}: {size}{small}."
    if seeds < MIN_TEST_SEEDS and row.matters and row.effect.difference:
        amount = style.change(row.effect.difference, sign=False)
        looks = "better" if (row.effect.difference > 0) == style.greater_is_better else "worse"
        more = f"; {runs}" if row.diverged else ""
        unsure = f"{count(seeds, 'seed')} cannot confirm it"
        return f"{name} looks {looks} than {against} by {amount}{more}; {unsure}."
    if row.effect.p_value > SIGNIFICANCE_LEVEL:
        return f"{name} makes no visible difference ({size})."
    # significant by itself, but not after the correction for the number of comparisons
    likely = "help" if row.effect.p_better > 0.5 else "hurt"
    return f"{name} may {likely}: {size}, not significant among {comparisons} comparisons; use more seeds."


def _diverged_sentence(row: LevelEffect, effect: PairedDifference, name: str, against: str, runs: str) -> str:
    """Return the sentence about a level whose difference from the first one is not a number.

    runs: the diverged runs of the level, in words.
    """
    if effect.p_better < 0.5:
        certain = "is worse than" if row.helps is not None else "may be worse than"
        return f"{name} {certain} {against}: {runs}."
    if effect.p_better > 0.5:
        certain = "is better than" if row.helps is not None else "may be better than"
        return f"{name} {certain} {against}, which diverges."
    return f"{name} and {against} both diverge."
