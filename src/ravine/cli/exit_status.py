"""Errors in sentences, and the exit status of each.

0 done   1 internal error   2 usage   3 data   4 nothing trained   5 done, with some failed runs
75 stopped, resumable   130 / 143 stopped by Ctrl-C / SIGTERM
"""

from __future__ import annotations

import click

from ravine.cli.console import Console
from ravine.errors import RavineError

__all__ = ["INTERNAL", "INTERRUPTED", "SOME_FAILED", "failure"]

INTERNAL, USAGE, SOME_FAILED, INTERRUPTED = 1, 2, 5, 130


def failure(error: BaseException, console: Console) -> int:
    """Say what went wrong on standard error and return the exit status."""
    if console.verbose and not isinstance(error, click.ClickException | KeyboardInterrupt):
        import traceback

        console.error("".join(traceback.format_exception(error)).rstrip())
    if isinstance(error, RavineError):
        return _say(console, [error.what, error.why, error.fix], error.status)
    if isinstance(error, click.UsageError):
        return _say(console, [*_usage(error)], USAGE)
    if isinstance(error, KeyboardInterrupt | click.Abort):
        return _say(console, ["Stopped."], INTERRUPTED)
    if isinstance(error, MemoryError):
        why = "The data, or the networks that train side by side, are larger than what is free."
        fix = "Try fewer rows or a smaller --net."
        return _say(console, ["The memory is exhausted.", why, fix], INTERNAL)
    what = f"Something broke that should not: {type(error).__name__}: {_first_line(error)}"
    fix = "" if console.verbose else "Run the same command again with -v for the traceback, and report it."
    return _say(console, [what, "This is a mistake in ravine, not in what you typed.", fix], INTERNAL)


def _say(console: Console, parts: list[str], status: int) -> int:
    what, *rest = [line for part in parts for line in part.splitlines() if line.strip()] or ["Failed."]
    lines = [console.wrapped(f"ravine: {what}")]
    lines += [console.wrapped(line.strip(), "  ") for line in rest]
    console.error("\n".join(lines))
    return status


def _usage(error: click.UsageError) -> tuple[str, str, str]:
    """Return click's complaint as what, why and what to type."""
    command = error.ctx.command_path if error.ctx else "ravine"
    what = error.format_message()
    why = ""
    if isinstance(error, click.NoSuchOption):
        from ravine.errors import did_you_mean
        from ravine.options.renamed import renamed_flag

        allowed = (
            sorted({flag for option in error.ctx.command.get_params(error.ctx) for flag in option.opts})
            if error.ctx
            else []
        )
        what, why = f"There is no option '{error.option_name}'.", did_you_mean(error.option_name, allowed)
        if (new := renamed_flag(error.option_name)) in allowed:
            why = f"It was renamed to {new}."
    return what, why, f"Type `{command} --help`."


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][:300] if lines else "no message"
