"""Engines by their text: threads, local workers, and what is missing or open to others."""

import sys

import pytest

from ravine.cores import cores
from ravine.engines import ThreadEngine, find_devices, open_engine
from ravine.errors import UsageError


def open_(text, told):
    return open_engine(text, find_devices("cpu"), told.append, lambda: None)


def test_threads_need_nothing_else():
    told = []
    with open_("threads", told) as engine:
        assert isinstance(engine, ThreadEngine) and told == []


def test_a_missing_package_is_a_sentence(monkeypatch):
    monkeypatch.delitem(sys.modules, "ravine.engines.dask_engine", raising=False)
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(UsageError) as refused, open_("dask:local:2", []):
        pass
    assert refused.value.fix == "Type: pip install 'ravine[scale]'"


@pytest.mark.slow
def test_an_open_network_is_told_before_anything_is_sent(monkeypatch):
    from ravine.engines import dask_engine

    monkeypatch.setattr(dask_engine, "CONNECT_S", 0.2)
    told = []
    with pytest.raises(UsageError, match="No Dask scheduler"), open_("dask:tcp://192.0.2.1:9", told):
        pass
    assert len(told) == 1 and "has no TLS" in told[0]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "says"), [("dask:local:2", "2 Dask workers"), ("processes", f"{cores()} process")]
)
def test_processes_of_this_machine_compute_and_end(text, says):
    told = []
    with open_(text, told) as engine:
        assert engine.map(lambda device, task: task + 1, (), range(5), "float32") == [1, 2, 3, 4, 5]
        assert not engine.in_process
    assert len(told) == 1 and told[0].startswith(f"The networks train on {says}")
