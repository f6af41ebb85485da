"""Many small networks against a PyTorch loop: one network after another, fused Adam, no DataLoader.

The target refers to one eager process, with one thread or all threads, whichever is faster. Further lines
show torch.compile around forward pass and loss, and one process per core with one thread each.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from crowd import Crowd
from environment import cores
from measure import main
from peer_environment import PeerError, Worker, peer_python
from small_networks import BATCH, SIZES, side_by_side

ROW = "small_networks_torch_loop"
LOOP, COMPILED, CROWD = (
    "PyTorch loop",
    "PyTorch loop with torch.compile",
    "PyTorch loop in a process per core",
)


def measure(quick: bool, tell: Callable[[str], None], peers: bool = True) -> dict[str, Any]:
    """Return the row."""
    if not peers:
        return side_by_side(quick, tell)
    python = peer_python()
    missing: list[str] = []

    def start(worker: Callable[..., Worker], ours: Any) -> dict[str, dict[str, Any]]:
        def one(threads: int, compiled: bool = False) -> Worker:
            task = {
                "sizes": SIZES, "batch": BATCH, "steps": ours["steps"], "rows": ours["rows"],
                "held": ours["held"], "networks": 1 if quick else 4, "threads": threads, "compiled": compiled,
            }  # fmt: skip
            return worker("torch_loop", task, python=python, OMP_NUM_THREADS=str(threads))

        crowd = Crowd([one(1) for _ in range(cores())])
        settings = {"1 thread": crowd.workers[0], f"{cores()} threads": one(cores())}
        settings_by_peer: dict[str, dict[str, Any]] = {LOOP: settings, CROWD: {f"{cores()} processes": crowd}}
        if not quick:
            try:
                settings_by_peer[COMPILED] = {"1 thread": one(1, compiled=True)}
            except PeerError as error:  # needs a C++ compiler
                missing.append(f"{COMPILED}: {error}")
        return settings_by_peer

    wanted = {LOOP: (20, 30), COMPILED: (None, None), CROWD: (None, None)}
    return side_by_side(quick, tell, start, wanted) | {"not_measured": missing}


if __name__ == "__main__":
    main(
        ROW,
        "training steps of 64-64-64-10 networks against a PyTorch loop that trains one network after another",
        measure,
    )
