"""The engine `dask`: the workers of a Dask cluster compute the tasks, wherever they run.

Dask distributes the tasks, notices lost workers and repeats their tasks elsewhere. This file adds three
rules:

    shared objects    a task carries names; an object travels only to a worker that answers that it lacks it
    lost scheduler    tasks without a result are submitted again once a scheduler answers at the address
    no worker         the engine says so and waits, for a limited time

The state of the training stays with the client between tasks, so that no lost worker takes any of it.
"""

from __future__ import annotations

import logging
import time
import uuid
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import CancelledError
from contextlib import suppress
from typing import Any, TypeVar

from distributed import Client, Future, KilledWorker, Security, wait

from ravine.engines.remote_task import Answer, Call, identity, run_task, versions
from ravine.engines.shared_objects import PackedObjects
from ravine.errors import DataError, Stopped, UsageError

__all__ = ["DaskEngine"]

CONNECT_S = 10.0  # until the first connection to a scheduler
FIRST_WORKER_S = 30.0  # until the first worker has joined
RECONNECT_S = 120.0  # until a lost scheduler answers again
NO_WORKER_S = 600.0  # until a worker joins after all were lost
POLL_S, COUNT_INTERVAL_S, RESULT_S = 0.5, 5.0, 60.0

Task = TypeVar("Task")
Result = TypeVar("Result")


class DaskEngine:
    """The workers of a Dask scheduler as an engine, from construction to `close`.

    address: address of the scheduler. kind: "cpu" or "gpu", the kind of device that every worker uses.
    security: keys for a scheduler with TLS; None = those of Dask's configuration.
    tell: function that shows a sentence to the user. should_stop: function that returns an exit status to
    stop, else None; it ends the wait for workers.

    Raises UsageError if no scheduler answers, or none of its workers joins.
    """

    in_process = False

    def __init__(
        self,
        address: str,
        kind: str,
        tell: Callable[[str], None],
        should_stop: Callable[[], int | None],
        security: Mapping[str, Any] | None = None,
    ) -> None:
        self.address, self.kind, self.tell, self.should_stop = address, kind, tell, should_stop
        logging.getLogger("distributed.client").setLevel(logging.CRITICAL)  # `tell` reports all of it
        self._security = Security(**(security or {}))
        if address.startswith("tls:"):
            _check_keys(self._security, address)
        self._packed = PackedObjects()
        self._sent: set[str] = set()
        self._payloads: dict[str, Future] = {}
        try:
            self._client = self._connect(CONNECT_S)
        except (OSError, TimeoutError, ValueError) as error:
            raise UsageError(
                f"No Dask scheduler answers at {address}.",
                f"Dask says: {_last_line(error)}.",
                "Start one with `dask scheduler`, and give its address: --engine dask:tcp://HOST:PORT.",
                option="engine",
            ) from error
        try:
            self._client.wait_for_workers(1, timeout=FIRST_WORKER_S)
        except TimeoutError as error:
            self.close()
            raise UsageError(
                f"The Dask scheduler at {address} has no worker.",
                f"Ravine waited {FIRST_WORKER_S:.0f} s.",
                f"Start some first: `dask worker {address} --nthreads 1`.",
                option="engine",
            ) from error
        self._last_workers = time.monotonic()

    def __str__(self) -> str:
        count = self._count_workers()
        return f"{count} Dask worker{'s' * (count != 1)}"

    def close(self) -> None:
        """End the connection to the scheduler."""
        self._payloads.clear()
        self._client.close(timeout=CONNECT_S)

    def map(
        self, function: Callable[..., Result], shared: tuple[Any, ...], tasks: Sequence[Task], precision: str
    ) -> list[Result]:
        """Return the results function(*shared, device, task) for all tasks, in their order.

        Raises DataError if the scheduler or all workers stay away, if a task ends several workers, or if a
        worker has other versions of Ravine or JAX.
        """
        packed = [self._packed.of(value) for value in shared]
        values = {key: value for item in packed for key, value in item.values.items()}
        call = Call(function, tuple(item.name for item in packed), precision, self.kind, versions())
        new = tuple(key for key in values if key not in self._sent)
        waiting: dict[int, tuple[str, ...]] = dict.fromkeys(range(len(tasks)), new)
        results: list[Any] = [None] * len(tasks)
        running: dict[Future, int] = {}
        try:
            while waiting or running:
                if self._client.status != "running":
                    self._reconnect()
                for index, keys in waiting.items():
                    running[self._submit(call, tasks[index], keys, values)] = index
                waiting = {}
                for future in self._ended(running):
                    index, answer = running.pop(future), self._answer(future)
                    if answer is None:  # the scheduler forgot the task
                        waiting[index] = tuple(values)
                    elif answer.missing:
                        waiting[index] = answer.missing
                    else:
                        results[index] = answer.result
            self._sent.update(values)
            return results
        finally:
            if running and self._client.status == "running":
                self._client.cancel(list(running))
            self._payloads.clear()  # frees the memory of the scheduler; workers keep what they use

    def _submit(self, call: Call, task: object, keys: Iterable[str], values: Mapping[str, Any]) -> Future:
        """Submit a task together with some parts of shared objects. values: all parts by name."""
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Sending large graph")  # each part is sent once
            for key in keys:
                if key not in self._payloads:
                    name = f"ravine-{key}"
                    self._payloads[key] = self._client.submit(identity, values[key], key=name, pure=False)
            sent = {key: self._payloads[key] for key in keys}
            name = f"ravine-task-{uuid.uuid4().hex}"
            return self._client.submit(run_task, call, task, sent, key=name, pure=False)

    def _ended(self, running: Mapping[Future, int]) -> list[Future]:
        """Wait until some of the running tasks have ended or are lost; return them."""
        while True:
            with suppress(TimeoutError, CancelledError), self._client.as_current():
                wait(list(running), timeout=POLL_S, return_when="FIRST_COMPLETED")
            if self._client.status != "running":
                self._reconnect()
                return list(running)
            if ended := [future for future in running if future.done()]:
                return ended
            self._check_workers()

    def _answer(self, future: Future) -> Answer | None:
        """Return the answer of a worker to a task; None if Dask has lost the task or its answer.

        Raises the exception of the task, or DataError for a task that Dask could not compute.
        """
        if future.status == "error":
            raise _explained(future.exception(timeout=RESULT_S))
        if future.status != "finished":
            return None
        try:
            answer: Answer = future.result(timeout=RESULT_S)
        except (CancelledError, TimeoutError, OSError):
            return None
        if answer.versions is not None:
            raise _different_versions(answer.versions)
        return answer

    def _connect(self, timeout: float) -> Client:
        """Return a client of the scheduler. Raises OSError or TimeoutError if no scheduler answers."""
        return Client(self.address, timeout=timeout, security=self._security, set_as_default=False)

    def _reconnect(self) -> None:
        """Wait for a scheduler at the address, after the connection was lost. Raises DataError."""
        self.tell(f"The connection to the Dask scheduler at {self.address} is lost. Ravine waits for it.")
        self._client.close(timeout=1)
        self._payloads.clear()
        self._sent.clear()
        end = time.monotonic() + RECONNECT_S
        while True:
            self._check_stop()
            try:
                self._client = self._connect(POLL_S + 1)
                break
            except (OSError, TimeoutError) as error:
                if time.monotonic() > end:
                    raise DataError(
                        f"The Dask scheduler at {self.address} is gone.",
                        f"Ravine waited {RECONNECT_S:.0f} s for it.",
                        "Start a scheduler and workers again, then type `ravine resume`.",
                    ) from error
                time.sleep(POLL_S)
        self.tell("The Dask scheduler answers again.")
        self._last_workers = time.monotonic()

    def _check_workers(self) -> None:
        """Tell the user if there is no worker. Raises DataError if none has joined for a long time."""
        now = time.monotonic()
        if now - self._last_workers < COUNT_INTERVAL_S:
            return
        try:
            count = self._count_workers()
        except (OSError, TimeoutError):
            return  # the connection is lost
        if count:
            self._last_workers = now
            return
        self.tell(f"The Dask scheduler at {self.address} has no worker. Ravine waits for one.")
        while not self._count_workers():
            self._check_stop()
            if time.monotonic() - now > NO_WORKER_S:
                raise DataError(
                    f"The Dask scheduler at {self.address} has no worker.",
                    f"Ravine waited {NO_WORKER_S:.0f} s for one.",
                    "Start workers again, then type `ravine resume`.",
                )
            time.sleep(POLL_S)
        self._last_workers = time.monotonic()

    def _check_stop(self) -> None:
        """Raise Stopped if the user has asked the study to stop."""
        status = self.should_stop()
        if status is not None:
            raise Stopped("Stopped on request.", "", "", status)

    def _count_workers(self) -> int:
        """Return the number of workers that the scheduler knows."""
        return len(self._client.scheduler_info(n_workers=-1)["workers"])


