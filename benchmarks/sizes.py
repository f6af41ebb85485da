"""Real sizes: 45 cells of rows, features, networks and batch sizes against PyTorch loops, one per core.

Each cell is a tuning of one optimizer, Adam: several learning rates on each of two seeds, with batches,
standardization, evaluations at the usual distance and final scores. The peer is one process per core, each
pinned to its core, with one thread, fused Adam, its data in memory as tensors, and an evaluation on all
validation rows once per epoch. Both do about 10 s of training steps per round.

A cell takes about 90 s. Each finished cell is saved in `.cache/benchmarks/sizes.jsonl`, and the same command
goes on after a stop. The file is removed when all cells are done.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from typing import Any

from crowd import Crowd
from environment import REPOSITORY, commit, cores
from measure import interleave, line, main, per_step
from peer_environment import Worker, peer_python

ROW = "sizes"
SAVED = REPOSITORY / ".cache" / "benchmarks" / "sizes.jsonl"
DATA = ((28, 2_000), (28, 50_000), (28, 1_000_000), (784, 2_000), (784, 60_000))
NETWORKS = {"64-64": 16, "256-256": 8, "512-512-512": 4}  # runs of our cohort, on two seeds
BATCHES = (32, 128, 512)
SEEDS, SECONDS, ROUNDS = 2, 10.0, 3
STRIDE = 500  # steps between two evaluations, as in the default of 10,000 steps with 20 evaluations
SPEED = 45e9  # floating-point operations a core does per second, for the number of steps
STEP_S = 1e-5  # and the rest of a step


@dataclass(frozen=True)
class Cell:
    """One cell of the grid."""

    features: int
    rows: int
    network: str
    batch: int

    @property
    def name(self) -> str:
        """`1,000,000 x 28, 64-64, batch 128`."""
        return f"{self.rows:,} x {self.features}, {self.network}, batch {self.batch}"

    @property
    def sizes(self) -> list[int]:
        """Units of all layers."""
        return [self.features, *map(int, self.network.split("-")), 10]

    @property
    def at_least(self) -> float:
        """The ratio to reach."""
        if self.network == "64-64":
            return 4.0 if self.batch <= 128 else 2.5
        if self.network == "256-256":
            return 1.5 if self.batch <= 128 else 1.0
        return 1.2 if self.batch == 32 else 1.0

    def evaluations(self, quick: bool) -> int:
        """Return how many times a run is evaluated, so that a pass takes about 10 s on all cores."""
        if quick:
            return 1
        operations = 6 * self.batch * sum(a * b for a, b in zip(self.sizes, self.sizes[1:], strict=False))
        steps = SECONDS * cores() / (operations / SPEED + STEP_S) / NETWORKS[self.network]
        return max(1, round(steps / STRIDE))


def cells() -> Iterator[Cell]:
    """Yield the cells of the grid."""
    for features, rows in DATA:
        for network in NETWORKS:
            for batch in BATCHES:
                yield Cell(features, rows, network, batch)


def measured(cell: Cell, quick: bool, peers: bool, tell: Callable[[str], None]) -> dict[str, Any]:
    """Return the values of one cell: ours, and the peer's if there is one [µs per network-step]."""
    stride = 10 if quick else STRIDE
    task = {
        "features": cell.features, "rows": cell.rows, "sizes": cell.sizes, "batch": cell.batch,
        "stride": stride, "evaluations": cell.evaluations(quick), "networks": NETWORKS[cell.network],
        "seeds": SEEDS,
    }  # fmt: skip
    with ExitStack() as stack:
        cache = stack.enter_context(tempfile.TemporaryDirectory())
        contenders: dict[str, Any] = {
            "ours": stack.enter_context(Worker("our_sizes", {**task, "cache": cache}))
        }
        if peers:
            python = peer_python()
            crowd = [
                stack.enter_context(
                    Worker(
                        "torch_sizes",
                        {**task, "networks": max(1, task["networks"] // cores()), "core": core},
                        python=python,
                        OMP_NUM_THREADS="1",
                    )
                )
                for core in range(cores())
            ]
            contenders["theirs"] = Crowd(crowd)
        answers = interleave(
            contenders, 1 if quick else ROUNDS, tell=lambda text: tell(f"{cell.name}: {text}")
        )
        return {
            **asdict(cell),
            "task": task,
            "peak_mb": max(answer["peak_mb"] for answer in answers["ours"]),
            **{name: per_step(values) for name, values in answers.items()},
        }


def measure(quick: bool, tell: Callable[[str], None], peers: bool = True) -> dict[str, Any]:
    """Return the row."""
    wanted = [Cell(28, 2_000, "64-64", 32)] if quick else list(cells())
    done: dict[Cell, dict[str, Any]] = {}
    if peers and not quick and SAVED.exists():
        for text in SAVED.read_text().splitlines():
            saved = json.loads(text)
            if saved["commit"] == commit():
                done[Cell(*(saved[key] for key in ("features", "rows", "network", "batch")))] = saved
    for number, cell in enumerate(wanted, 1):
        if cell not in done:
            tell(f"cell {number} of {len(wanted)}: {cell.name}")
            done[cell] = measured(cell, quick, peers, tell)
            if peers and not quick:
                SAVED.parent.mkdir(parents=True, exist_ok=True)
                with SAVED.open("a") as file:
                    file.write(json.dumps({**done[cell], "commit": commit()}) + "\n")
    lines = [
        line(
            cell.name,
            done[cell]["ours"],
            "µs per network-step",
            peer=f"PyTorch loop in {cores()} processes" if "theirs" in done[cell] else None,
            theirs=done[cell].get("theirs"),
            at_least=cell.at_least if "theirs" in done[cell] else None,
        )
        for cell in wanted
    ]
    if peers and not quick:
        SAVED.unlink(missing_ok=True)
    return {"lines": lines, "cells": [done[cell] for cell in wanted]}


if __name__ == "__main__":
    main(ROW, "training at real sizes against PyTorch loops, one process per core", measure)
