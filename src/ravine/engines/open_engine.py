"""The engine that a text names, opened for the time of a study."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager

from ravine.engines.devices import Devices
from ravine.engines.engine import Engine, ThreadEngine
from ravine.engines.engine_text import EngineChoice, read_engine
from ravine.errors import UsageError

__all__ = ["open_engine"]


@contextmanager
def open_engine(
    text: str, devices: Devices, tell: Callable[[str], None], should_stop: Callable[[], int | None]
) -> Iterator[Engine]:
    """Yield the engine that a text names, such as `threads` or `dask:local:4`, and close it afterwards.

    devices: the devices of this machine, whose kind all workers use. tell: function that shows a sentence to
    the user. should_stop: function that returns an exit status to stop, else None.

    Raises UsageError for a text that names no engine, for a missing package, and if no worker answers.
    """
    choice = read_engine(text)
    if choice.is_threads:
        yield ThreadEngine(devices)
        return
    try:
        opening = _processes(devices) if choice.processes else _dask(choice, devices, tell, should_stop)
    except ImportError as error:
        needed = "package cloudpickle" if choice.processes else "packages dask and distributed"
        raise UsageError(
            f"--engine {text} needs the Python {needed}.",
            "They are not installed, or cannot be loaded.",
            "Type: pip install 'ravine[scale]'",
            option="engine",
        ) from error
    with opening as engine:
        tell(f"The networks train on {engine}.")
        yield engine


def _processes(devices: Devices) -> AbstractContextManager[Engine]:
    """Return the engine of processes, to be opened. Raises ImportError for a missing package."""
    from ravine.engines.process_engine import ProcessEngine

    @contextmanager
    def opened() -> Iterator[Engine]:
        with closing(ProcessEngine(devices)) as engine:
            yield engine

    return opened()


def _dask(
    choice: EngineChoice,
    devices: Devices,
    tell: Callable[[str], None],
    should_stop: Callable[[], int | None],
) -> AbstractContextManager[Engine]:
    """Return the engine of Dask, to be opened. Raises ImportError for a missing package."""
    from ravine.engines.dask_engine import DaskEngine
    from ravine.engines.dask_local import LocalCluster

    @contextmanager
    def opened() -> Iterator[Engine]:
        if choice.is_exposed:
            tell(
                f"{choice.address} has no TLS: others in the network can read the data and run code on the "
                "workers. docs/many-machines.md shows tls://."
            )
        if not choice.workers:
            with closing(DaskEngine(choice.address, devices.kind, tell, should_stop)) as engine:
                yield engine
            return
        with (
            closing(LocalCluster(choice.workers)) as cluster,
            closing(DaskEngine(cluster.address, devices.kind, tell, should_stop, cluster.security)) as engine,
        ):
            yield engine

    return opened()
