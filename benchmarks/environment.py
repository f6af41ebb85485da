"""The machine and the versions with which a result was measured."""

from __future__ import annotations

import datetime
import os
import platform
import re
import subprocess
from importlib.metadata import version
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[1]
PACKAGES = ("jax", "jaxlib", "optax", "numpy", "scikit-learn")


def environment(gpu: bool = False) -> dict[str, Any]:
    """Return processor, cores, memory, system, versions, commit and date (UTC); with `gpu` that too.

    Raises RuntimeError if `gpu` is true and the machine has no GPU.
    """
    return {
        "machine": slug(graphics()) if gpu else machine(),
        **({"gpu": graphics()} if gpu else {}),
        "processor": processor(),
        "cores": cores(),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "system": platform.platform(),
        "python": platform.python_version(),
        "versions": {name: version(name) for name in PACKAGES},
        "commit": commit(),
        "load_at_start": [round(load, 2) for load in os.getloadavg()],
        "date": f"{datetime.datetime.now(datetime.UTC):%Y-%m-%dT%H:%M:%SZ}",
    }


def machine() -> str:
    """Return a name for the folder of results: `intel-xeon-processor-2-cores`."""
    plain = re.sub(r"\((r|tm)\)|@.*|\bcpu\b", " ", processor().lower())
    return slug(f"{plain} {cores()} cores")


def slug(name: str) -> str:
    """Return a name that can be a folder's."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def graphics() -> str:
    """Return the name of the first GPU as its driver tells it. Raises RuntimeError if there is none."""
    command = ["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[0]
    except (OSError, subprocess.CalledProcessError, IndexError) as error:
        raise RuntimeError("No GPU was found: nvidia-smi named none.") from error


def processor() -> str:
    """Return the processor's name as the system tells it."""
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except FileNotFoundError:  # not Linux
        pass
    return platform.processor() or platform.machine()


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def commit() -> str:
    """Return the commit of the checkout, with `+` if the checkout has changes."""
    process = subprocess.run(
        ["git", "describe", "--always", "--dirty=+", "--exclude=*"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
    )
    return process.stdout.strip() if process.returncode == 0 else "unknown"
