"""The boundary around all readers: every error of a library becomes a `DataError` with file and place."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ravine.errors import DataError, RavineError

__all__ = ["at", "first_line", "library_errors_as_data_errors"]

MAX_CHARACTERS = 300  # of the message of a library
PANIC = "PanicException"  # of libraries in Rust; it is no Exception, and each library has a class of its own


@contextmanager
def library_errors_as_data_errors(name: str, kind: str) -> Iterator[None]:
    """Turn every error that a library raises in a `with` block into a DataError.

    name: name of the data. kind: name of the file format. Errors of Ravine, Ctrl-C and requests to exit pass.
    The message names the place in the file that `at` added to the error.
    """
    try:
        yield
    except RavineError:
        raise
    except MemoryError as error:
        raise DataError(
            f"'{name}' does not fit into the memory{_place(error)}.",
            "Reading the file needs more than the free memory.",
            "Use fewer rows or columns, or a machine with more memory.",
        ) from error
    except RecursionError as error:
        raise DataError(
            f"'{name}' cannot be read as {kind}{_place(error)}.",
            "Its content is nested too deeply, as in a damaged file.",
            "Download or write the file again.",
        ) from error
    except ImportError as error:  # for example, of a rare compression
        raise DataError(
            f"'{name}' cannot be read as {kind}{_place(error)}.",
            f"One more Python package is needed. The reader reports: {first_line(error)}.",
            "Install the package that the reader names.",
        ) from error
    except Exception as error:
        raise _damaged(name, kind, error) from error
    except BaseException as error:
        if type(error).__name__ != PANIC:
            raise
        raise _damaged(name, kind, error) from error


@contextmanager
def at(place: str) -> Iterator[None]:
    """Add a place, such as "column 'age'", to every error that a library raises in a `with` block."""
    try:
        yield
    except RavineError:
        raise
    except Exception as error:
        error.add_note(place)
        raise


def first_line(error: BaseException) -> str:
    """Return the first line of an error's message, shortened and without its period; else its type."""
    lines = str(error).strip().splitlines()
    return lines[0][:MAX_CHARACTERS].rstrip(".") if lines else type(error).__name__


def _damaged(name: str, kind: str, error: BaseException) -> DataError:
    return DataError(
        f"'{name}' cannot be read as {kind}{_place(error)}.",
        f"It is cut, damaged or of a kind that Ravine cannot read. The reader reports: {first_line(error)}.",
        "Download or write the file again.",
    )


def _place(error: BaseException) -> str:
    """Return the place that `at` added to an error, in words for a sentence; "" if there is none.

    Python adds the place nearest to the error first.
    """
    places = getattr(error, "__notes__", ())
    return f", {places[0]}" if places else ""
