"""PyTorch on a table of any size: one network after another on one pinned core, fused Adam.

The rows are standardized before the first step and stay in memory as tensors. Batches are gathered by index.
Task: features, rows, sizes, batch, stride, evaluations, networks, core.
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import torch
from serve import Pass, serve, versions
from table import table
from torch.nn import functional as F
from torch_loop import network

TEST, VALID = 0.2, 0.2


def setup(task: dict[str, Any]) -> tuple[dict[str, Any], Pass]:
    """Return facts and a pass: every network trained from its start, and evaluated once per epoch."""
    os.sched_setaffinity(0, {sorted(os.sched_getaffinity(0))[task["core"]]})
    torch.set_num_threads(1)
    x, y = table(task["rows"], task["features"])
    order = np.random.default_rng(1).permutation(len(x))[round(TEST * len(x)) :]
    held, kept = order[: round(VALID * len(order))], order[round(VALID * len(order)) :]
    mean, deviation = x[kept].mean(0), x[kept].std(0)
    train_x, valid_x = (torch.from_numpy((x[part] - mean) / deviation) for part in (kept, held))
    train_y, valid_y = (torch.from_numpy(y[part]) for part in (kept, held))
    size, steps = task["batch"], task["stride"] * task["evaluations"]
    generator = np.random.default_rng(task["core"])

    def evaluate(model: torch.nn.Sequential) -> None:
        with torch.no_grad():
            outputs = model(valid_x)
            F.cross_entropy(outputs, valid_y).item()
            (outputs.argmax(1) == valid_y).float().mean().item()

    def train(model: torch.nn.Sequential, rate: float) -> None:
        optimizer = torch.optim.Adam(model.parameters(), lr=rate, fused=True)
        done = 0
        while done < steps:
            for index in torch.randperm(len(train_x)).split(size):
                optimizer.zero_grad(set_to_none=True)
                F.cross_entropy(model(train_x[index]), train_y[index]).backward()
                optimizer.step()
                done += 1
                if done == steps:
                    break
            evaluate(model)

    def once() -> int:
        for rate in np.geomspace(1e-4, 1e-3, task["networks"]):
            train(network(task["sizes"], generator), float(rate))
        return task["networks"] * steps

    return {"threads": torch.get_num_threads(), "versions": versions("torch", "numpy")}, once


if __name__ == "__main__":
    serve(setup)
