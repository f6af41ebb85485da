"""Dask workers on this machine: a scheduler and worker processes, each pinned to one core.

A process of its own runs the scheduler and starts the workers. So a script of the user need not protect its
main module, as it must for `multiprocessing`, and Ctrl-C does not reach the workers. The process ends when
its standard input ends, also where its parent was killed. All connections use TLS with a key that exists
only in these processes, since any user of the machine can connect to the loopback interface.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from typing import Any

from ravine.errors import DataError

__all__ = ["LocalCluster"]

CORE = "RAVINE_DASK_CORE"
"""Environment variable of a worker that names its core."""
CLOSE_S = 10.0


class LocalCluster:
    """A Dask scheduler and its workers on this machine, from construction to `close`.

    address: address of the scheduler. security: keywords of `distributed.Security` for a client.
    Raises DataError if the processes do not start.
    """

    def __init__(self, workers: int) -> None:
        command = [sys.executable, "-m", "ravine.engines.dask_local", str(workers)]
        with tempfile.TemporaryFile() as errors:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                start_new_session=True,
                env=os.environ | {"PYTHONSAFEPATH": "1"},  # no module of the working folder, in workers too
            )
            assert self._process.stdout is not None
            line = self._process.stdout.readline()
            if not line:
                self.close()
                errors.seek(0)
                last = errors.read().decode(errors="replace").strip().splitlines()[-1:]
                raise DataError(
                    "The Dask workers on this machine did not start.",
                    f"Dask says: {''.join(last) or 'nothing'}.",
                    "Leave --engine out to train in threads.",
                )
        contact = json.loads(line)
        self.address: str = contact["address"]
        self.security: dict[str, Any] = contact["security"]

    def close(self) -> None:
        """End the workers and the scheduler."""
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        try:
            self._process.wait(CLOSE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def dask_setup(worker: Any) -> None:
    """Pin this worker process to its core, before JAX counts the cores. Dask calls this function."""
    core = os.environ.get(CORE)
    if core is not None and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {int(core)})


def _run(count: int) -> None:
    """Run a scheduler and workers until the standard input ends; print address and key as a line of JSON."""
    import dask
    from distributed import Nanny, Scheduler, Security, SpecCluster

    security = Security.temporary()
    common = {"protocol": "tls", "host": "127.0.0.1", "security": security}
    # memory that all workers share has no limit of its own, as in threads
    options = {**common, "nthreads": 1, "memory_limit": 0, "preload": [__name__], "dashboard": False}
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    spec = {
        k: {"cls": Nanny, "options": {**options, "env": {CORE: str(cores[k % len(cores)])} if cores else {}}}
        for k in range(count)
    }
    scheduler = {"cls": Scheduler, "options": {**common, "dashboard": False}}
    with (
        tempfile.TemporaryDirectory(prefix="ravine-dask-") as folder,
        dask.config.set({"temporary-directory": folder}),
        SpecCluster(workers=spec, scheduler=scheduler, security=security) as cluster,
    ):
        contact = {"address": cluster.scheduler_address, "security": _client_part(security)}
        print(json.dumps(contact), flush=True)
        sys.stdin.buffer.read()


def _client_part(security: Any) -> dict[str, Any]:
    """Return the keywords of `distributed.Security` that a client needs."""
    names = ("tls_ca_file", "tls_client_key", "tls_client_cert", "require_encryption")
    return {name: getattr(security, name) for name in names}


if __name__ == "__main__":
    # the workers import this file by its name, not as the main module
    from ravine.engines import dask_local

    dask_local._run(int(sys.argv[1]))
