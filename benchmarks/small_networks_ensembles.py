"""Many small networks against ensembles: torch.func (40 networks) and JAX's vmap with optax (64 networks).

Each network of Ravine has its own learning rate, and so has each network of the torch.func ensemble that is
compared with the target. A further line shows one learning rate for all networks, which PyTorch's fused
Adam supports. The faster of one thread and all threads counts.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from environment import cores
from measure import main
from peer_environment import Worker, peer_python
from small_networks import BATCH, SIZES, side_by_side

ROW = "small_networks_ensembles"
TORCH, JAX = "torch.func ensemble of 40", "JAX vmap and optax, ensemble of 64"
ONE_RATE = f"{TORCH}, one rate for all"


def measure(quick: bool, tell: Callable[[str], None], peers: bool = True) -> dict[str, Any]:
    """Return the row."""
    if not peers:
        return side_by_side(quick, tell)
    python = peer_python()

    def start(worker: Callable[..., Worker], ours: Any) -> dict[str, dict[str, Worker]]:
        task = {key: ours[key] for key in ("steps", "rows", "held")} | {"sizes": SIZES, "batch": BATCH}

        def torch(threads: int, one_rate: bool) -> Worker:
            more = {"networks": 40, "threads": threads, "one_rate": one_rate}
            return worker("torch_ensemble", task | more, python=python, OMP_NUM_THREADS=str(threads))

        theirs = {
            name: {f"{threads} threads": torch(threads, one_rate) for threads in sorted({1, cores()})}
            for name, one_rate in ((TORCH, False), (ONE_RATE, True))
        }
        return theirs | {JAX: {"64": worker("jax_ensemble", task | {"networks": 64}, python=python)}}

    return side_by_side(quick, tell, start, {TORCH: (4, 6), ONE_RATE: (None, None), JAX: (1.5, None)})


if __name__ == "__main__":
    main(ROW, "training steps of 64-64-64-10 networks against ensembles in PyTorch and JAX", measure)
