"""The peer loss-landscapes on PyTorch: `random_plane` with filter normalization."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import numpy as np
from digits import biased, digits
from serve import Pass, serve, versions


def setup(task: dict[str, Any]) -> tuple[dict[str, Any], Pass]:
    """Return facts and a pass over the whole grid.

    Task: sizes, rows, points, threads; record: gradients are recorded, as they are by default.
    """
    import loss_landscapes
    import torch
    from loss_landscapes.metrics import Loss

    torch.set_num_threads(task["threads"])
    x, y, _, _ = digits(task["rows"])
    layers: list[Any] = []
    for weight, bias in biased(task["sizes"]):
        layer = torch.nn.Linear(*weight.shape)
        with torch.no_grad():
            layer.weight.copy_(torch.from_numpy(np.ascontiguousarray(weight.T)))
            layer.bias.copy_(torch.from_numpy(bias))
        layers += [layer, torch.nn.ReLU()]
    model = torch.nn.Sequential(*layers[:-1])
    inputs, target = torch.from_numpy(x), torch.from_numpy(y)
    criterion = torch.nn.CrossEntropyLoss()
    metric = Loss(criterion, inputs, target)

    def once() -> int:
        with nullcontext() if task["record"] else torch.no_grad():
            losses = loss_landscapes.random_plane(
                model, metric, 1, task["points"], normalization="filter", deepcopy_model=True
            )
        return losses.size

    with torch.no_grad():
        center = float(criterion(model(inputs), target))
    return {"center": center, "versions": versions("torch", "loss-landscapes")}, once


if __name__ == "__main__":
    serve(setup)
