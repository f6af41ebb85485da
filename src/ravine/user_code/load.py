"""The object that `FILE.py:NAME` names: the file is read, checked and run once per content."""

from __future__ import annotations

import contextlib
import hashlib
import linecache
import os
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

from ravine.errors import DataError, UsageError, did_you_mean
from ravine.records.open_file import is_file, read_regular
from ravine.user_code.code_text import CodeText
from ravine.user_code.trust import check_trusted
from ravine.user_code.user_errors import user_code_errors

__all__ = [
    "LoadedCode", "absolute_path", "check_not_loading", "file_hash", "load_code", "load_same_code",
    "provide_code", "run_source", "source_of",
]  # fmt: skip

MAX_BYTES = 10_000_000  # of a Python file

_modules: dict[tuple[Path, str], ModuleType] = {}
_sources: dict[tuple[Path, str], bytes] = {}
_lock = threading.RLock()
_loading = 0  # number of files that run now


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
    absolute = absolute_path(path)
    if not is_file(absolute):
        raise UsageError(
            f"There is no Python file '{path}'.", "FILE.py:NAME names an object in a file.", "Check the path."
        )
    return absolute, hashlib.sha256(read_regular(absolute, MAX_BYTES)).hexdigest()


def absolute_path(path: str | Path) -> Path:
    """Return the absolute path of a file; `~` at its begin is the home folder."""
    return Path(os.path.abspath(os.path.expanduser(path)))  # noqa: PTH100, PTH111 - links stay as typed


def load_code(text: CodeText) -> LoadedCode:
    """Return the object that a text names, from its file, which runs if it did not run before.

    Raises UsageError if there is no such file or object, if the file is not trusted, and, with the line of
    the file, if it fails; DataError if it cannot be read.
    """
    path, sha256 = file_hash(text.path)
    check_trusted(path, sha256)
    with _lock:
        if (path, sha256) not in _modules:
            _modules[path, sha256] = _run(path, sha256, _content(path, sha256))
    return _code_of(text, path, sha256)


def load_same_code(text: CodeText, sha256: str) -> LoadedCode:
    """Return the object that a text names, from its file with this content.

    The file is not read if it has run in this process. Raises DataError for a file with another content, and
    the errors of `load_code`.
    """
    path = Path(text.path)
    if (path, sha256) in _modules:
        return _code_of(text, path, sha256)
    _, found = file_hash(path)
    if found != sha256:
        raise DataError(
            f"The Python file '{text.path}' has changed.",
            f"Its SHA-256 began with {sha256[:12]}, it now begins with {found[:12]}.",
            "Put the old file back, or begin anew.",
        )
    return load_code(text)


def _code_of(text: CodeText, path: Path, sha256: str) -> LoadedCode:
    """Return the object that a text names, of a file that has run. path: absolute path of the file."""
    module = _modules[path, sha256]
    if not hasattr(module, text.name):
        names = [name for name, value in vars(module).items() if callable(value) and name[0] != "_"]
        raise UsageError(
            f"The file '{text.path}' does not define '{text.name}'.", "", did_you_mean(text.name, names)
        )
    return LoadedCode(getattr(module, text.name), path, sha256)


def provide_code(path: Path, sha256: str, module: ModuleType) -> None:
    """Let `load_code` use a module that Python has already run, in place of running its file again.

    Raises UsageError if the file was edited since then.
    """
    with _lock:
        if (path, sha256) not in _modules:
            content = _content(path, sha256)
            _check_same(path, content, module)
            _modules[path, sha256], _sources[path, sha256] = module, content


def _check_same(path: Path, content: bytes, module: ModuleType) -> None:
    """Raise UsageError if a function of a module is not in its file any more."""
    known = set(_code_objects(compile(content, str(path), "exec", dont_inherit=True)))
    scopes = [vars(module), *(vars(value) for value in vars(module).values() if isinstance(value, type))]
    for scope in scopes:
        for value in scope.values():
            code = getattr(value, "__code__", None)
            if isinstance(code, CodeType) and code.co_filename == str(path) and code not in known:
                raise UsageError(
                    f"'{path}' was edited after its import.",
                    f"The function '{code.co_name}' in this process is another one than that in the file.",
                    "Start Python again, or reload the module with importlib.reload.",
                )


def _code_objects(code: CodeType) -> Iterator[CodeType]:
    """Yield all functions and classes in compiled code."""
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant
            yield from _code_objects(constant)


def source_of(path: Path, sha256: str) -> bytes:
    """Return the content of a Python file that has run, for `run_source` on another machine."""
    return _sources[path, sha256]


def _content(path: Path, sha256: str) -> bytes:
    """Return the content of a Python file that has this hash. Raises DataError if it has another one."""
    content = read_regular(path, MAX_BYTES)
    if hashlib.sha256(content).hexdigest() != sha256:
        raise DataError(f"'{path}' was changed while it was read.", "", "Type the command again.")
    return content


def run_source(path: Path, content: bytes) -> None:
    """Let `load_same_code` use a file of another machine that has sent its content.

    The sender must be trusted, since the content runs.
    """
    sha256 = hashlib.sha256(content).hexdigest()
    with _lock:
        if (path, sha256) not in _modules:
            _modules[path, sha256] = _run(path, sha256, content)


def _run(path: Path, sha256: str, content: bytes) -> ModuleType:
    """Return the module that results from running a file. sha256: hash of its content."""
    _sources[path, sha256] = content
    module = ModuleType(f"ravine_user_code_{sha256[:16]}")
    module.__file__ = str(path)
    linecache.checkcache(str(path))
    sys.modules[module.__name__] = module  # dataclasses look their module up
    try:
        with _neighbors(path.parent), user_code_errors(path):
            exec(compile(content, str(path), "exec", dont_inherit=True), module.__dict__)
    except BaseException:
        del sys.modules[module.__name__]
        raise
    return module


@contextlib.contextmanager
def _neighbors(folder: Path) -> Iterator[None]:
    """Let a file import the files beside it until the block ends, under names that no other file sees.

    `is_loading` is True meanwhile.
    """
    global _loading
    before = set(sys.modules)
    sys.path.append(str(folder))  # last, so that a file beside it hides no other module
    _loading += 1
    try:
        yield
    finally:
        _loading -= 1
        sys.path.remove(str(folder))
        for name in set(sys.modules) - before:
            if str(getattr(sys.modules[name], "__file__", None) or "").startswith(f"{folder}{os.sep}"):
                del sys.modules[name]  # a file in another folder may have a neighbor of this name


def check_not_loading() -> None:
    """Raise UsageError while a Python file of the user runs, which must not start a study itself."""
    if _loading:
        raise UsageError(
            "A Python file that is being loaded starts a study.",
            "A run names the file, so it would start again with every run.",
            "Put the calls below a line: if __name__ == '__main__':",
        )
