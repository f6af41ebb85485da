"""Ravine: a plane of the loss. Task: sizes, rows, points (per side)."""

from __future__ import annotations

from typing import Any

import numpy as np
from digits import biased, digits
from serve import Pass, serve, versions


def setup(task: dict[str, Any]) -> tuple[dict[str, Any], Pass]:
    """Return facts, and a pass over the whole grid, as in `ravine landscape`."""
    from ravine.engines import prepare

    prepare("cpu")
    from ravine.diagnostics import random_directions
    from ravine.networks import Network
    from ravine.studies.landscape.loss_point import LossPoint
    from ravine.training import Rows

    x, y, _, _ = digits(task["rows"])
    drawn = biased(task["sizes"])
    params = [{"weight": weight, "bias": bias} for weight, bias in drawn]
    rows = Rows(x, y.astype(np.int32))
    point = LossPoint(Network(tuple(task["sizes"])), params, "cross_entropy", rows, {}, None, None, "drawn")
    along, line = random_directions(params, 2), np.linspace(-1, 1, task["points"])

    def once() -> int:
        return point.loss_grid(along, line, line).losses.size

    flat = np.concatenate([np.concatenate([bias, weight.ravel()]) for weight, bias in drawn])
    return {"center": float(point.at(flat)[0]), "versions": versions("jax", "numpy")}, once


if __name__ == "__main__":
    serve(setup)
