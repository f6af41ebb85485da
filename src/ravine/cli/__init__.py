"""The command line: it reads arguments, calls `execution` and prints results.

app.py            the group of commands, and the message for an unknown command
study_command.py  one command for each registered study
flags.py          flags, derived from the options of settings
help.py           layout of the help of a command, and checks of its arguments
output.py         a result, or the plan of a dry run, as text or JSON
console.py        standard output and standard error of one command
progress.py       a bar on a terminal, lines of text elsewhere
signals.py        Ctrl-C, SIGTERM and SIGUSR1
exit_status.py    messages and exit statuses of errors
commands/         the commands that are not studies

JAX, pandas and scikit-learn are imported only when a command reads data or begins to compute. Therefore
`--help`, `--version`, `runs` and messages about wrong arguments appear at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

__all__ = ["main"]

INTERRUPTED = 130  # exit status after Ctrl-C


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command that the words of the command line name, and end the process with its exit status.

    arguments: these words, by default those of the process.
    """
    import os
    import sys

    try:
        from ravine.cli.app import run

        status = run(arguments)
    except KeyboardInterrupt:  # before or after `run`, which handles its own
        status = INTERRUPTED
    if status == INTERRUPTED:
        # Compiled programs may still run on threads, and crash when the interpreter shuts down before them.
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError, AttributeError):
                stream.flush()
        os._exit(status)
    sys.exit(status)
