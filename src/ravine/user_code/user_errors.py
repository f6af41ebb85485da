"""Errors inside a Python file of the user, reported with the line of the file."""

from __future__ import annotations

import contextlib
import linecache
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

from ravine.errors import RavineError, UsageError

__all__ = ["user_code_errors"]

MAX_MESSAGE = 300  # letters of the message that are shown


@contextlib.contextmanager
def user_code_errors(path: Path) -> Iterator[None]:
    """Raise UsageError, with the line of the file at `path`, for an error inside the `with` block.

    Errors of Ravine, and Ctrl-C, pass unchanged.
    """
    try:
        yield
    except RavineError:
        raise
    except SyntaxError as error:
        raise _usage_error(path, error, error.lineno) from error
    except (Exception, SystemExit) as error:
        raise _usage_error(path, error, _line(path, error)) from error


def _usage_error(path: Path, error: BaseException, line: int | None) -> UsageError:
    message = str(error).strip().partition("\n")[0][:MAX_MESSAGE].rstrip(".")
    kind = type(error).__name__
    said = f"{kind}: {message}" if message else kind
    if line is None:
        what = f"The code in '{path}' cannot be used."
        return UsageError(what, f"It leads to {said}.", "Correct the file.")
    source = linecache.getline(str(path), line).strip()
    shown = f" ({source})" if source else ""
    return UsageError(
        f"The code in '{path}' fails in line {line}{shown}.", f"Python says {said}.", "Correct the file."
    )


def _line(path: Path, error: BaseException) -> int | None:
    """Return the innermost line of the file that an error, or one that caused it, went through."""
    seen: BaseException | None = error
    while seen is not None:
        if (line := _line_of(path, seen.__traceback__)) is not None:
            return line
        seen = seen.__cause__ or seen.__context__
    return None


def _line_of(path: Path, trace: TracebackType | None) -> int | None:
    line = None
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == str(path):
            line = trace.tb_lineno
        trace = trace.tb_next
    return line
