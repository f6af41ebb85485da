"""Ravine: the top eigenvalue of the Hessian, or its spectrum, at points of a training.

Task: sizes, rows, steps, device (cpu, gpu), what (top, spectrum), accuracy, truth. In float64 it computes
the eigenvalues at each point [points, K] and saves them in the file `truth`, which the peers read.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from curvature_pass import pass_of_spectra, pass_of_tops
from curvature_point import trained
from serve import Pass, serve, versions

TOLERANCES = (0.3, 0.17, 0.1, 0.058, 0.03, 0.017, 0.01, 1e-3, 1e-4)
# an error is about the square of the residual: a factor of three between settings, as for the peers
SPECTRA = ((10, 2, 20), (10, 2, 30), (10, 2, 40), (10, 4, 40), (10, 8, 40), (10, 16, 40), (10, 32, 60))
# spikes, probes, steps


def setup(task: dict[str, Any]) -> tuple[dict[str, Any], Pass]:
    """Return facts and a pass over the points; products are prepared afresh at each."""
    from ravine.engines import find_devices, prepare

    prepare(task["device"])
    import jax

    from ravine.diagnostics import hessian_eigenpairs, lanczos, quadrature
    from ravine.networks import Network
    from ravine.studies.landscape.loss_point import LossPoint, training_loss
    from ravine.training import Rows

    x, y, points = trained(task["sizes"], task["rows"], task["steps"])
    rows, wide_rows = Rows(x, y.astype(np.int32)), Rows(x.astype(np.float64), y.astype(np.int32))
    network = Network(tuple(task["sizes"]))
    views = [
        LossPoint(
            network,
            [{"weight": weight, "bias": bias} for weight, bias in layers],
            "cross_entropy",
            rows,
            {},
            None,
            None,
            "drawn",
        )
        for layers in points
    ]
    wide = [
        replace(view, params=jax.tree.map(np.float64, view.params), rows=wide_rows).hessian()
        for view in views
    ]
    facts: dict[str, Any] = {
        "size": wide[0].size,
        "devices": str(find_devices()),
        "versions": versions("jax", "numpy"),
    }

    if task["what"] == "spectrum":
        exact = []
        for operator in wide:
            parts = [np.eye(64, operator.size, begin) for begin in range(0, operator.size, 64)]
            dense = np.concatenate([operator.block(part[part.any(axis=1)]) for part in parts])
            exact.append(np.linalg.eigvalsh((dense + dense.T) / 2))

        def spectrum(setting: tuple[int, int, int], seed: int, point: Any) -> tuple[np.ndarray, np.ndarray]:
            spikes, probes, steps = setting
            product = point.hessian()
            ends = lanczos(product, spikes, tol=0.03, seed=seed)
            density = quadrature(product, probes, steps, spikes=ends, seed=seed)
            apart = np.full(len(density.spikes), 1 / density.size)
            shares = density.weights.ravel() * (density.bulk / density.size / probes)
            return np.concatenate([density.nodes.ravel(), density.spikes]), np.concatenate([shares, apart])

        np.save(task["truth"], np.array(exact))
        return facts, pass_of_spectra(facts, spectrum, views, exact, SPECTRA, task["accuracy"])

    truth = [lanczos(operator, tol=1e-10) for operator in wide]
    exact_top = np.array([eigenpairs.values[0] for eigenpairs in truth])
    np.save(task["truth"], exact_top[:, None])
    facts["exact"] = exact_top.tolist()
    facts["residual"] = max(float(eigenpairs.residuals[0]) for eigenpairs in truth)

    loss = training_loss(network, "cross_entropy", (), None)
    # products with few rows save some with all where these take longer than the way through the loop
    sample = 128 if task["rows"] >= 1000 and task["device"] == "cpu" else None

    def top(tolerance: float, seed: int) -> list[float]:
        results = (
            hessian_eigenpairs(loss, view.params, view.data, sample=sample, tol=tolerance, seed=seed)
            for view in views
        )
        return [float(eigenpairs.values[0]) for eigenpairs in results]

    return facts, pass_of_tops(facts, top, exact_top, TOLERANCES, task["accuracy"])


if __name__ == "__main__":
    serve(setup)
