"""Command-line flags, derived from the options of settings, and the flags that all commands share."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import click

from ravine.execution.registry import find_study, study_names
from ravine.options.fields import Option, options_of
from ravine.options.settings import Settings

__all__ = ["SectionedOption", "all_keys", "config_flag", "flags_for", "output_flags"]

Function = Callable[..., Any]


@lru_cache(maxsize=1)
def all_keys() -> frozenset[str]:
    """Return the keys of all studies: one file may hold settings of several."""
    return frozenset(key for name in study_names() for key in options_of(find_study(name).settings))


class SectionedOption(click.Option):
    """An option that knows under which heading help lists it."""

    def __init__(self, *names: Any, section: str = "Output", **more: Any) -> None:
        super().__init__(*names, **more)
        self.section = section


def flags_for(settings: type[Settings]) -> Callable[[Function], Function]:
    """Return a decorator that gives a command the flags of its settings, in the order of the fields.

    Values stay text here. Files, environment and flags are read by the same code, which reports all mistakes.
    """

    def decorate(function: Function) -> Function:
        for option in reversed(list(options_of(settings).values())):
            if not option.positional:
                function = _flag(option)(function)
        return function

    return decorate


def _flag(option: Option) -> Callable[[Function], Function]:
    names = [option.key, option.flag, *filter(None, [option.short])]
    shared: dict[str, Any] = {
        "cls": SectionedOption,
        "section": option.section,
        "help": option.help + (f"  [{option.default_text}]" if option.default_text else ""),
    }
    if option.kind is bool:
        return click.option(*names, is_flag=True, **shared)
    return click.option(*names, metavar=option.metavar, multiple=option.many, default=None, **shared)


def output_flags(*, out: str, dry_run: bool = False) -> Callable[[Function], Function]:
    """Return a decorator for the flags that commands have in common besides their settings."""

    def decorate(function: Function) -> Function:
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


def config_flag(function: Function) -> Function:
    """Give a command `-c`."""
    return click.option(
        "-c", "--config", metavar="FILE.toml", help="Settings from a file, such as the config.toml of a run."
    )(function)
