"""PyTorch, one network after another: fused Adam, rows gathered once per pass, batches are views.

Task: sizes, batch, steps, networks, rows, held, threads, compiled (torch.compile around forward pass and
loss), device (default: cpu).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from digits import digits, he
from serve import Pass, serve, versions
from torch.nn import functional as F


def network(sizes: list[int], generator: np.random.Generator) -> torch.nn.Sequential:
    """Return the multilayer perceptron with ReLU between its layers."""
    layers: list[torch.nn.Module] = []
    for weight, bias in he(sizes, generator):
        layer = torch.nn.Linear(*weight.shape)
        layer.weight.data, layer.bias.data = torch.from_numpy(weight.T.copy()), torch.from_numpy(bias)
        layers += [layer, torch.nn.ReLU()]
    return torch.nn.Sequential(*layers[:-1])


def setup(task: dict[str, Any]) -> tuple[dict[str, Any], Pass]:
    """Return facts and a pass: every network trained from its start, and evaluated at its end."""
    torch.set_num_threads(task["threads"])
    device = task.get("device", "cpu")
    x, y, held_x, held_y = (torch.from_numpy(a).to(device) for a in digits(task["rows"], task["held"]))
    size, steps = task["batch"], task["steps"]
    generator = np.random.default_rng(1)

    def forward(model: torch.nn.Sequential, rows: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        return F.cross_entropy(model(rows), labels)

    loss = torch.compile(forward) if task["compiled"] else forward

    def train(model: torch.nn.Sequential, rate: float) -> None:
        optimizer = torch.optim.Adam(model.parameters(), lr=rate, fused=True)
        done = 0
        while done < steps:
            order = torch.randperm(len(x), device=device)
            for rows, labels in zip(x[order].split(size), y[order].split(size), strict=True):
                optimizer.zero_grad(set_to_none=True)
                loss(model, rows, labels).backward()
                optimizer.step()
                done += 1
                if done == steps:
                    break
        with torch.no_grad():
            outputs = model(held_x)
            F.cross_entropy(outputs, held_y).item()
            (outputs.argmax(1) == held_y).float().mean().item()

    def once() -> int:
        for rate in np.geomspace(1e-4, 1e-2, task["networks"]):
            train(network(task["sizes"], generator).to(device), float(rate))
        return task["networks"] * steps

    return {"threads": torch.get_num_threads(), "versions": versions("torch", "numpy")}, once


if __name__ == "__main__":
    serve(setup)
