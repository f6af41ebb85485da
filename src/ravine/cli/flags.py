"""Flags of commands: flags derived from the options of settings, and flags that all commands share."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import click

from ravine.cli.help import SectionedOption
from ravine.execution.registry import find_study, study_names
from ravine.options.fields import Option, options_of
from ravine.options.settings import Settings

__all__ = ["all_keys", "config_flag", "flags_for", "output_flags"]

Function = Callable[..., Any]


@lru_cache(maxsize=1)
def all_keys() -> frozenset[str]:
    """Return the keys of all settings that a configuration file may hold: the names of all studies' options.

    A configuration file may hold settings of several studies, so a key of another study is no mistake.
    """
    return frozenset(key for name in study_names() for key in options_of(find_study(name).settings))


def flags_for(settings: type[Settings]) -> Callable[[Function], Function]:
    """Return a decorator that adds the flags of a study's options to a command, in the order of the settings.

    Values stay text here. `options.resolve` reads flags, files and environment, and reports all mistakes.
    """

    def decorate(function: Function) -> Function:
        for option in reversed(list(options_of(settings).values())):
            if not option.positional:
                function = _flag(option)(function)
        return function

    return decorate


def _flag(option: Option) -> Callable[[Function], Function]:
    names = [option.key, option.flag, *filter(None, [option.short])]
    default = option.default_text.replace(",", ", ") if option.many else option.default_text
    shared: dict[str, Any] = {
        "cls": SectionedOption,
        "section": option.section,
        "common": option.common,
        "help": option.help + (f"  [{default}]" if default else ""),
    }
    if option.default is True:  # the flag turns the value off; no flag leaves the choice to weaker places
        return click.option(*names, flag_value="false", default=None, **shared)
    if option.kind is bool:
        return click.option(*names, is_flag=True, **shared)
    return click.option(*names, metavar=option.metavar, multiple=option.many, default=None, **shared)


def output_flags(*, out: str, dry_run: bool = False) -> Callable[[Function], Function]:
    """Return a decorator that adds the flags that all commands share, such as --json and -q, to a command.

    out: `METAVAR:help` of the flag -o; "" adds no -o. dry_run: whether --dry-run is added, too.
    """

    def decorate(function: Function) -> Function:
        flags = [
            click.option(
                "-v", "--verbose", is_flag=True, help="Print details, and the traceback of an error."
            ),
            click.option("-q", "--quiet", is_flag=True, help="Print only the result and errors."),
            click.option("--json", "json", is_flag=True, help="Print one JSON document instead of text."),
        ]
        if dry_run:
            flags.append(
                click.option(
                    "--dry-run",
                    cls=SectionedOption,
                    common=True,
                    is_flag=True,
                    help="Show the plan, and train nothing.",
                )
            )
        if out:
            metavar, _, text = out.partition(":")
            flags.append(
                click.option("-o", "--out", cls=SectionedOption, common=True, metavar=metavar, help=text)
            )
        for flag in flags:
            function = flag(function)
        return function

    return decorate


def config_flag(function: Function) -> Function:
    """Return the command with the flag `-c FILE.toml`, which reads settings from a file."""
    return click.option(
        "-c", "--config", cls=SectionedOption, common=True, metavar="FILE.toml",
        help="Settings from a file, such as the config.toml of a run.",
    )(function)  # fmt: skip
