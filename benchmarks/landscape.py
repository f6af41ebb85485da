"""A 51 x 51 grid of the loss on the full training set against the package loss-landscapes.

Both sides use the same network, weights and rows, and evaluate every point of a random, filter-normalized
plane in float32. The fastest of the peer's settings counts: with or without recorded gradients, PyTorch
with one thread or all threads.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from environment import cores
from measure import fastest, interleave, line, main, per_step
from peer_environment import Worker, peer_python

ROW = "landscape"
PEER, PACKAGE = "loss-landscapes", "loss-landscapes==3.0.6"
TASKS = {
    "64-64-64-10 on 1,150 digits": {"sizes": [64, 64, 64, 10], "rows": 1150},
    "64-16-10 on 150 digits": {"sizes": [64, 16, 10], "rows": 150},
}


def measure(quick: bool, tell: Callable[[str], None], peers: bool = True) -> dict[str, Any]:
    """Return the row."""
    python = peer_python((PACKAGE,)) if peers else None
    lines, contender_facts = [], {}
    for name, task in TASKS.items():
        points = 5 if quick else 51
        with ExitStack() as stack:

            def worker(script: str, more: dict[str, Any], **how: Any) -> Worker:
                tell(f"starting {script} {more or ''}")
                return stack.enter_context(Worker(script, {**task, "points": points, **more}, **how))  # noqa: B023

            ours = worker("our_plane", {})
            theirs = {
                f"{'recording' if record else 'no_grad'}, {threads} threads": worker(
                    "peer_plane", {"record": record, "threads": threads}, python=python
                )
                for record in ((False, True) if peers else ())
                for threads in sorted({1, cores()})
            }
            center = [side.ready["center"] for side in (ours, *theirs.values())]
            if max(center) - min(center) > 1e-4 * max(center):
                raise ValueError(f"The sides do not look at the same loss: {center}.")
            answers = interleave({"Ravine": ours, **theirs}, 2 if quick else 7, tell=tell)
            series = {peer: per_step(answers[peer]) for peer in theirs}
            compiled: dict[str, Any] = {}
            first: dict[str, Any] = {}
            if series:
                best = fastest(series)
                compiled = {"peer": f"{PEER}, {best}", "theirs": series[best], "at_least": 20}
                first = {"peer": f"{PEER}, {best}", "theirs": [theirs[best].ready["first"]["seconds"]]}
            seconds = [ours.ready["first"]["seconds"]]
            lines.append(line(f"one point, {name}", per_step(answers["Ravine"]), "µs", **compiled))
            lines.append(line(f"the first grid, compilation included, {name}", seconds, "s", **first))
            contender_facts[name] = {
                "ours": ours.ready,
                "peers": {peer: contender.ready for peer, contender in theirs.items()},
            }
    return {"lines": lines, "points": points, "contenders": contender_facts}


if __name__ == "__main__":
    main(ROW, "the loss at points of a plane in weight space, against the package loss-landscapes", measure)
