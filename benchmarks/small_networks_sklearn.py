"""Many small networks against scikit-learn's MLPClassifier, and against Keras on JAX if it can be installed.

The fastest of scikit-learn's settings counts: fit or partial_fit, BLAS with one thread or all threads.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from environment import cores
from measure import main
from peer_environment import PeerError, Worker, peer_python
from small_networks import BATCH, PASS, SIZES, side_by_side

ROW = "small_networks_sklearn"
SKLEARN, KERAS = "MLPClassifier", "Keras on JAX"


def measure(quick: bool, tell: Callable[[str], None], peers: bool = True) -> dict[str, Any]:
    """Return the row."""
    if not peers:
        return side_by_side(quick, tell)
    python = peer_python()
    missing: list[str] = []

    def start(worker: Callable[..., Worker], ours: Any) -> dict[str, dict[str, Worker]]:
        task = {key: ours[key] for key in ("rows", "held")}
        task |= {
            "sizes": SIZES,
            "batch": BATCH,
            "passes": ours["steps"] // PASS,
            "networks": 1 if quick else 4,
        }

        def sklearn(way: str, threads: int) -> Worker:
            return worker(
                "sklearn_fit", task | {"way": way}, python=python, OPENBLAS_NUM_THREADS=str(threads)
            )

        settings = {
            f"{way}, BLAS threads {threads}": sklearn(way, threads)
            for way in ("fit", "partial_fit")
            for threads in sorted({1, cores()})
        }
        settings_by_peer = {SKLEARN: settings}
        try:
            settings_by_peer[KERAS] = {
                "steps_per_execution": worker("keras_fit", task, python=peer_python(("keras",)))
            }
        except PeerError as error:
            missing.append(f"{KERAS}: {error}")
        return settings_by_peer

    return side_by_side(quick, tell, start, {SKLEARN: (12, 20), KERAS: (12, 20)}) | {"not_measured": missing}


if __name__ == "__main__":
    main(ROW, "training steps of 64-64-64-10 networks against scikit-learn and Keras", measure)
