"""The command `ravine`: its commands, and the way from arguments to exit status.

Studies come from their registry, each as one command; other commands have a file of their own.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module

import click

from ravine.cli.console import Console
from ravine.cli.exit_status import failure
from ravine.errors import UsageError, did_you_mean
from ravine.execution.registry import STUDIES, find_study, study_names
from ravine.version import __version__

__all__ = ["COMMANDS", "ravine", "run"]

COMMANDS = {
    "predict": "ravine.cli.commands.predict:predict",
    "lecture": "ravine.cli.commands.lecture:lecture",
    "runs": "ravine.cli.commands.runs:runs",
    "resume": "ravine.cli.commands.resume:resume",
}


class CommandGroup(click.Group):
    """The group of all commands, each imported on use."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of a newcomer's path, not of the alphabet."""
        return [*study_names(), *COMMANDS]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command by name."""
        if cmd_name in COMMANDS:
            module, _, name = COMMANDS[cmd_name].partition(":")
            command: click.Command = getattr(import_module(module), name)
            return command
        if _is_study(cmd_name):
            from ravine.cli.study_command import study_command

            return study_command(find_study(cmd_name))
        return None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write name and title of every command, without making the options of any study."""
        rows = [(name, find_study(name).title) for name in study_names()]
        for name in COMMANDS:
            command = self.get_command(ctx, name)
            rows.append((name, command.get_short_help_str() if command is not None else ""))
        with formatter.section("Commands"):
            formatter.write_dl(rows)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command of the first word. Raises UsageError that names the nearest one."""
        word = args[0]
        if not (word in COMMANDS or _is_study(word) or word.startswith("-")):
            from pathlib import Path

            from ravine.data.builtin import BUILTIN

            if word in BUILTIN or Path(word).is_file():
                why, fix = "It is data, and a command comes first.", f"Type `ravine compare {word}`."
            else:
                why, fix = did_you_mean(word, self.list_commands(ctx)), "Type `ravine --help`."
            raise UsageError(f"There is no command '{word}'.", why, fix)
        return super().resolve_command(ctx, args)


def _is_study(word: str) -> bool:
    """Return whether a word names a study; other packages are asked last, since that takes longer."""
    return word in STUDIES or word in study_names()


@click.group(
    cls=CommandGroup,
    no_args_is_help=False,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    help="Neural-network optimization, answered with evidence: which optimizer, at which learning rate, for "
    "your data.",
    epilog="Begin with: ravine compare digits",
)
@click.version_option(__version__, "--version", message="ravine %(version)s")
@click.pass_context
def ravine(ctx: click.Context) -> int:
    """Show help where no command is named."""
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())
    return 0


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    console = Console()
    try:
        given = sys.argv[1:] if arguments is None else list(arguments)
        status = ravine.main(given, prog_name="ravine", standalone_mode=False, obj=console)
        console.finish()
    except BrokenPipeError:  # from click's own help
        return console.detach_stdout()
    except BaseException as error:
        if isinstance(error, SystemExit) and error.code == 1:
            return console.detach_stdout()  # click exits by itself only where the reader of its help has gone
        if isinstance(error, SystemExit | GeneratorExit):
            raise
        return failure(error, console)
    return status if isinstance(status, int) else 0
