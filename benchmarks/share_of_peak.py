"""Share of the matrix-product peak that training reaches, with the peak measured in the same rounds.

Only the matrix products of the training steps are counted. Evaluation, optimizer and everything else take
time without being counted.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from measure import interleave, line, main, ratios
from peer_environment import Worker
from small_networks import PASS

ROW = "share_of_peak"
LARGE_PASS = 9  # steps of 128 rows


def measure(quick: bool, tell: Callable[[str], None], peers: bool = True) -> dict[str, Any]:
    """Return the row. It has no peers, so `peers` changes nothing."""
    with ExitStack() as stack:
        cache = stack.enter_context(tempfile.TemporaryDirectory())

        def ours(sizes: list[int], batch: int, steps: int, networks: int) -> Worker:
            task = {
                "sizes": sizes, "batch": batch, "steps": steps, "networks": networks,
                "seeds": 2 if quick else 4, "evaluations": 1, "cache": cache,
            }  # fmt: skip
            return stack.enter_context(Worker("ours", task))

        tell("starting")
        peak = stack.enter_context(
            Worker("peak", {"size": 1024 if quick else 2048, "products": 4 if quick else 8})
        )
        small = ours([64, 64, 64, 10], 32, PASS * (1 if quick else 20), 16 if quick else 200)
        large = ours([64, 256, 256, 10], 128, LARGE_PASS * (1 if quick else 20), 4 if quick else 32)
        rounds = 2 if quick else 9
        answers = interleave({"peak": peak, "small": small, "large": large}, rounds, tell=tell)

    def gflops(name: str, operations: float) -> list[float]:
        return [answer["network_steps"] * operations / answer["seconds"] / 1e9 for answer in answers[name]]

    limit = gflops("peak", peak.ready["flops"])
    speeds = {
        "64-64-64-10, batch 32": (gflops("small", small.ready["flops_per_step"]), 0.40, 0.60),
        "64-256-256-10, batch 128": (gflops("large", large.ready["flops_per_step"]), 0.75, 0.90),
    }
    for name, (speed, _, _) in speeds.items():
        if max(ratios(speed, limit)) > 1 and not quick:
            raise ValueError(f"{name} was faster than the peak in some round: the machine was not quiet.")
    return {
        "lines": [
            line(
                f"{name}, share of peak",
                ratios(speed, limit),
                "of the peak",
                at_least=at_least,
                aim=aim,
            )
            for name, (speed, at_least, aim) in speeds.items()
        ],
        "gflops": {"peak": limit} | {name: speed for name, (speed, _, _) in speeds.items()},
        "ready": {"peak": peak.ready, "small": small.ready, "large": large.ready},
    }


if __name__ == "__main__":
    main(ROW, "training steps, as a share of the measured peak of matrix products", measure)
