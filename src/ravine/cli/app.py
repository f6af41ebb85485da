"""The verbs, what an unknown one gets, how help is laid out, and the way from arguments to exit status."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from ravine.cli.commands.compare import compare
from ravine.cli.commands.descent import descent
from ravine.cli.commands.diagnose import diagnose
from ravine.cli.commands.landscape import landscape
from ravine.cli.commands.lecture import lecture
from ravine.cli.commands.memorise import memorise
from ravine.cli.commands.predict import predict
from ravine.cli.commands.resume import resume
from ravine.cli.commands.runs import runs
from ravine.cli.commands.sweep import sweep
from ravine.cli.commands.train import train
from ravine.cli.console import Screen
from ravine.cli.exit_status import failure
from ravine.data.builtin import BUILTIN
from ravine.errors import UsageError, did_you_mean
from ravine.version import __version__

__all__ = ["ravine", "run"]


class Verbs(click.Group):
    """The group: an unknown verb gets the nearest one, a forgotten one is put in front."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)  # in the order of a newcomer's path, not of the alphabet

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        word = args[0]
        if self.get_command(ctx, word) is None and not word.startswith("-"):
            if word in BUILTIN or Path(word).is_file():
                why, fix = "It is data, and a verb comes first.", f"Type `ravine compare {word}`."
            else:
                why, fix = did_you_mean(word, self.commands), "Type `ravine --help`."
            raise UsageError(f"There is no verb '{word}'.", why, fix)
        return super().resolve_command(ctx, args)


@click.group(
    cls=Verbs,
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
    """Show help where no verb is named."""
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())
    return 0


for _verb in (
    compare,
    train,
    diagnose,
    sweep,
    predict,
    landscape,
    memorise,
    descent,
    lecture,
    runs,
    resume,
):
    ravine.add_command(_verb)


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    screen = Screen()
    try:
        given = sys.argv[1:] if arguments is None else list(arguments)
        status = ravine.main(given, prog_name="ravine", standalone_mode=False, obj=screen)
        screen.finish()
    except BrokenPipeError:  # from click's own help
        return screen.abandon()
    except BaseException as error:
        if isinstance(error, SystemExit) and error.code == 1:
            return screen.abandon()  # click exits by itself only where the reader of its help has gone
        if isinstance(error, SystemExit | GeneratorExit):
            raise
        return failure(error, screen)
    return status if isinstance(status, int) else 0
