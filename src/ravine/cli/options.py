"""Everything that can be set: one row a setting, for flags, environment variables and files alike.

The key of a row is the field of the study's settings, so kinds and defaults are read from there.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import click

from ravine.execution import settings as allowed
from ravine.execution.settings import (
    CompareSettings,
    DataSettings,
    DescentSettings,
    DiagnoseSettings,
    LandscapeSettings,
    SweepSettings,
    TrainSettings,
)

__all__ = ["ENVIRONMENT", "OPTIONS", "Option", "fields_of", "flags_for", "said"]

ENVIRONMENT = "RAVINE_"


class Option(NamedTuple):
    """`key` in files, `RAVINE_KEY` in the environment, `--key` and `short` on the command line."""

    key: str
    section: str
    value: str
    help: str
    short: str = ""

    @property
    def flag(self) -> str:
        return "--" + self.key.replace("_", "-")

    @property
    def variable(self) -> str:
        return ENVIRONMENT + self.key.upper()


def _one_of(words: Sequence[str]) -> str:
    return "|".join(words)


OPTIONS = {
    each.key: each
    for each in (
        Option("target", "Data", "COLUMN", "Column to predict, by name or index.", "-t"),
        Option("features", "Data", "COLUMNS", "Use only these columns, separated by commas."),
        Option("drop", "Data", "COLUMNS", "Leave these columns out."),
        Option("weights", "Data", "COLUMN", "Column of row weights, in the loss and in the metric."),
        Option("groups", "Data", "COLUMN", "Rows of one group stay in one split."),
        Option("negative_weights", "Data", "error|keep|abs|drop", "What to do with negative weights."),
        Option("test", "Data", "FILE|SHARE", "Test file, or the share of rows to hold out, such as 0.2."),
        Option("missing", "Data", "CODES", "Values that mean missing, such as -999,?."),
        Option("task", "Data", _one_of(allowed.TASKS), "What to learn."),
        Option("validation", "Data", "SHARE", "Share of the other rows kept for validation."),
        Option(
            "scaling", "Data", _one_of(allowed.SCALINGS), "Standardise the inputs, or leave them as given."
        ),
        Option("metric", "Data", "NAME", "Score: accuracy, log_loss, auc, rmse, mae, r2, ..."),
        Option("optimizers", "Comparison", "NAMES", "Optimizers, such as sgd,adam,optax:lion(b1=0.9).", "-O"),
        Option(
            "schedules", "Comparison", "NAMES", "Schedules of the rate to tune, such as constant,decay,step."
        ),
        Option("track", "Comparison", _one_of(allowed.TRACKS), "Tune the rate only, or all of a rule."),
        Option("effort", "Comparison", _one_of(allowed.EFFORTS), "How many trials, seeds and epochs."),
        Option("budget", "Comparison", "TIME", "Take the largest effort that fits, such as 60s or 5m."),
        Option("vary", "Comparison", "KEY=VALUES", "What to vary, such as l2=0,1e-4; once for each factor."),
        Option("random", "Comparison", "N", "Draw N settings at random in place of the whole grid."),
        Option("points", "Comparison", "N", "Values taken of a range such as rate=1e-4..1e-1."),
        Option("optimizer", "Training", "NAME", "The optimizer, such as adam or momentum(rho=0.95).", "-O"),
        Option("rate", "Training", "NUMBER", "Learning rate; the rule's usual one if not given."),
        Option("schedule", "Training", "NAME", "How the rate goes on, such as decay or step(0.1,every=10)."),
        Option("moving", "Training", "NAME=SCHEDULE", "Another number that moves, as dropout=linear(0.5)."),
        Option("noise", "Training", "SHARE", "Share of the training labels drawn anew."),
        Option("seed", "Training", "N", "Root of all random choices."),
        Option("seeds", "Training", "N", "How many fresh seeds the result rests on."),
        Option("epochs", "Training", "NUMBER", "Passes over the training rows."),
        Option("batch_size", "Training", "N", "Rows in a batch; chosen by the number of rows if not given."),
        Option("early_stop", "Training", "N", "End a run after N evaluations (of 20) that were no better."),
        Option("min_change", "Training", "NUMBER", "By how much a loss must fall to be better."),
        Option("clip", "Training", "NUMBER", "Longest gradient; a longer one is shortened."),
        Option("average", "Training", "NAME", "Average of the weights: ema=0.99 or tail=0.5."),
        Option("net", "Network", "LAYERS", "Such as '64-64 residual batchnorm dropout=0.2 conv=8-16'."),
        Option("activation", "Network", _one_of(allowed.ACTIVATIONS), "Activation of the hidden layers."),
        Option("init", "Network", _one_of(allowed.INITIALISATIONS), "Initialisation of the weights."),
        Option("init_scale", "Network", "NUMBER", "Factor on the initial weights."),
        Option("l1", "Regularisation", "NUMBER", "L1 penalty on the weights, biases left out."),
        Option("l2", "Regularisation", "NUMBER", "L2 penalty on the weights, in the gradient."),
        Option("decay", "Regularisation", "NUMBER", "Decay of the weights, apart from the gradient (AdamW)."),
        Option("smoothing", "Regularisation", "SHARE", "Label smoothing, for classes."),
        Option("augment", "Regularisation", "KINDS", "Such as 'noise=0.1', for images 'shift=1 rotate=10'."),
        Option(
            "solutions", "Output", "N", "Starts of the first optimizer: the line, the plane through them."
        ),
        Option("grid", "Output", "N", "Points a side of a plane."),
        Option("span", "Output", "NUMBER", "How far to look, 1 being as far as the weights are long."),
        Option("device", "Machine", "cpu|gpu", "Where to train; the best there is if not given."),
        Option("precision", "Machine", _one_of(allowed.PRECISIONS), "Precision of all numbers trained."),
    )
}


def fields_of(settings: type[DataSettings]) -> dict[str, dataclasses.Field[Any]]:
    """Return the fields of a study's settings by name."""
    return {each.name: each for each in dataclasses.fields(settings)}