def _last_line(error: BaseException) -> str:
    """Return the last line of the text of an error, without a full stop."""
    return (str(error).strip().splitlines() or [type(error).__name__])[-1].rstrip(".")


def _check_keys(security: Security, address: str) -> None:
    """Raise UsageError unless there are a certificate and a key that can be used, for an address with TLS."""
    why = "Dask's configuration names no certificate and no key."
    try:
        if security.get_connection_args("client").get("ssl_context") is not None:
            return
    except OSError as error:  # a file that is missing or damaged
        why = f"Dask says: {_last_line(error)}."
    raise UsageError(
        f"There is no key for the Dask scheduler at {address}.",
        why,
        "docs/many-machines.md shows how to make a key, and the file that names it.",
        option="engine",
    )


def _explained(error: BaseException) -> BaseException:
    """Return the exception of a task, or a DataError in place of one that comes from Dask."""
    if isinstance(error, KilledWorker):
        return DataError(
            "Dask gave up a task, since several workers ended while they computed it.",
            "The reason is often too little memory, or a time limit of the queue.",
            "Start workers with more memory, then type `ravine resume`.",
        )
    if isinstance(error, ImportError):
        return DataError(
            "A Dask worker cannot load the code of a task.",
            f"It says: {_last_line(error)}.",
            "Install for the workers what is installed here, above all `pip install 'ravine[scale]'`.",
        )
    return error


def _different_versions(found: Mapping[str, str]) -> DataError:
    """Return the error for a worker with other versions. found: versions of its programs by name."""
    own = versions()
    different = [
        f"{name} {version} in place of {own.get(name)}"
        for name, version in found.items()
        if version != own.get(name)
    ]
    return DataError(
        f"A Dask worker has {', '.join(different)}.",
        "Results would then depend on the worker.",
        "Install the same versions for the workers, and restart them.",
    )
