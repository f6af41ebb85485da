"""The text of the option `--engine`, such as `dask:tls://cluster:8786`, read into its parts."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import ip_address

from ravine.errors import UsageError

__all__ = ["PROCESSES", "THREADS", "EngineChoice", "read_engine"]

THREADS, PROCESSES = "threads", "processes"
"""Texts of the engines of this machine that need no Dask."""
MAX_LOCAL = 1024  # worker processes on this machine
ADDRESS = re.compile(r"(tcp|tls)://(\[[0-9a-fA-F:.]+\]|[^\s:/\[\]]+):(\d{1,5})")


@dataclass(frozen=True)
class EngineChoice:
    """The engine that a text names: threads of this process, processes of this machine, or Dask.

    processes: whether it is the engine of processes without Dask.
    address: address of a Dask scheduler, such as `tcp://10.0.0.1:8786`; "" without one.
    workers: number of Dask workers to start on this machine; 0 = none.
    """

    address: str = ""
    workers: int = 0
    processes: bool = False

    @property
    def is_threads(self) -> bool:
        """Whether the threads of this process train."""
        return not (self.address or self.workers or self.processes)

    @property
    def is_exposed(self) -> bool:
        """Whether data and code go over a network without TLS."""
        match = ADDRESS.fullmatch(self.address)
        return match is not None and match[1] == "tcp" and not _is_loopback(match[2].strip("[]"))


def read_engine(text: str) -> EngineChoice:
    """Return the engine that a text names. Raises UsageError for a text that names none."""
    if text == THREADS:
        return EngineChoice()
    if text == PROCESSES:
        return EngineChoice(processes=True)
    head, _, rest = text.partition(":")
    kind, _, count = rest.partition(":")
    if head == "dask" and kind == "local" and count.isdecimal() and 1 <= int(count) <= MAX_LOCAL:
        return EngineChoice(workers=int(count))
    address = ADDRESS.fullmatch(rest)
    if head == "dask" and address and 0 < int(address[3]) < 2**16:
        return EngineChoice(rest)
    raise UsageError(
        f"There is no engine {text!r}.",
        "An engine is threads, processes, dask:local:N with N workers, or dask: and an address.",
        "For example: --engine dask:local:4 or --engine dask:tls://10.0.0.1:8786.",
        option="engine",
        value=text,
        allowed="threads, processes, dask:local:N, dask:tcp://HOST:PORT or dask:tls://HOST:PORT",
    )


def _is_loopback(host: str) -> bool:
    """Return whether a host is this machine, so that nothing goes over a network."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