def flags_for(settings: type[DataSettings]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return a decorator that gives a verb the flags of its settings, in the order of the table.

    Values stay text here: files, environment and flags are read by the same code, which reports all mistakes.
    """
    fields = fields_of(settings)

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        for option in reversed([each for each in OPTIONS.values() if each.key in fields]):
            names = [option.key, option.flag] + ([option.short] if option.short else [])
            several = option.key in allowed.LIST_FIELDS
            function = click.option(
                *names, cls=SectionedOption, section=option.section, metavar=option.value, multiple=several,
                default=None, help=option.help + said(fields[option.key]),
            )(function)  # fmt: skip
        return function

    return decorate


def said(field: dataclasses.Field[Any]) -> str:
    """Return a default as help shows it; nothing if there is none."""
    if field.default_factory is not dataclasses.MISSING:
        value: Any = field.default_factory()
    else:
        value = field.default
    if value is None or value == "" or value is dataclasses.MISSING:
        return ""
    if isinstance(value, float):
        value = f"{value:g}"
    return f"  [{','.join(value) if isinstance(value, list) else value}]"


class SectionedOption(click.Option):
    """An option that knows under which heading help lists it."""

    def __init__(self, *names: Any, section: str = "Output", **more: Any) -> None:
        super().__init__(*names, **more)
        self.section = section


def output_flags(*, out: str, dry_run: bool = False) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return a decorator for what verbs have in common beside their settings."""

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        flags = [
            click.option(
                "-v", "--verbose", is_flag=True, help="More of the result; the traceback of an error."
            ),
            click.option("-q", "--quiet", is_flag=True, help="Nothing but the result and errors."),
            click.option("--json", "json", is_flag=True, help="One JSON document in place of text."),
        ]
        if dry_run:
            flags.append(
                click.option("--dry-run", is_flag=True, help="Show what would be done, and train nothing.")
            )
        if out:
            flags.append(click.option("-o", "--out", metavar=out.split(":")[0], help=out.split(":")[1]))
        for flag in flags:
            function = flag(function)
        return function

    return decorate


def config_flag(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a verb `-c`."""
    return click.option(
        "-c", "--config", metavar="FILE.toml", help="Settings from a file, such as the config.toml of a run."
    )(function)


# Every key that any verb knows: a shared file may hold settings of the others.
ALL_KEYS = {
    "source",
    *(
        name
        for each in (
            CompareSettings,
            TrainSettings,
            SweepSettings,
            DiagnoseSettings,
            LandscapeSettings,
            DescentSettings,
        )
        for name in fields_of(each)
    ),
}
