"""Messages and exit statuses of errors of the command `ravine`.

0    done; an optimizer or a trial that diverges is a result
1    internal error, or the memory is full
2    wrong usage
3    data, a file, a model or a run cannot be used
4    no result, since every run that it needs diverged
5    done, but a part that was asked for has no result, or a claim of the lecture does not hold
75   stopped by SIGUSR1, resumable
129  stopped by SIGHUP, resumable; the process ends by this signal after it has saved
130  stopped by Ctrl-C, resumable
143  stopped by SIGTERM, resumable
152  stopped by SIGXCPU, a limit on processor time, resumable; the process ends by this signal
"""

from __future__ import annotations

import click

from ravine.cli.console import Console
from ravine.cli.help import Command
from ravine.errors import RavineError
from ravine.records.os_errors import NO_SPACE

__all__ = ["INCOMPLETE", "INTERNAL", "INTERRUPTED", "report"]

INTERNAL, USAGE, NOT_WRITTEN, INCOMPLETE, INTERRUPTED = 1, 2, 3, 5, 130  # exit statuses
MAX_CHARACTERS = 300  # of the message of an internal error


def report(error: BaseException, console: Console) -> int:
    """Write the message of an error to standard error. Returns the exit status of the process."""
    if console.verbose and not isinstance(error, click.ClickException | KeyboardInterrupt):
        import traceback

        console.error("".join(traceback.format_exception(error)).rstrip())
    if isinstance(error, RavineError):
        return _write(console, [error.what, error.why, error.fix], error.status)
    if isinstance(error, click.UsageError):
        return _write(console, [*_click_message(error)], USAGE)
    if isinstance(error, KeyboardInterrupt | click.Abort):
        return _write(console, ["Stopped."], INTERRUPTED)
    if isinstance(error, MemoryError):
        why = "The data and the networks that train side by side need more than the free memory."
        fix = "Use fewer rows with --rows, or a smaller network with --net."
        return _write(console, ["The memory is full.", why, fix], INTERNAL)
    if isinstance(error, OSError) and error.errno in NO_SPACE:  # help, which click writes
        what = f"No space is left for {'the output' if error.filename is None else repr(error.filename)}."
        return _write(console, [what, "", "Free some space and type the command again."], NOT_WRITTEN)
    what = f"Internal error: {type(error).__name__}: {_first_line(error)}"
    why = "This is a fault in ravine, not in the command."
    fix = "" if console.verbose else "Run the command again with -v for the traceback, and report it."
    return _write(console, [what, why, fix], INTERNAL)


def _write(console: Console, parts: list[str], status: int) -> int:
    """Write the parts of a message, one a line. Returns the status."""
    what, *rest = [line for part in parts for line in part.splitlines() if line.strip()] or ["Failed."]
    lines = [console.wrapped(f"ravine: {what}")]
    lines += [console.wrapped(line.strip(), "  ") for line in rest]
    console.error("\n".join(lines))
    return status


def _click_message(error: click.UsageError) -> tuple[str, str, str]:
    """Return the message of an error of click in three parts."""
    command = error.ctx.command_path if error.ctx else "ravine"
    parameters = error.ctx.command.get_params(error.ctx) if error.ctx else []
    flags = {flag: parameter for parameter in parameters for flag in parameter.opts if flag[:1] == "-"}
    help_command = f"Type `{command} --help`."
    all_options = f"{command} --help"
    if error.ctx and isinstance(error.ctx.command, Command):
        all_options = error.ctx.command.help_command(error.ctx)
    if isinstance(error, click.NoSuchOption):
        return _unknown_option(error.option_name, sorted(flags), all_options)
    if isinstance(error, click.BadOptionUsage):
        name = error.option_name
        option = flags.get(name)
        if isinstance(option, click.Option) and option.is_flag:
            return f"{name} takes no value.", "It is a switch.", f"Type {name} alone, or `{all_options}`."
        metavar = (option.metavar if option else None) or "VALUE"
        return (
            f"{name} has no value.",
            f"It takes {metavar}.",
            f"Type {name} {metavar}, or `{all_options}`.",
        )
    if isinstance(error, click.MissingParameter) and error.param is not None:
        ctx = error.ctx or click.get_current_context()
        usage = " ".join(ctx.command.collect_usage_pieces(ctx))
        return f"{error.param.make_metavar(ctx)} is missing.", f"Usage: {command} {usage}", help_command
    return error.format_message(), "", help_command


def _unknown_option(name: str, flags: list[str], all_options: str) -> tuple[str, str, str]:
    """Return the message for an unknown option: its new name, the commands with it, or the nearest option.

    all_options: command that lists every option.
    """
    from ravine.errors import did_you_mean, nearest
    from ravine.options.renamed import renamed_flag

    what, fix = f"There is no option '{name}'.", f"Type `{all_options}`."
    new = renamed_flag(name)
    if new in flags:
        return what, f"It was renamed to {new}.", f"Type {new}, or `{all_options}`."
    near = nearest(name, flags)
    others, renamed = _commands_with(name), ""
    if not others and new is not None:
        others, renamed = _commands_with(new), f"It was renamed to {new}. "
    if others and near.count("'") != 2:  # unless exactly one option of this command is near
        return what, f"{renamed}These commands have it: {', '.join(others)}.", fix
    return what, near or did_you_mean(name, [flag for flag in flags if flag.startswith("--")]), fix


def _commands_with(flag: str) -> list[str]:
    """Return the names of the studies that have an option."""
    from ravine.execution.registry import find_study, study_names
    from ravine.options.fields import options_of

    options = {study: options_of(find_study(study).settings).values() for study in study_names()}
    return [
        study for study, own in options.items() if any(flag in (option.flag, option.short) for option in own)
    ]


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][:MAX_CHARACTERS] if lines else "no message"
