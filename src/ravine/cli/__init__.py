"""The command line: it reads arguments, calls `execution` and prints results.

app.py            the group of commands, and the message for an unknown command
study_command.py  one command for each registered study
flags.py          flags, derived from the options of settings
help.py           layout of the help of a command, and checks of its arguments
output.py         a result, or the plan of a dry run, as text or JSON
console.py        standard output and standard error of one command
progress.py       a bar on a terminal, lines of text elsewhere
signals.py        Ctrl-C, SIGTERM and other signals that ask for an end
exit_status.py    messages and exit statuses of errors
commands/         the commands that are not studies

JAX, pandas and scikit-learn are imported only when a command reads data or begins to compute. Therefore
`--help`, `--version`, `runs` and messages about wrong arguments appear at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import NoReturn

__all__ = ["main"]

INTERRUPTED = 130  # exit status after Ctrl-C
STOPPED = (INTERRUPTED, 143, 75)  # after Ctrl-C, SIGTERM and SIGUSR1


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command that the words of the command line name, and end the process with its exit status.

    arguments: these words, by default those of the process.
    """
    import sys

    if arguments is None:
        _restart_with_utf8()
    try:
        from ravine.cli.signals import end_by_signal, stop_without_study

        with stop_without_study():
            from ravine.cli.app import run

            status = run(arguments)
            end_by_signal(status)
            if arguments is None or status in STOPPED:
                _exit_now(status)
    except KeyboardInterrupt:  # before or after `run`, which handles its own
        _exit_now(INTERRUPTED)
    sys.exit(status)


def _exit_now(status: int) -> NoReturn:
    """End the process without the shutdown of the interpreter.

    Compiled programs may still run on threads, and crash when the interpreter shuts down before them. A
    signal during the shutdown would also end the process without its exit status.
    """
    import os
    import sys

    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, AttributeError):
            stream.flush()
    os._exit(status)


def _restart_with_utf8() -> None:
    """Start Python again with UTF-8 if the locale has only ASCII, in which no file can be called `größe.csv`.

    Python itself does so in the locale C, unless PYTHONUTF8=0 is set.
    """
    import os
    import sys

    if sys.getfilesystemencoding() == "ascii" and sys.executable and len(sys.orig_argv) > 1:
        os.execv(sys.executable, [sys.executable, "-X", "utf8", *sys.orig_argv[1:]])
