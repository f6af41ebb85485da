"""A worker process of the engine `processes`: it computes tasks that come through a pipe, on one core.

python -m ravine.engines.process_worker PIPE CORE
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from multiprocessing.connection import Connection

import cloudpickle
import numpy as np

__all__ = ["Failure", "SharedArray"]


@dataclass(frozen=True)
class SharedArray:
    """An array in a file of shared memory, which all processes map into their own without a copy."""

    path: str
    dtype: str
    shape: tuple[int, ...]

    def read(self) -> np.ndarray:
        """Return the array [...], which cannot be written to."""
        return np.asarray(np.memmap(self.path, self.dtype, "r", shape=self.shape))


@dataclass(frozen=True)
class Failure:
    """The exception of a task, in place of an answer."""

    error: Exception


def _serve(pipe: Connection) -> None:
    """Answer messages (call, task, parts of shared objects) until the pipe ends."""
    from ravine.engines.remote_task import run_task

    while True:
        try:
            message = pipe.recv_bytes()
        except EOFError:
            return
        try:
            call, task, parts = cloudpickle.loads(message)
            sent = {
                key: part.read() if isinstance(part, SharedArray) else part for key, part in parts.items()
            }
            answer = cloudpickle.dumps(run_task(call, task, sent))
        except Exception as error:
            answer = _failure(error)
        try:
            pipe.send_bytes(answer)
        except BrokenPipeError:
            return


def _failure(error: Exception) -> bytes:
    """Return an exception as bytes; as a RuntimeError if it cannot travel."""
    try:
        blob = cloudpickle.dumps(Failure(error))
        cloudpickle.loads(blob)
    except Exception:
        return cloudpickle.dumps(Failure(RuntimeError(f"{type(error).__name__}: {error}")))
    return blob


if __name__ == "__main__":
    # before JAX counts the cores
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {int(sys.argv[2])})
    # the messages name the classes of this file by its name, not as the main module
    from ravine.engines import process_worker

    process_worker._serve(Connection(int(sys.argv[1])))
