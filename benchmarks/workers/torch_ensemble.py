"""PyTorch, all networks at once: torch.func's vmap(grad_and_value) over stacked weights, functional Adam.

Task: sizes, batch, steps, networks, rows, held, threads, one_rate, device (default: cpu). With one learning
rate for all networks, PyTorch's fused Adam takes the stacked weights. With one per network, Adam is written
in foreach operations, in place.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from digits import digits
from serve import Pass, serve, versions
from torch.func import functional_call, grad_and_value, stack_module_state, vmap
from torch.nn import functional as F
from torch_loop import network


def setup(task: dict[str, Any]) -> tuple[dict[str, Any], Pass]:
    """Return facts, and a pass that trains the whole ensemble from its start and evaluates it."""
    torch.set_num_threads(task["threads"])
    device = task.get("device", "cpu")
    x, y, held_x, held_y = (torch.from_numpy(a).to(device) for a in digits(task["rows"], task["held"]))
    size, steps, count = task["batch"], task["steps"], task["networks"]
    generator = np.random.default_rng(1)
    rates = torch.from_numpy(np.geomspace(1e-4, 1e-2, count).astype(np.float32)).to(device)
    base = network(task["sizes"], generator).to("meta")

    def loss_of(params: dict, rows: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        return F.cross_entropy(functional_call(base, params, (rows,)), labels)

    gradients = vmap(grad_and_value(loss_of), in_dims=(0, None, None))

    def once() -> int:
        models = [network(task["sizes"], generator) for _ in range(count)]
        params = {name: value.detach().to(device) for name, value in stack_module_state(models)[0].items()}
        leaves = list(params.values())
        adam = Fused(leaves, 1e-3) if task["one_rate"] else Adam(leaves, rates)
        done = 0
        while done < steps:
            order = torch.randperm(len(x), device=device)
            for rows, labels in zip(x[order].split(size), y[order].split(size), strict=True):
                grads, _ = gradients(params, rows, labels)
                adam.step([grads[name] for name in params])
                done += 1
                if done == steps:
                    break
        with torch.no_grad():
            outputs = vmap(lambda p: functional_call(base, p, (held_x,)))(params)
            (outputs.argmax(2) == held_y).float().mean(1).tolist()
            vmap(F.cross_entropy, in_dims=(0, None))(outputs, held_y).tolist()
        return count * steps

    return {"threads": torch.get_num_threads(), "versions": versions("torch", "numpy")}, once


class Fused:
    """The fused Adam of torch over stacked weights [member, ...], with one rate for all members."""

    def __init__(self, params: list[torch.Tensor], rate: float) -> None:
        self.params, self.rule = params, torch.optim.Adam(params, rate, fused=True)

    def step(self, grads: list[torch.Tensor]) -> None:
        """Update the weights with gradients [member, ...]."""
        for param, grad in zip(self.params, grads, strict=True):
            param.grad = grad
        self.rule.step()


class Adam:
    """Adam over stacked weights [network, ...], one learning rate each, in place, few kernels per step."""

    def __init__(self, params: list[torch.Tensor], rates: torch.Tensor) -> None:
        self.params, self.t = params, 0
        self.rates = [rates.reshape(-1, *[1] * (p.ndim - 1)) for p in params]
        self.m = [torch.zeros_like(p) for p in params]
        self.v = [torch.zeros_like(p) for p in params]

    def step(self, grads: list[torch.Tensor], b1: float = 0.9, b2: float = 0.999, eps: float = 1e-8) -> None:
        """Update the weights with gradients [member, ...]."""
        self.t += 1
        torch._foreach_lerp_(self.m, grads, 1 - b1)
        torch._foreach_mul_(self.v, b2)
        torch._foreach_addcmul_(self.v, grads, grads, 1 - b2)
        below = torch._foreach_sqrt(self.v)
        torch._foreach_div_(below, (1 - b2**self.t) ** 0.5)
        torch._foreach_add_(below, eps)
        scaled = torch._foreach_mul(self.m, [rate / (1 - b1**self.t) for rate in self.rates])
        torch._foreach_addcdiv_(self.params, scaled, below, -1.0)


if __name__ == "__main__":
    serve(setup)
