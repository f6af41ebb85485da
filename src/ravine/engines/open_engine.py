"""The engine that a text names, opened for the time of a study."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ravine.engines.devices import Devices
from ravine.engines.engine import Engine, ThreadEngine
from ravine.engines.engine_text import read_engine
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
        from ravine.engines.dask_engine import DaskEngine
        from ravine.engines.dask_local import LocalCluster
    except ImportError as error:
        raise UsageError(
            f"--engine {text} needs the Python packages dask and distributed.",
            "They are not installed, or cannot be loaded.",
            "Type: pip install 'ravine[scale]'",
            option="engine",
        ) from error
    if choice.is_exposed:
        tell(
            f"{choice.address} has no TLS: others in the network can read the data and run code on the "
            "workers. docs/many-machines.md shows tls://."
        )
    cluster = LocalCluster(choice.workers) if choice.workers else None
    try:
        address, security = (choice.address, None) if cluster is None else (cluster.address, cluster.security)
        engine = DaskEngine(address, devices.kind, tell, should_stop, security)
        try:
            tell(f"The networks train on {engine}.")
            yield engine
        finally:
            engine.close()
    finally:
        if cluster is not None:
            cluster.close()
