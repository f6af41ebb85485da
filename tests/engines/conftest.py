"""Real Dask processes: a scheduler that can be killed and started again, and workers."""

import socket
import subprocess
import sys
import time

import pytest

SCHEDULER, WORKER = "distributed.cli.dask_scheduler", "distributed.cli.dask_worker"


class DaskProcesses:
    """A scheduler at an address that stays the same, and workers of one thread without a nanny."""

    def __init__(self):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.address = f"tcp://127.0.0.1:{self.port}"
        self.started = []

    def start_scheduler(self):
        return self._start(SCHEDULER, "--host", "127.0.0.1", "--port", str(self.port), "--no-dashboard")

    def start_worker(self):
        return self._start(WORKER, self.address, "--nthreads", "1", "--no-nanny", "--no-dashboard")

    def _start(self, module, *words):
        silent = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        process = subprocess.Popen([sys.executable, "-m", module, *words], **silent)
        self.started.append(process)
        return process

    def kill_all(self):
        for process in self.started:
            process.kill()
            process.wait()


@pytest.fixture
def dask():
    processes = DaskProcesses()
    yield processes
    processes.kill_all()


@pytest.fixture
def wait_until():
    """Wait until a condition holds, at most for a time."""

    def wait(condition, seconds=60):
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, "the condition does not hold"
            time.sleep(0.05)

    return wait
