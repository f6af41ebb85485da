"""The command `ravine` with all its commands, from the words of the command line to the exit status.

Each registered study, such as `compare`, is one command. The other commands have a file each in `commands`.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from importlib import import_module

import click

from ravine.cli.console import Console
from ravine.cli.exit_status import report
from ravine.errors import UsageError, did_you_mean
from ravine.execution.registry import ALIASES, STUDIES, find_study, study_names, study_title
from ravine.version import __version__

__all__ = ["COMMANDS", "ravine", "run"]

COMMANDS = {
    "predict": "ravine.cli.commands.predict:predict",
    "lecture": "ravine.cli.commands.lecture:lecture",
    "runs": "ravine.cli.commands.runs:runs",
    "resume": "ravine.cli.commands.resume:resume",
}
"""The commands that are not studies: name -> "module:object", imported on use."""
TITLES = {
    "predict": "Predict the rows of DATA with a trained MODEL.",
    "lecture": "Measure the claims of the lecture.",
    "runs": "List the runs in a folder.",
    "resume": "Finish a run, or show its result again.",
}
"""Titles of these commands, which the list of commands shows without importing a command."""


class CommandGroup(click.Group):
    """The group of all commands of `ravine`. A command is imported when it is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands, in the order in which a newcomer needs them."""
        return [*study_names(), *COMMANDS]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command with the name `cmd_name`, imported now; None if there is no such command."""
        if cmd_name in COMMANDS:
            module, _, name = COMMANDS[cmd_name].partition(":")
            command: click.Command = getattr(import_module(module), name)
            return command
        if _is_study(cmd_name):
            from ravine.cli.study_command import study_command

            return study_command(find_study(cmd_name))
        return None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the name and title of every command into the help, without building its options."""
        rows = [(name, study_title(name)) for name in study_names()]
        rows += [(name, TITLES[name]) for name in COMMANDS]
        with formatter.section("Commands"):
            formatter.write_dl(rows)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that the first word names.

        Raises UsageError, with the nearest name, if there is no such command.
        """
        word = args[0]
        if not (word in COMMANDS or _is_study(word) or word.startswith("-")):
            raise _unknown_command(word, self.list_commands(ctx))
        return super().resolve_command(ctx, args)


def _unknown_command(word: str, commands: list[str]) -> UsageError:
    from ravine.data.builtin import BUILTIN
    from ravine.records.open_file import is_file
    from ravine.shell_words import quote_word

    if word in BUILTIN or is_file(word):
        return UsageError(
            f"'{word}' is data, not a command.",
            "The first word names the command.",
            f"Type `ravine compare {quote_word(word)}`.",
        )
    return UsageError(f"There is no command '{word}'.", did_you_mean(word, commands), "Type `ravine --help`.")


def _is_study(word: str) -> bool:
    """Return whether a word names a study. Studies of other packages are looked up last, which is slow."""
    return word in STUDIES or word in ALIASES or word in study_names()


@click.group(
    cls=CommandGroup,
    no_args_is_help=False,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    help="Neural-network optimization, answered with evidence: which optimizer, at which learning rate, for "
    "your data.",
    epilog="\b\nBegin with: ravine compare digits\nOptions:    ravine COMMAND --help",
)
@click.version_option(__version__, "--version", message="ravine %(version)s")
@click.pass_context
def ravine(ctx: click.Context) -> int:
    """Show the help of `ravine` if the user names no command. Returns the exit status 0."""
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())
    return 0


def _check_clock() -> None:
    """Raise UsageError if the clock shows a time that Python cannot read, since most modules then fail."""
    try:
        time.time()
    except OverflowError as error:
        raise UsageError(
            "The clock of this machine shows a year that Python cannot read.",
            "Python reads the years 1678 to 2261.",
            "Set the clock of the machine.",
        ) from error


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command that the words of the command line name, and return its exit status.

    If the command fails, its message is written to standard error. arguments: the words; by default those of
    the process.
    """
    console = Console()
    try:
        _check_clock()
        words = sys.argv[1:] if arguments is None else list(arguments)
        status = ravine.main(words, prog_name="ravine", standalone_mode=False, obj=console)
        console.flush()
    except BrokenPipeError:  # from the help, which click writes
        return console.detach_stdout()
    except BaseException as error:
        if isinstance(error, SystemExit) and error.code == 1:
            return console.detach_stdout()  # click exits so only if the reader of its help has gone
        if isinstance(error, SystemExit | GeneratorExit):
            raise
        return report(error, console)
    return status if isinstance(status, int) else 0
