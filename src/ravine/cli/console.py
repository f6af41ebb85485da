"""Standard output and standard error of one command: results on the first, everything else on the second.

All text goes through this module, which takes control characters out of it: names in a data file or in a run
directory may hold escape sequences, which a terminal would obey.

If standard error is closed, a study goes on. If standard output is closed, as by `| head`, that is no error
either.
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
    from ravine.render.blocks import View

__all__ = ["Console"]

PIPE_COLUMNS = 100  # width for a file or a pipe, which have none of their own
MIN_COLUMNS = 40  # narrower terminals are treated as this wide


class Console:
    """The output of one command, on standard output and standard error.

    quiet: print only the result and errors. verbose: print details and tracebacks. json: print JSON.
    """

    def __init__(self) -> None:
        self.quiet = False
        self.verbose = False
        self.json = False

    def configure(self, *, json: bool, quiet: bool, verbose: bool) -> None:
        """Set `json`, `quiet` and `verbose` from the flags of a command. Raises UsageError for -q with -v."""
        if quiet and verbose:
            raise UsageError(
                "-q and -v cannot be used together.",
                "-q prints less, -v prints more.",
                "Type only one of them.",
            )
        self.json, self.quiet, self.verbose = json, quiet, verbose

    # ----------------------------------------------------------------------------------- standard error

    def info(self, line: str = "") -> None:
        """Write one line to standard error, unless the user asked for quiet output (-q)."""
        if not self.quiet:
            self.error(line)

    def info_unused(self, unused: Sequence[str], command: str) -> None:
        """Write a line to standard error with the names of settings that the command does not use."""
        if unused:
            self.info(self.wrapped(f"Not used by {command}: {', '.join(unused)}."))

    def error(self, text: str) -> None:
        """Write text to standard error, even if the user asked for quiet output (-q)."""
        stream = sys.stderr
        if stream is None:  # closed before this process began
            return
        with contextlib.suppress(OSError, ValueError):  # closed since
            stream.write(_encodable(_cleaned(text), stream) + "\n")
            stream.flush()

    def wrapped(self, text: str, indent: str = "") -> str:
        """Return text broken into lines of the terminal's width; one line if there is no terminal."""
        if not is_terminal(sys.stderr):
            return indent + text
        width = max(MIN_COLUMNS, shutil.get_terminal_size().columns)
        return textwrap.fill(
            text, width, initial_indent=indent, subsequent_indent=indent,
            break_long_words=False, break_on_hyphens=False,
        )  # fmt: skip

    # ---------------------------------------------------------------------------------- standard output

    @property
    def has_width(self) -> bool:
        """Whether standard output is a terminal, or the environment variable COLUMNS sets a width."""
        return os.environ.get("COLUMNS", "").isdecimal() or is_terminal(sys.stdout)

    @property
    def width(self) -> int:
        """The width of standard output in columns of text; 100 for a file or a pipe."""
        if self.has_width:
            return max(MIN_COLUMNS, shutil.get_terminal_size().columns)
        return PIPE_COLUMNS

    @property
    def color(self) -> bool:
        """Whether results are colored: on a terminal, unless NO_COLOR is set or TERM is dumb."""
        return is_terminal(sys.stdout) and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"

    @property
    def unicode(self) -> bool:
        """Whether standard output can show every character."""
        return is_unicode(sys.stdout)

    def print(self, text: str = "") -> None:
        """Write the result, or a part of it, to standard output. Raises DataError if it cannot be written."""
        self._write(_cleaned(text))

    def print_view(self, view: View) -> None:
        """Write a report (list of blocks) to standard output, as text that fits the terminal.

        Raises DataError if it cannot be written.
        """
        from ravine.render.text import text

        self._write(text(view, self.width, self.color, self.unicode))  # cleaned, and then colored

    def print_document(self, document: Mapping[str, object]) -> None:
        """Write one JSON document to standard output, in UTF-8 for every locale.

        Raises DataError if it cannot be written.
        """
        from ravine.records.atomic_files import json_text

        self._write_bytes((_json_cleaned(json_text(document, sort=False)) + "\n").encode("utf-8"))

    def print_table(self, csv: str) -> None:
        """Write a table as CSV to standard output, in UTF-8 for every locale.

        A file or a pipe gets every character, a terminal no control character. Raises DataError if the table
        cannot be written.
        """
        self._write_bytes((_cleaned(csv) if is_terminal(sys.stdout) else csv).encode("utf-8"))

    def _write(self, text: str) -> None:
        if sys.stdout is not None:
            self._write_bytes((_encodable(text, sys.stdout) + "\n").encode(sys.stdout.encoding or "utf-8"))

    def _write_bytes(self, blob: bytes) -> None:
        """Write bytes to standard output. Raises DataError if they cannot be written, as on a full disk.

        If the program that reads the output has ended, that is no error.
        """
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

    def flush(self) -> None:
        """Flush text that other code, such as click's help, wrote to standard output.

        Raises BrokenPipeError if the program that reads the output has ended.
        """
        if sys.stdout is not None:
            sys.stdout.flush()

    def detach_stdout(self) -> int:
        """Redirect standard output to `os.devnull`, so that flushing a closed pipe is no error. Returns 0."""
        with contextlib.suppress(OSError, ValueError, AttributeError):
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, sys.stdout.fileno())
            os.close(null)
        return 0


def is_terminal(stream: TextIO | None) -> bool:
    """Return whether a stream is an open terminal."""
    try:
        return stream is not None and stream.isatty()
    except ValueError:  # closed
        return False


def is_unicode(stream: TextIO | None) -> bool:
    """Return whether an output stream can show every character, which holds for UTF encodings."""
    return (getattr(stream, "encoding", None) or "").lower().replace("-", "").startswith("utf")


def _cleaned(text: str) -> str:
    """Return text with `?` in place of control characters, line ends excepted."""
    from ravine.render.cells import printable  # not needed by `--help`, which click writes

    return "\n".join(map(printable, text.split("\n")))


def _json_cleaned(text: str) -> str:
    """Return JSON text in which characters that a terminal could obey are escaped, which JSON allows.

    Control characters below 32 are escaped already. All others stand inside of strings.
    """
    if text.isascii() and "\x7f" not in text:
        return text
    import json

    return "".join(
        letter if letter.isprintable() or letter == "\n" else json.dumps(letter)[1:-1] for letter in text
    )


def _encodable(text: str, stream: TextIO) -> str:
    """Return text in which characters that the stream cannot encode are escaped, so that no locale fails."""
    encoding = stream.encoding or "utf-8"
    return text.encode(encoding, "backslashreplace").decode(encoding)
