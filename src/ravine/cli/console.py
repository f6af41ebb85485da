"""Standard output and standard error of one command: results on the first, everything else on the second.

A closed standard error never stops a study, and a closed standard output (`| head`) is no error either.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, TextIO

from ravine.errors import DataError, UsageError

if TYPE_CHECKING:
    from ravine.execution.events import Event
    from ravine.render.blocks import View

__all__ = ["Console"]

PIPE_COLUMNS = 100  # of a file or a pipe, which have no width


class Console:
    """The output of one command. quiet: errors only. verbose: tracebacks too. json: documents."""

    def __init__(self) -> None:
        self.quiet = False
        self.verbose = False
        self.json = False

    def configure(self, *, json: bool, quiet: bool, verbose: bool) -> None:
        """Take a verb's flags. Raises UsageError where they contradict."""
        if quiet and verbose:
            raise UsageError(
                "-q and -v contradict.", "One asks for less, the other for more.", "Give one of them."
            )
        self.json, self.quiet, self.verbose = json, quiet, verbose

    # ----------------------------------------------------------------------------------- standard error

    def info(self, line: str = "") -> None:
        """Write one line to standard error, unless quiet."""
        if not self.quiet:
            self.error(line)

    def info_unused(self, unused: Sequence[str], verb: str) -> None:
        """Name settings that were found but belong to another verb."""
        if unused:
            self.info(self.wrapped(f"Not used by {verb}: {', '.join(unused)}."))

    def error(self, text: str) -> None:
        """Write to standard error, quiet or not."""
        stream = sys.stderr
        if stream is None:  # closed before we began
            return
        with contextlib.suppress(OSError, ValueError):  # nobody listens any more
            stream.write(_writable(text, stream) + "\n")
            stream.flush()

    def wrapped(self, text: str, indent: str = "") -> str:
        """Return `text` broken into lines where standard error is a terminal."""
        if not is_terminal(sys.stderr):
            return indent + text
        width = max(40, shutil.get_terminal_size().columns)
        return textwrap.fill(
            text, width, initial_indent=indent, subsequent_indent=indent,
            break_long_words=False, break_on_hyphens=False,
        )  # fmt: skip

    # ---------------------------------------------------------------------------------- standard output

    @property
    def has_width(self) -> bool:
        """Whether standard output has a width that somebody looks at."""
        return os.environ.get("COLUMNS", "").isdecimal() or is_terminal(sys.stdout)

    @property
    def width(self) -> int:
        if self.has_width:
            return max(40, shutil.get_terminal_size().columns)
        return PIPE_COLUMNS

    @property
    def color(self) -> bool:
        return is_terminal(sys.stdout) and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"

    @property
    def unicode(self) -> bool:
        return is_unicode(sys.stdout)

    def print(self, text: str = "") -> None:
        """Write the result, or a part of it. Raises DataError where it cannot be written."""
        if sys.stdout is not None:
            self.print_bytes((_writable(text, sys.stdout) + "\n").encode(sys.stdout.encoding or "utf-8"))

    def print_view(self, view: View) -> None:
        """Write a view as text, fit for the terminal. Raises DataError where it cannot be written."""
        from ravine.render.text import text

        self.print(text(view, self.width, self.color, self.unicode))

    def notes(self, event: Event) -> None:
        """Write the message of an event, if it has one, on standard error: a listener without progress."""
        if event.message:
            self.info(self.wrapped(event.message))

    def print_document(self, document: Mapping[str, object]) -> None:
        """Write the one JSON document of this command, in UTF-8 whatever the locale."""
        from ravine.records.atomic_files import json_text

        self.print_bytes((json_text(document, sort=False) + "\n").encode("utf-8"))

    def print_bytes(self, blob: bytes) -> None:
        """Write bytes to standard output. Raises DataError where they cannot be, on a full disk for one."""
        from ravine.records.os_errors import os_errors_as_data_errors

        if sys.stdout is None:
            return
        try:
            with os_errors_as_data_errors("standard output"):
                sys.stdout.flush()
                sys.stdout.buffer.write(blob)
                sys.stdout.buffer.flush()
        except DataError as error:
            self.detach_stdout()
            if not isinstance(error.__cause__, BrokenPipeError):
                raise

    def finish(self) -> None:
        """Flush what others, such as click's help, have written. Raises BrokenPipeError."""
        if sys.stdout is not None:
            sys.stdout.flush()

    def detach_stdout(self) -> int:
        """Redirect stdout to `os.devnull`, so that flushing a closed pipe raises nothing; return 0."""
        with contextlib.suppress(OSError, ValueError, AttributeError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, sys.stdout.fileno())
            os.close(nowhere)
        return 0


def is_terminal(stream: TextIO | None) -> bool:
    """Return whether a person looks at `stream`."""
    try:
        return stream is not None and stream.isatty()
    except ValueError:  # closed
        return False


def is_unicode(stream: TextIO | None) -> bool:
    """Return whether `stream` can show every letter."""
    return (getattr(stream, "encoding", None) or "").lower().replace("-", "").startswith("utf")


def _writable(text: str, stream: TextIO) -> str:
    """Return `text` with what `stream` cannot write escaped: a locale is no reason to fail."""
    encoding = stream.encoding or "utf-8"
    return text.encode(encoding, "backslashreplace").decode(encoding)
