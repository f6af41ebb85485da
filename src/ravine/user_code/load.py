"""The object that `FILE.py:NAME` names: the file is read, checked and run once per content."""

from __future__ import annotations

import hashlib
import linecache
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from ravine.errors import UsageError, did_you_mean
from ravine.records.open_file import is_file, read_regular
from ravine.user_code.code_text import CodeText
from ravine.user_code.trust import check_trusted
from ravine.user_code.user_errors import user_code_errors

__all__ = ["LoadedCode", "file_hash", "load_code", "provide_code"]

MAX_BYTES = 10_000_000  # of a Python file

_modules: dict[tuple[Path, str], ModuleType] = {}
_lock = threading.RLock()


@dataclass(frozen=True)
class LoadedCode:
    """An object of a Python file of the user.

    value: the object. path: absolute path of the file. sha256: hash of the content of the file.
    """

    value: Any
    path: Path
    sha256: str


def file_hash(path: str | Path) -> tuple[Path, str]:
    """Return the absolute path and the SHA-256 of a Python file. Raises DataError if it cannot be read."""
    absolute = Path(path).expanduser().absolute()
    if not is_file(absolute):
        raise UsageError(
            f"There is no Python file '{path}'.", "FILE.py:NAME names an object in a file.", "Check the path."
        )
    return absolute, hashlib.sha256(read_regular(absolute, MAX_BYTES)).hexdigest()


def load_code(text: CodeText) -> LoadedCode:
    """Return the object that a text names, from its file, which runs if it did not run before.

    Raises UsageError if there is no such file or object, if the file is not trusted, and, with the line of
    the file, if it fails; DataError if it cannot be read.
    """
    path, sha256 = file_hash(text.path)
    check_trusted(path, sha256)
    with _lock:
        if (path, sha256) not in _modules:
            _modules[path, sha256] = _run(path, sha256)
    module = _modules[path, sha256]
    if not hasattr(module, text.name):
        names = [name for name, value in vars(module).items() if callable(value) and name[0] != "_"]
        raise UsageError(
            f"The file '{text.path}' does not define '{text.name}'.", "", did_you_mean(text.name, names)
        )
    return LoadedCode(getattr(module, text.name), path, sha256)


def provide_code(path: Path, sha256: str, module: ModuleType) -> None:
    """Let `load_code` use a module that Python has already run, in place of running its file again."""
    with _lock:
        _modules.setdefault((path, sha256), module)


def _run(path: Path, sha256: str) -> ModuleType:
    """Return the module that results from running a file, whose content has this hash."""
    content = read_regular(path, MAX_BYTES)
    if hashlib.sha256(content).hexdigest() != sha256:
        raise UsageError(f"'{path}' was changed while it was read.", "", "Type the command again.")
    module = ModuleType(f"ravine_user_code_{sha256[:16]}")
    module.__file__ = str(path)
    linecache.checkcache(str(path))
    folder = str(path.parent)
    if folder not in sys.path:
        sys.path.append(folder)  # last, so that a file beside it hides no other module
    sys.modules[module.__name__] = module  # dataclasses look their module up
    try:
        with user_code_errors(path):
            exec(compile(content, str(path), "exec"), module.__dict__)
    except BaseException:
        del sys.modules[module.__name__]
        raise
    return module
