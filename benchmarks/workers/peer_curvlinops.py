"""The peer curvlinops: eigsh of SciPy for the top eigenvalue, Lanczos nodes for the spectrum.

`lanczos_approximate_spectrum` is not used: it would smooth the nodes more widely than most of the spectrum.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from curvature_pass import pass_of_spectra, pass_of_tops
from serve import Pass, serve, versions
from torch_networks import networks

TOLERANCES = (0.3, 0.1, 0.03, 0.01, 1e-3, 1e-4)
SPECTRA = ((2, 20), (2, 40), (4, 40), (8, 40), (16, 40), (32, 40), (64, 40), (128, 60))  # probes, steps


def setup(task: dict[str, Any]) -> tuple[dict[str, Any], Pass]:
    """Return facts and a pass over the points.

    Task: sizes, rows, steps, threads, device (cpu, gpu), what, truth, accuracy. Among the facts: its own
    top eigenvalues in float64, to the last digit SciPy gives.
    """
    import torch
    from curvlinops import HessianLinearOperator
    from curvlinops.papyan2020traces.spectrum import fast_lanczos
    from scipy.sparse.linalg import eigsh

    models, loss, x, y = networks(task)
    facts: dict[str, Any] = {"versions": versions("torch", "curvlinops-for-pytorch", "scipy")}
    truth = np.load(task["truth"])

    def hessian(model: Any, inputs: Any) -> Any:
        data = [(inputs, y)]
        return HessianLinearOperator(model, loss, list(model.parameters()), data, check_deterministic=False)

    if task["what"] == "spectrum":

        def spectrum(setting: tuple[int, int], seed: int, model: Any) -> tuple[np.ndarray, np.ndarray]:
            torch.manual_seed(seed)
            probes, steps = setting
            operator = hessian(model, x)
            runs = [fast_lanczos(operator, steps) for _ in range(probes)]
            nodes = np.array([values.cpu().numpy() for values, _ in runs])
            return nodes, np.array([vectors[0].cpu().numpy() ** 2 for _, vectors in runs])

        return facts, pass_of_spectra(facts, spectrum, models, truth, SPECTRA, task["accuracy"])

    def top(tolerance: float, seed: int, inputs: Any = x) -> list[float]:
        kind = np.float64 if inputs.dtype == torch.float64 else np.float32
        eigenvalues = []
        for model in models:
            operator = hessian(model, inputs)
            start = np.random.default_rng(seed).standard_normal(operator.shape[0]).astype(kind)
            (value,) = eigsh(
                operator.to_scipy(kind), 1, which="LM", tol=tolerance, v0=start, return_eigenvectors=False
            )
            eigenvalues.append(float(value))
        return eigenvalues

    for model in models:
        model.double()
    facts["exact"] = top(1e-12, 0, x.double())
    for model in models:
        model.float()

    return facts, pass_of_tops(facts, top, truth[:, 0], TOLERANCES, task["accuracy"])


if __name__ == "__main__":
    serve(setup)
