"""What is told of a landscape: rows of its document, plain values, and the arrays of its pictures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from ravine.diagnostics import StabilityRatio
from ravine.studies.landscape.measurements import Barrier, Direction, Plane, Relief
from ravine.studies.landscape.trajectories import Trajectory

__all__ = [
    "arrays_of", "barrier_row", "centre_row", "direction_row", "plane_row", "sharpness_row", "way_rows",
]  # fmt: skip

Arrays = dict[str, npt.NDArray[Any]]
Vector = npt.NDArray[np.float64]


def centre_row(relief: Relief) -> dict[str, Any]:
    """Return where it is seen from."""
    view = relief.view
    return {
        "origin": view.origin,
        "network": str(view.network),
        "parameters": view.network.parameters,
        "optimizer": None if view.rule is None else view.rule.name,
        "learning_rate": view.asked,
        "rate": view.rate,
        "steps": view.steps,
        "loss": relief.value,
        "loss_name": view.loss_name,
        "rows": len(view.rows.x),
        "gradient": float(np.linalg.norm(relief.gradient)),
        "length": float(np.linalg.norm(relief.here)),
        "chance": view.chance,
    }


def sharpness_row(relief: Relief, ratio: StabilityRatio | None) -> dict[str, Any]:
    """Return the sharpness against the limit of the rule."""
    top, limit = relief.pairs[0], relief.limit
    return {
        "value": top.value,
        "error": top.residual,
        "converged": bool(relief.pairs.converged[0]),
        "limit": limit.value,
        "formula": limit.formula or None,
        "preconditioned": limit.preconditioned,
        "measured": None if ratio is None else ratio.value * ratio.limit,
        "ratio": None if ratio is None else ratio.value,
        "ratio_error": None if ratio is None else ratio.error,
        "stable": None if ratio is None else ratio.stable,
        "reason": relief.why_not or None,
    }


def direction_row(each: Direction) -> dict[str, Any]:
    """Return one direction."""
    losses = each.along.losses[each.along.finite]
    return {
        "name": each.name,
        "length": each.norm,
        "slope": each.slope,
        "curvature": each.curvature,
        "error": each.error,
        "limit": each.limit,
        "highest": float(losses.max()) if losses.size else None,
        "lowest": float(losses.min()) if losses.size else None,
        "not_finite": int((~each.along.finite).sum()),
    }


def plane_row(each: Plane) -> dict[str, Any]:
    """Return one plane."""
    losses, y = each.seen.losses[each.seen.finite], each.seen.y
    assert y is not None
    return {
        "name": each.name,
        "points": [len(each.seen.x), len(y)],
        "unit": each.unit,
        "x": [float(each.seen.x[0]), float(each.seen.x[-1])],
        "y": [float(y[0]), float(y[-1])],
        "lowest": float(losses.min()) if losses.size else None,
        "highest": float(losses.max()) if losses.size else None,
        "not_finite": int((~each.seen.finite).sum()),
        "explained": None if each.explained is None else list(each.explained),
    }


def way_rows(relief: Relief, ways: Mapping[str, Trajectory], planes: list[Plane]) -> list[dict[str, Any]]:
    """Return the ways of all optimizers."""
    plane = next((each for each in planes if each.name == "trajectories"), None)
    found = []
    for name, way in ways.items():
        path = way.way(0)
        ended = bool(way.finished[0])
        found.append(
            {
                "optimizer": name,
                "rate": way.rate,
                "steps": int(way.steps[len(path) - 1]),
                "points": len(path),
                "diverged": not ended,
                "loss": float(relief.view.at(path[-1])[0]) if ended else None,
                "end": None if plane is None else [float(each) for each in plane.marks[name][-1]],
                "outside": None if plane is None or plane.outside is None else float(plane.outside[name][-1]),
            }
        )
    return found


def barrier_row(each: Barrier) -> dict[str, Any]:
    """Return one line between solutions."""
    return {
        "a": each.a + 1,
        "b": each.b + 1,
        "before": each.before.barrier,
        "before_error": each.before.error,
        "after": None if each.after is None else each.after.barrier,
        "after_error": None if each.after is None else each.after.error,
        "distance_before": None if each.distances is None else each.distances[0],
        "distance_after": None if each.distances is None else each.distances[1],
        "ends": [float(each.before.losses[0]), float(each.before.losses[-1])],
        "why_not": each.why_not or None,
    }


def arrays_of(
    relief: Relief,
    directions: list[Direction],
    planes: list[Plane],
    ways: Mapping[str, Trajectory],
    solutions: Vector,
    found: list[Barrier],
) -> Arrays:
    """Return everything that can be drawn, by name: `slice/NAME/x`, `plane/NAME/loss`, `line/1-2/before`."""
    arrays: Arrays = {"centre/parameters": relief.here, "sharpness/values": relief.pairs.values}
    arrays["sharpness/residuals"] = relief.pairs.residuals
    for each in directions:
        base = f"slice/{each.name}"
        arrays |= {
            f"{base}/x": each.along.x,
            f"{base}/loss": each.along.losses,
            f"{base}/direction": each.unit,
        }
        edge = relief.edge(each)
        if edge is not None:
            arrays[f"{base}/limit"] = edge
    for plane in planes:
        base, y = f"plane/{plane.name}", plane.seen.y
        assert y is not None
        arrays |= {f"{base}/x": plane.seen.x, f"{base}/y": y, f"{base}/loss": plane.seen.losses}
        arrays |= {f"{base}/mark/{name}": places for name, places in plane.marks.items()}
    for name, way in ways.items():
        arrays |= {f"way/{name}/steps": way.steps[: len(way.way(0))], f"way/{name}/parameters": way.way(0)}
    if len(solutions):
        arrays["solutions/parameters"] = solutions
    for line in found:
        base = f"line/{line.a + 1}-{line.b + 1}"
        arrays |= {f"{base}/t": line.before.positions, f"{base}/before": line.before.losses}
        if line.after is not None:
            arrays[f"{base}/after"] = line.after.losses
    return arrays
