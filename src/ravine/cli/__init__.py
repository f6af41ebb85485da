"""The command line: it reads arguments, calls `execution`, and prints.

app.py            the group of commands, and the answer to an unknown one
study_command.py  one command for each registered study
sources.py        DATA, or a RUN or MODEL in its place
flags.py          flags, derived from the options of settings
help.py           the layout of a command's help
output.py         a result or a plan, as text or JSON
console.py        standard output and standard error of one command
progress.py       a bar on a terminal, a line every ten seconds elsewhere
signals.py        Ctrl-C, SIGTERM and SIGUSR1
exit_status.py    errors as sentences, and the exit status of each
commands/         the commands that are no study

No JAX, pandas or scikit-learn is imported before a study begins. `--help`, `--version`, `runs` and mistakes
in arguments are answered at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

__all__ = ["main"]

INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command and end the process with its status. `arguments` default to those of the process."""
    import os
    import sys

    try:
        from ravine.cli.app import run

        status = run(arguments)
    except KeyboardInterrupt:  # before or after `run`, which answers its own
        status = INTERRUPTED
    if status == INTERRUPTED:  # programs may still run on threads, and crash where the interpreter ends first
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError, AttributeError):
                stream.flush()
        os._exit(status)
    sys.exit(status)
