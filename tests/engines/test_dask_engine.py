"""The engine `dask` with real processes: order, one transfer per worker, lost workers and schedulers."""

import os
import signal
import threading
import time
from pathlib import Path

import pytest

from ravine.engines import dask_engine
from ravine.engines.dask_engine import DaskEngine
from ravine.errors import DataError, Stopped, UsageError

pytestmark = pytest.mark.slow


class Noted:
    """An object that notes in a file each process that reads it from bytes."""

    def __init__(self, path):
        self.path = str(path)

    def __reduce__(self):
        return _read, (self.path,)


def _read(path):
    with Path(path).open("a") as file:
        file.write(f"{os.getpid()}\n")
    return path


@pytest.fixture
def told():
    return []


@pytest.fixture
def engine(dask, told):
    """Make an engine on a scheduler with some workers."""
    engines = []

    def make(workers=1, should_stop=lambda: None):
        dask.start_scheduler()
        for _ in range(workers):
            dask.start_worker()
        engines.append(DaskEngine(dask.address, "cpu", told.append, should_stop))
        engines[-1]._client.wait_for_workers(workers, timeout=60)
        return engines[-1]

    yield make
    for made in engines:
        made.close()


def test_results_are_in_order_and_shared_objects_travel_once_to_each_worker(engine, tmp_path):
    shared = Noted(tmp_path / "readers")

    def function(path, device, task):
        time.sleep(0.05)
        return path, device.platform, task**2

    made = engine(workers=2)
    for _ in range(2):
        results = made.map(function, (shared,), range(20), "float32")
        assert results == [(shared.path, "cpu", k**2) for k in range(20)]
    readers = (tmp_path / "readers").read_text().split()
    assert len(readers) == len(set(readers)) == 2
    assert made.map(function, (shared,), [], "float32") == []


def test_a_killed_worker_loses_nothing(engine, tmp_path):
    def function(path, device, task):
        if task == 3 and not path.exists():
            path.write_text(str(os.getpid()))
            os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(0.05)
        return os.getpid(), task

    killed = tmp_path / "killed"
    results = engine(workers=2).map(function, (killed,), range(12), "float32")
    assert [task for _, task in results] == list(range(12))
    assert results[3][0] != int(killed.read_text())


def test_a_worker_that_joins_late_gets_tasks_and_data(engine, dask, tmp_path):
    shared = Noted(tmp_path / "readers")
    made = engine()

    def function(path, device, task):
        time.sleep(0.2)
        return os.getpid()

    made.map(function, (shared,), range(2), "float32")
    late = dask.start_worker()
    made._client.wait_for_workers(2, timeout=60)
    assert late.pid in made.map(function, (shared,), range(20), "float32")
    readers = (tmp_path / "readers").read_text().split()
    assert len(readers) == 2 and str(late.pid) in readers


def test_a_restarted_scheduler_gets_the_remaining_tasks(engine, dask, told, tmp_path):
    made = engine()
    scheduler = dask.started[0]

    def function(device, task):
        time.sleep(0.2)
        (path := tmp_path / f"{task}").touch()
        return path.name

    def restart():
        while not (tmp_path / "5").exists():
            time.sleep(0.05)
        scheduler.kill()
        scheduler.wait()
        dask.start_scheduler()
        dask.start_worker()

    thread = threading.Thread(target=restart)
    thread.start()
    results = made.map(function, (), range(30), "float32")
    thread.join()
    assert results == [str(k) for k in range(30)]
    assert "is lost" in told[0] and "answers again" in told[1]


def test_a_scheduler_that_stays_away_is_a_sentence(engine, dask, told, monkeypatch):
    monkeypatch.setattr(dask_engine, "RECONNECT_S", 1.0)
    made = engine()
    killer = threading.Timer(1.0, dask.started[0].kill)
    killer.start()
    with pytest.raises(DataError, match="is gone") as gone:
        made.map(lambda device, task: time.sleep(0.3), (), range(60), "float32")
    assert "ravine resume" in gone.value.fix and len(told) == 1


def test_an_address_with_tls_needs_keys(tmp_path):
    address = "tls://127.0.0.1:1"
    missing = str(tmp_path / "key.pem")
    files = {"tls_ca_file": missing, "tls_client_cert": missing, "tls_client_key": missing}
    for security, says in ((None, "names no certificate"), (files, "No such file")):
        with pytest.raises(UsageError, match=says):
            DaskEngine(address, "cpu", print, lambda: None, security)


def test_a_task_that_ends_every_worker_is_given_up(engine):
    made = engine(workers=5)
    with pytest.raises(DataError, match="gave up a task"):
        made.map(lambda device, task: os.kill(os.getpid(), signal.SIGKILL), (), range(1), "float32")


def test_a_failure_is_raised_again_and_ends_the_other_tasks(engine, tmp_path):
    def function(device, task):
        if task == 1:
            raise KeyError("this one")
        time.sleep(0.1)
        (tmp_path / f"{task}").touch()

    with pytest.raises(KeyError, match="this one"):
        engine().map(function, (), range(60), "float32")
    assert len(list(tmp_path.iterdir())) < 60


def test_code_that_the_workers_lack_is_named(engine):
    def function(device, task):
        import a_module_that_is_not_there

        return a_module_that_is_not_there

    with pytest.raises(DataError, match="No module named 'a_module_that_is_not_there'"):
        engine().map(function, (), range(2), "float32")


def test_other_versions_are_refused(engine, monkeypatch):
    made = engine()
    own = dask_engine.versions()
    monkeypatch.setattr(dask_engine, "versions", lambda: own | {"jax": "0.1.0"})
    with pytest.raises(DataError, match=f"jax {own['jax']} in place of 0.1.0"):
        made.map(lambda device, task: task, (), range(2), "float32")


def test_without_a_scheduler_or_a_worker_a_sentence_says_so(dask, monkeypatch):
    monkeypatch.setattr(dask_engine, "CONNECT_S", 0.5)
    with pytest.raises(UsageError, match="No Dask scheduler answers"):
        DaskEngine(dask.address, "cpu", print, lambda: None)
    monkeypatch.setattr(dask_engine, "CONNECT_S", 20.0)
    monkeypatch.setattr(dask_engine, "FIRST_WORKER_S", 0.5)
    dask.start_scheduler()
    with pytest.raises(UsageError, match="has no worker"):
        DaskEngine(dask.address, "cpu", print, lambda: None)


@pytest.mark.parametrize("stopping", [True, False])
def test_without_workers_it_waits_until_a_stop_or_a_limit(engine, dask, told, monkeypatch, stopping):
    monkeypatch.setattr(dask_engine, "COUNT_INTERVAL_S", 0.2)
    monkeypatch.setattr(dask_engine, "NO_WORKER_S", 1e9 if stopping else 1.0)
    made = engine(should_stop=lambda: 75 if stopping and told else None)
    dask.started[1].kill()
    with pytest.raises(Stopped if stopping else DataError):
        made.map(lambda device, task: task, (), range(2), "float32")
    assert "has no worker" in told[0]
