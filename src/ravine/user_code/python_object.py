"""The text `FILE.py:NAME` of a function that the user passes in Python."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from typing import Any

from ravine.errors import UsageError
from ravine.records.open_file import is_file
from ravine.user_code.code_text import CodeText
from ravine.user_code.load import file_hash, provide_code

__all__ = ["text_of"]

OWN = "ravine.optimizers."


def text_of(function: Callable[..., Any]) -> str:
    """Return the text that names a function: `adam` for Ravine's own, else `FILE.py:NAME`.

    Its file is not run again. Raises UsageError if the function is not defined at the top of a Python file,
    since a run must find it again.
    """
    module, name = getattr(function, "__module__", None), getattr(function, "__qualname__", "")
    if str(module).startswith(OWN):
        return str(name)
    loaded = sys.modules.get(str(module))
    path = _source_file(function)
    if loaded is None or path is None or getattr(loaded, name, None) is not function:
        raise UsageError(
            f"The function {name or function!r} cannot be found again.",
            "A run stores the file and the name of a function, so that it can be resumed.",
            "Define it at the top of a Python file, import it, and pass it, or pass 'FILE.py:NAME'.",
        )
    absolute, sha256 = file_hash(path)
    provide_code(absolute, sha256, loaded)
    return str(CodeText(str(absolute), name))


def _source_file(function: Callable[..., Any]) -> str | None:
    """Return the path of the Python file that defines a function; None without one, as in a notebook."""
    try:
        path = inspect.getsourcefile(function)
    except TypeError:
        return None
    return path if path is not None and path.endswith(".py") and is_file(path) else None
