"""The engine `processes`: one worker process for each core of this machine, pinned to it.

Each process has compiled programs of its own with one thread. Large arrays lie once in shared memory. A
worker that dies is replaced, and its task is computed again.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import Pipe
from pathlib import Path
from typing import IO, Any, TypeVar

import cloudpickle
import numpy as np

from ravine.engines.devices import Devices
from ravine.engines.process_worker import Failure, SharedArray
from ravine.engines.remote_task import Answer, Call, versions
from ravine.engines.shared_objects import PackedObjects
from ravine.errors import DataError, UsageError

__all__ = ["ProcessEngine"]

MAX_DEATHS = 3  # of workers that compute the same task
CLOSE_S = 5.0

Task = TypeVar("Task")
Result = TypeVar("Result")


class ProcessEngine:
    """Worker processes on the cores of this machine as an engine, from construction to `close`.

    Raises UsageError for a GPU, whose memory several processes cannot share.
    """

    in_process = False

    def __init__(self, devices: Devices) -> None:
        if not devices.shared:
            raise UsageError(
                f"--engine processes cannot train on {devices}.",
                "Each process would reserve the memory of the GPU.",
                "Leave --engine out, or add --device cpu.",
                option="engine",
            )
        self._packed, self._shared = PackedObjects(), _SharedMemory()
        self._workers = [_Worker(core) for core in _cores(devices.count)]

    def __str__(self) -> str:
        return f"{len(self._workers)} process{'es' * (len(self._workers) != 1)}"

    def close(self) -> None:
        """End all workers and free the shared memory."""
        for worker in self._workers:
            worker.end()
        self._shared.close()

    def map(
        self, function: Callable[..., Result], shared: tuple[Any, ...], tasks: Sequence[Task], precision: str
    ) -> list[Result]:
        """Return the results function(*shared, device, task) for all tasks, in their order.

        Raises DataError for a task that ends several workers.
        """
        packed = [self._packed.of(value) for value in shared]
        parts = {key: value for item in packed for key, value in item.values.items()}
        call = Call(function, tuple(item.name for item in packed), precision, "cpu", versions())
        remaining, results = iter(range(len(tasks))), [None] * len(tasks)
        lock, over = threading.Lock(), threading.Event()

        def work(worker: _Worker) -> None:
            while not over.is_set():
                with lock:
                    index = next(remaining, None)
                if index is None:
                    return
                try:
                    results[index] = self._compute(worker, call, tasks[index], parts, over)
                except BaseException:
                    over.set()
                    raise

        with ThreadPoolExecutor(len(self._workers), thread_name_prefix="process") as pool:
            futures = [pool.submit(work, worker) for worker in self._workers[: len(tasks)]]
            try:
                for future in futures:
                    future.result()
            except BaseException:  # also KeyboardInterrupt, which only the main thread receives
                over.set()
                for worker in self._workers:
                    worker.end()  # a later map starts them again
                raise
        return results  # type: ignore[return-value]

    def _compute(
        self, worker: _Worker, call: Call, task: Any, parts: Mapping[str, Any], over: threading.Event
    ) -> Any:
        """Return the result of a task on a worker, which is replaced if it dies."""
        deaths, sent = 0, dict[str, bytes | SharedArray]()
        while not over.is_set():
            answer = worker.ask(call, task, sent)
            if over.is_set():
                break
            if answer is None:
                deaths += 1
                if deaths == MAX_DEATHS:
                    raise DataError(
                        f"{MAX_DEATHS} processes ended while they computed the same task.",
                        "The reason is often too little memory.",
                        "Free memory, then type `ravine resume`.",
                    )
                worker.start()
            elif answer.missing:
                sent = {key: self._shared.part(key, parts[key]) for key in answer.missing}
            else:
                return answer.result
        return None


class _SharedMemory:
    """Large arrays by name, each in a file of its own that lies in memory.

    On Linux such a file has no name in any folder, so that nothing is left when the processes are killed.
    """

    def __init__(self) -> None:
        self._arrays: dict[str, SharedArray] = {}
        self._files: list[IO[bytes]] = []
        self._named: list[str] = []
        self._lock = threading.Lock()

    def part(self, key: str, value: bytes | np.ndarray) -> bytes | SharedArray:
        """Return a part of a shared object for a worker: its bytes, or the place of a large array."""
        if isinstance(value, bytes):
            return value
        with self._lock:
            if key not in self._arrays:
                path = self._write(np.ascontiguousarray(value))
                self._arrays[key] = SharedArray(path, value.dtype.str, value.shape)
            return self._arrays[key]

    def _write(self, array: np.ndarray) -> str:
        """Write an array to a new file and return its path."""
        if hasattr(os, "memfd_create"):
            number = os.memfd_create("ravine")
            path = f"/proc/{os.getpid()}/fd/{number}"
        else:
            number, path = tempfile.mkstemp(prefix="ravine-")
            self._named.append(path)
        file = os.fdopen(number, "wb")
        self._files.append(file)
        file.write(array.data.cast("B"))
        file.flush()
        return path

    def close(self) -> None:
        """Free the memory."""
        for file in self._files:
            file.close()
        for path in self._named:
            Path(path).unlink(missing_ok=True)


class _Worker:
    """A worker process on a core, and the pipe to it."""

    def __init__(self, core: int) -> None:
        self.core = core
        self.process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        """Start the process, in place of one that runs no longer."""
        self.end()
        self.pipe, other = Pipe()
        words = [sys.executable, "-m", "ravine.engines.process_worker", str(other.fileno()), str(self.core)]
        # a session of its own, so that Ctrl-C in a terminal does not reach it, and no module of the working
        # folder
        self.process = subprocess.Popen(
            words, stdin=subprocess.DEVNULL, pass_fds=[other.fileno()], start_new_session=True,
            env=os.environ | {"PYTHONSAFEPATH": "1"},
        )  # fmt: skip
        other.close()

    def ask(self, call: Call, task: Any, sent: Mapping[str, Any]) -> Answer | None:
        """Return the answer to a task; None if the process has died. Raises the exception of the task."""
        if self.process is None:
            self.start()
        try:
            self.pipe.send_bytes(cloudpickle.dumps((call, task, sent)))
            answer = cloudpickle.loads(self.pipe.recv_bytes())
        except (EOFError, OSError):
            return None
        if isinstance(answer, Failure):
            raise answer.error
        return answer

    def end(self) -> None:
        """End the process, also in the middle of a task."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(CLOSE_S)
            self.pipe.close()
            self.process = None


def _cores(count: int) -> list[int]:
    """Return the cores of `count` workers, of those that this process may use."""
    allowed = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else [0]
    return [allowed[k % len(allowed)] for k in range(count)]
