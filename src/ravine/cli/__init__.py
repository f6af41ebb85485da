"""The command line. Nothing but calls into the floors below.

verbs.py          the verbs, and what an unknown one gets
help.py           how the help of a verb is laid out
compare.py ...    one verb a file
options.py        everything that can be set: one table for flags, environment and files
words.py          what is wrong in a word can be said before JAX is imported
configuration.py  flags > RAVINE_* > -c FILE > [tool.ravine] > defaults
working.py        one study from first line to exit status; shared by compare, train and resume
results.py        what is shown of a result, and what to type next
screen.py         who sees what: results on standard output, all else on standard error
progress.py       a bar on a terminal, a line every ten seconds elsewhere
signals.py        Ctrl-C and its relatives
failures.py       errors in sentences, and the exit status

No JAX, pandas or scikit-learn before a study begins: `--help`, `--version`, `runs` and mistakes in what was
typed are answered at once.
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
