"""PyHessian: power iteration for the top eigenvalue, `density` for the spectrum.

Its `density` calls torch.eig, which PyTorch 2 no longer has. This file supplies one with torch.linalg.eigh
on the host; the matrix has the size of the number of steps, so a GPU would not help.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from curvature_pass import pass_of_spectra, pass_of_tops
from serve import Pass, serve, versions
from torch_networks import networks

TOLERANCES = (1e-2, 3e-3, 1e-3, 3e-4, 1e-4, 3e-5, 1e-5, 1e-6)
SPECTRA = ((2, 20), (2, 40), (4, 40), (8, 40), (16, 40), (32, 40), (64, 40), (128, 60))  # probes, steps


def setup(task: dict[str, Any]) -> tuple[dict[str, Any], Pass]:
    """Return facts and a pass over the points.

    Task: sizes, rows, steps, threads, device (cpu, gpu), what, truth, accuracy.
    """
    import torch
    from pyhessian import hessian

    def eig(matrix: Any, eigenvectors: bool) -> tuple[Any, Any]:
        values, vectors = torch.linalg.eigh(matrix.cpu())
        return torch.stack([values, torch.zeros_like(values)], dim=1), vectors

    torch.eig = eig
    models, loss, x, y = networks(task)
    facts: dict[str, Any] = {"versions": versions("torch", "pyhessian")}
    truth = np.load(task["truth"])

    def at(model: Any, seed: int) -> Any:
        torch.manual_seed(seed)
        model.zero_grad()
        return hessian(model, loss, data=(x, y), cuda=task["device"] == "gpu")

    if task["what"] == "spectrum":

        def spectrum(setting: tuple[int, int], seed: int, model: Any) -> tuple[np.ndarray, np.ndarray]:
            nodes, weights = at(model, seed).density(iter=setting[1], n_v=setting[0])
            return np.array(nodes), np.array(weights)

        return facts, pass_of_spectra(facts, spectrum, models, truth, SPECTRA, task["accuracy"])

    def top(tolerance: float, seed: int) -> list[float]:
        return [at(model, seed).eigenvalues(maxIter=5000, tol=tolerance)[0][0] for model in models]

    return facts, pass_of_tops(facts, top, truth[:, 0], TOLERANCES, task["accuracy"])


if __name__ == "__main__":
    serve(setup)
