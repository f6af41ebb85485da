"""Commands whose help has two levels, common options or all of them, with messages for wrong arguments."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import click

from ravine.errors import UsageError
from ravine.options.fields import SECTIONS

__all__ = ["Command", "SectionedOption"]

MAX_ONE_LEVEL = 12  # options of a command whose `--help` lists all of them
MAX_NAME_SHARE = 0.33  # of the width, for the names of options
COMMON_EXAMPLES = 2  # examples below the common options
SHOWS_ALL = "ravine.help_all"  # key in `Context.meta` while all options are shown


class SectionedOption(click.Option):
    """An option of a command that knows its heading in the help.

    section: the heading. common: whether `--help` lists the option, and not only `--help-all`.
    """

    def __init__(self, *names: Any, section: str = "Output", common: bool = False, **more: Any) -> None:
        super().__init__(*names, **more)
        self.section = section
        self.common = common


class Command(click.Command):
    """A command with examples. `--help` lists its common options, `--help-all` every option by section.

    A command with at most 12 options and arguments lists them all in `--help`, without sections.
    """

    def __init__(self, *arguments: Any, examples: Sequence[str] = (), **more: Any) -> None:
        super().__init__(*arguments, **more)
        self.examples = examples

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """Return all parameters of the command; `--help` and `--help-all` come last."""
        parameters = super().get_params(ctx)
        text = f"Show all {sum(isinstance(parameter, click.Option) for parameter in parameters) + 1} options."
        help_all = SectionedOption(
            ["--help-all"], common=True, is_flag=True, is_eager=True, expose_value=False, callback=_show_all,
            hidden=not self._has_two_levels, help=text,
        )  # fmt: skip
        return [*parameters, help_all]

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        """Return the option `--help` of a command, None without one.

        Its help text is "Show the common options." if `--help-all` shows more options, else "Show this help."
        """
        option = super().get_help_option(ctx)
        if option is not None:
            option.help = "Show the common options." if self._has_two_levels else "Show this help."
        return option

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the words of the command line after the command.

        Raises UsageError for a word too many, and for an option without its value.
        """
        self._check_values(ctx, args)
        ctx.allow_extra_args = True  # the message below says which words are allowed
        try:
            rest = super().parse_args(ctx, args)
        except click.UsageError as error:
            error.ctx = error.ctx or ctx  # without it, the message would name no command
            raise
        if rest and not ctx.resilient_parsing:
            usage = " ".join([ctx.command_path, *self.collect_usage_pieces(ctx)])
            raise UsageError(
                f"'{rest[0]}' is one word too many.", f"Usage: {usage}", f"Type `{ctx.command_path} --help`."
            )
        return rest

    def _check_values(self, ctx: click.Context, args: list[str]) -> None:
        """Raise UsageError for an option without a value that stands before another option."""
        options = [option for option in self.get_params(ctx) if isinstance(option, click.Option)]
        flags = {flag: option for option in options for flag in option.opts}
        for word, following in pairwise(args):
            if word == "--":
                return
            if word in flags and not flags[word].is_flag and following in flags:
                raise UsageError(
                    f"{word} has no value.",
                    f"It takes {flags[word].metavar}, and the next word is the option {following}.",
                    f"Type {word} {flags[word].metavar}, or `{self.help_command(ctx)}`.",
                )

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options into the help: the common ones as one list, or all of them by section."""
        rows: dict[str, list[tuple[str, str]]] = {section: [] for section in SECTIONS}
        is_short = self._is_short(ctx)
        for option in self.get_params(ctx):
            record = option.get_help_record(ctx) if isinstance(option, click.Option) else None
            if record and (not is_short or getattr(option, "common", False)):
                rows[getattr(option, "section", "Output")].append(record)
        if is_short or not self._has_two_levels:
            title = "Common options" if is_short else "Options"
            rows = {title: [record for records in rows.values() for record in records]}
        for section, records in rows.items():
            if records:
                with formatter.section(section):
                    formatter.write_dl(records, col_max=int(MAX_NAME_SHARE * formatter.width))

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the end of the help: examples and, below all options, the other ways to set an option."""
        is_short = self._is_short(ctx)
        if self.examples:
            with formatter.section("Examples"):
                for example in self.examples[:COMMON_EXAMPLES] if is_short else self.examples:
                    formatter.write(f"{'':{formatter.current_indent}}{example}\n")
        if not is_short and any(parameter.name == "config" for parameter in self.params):
            formatter.write_paragraph()
            formatter.write_text(
                "Every option may also be set by RAVINE_KEY in the environment (such as RAVINE_EARLY_STOP), "
                "in the file of -c, or under [tool.ravine] in pyproject.toml; the first of these wins."
            )

    def help_command(self, ctx: click.Context) -> str:
        """Return the command that lists every option, such as `ravine train --help-all`."""
        return f"{ctx.command_path} {'--help-all' if self._has_two_levels else '--help'}"

    @property
    def _has_two_levels(self) -> bool:
        return len(self.params) > MAX_ONE_LEVEL

    def _is_short(self, ctx: click.Context) -> bool:
        """Return whether only the common options are listed."""
        return self._has_two_levels and SHOWS_ALL not in ctx.meta


def _show_all(ctx: click.Context, parameter: click.Parameter, value: bool) -> None:
    """Print the help with all options, and end the command."""
    if value and not ctx.resilient_parsing:
        ctx.meta[SHOWS_ALL] = True
        click.echo(ctx.get_help(), color=ctx.color)
        ctx.exit()
