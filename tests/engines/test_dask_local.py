"""Dask workers on this machine: pinned, encrypted, and gone with the process that started them."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from distributed import Client, Security

from ravine.engines import dask_local
from ravine.engines.dask_local import LocalCluster
from ravine.errors import DataError

pytestmark = pytest.mark.slow


def processes_of_group(leader):
    """Return the numbers of living processes in the session of a process."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                text = (folder / "stat").read_text()
            except OSError:
                continue
            fields = text.rpartition(")")[2].split()
            if int(fields[3]) == leader and fields[0] != "Z":
                found.append(int(folder.name))
    return found


def test_workers_are_pinned_to_a_core_each_and_refuse_clients_without_the_key():
    cluster = LocalCluster(2)
    try:
        assert cluster.address.startswith("tls://127.0.0.1:")
        with Client(cluster.address, security=Security(**cluster.security), set_as_default=False) as client:
            client.wait_for_workers(2, timeout=60)
            pinned = client.run(lambda: (os.getpid(), sorted(os.sched_getaffinity(0))))
            assert len({pid for pid, _ in pinned.values()}) == 2
            cores = sorted(os.sched_getaffinity(0))
            assert sorted(core for _, core in pinned.values()) == [[cores[k % len(cores)]] for k in range(2)]
        other = Security.temporary()
        with pytest.raises(OSError):
            Client(cluster.address, security=other, set_as_default=False, timeout=2)
    finally:
        cluster.close()
    assert cluster._process.returncode == 0


def test_a_killed_owner_leaves_no_process(wait_until):
    code = (
        "import time; from ravine.engines.dask_local import LocalCluster; "
        "cluster = LocalCluster(1); print(cluster._process.pid, flush=True); time.sleep(600)"
    )
    owner = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    leader = int(owner.stdout.readline())
    assert leader in processes_of_group(leader)
    owner.send_signal(signal.SIGKILL)
    owner.wait()
    owner.stdout.close()
    wait_until(lambda: not processes_of_group(leader))


def test_a_failed_start_is_a_sentence(monkeypatch):
    monkeypatch.setattr(dask_local.sys, "executable", "/bin/false")
    with pytest.raises(DataError, match="did not start"):
        LocalCluster(1)
