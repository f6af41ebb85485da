"""PyHessian: power iteration for the top eigenvalue, `density` for the spectrum.

Its `density` calls torch.eig, which PyTorch 2 no longer has: it is given one made of torch.linalg.eigh.
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
from curvature_point import cheapest, distance
from serve import Pass, serve, versions
from torch_networks import networks

TOLERANCES = (1e-2, 3e-3, 1e-3, 3e-4, 1e-4, 3e-5, 1e-5, 1e-6)
SPECTRA = ((2, 20), (2, 40), (4, 40), (8, 40), (16, 40), (32, 40), (64, 40), (128, 60))  # probes, steps


def setup(task: dict[str, Any]) -> tuple[dict[str, Any], Pass]:
    """Return facts and a pass over the points. Task: sizes, rows, steps, threads, what, truth, accuracy."""
    import torch
    from pyhessian import hessian

    def eig(matrix: Any, eigenvectors: bool) -> tuple[Any, Any]:
        values, vectors = torch.linalg.eigh(matrix)
        return torch.stack([values, torch.zeros_like(values)], dim=1), vectors

    torch.eig = eig
    models, loss, x, y = networks(task)
    facts: dict[str, Any] = {"versions": versions("torch", "pyhessian")}
    seeds, truth = itertools.count(100), np.load(task["truth"])

    def at(model: Any, seed: int) -> Any:
        torch.manual_seed(seed)
        model.zero_grad()
        return hessian(model, loss, data=(x, y), cuda=False)

    if task["what"] == "spectrum":

        def spectrum(setting: tuple[int, int], seed: int, model: Any) -> tuple[np.ndarray, np.ndarray]:
            nodes, weights = at(model, seed).density(iter=setting[1], n_v=setting[0])
            return np.array(nodes), np.array(weights)

        def error(setting: tuple[int, int], seed: int) -> float:
            pairs = zip(models, truth, strict=True)
            return max(distance(*spectrum(setting, seed, model), values) for model, values in pairs)

        facts["setting"], facts["error"] = cheapest(error, SPECTRA, task["accuracy"])

        def once() -> int:
            seed = next(seeds)
            for model in models:
                spectrum(facts["setting"], seed, model)
            return len(models)

        return facts, once

    def top(tolerance: float, seed: int) -> list[float]:
        return [at(each, seed).eigenvalues(maxIter=5000, tol=tolerance)[0][0] for each in models]

    def error_of(tolerance: float, seed: int) -> float:
        return float(np.max(np.abs(np.array(top(tolerance, seed)) / truth[:, 0] - 1)))

    facts["setting"], facts["error"] = cheapest(error_of, TOLERANCES, task["accuracy"])

    def once_top() -> int:
        return len(top(facts["setting"], next(seeds)))

    return facts, once_top


if __name__ == "__main__":
    serve(setup)
