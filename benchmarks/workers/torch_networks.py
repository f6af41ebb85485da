"""The networks of a task in PyTorch."""

from __future__ import annotations

from typing import Any

import numpy as np
from curvature_point import trained


def networks(task: dict[str, Any]) -> tuple[list[Any], Any, Any, Any]:
    """Return (models, mean cross-entropy, inputs [N, 64], targets [N]), float32, all on the task's device.

    Task: sizes, rows, steps (a model for each), threads, device (cpu, gpu).
    """
    import torch

    torch.set_num_threads(task["threads"])
    device = {"gpu": "cuda"}.get(task["device"], task["device"])
    x, y, points = trained(task["sizes"], task["rows"], task["steps"])
    models = []
    for drawn in points:
        layers: list[Any] = []
        for weight, bias in drawn:
            layer = torch.nn.Linear(*weight.shape)
            with torch.no_grad():
                layer.weight.copy_(torch.from_numpy(np.ascontiguousarray(weight.T)))
                layer.bias.copy_(torch.from_numpy(bias))
            layers += [layer, torch.nn.ReLU()]
        models.append(torch.nn.Sequential(*layers[:-1]).to(device))
    return models, torch.nn.CrossEntropyLoss(), torch.from_numpy(x).to(device), torch.from_numpy(y).to(device)
