"""Reading in a helper process, for a file format whose library can crash on a damaged file.

The helper (`helper_program`) reads the file in a process of its own, with limits on memory and time. It
writes the data into a file in memory that both processes share, so that large arrays are not copied, and
describes arrays in JSON on its standard output. If the helper crashes, this process goes on.
"""

from __future__ import annotations

import contextlib
import json
import math
import mmap
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from ravine.errors import DataError

if TYPE_CHECKING:
    from ravine.data.formats import Source

__all__ = ["arrays_of_helper", "bytes_of_helper"]

PROGRAM = "import sys, json; sys.path[:] = json.loads(sys.argv[1]); from {module} import run; run()"
MODULE = "ravine.data.readers.helper_program"
WAIT_S = 60  # for a small file; the limit on processor time ends the helper much earlier
BYTES_PER_S = 1_000_000  # of the file, for which the helper gets one more second


def arrays_of_helper(reader: str, source: Source) -> tuple[dict[str, np.ndarray], str]:
    """Return the arrays that a helper process reads from a file, by name, and the path of their table inside.

    reader: "module:function" of a function that returns a `Plan`, which the helper calls. source: the file.

    Raises DataError if the helper crashes, exceeds its limits or refuses the file; MemoryError, ImportError
    or RuntimeError, with the message of the library, if a library in the helper raises an error.
    """
    answer, memory = _ask(reader, source)
    return {array["key"]: _array(memory, array) for array in answer["arrays"]}, str(answer["path"])


def bytes_of_helper(reader: str, source: Source) -> mmap.mmap | bytes:
    """Return the bytes that a helper process writes, in memory that both processes share.

    reader: "module:function" of a function that returns a `Stream`. Raises the errors of `arrays_of_helper`.
    """
    return _ask(reader, source)[1]


def _ask(reader: str, source: Source) -> tuple[dict[str, Any], mmap.mmap | bytes]:
    """Let a helper process read a file. Returns its answer, and the content of its output file."""
    with _input(source) as content, _memory_file() as output:
        request = {
            "reader": reader, "input": content, "output": output, "part": source.part, "name": source.name,
            "file_bytes": source.budget.file_bytes, "max_expand": source.max_expand, "parent": os.getpid(),
        }  # fmt: skip
        answer = _answer(request, source)
        _raise_error(answer)
        size = os.fstat(output).st_size
        return answer, mmap.mmap(output, size, access=mmap.ACCESS_COPY) if size else b""


def _answer(request: dict[str, Any], source: Source) -> dict[str, Any]:
    """Run the helper and return its answer. Raises DataError if it ends without one."""
    name, limit = source.name, WAIT_S + len(source.content) // BYTES_PER_S
    paths = [os.path.abspath(path) for path in sys.path if path]  # noqa: PTH100 - no link is followed
    # isolated: neither the working folder nor variables of the environment add modules
    command = [sys.executable, "-I", "-S", "-c", PROGRAM.format(module=MODULE), json.dumps(paths)]
    try:
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            pass_fds=(request["input"], request["output"]), process_group=0,  # Ctrl-C is for this process
        )  # fmt: skip
    except OSError as error:
        raise DataError(
            f"'{name}' cannot be read.",
            f"Reading it needs a second process, and the system reports: {error.strerror or error}.",
            "Raise the limit on processes (ulimit -u), or close other programs.",
        ) from error
    with process:
        try:
            said, _ = process.communicate(json.dumps(request).encode(), timeout=limit)
        except subprocess.TimeoutExpired:
            raise _too_slow(name, f"{limit} s") from None
        finally:
            process.kill()
    if process.returncode == -signal.SIGXCPU:
        raise _too_slow(name, "its limit on processor time")
    if process.returncode:
        raise _crashed(name, process.returncode)
    answer: dict[str, Any] = json.loads(said)
    return answer


def _too_slow(name: str, limit: str) -> DataError:
    return DataError(
        f"'{name}' took too long to read.",
        f"The reader exceeded {limit}, as happens with a damaged file.",
        "Download or write the file again.",
    )


def _crashed(name: str, status: int) -> DataError:
    how = f"was ended by {signal.Signals(-status).name}" if status < 0 else f"ended with status {status}"
    return DataError(
        f"'{name}' cannot be read.",
        f"The process that read it {how}, as happens with a damaged file or if the memory is full.",
        "Download or write the file again.",
    )


def _raise_error(answer: dict[str, Any]) -> None:
    """Raise the error that the helper reports, if there is one."""
    if "refused" in answer:
        raise DataError(*answer["refused"], **answer["about"])
    if "error" not in answer:
        return
    kinds: dict[str, type[Exception]] = {"MemoryError": MemoryError, "ImportError": ImportError}
    error = kinds.get(answer["error"], RuntimeError)(answer["text"])
    for place in answer["places"]:
        error.add_note(place)
    raise error


def _array(memory: mmap.mmap | bytes, described: dict[str, Any]) -> np.ndarray:
    """Return an array that the helper wrote into the shared memory; bytes and their ends become text."""
    shape, kind, offset = tuple(described["shape"]), np.dtype(described["type"]), described["offset"]
    count = math.prod(shape)
    array = np.frombuffer(memory, kind, count, offset) if count else np.empty(0, kind)
    if not described["text"]:
        return array.reshape(shape)
    words = array.tolist()
    if kind.kind != "S":  # `array` holds the ends of the words in the bytes that follow
        places = [offset + array.nbytes, *(offset + array.nbytes + end for end in words)]
        words = [memory[start:end] for start, end in pairwise(places)]
    texts = np.empty(count, object)
    texts[:] = [word.decode("utf-8", "replace") for word in words]
    return texts.reshape(shape)


@contextlib.contextmanager
def _input(source: Source) -> Iterator[int]:
    """Yield the descriptor of a file that holds the bytes of the source."""
    if source.descriptor is not None:
        yield source.descriptor
        return
    with _memory_file() as descriptor:
        rest = memoryview(source.content)
        while rest:
            rest = rest[os.write(descriptor, rest) :]
        yield descriptor


@contextlib.contextmanager
def _memory_file() -> Iterator[int]:
    """Yield the descriptor of an empty file without a name, in memory where the system has such files."""
    if sys.platform == "linux":
        descriptor = os.memfd_create("ravine")
        try:
            yield descriptor
        finally:
            os.close(descriptor)
    else:
        with tempfile.TemporaryFile() as file:
            yield file.fileno()
