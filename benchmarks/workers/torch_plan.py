"""Runs of a comparison as a PyTorch loop: the optimizers of the lecture, evaluated as often as in Ravine.

First argument: a file with `network`, `rules` {name: hyperparameters}, `rows`, `held` and `runs`, each with
rule, rate, decays, seed, steps, evaluations, batch. Second argument: the time at which the process was
started. Prints one line of JSON: `start_seconds` (imports, data, a few steps of every optimizer) and
`seconds` of each run. A run whose loss is not finite at an evaluation stops there, as in Ravine.
"""

from __future__ import annotations

import json
import math
import sys
import time
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn import functional as F
from torch_loop import network


class LocalGains:
    """Delta-bar-delta in foreach operations, because PyTorch has no such optimizer."""

    def __init__(
        self, params: Any, lr: float, grow: float, shrink: float, lowest: float, highest: float
    ) -> None:
        self.params = list(params)
        self.param_groups = [{"lr": lr}]
        self.grow, self.shrink, self.lowest, self.highest = grow, shrink, lowest, highest
        self.gain = [torch.ones_like(p) for p in self.params]
        self.sign = [torch.zeros_like(p) for p in self.params]

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Delete the gradients."""
        for param in self.params:
            param.grad = None

    @torch.no_grad()
    def step(self) -> None:
        """Update the weights with their gradients."""
        grads: list[torch.Tensor] = [param.grad for param in self.params if param.grad is not None]
        sign = torch._foreach_sign(grads)
        agree = torch._foreach_mul(sign, self.sign)
        for gain, same in zip(self.gain, agree, strict=True):
            grown = torch.where(same > 0, gain + self.grow, gain)
            gain.copy_(torch.where(same < 0, grown * self.shrink, grown).clamp_(self.lowest, self.highest))
        self.sign = sign
        torch._foreach_addcmul_(self.params, self.gain, grads, -self.param_groups[0]["lr"])


def optimizer(rule: str, params: Any, rate: float, hyper: dict[str, float]) -> Any:
    """Return PyTorch's own form of an optimizer, fused if PyTorch has that, else foreach."""
    if rule == "sgd":
        return torch.optim.SGD(params, rate, fused=True)
    if rule in ("momentum", "nesterov"):
        return torch.optim.SGD(params, rate, momentum=hyper["rho"], nesterov=rule == "nesterov", fused=True)
    if rule == "adagrad":
        return torch.optim.Adagrad(params, rate, eps=hyper["eps"], fused=True)
    if rule == "rmsprop":
        return torch.optim.RMSprop(params, rate, alpha=hyper["gamma"], eps=hyper["eps"], foreach=True)
    if rule == "adadelta":
        return torch.optim.Adadelta(params, rate, rho=hyper["gamma"], eps=hyper["eps"], foreach=True)
    if rule == "adam":
        return torch.optim.Adam(params, rate, (hyper["b1"], hyper["b2"]), hyper["eps"], fused=True)
    if rule == "local_gains":
        return LocalGains(params, rate, **hyper)
    raise SystemExit(f"PyTorch has no '{rule}' here.")


def train(run: dict[str, Any], task: dict[str, Any], data: tuple[torch.Tensor, ...]) -> None:
    """Train one network and evaluate it as often as its run says."""
    x, y, held_x, held_y = data
    generator = np.random.default_rng(run["seed"])
    torch.manual_seed(run["seed"])
    model = network(task["network"], generator)
    rule = optimizer(run["rule"], model.parameters(), run["rate"], task["rules"][run["rule"]])
    steps, stride = run["steps"], run["steps"] // run["evaluations"]
    done, total = 0, torch.zeros(())
    while done < steps:
        order = torch.randperm(len(x))
        for rows, labels in zip(x[order].split(run["batch"]), y[order].split(run["batch"]), strict=True):
            if run["decays"]:
                rule.param_groups[0]["lr"] = run["rate"] * (1 + math.cos(math.pi * done / steps)) / 2
            rule.zero_grad(set_to_none=True)
            loss = F.cross_entropy(model(rows), labels)
            loss.backward()
            rule.step()
            total += loss.detach()
            done += 1
            if done % stride == 0:
                with torch.no_grad():
                    outputs = model(held_x)
                    valid = F.cross_entropy(outputs, held_y).item()
                    (outputs.argmax(1) == held_y).float().mean().item()
                if not (math.isfinite(total.item()) and math.isfinite(valid)):
                    return
                total.zero_()
            if done == steps:
                break


def main() -> None:
    """Read the task, train its runs, print their seconds."""
    torch.set_num_threads(1)
    from sklearn.datasets import load_digits

    task = json.loads(Path(sys.argv[1]).read_text())
    x, y = load_digits(return_X_y=True)
    y = y.astype(np.int64)

    @lru_cache(maxsize=64)
    def split(seed: int) -> tuple[torch.Tensor, ...]:
        order = np.random.default_rng(seed).permutation(len(x))
        train, valid = order[: task["rows"]], order[task["rows"] : task["rows"] + task["held"]]
        scaled = ((x - x[train].mean()) / x[train].std()).astype(np.float32)
        return tuple(map(torch.from_numpy, (scaled[train], y[train], scaled[valid], y[valid])))

    for rule in task["rules"]:
        some = {"rule": rule, "rate": 1e-3, "decays": 1, "seed": 0, "steps": 8, "evaluations": 1}
        train(some | {"batch": task["runs"][0]["batch"]}, task, split(0))
    started = time.time() - float(sys.argv[2])
    seconds = []
    for run in task["runs"]:
        clock = time.perf_counter()
        train(run, task, split(run["seed"]))
        seconds.append(time.perf_counter() - clock)
    print(json.dumps({"start_seconds": started, "seconds": seconds, "torch": torch.__version__}))


if __name__ == "__main__":
    main()
