"""Conversion of the measurements of a landscape study to the parts and arrays of its result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from ravine.diagnostics import StabilityRatio
from ravine.studies.landscape.measurements import Barrier, Direction, LocalGeometry, Plane
from ravine.studies.landscape.result import (
    BarrierRow,
    Center,
    DirectionRow,
    PlaneRow,
    Sharpness,
    TrajectoryRow,
)
from ravine.studies.landscape.trajectories import Trajectory

__all__ = [
    "arrays_of", "barrier_row", "center_row", "direction_row", "plane_row", "sharpness_row",
    "trajectory_rows",
]  # fmt: skip

Vector = npt.NDArray[np.float64]


def center_row(geometry: LocalGeometry) -> Center:
    """Return the facts of a result about the center of a loss landscape, the trained weights.

    They are loss, norm of the gradient, norm of the weights, and the training that led to them. geometry:
    measurements at the center.
    """
    point = geometry.point
    return Center(
        origin=point.origin,
        network=str(point.network),
        parameters=point.network.parameters,
        optimizer=None if point.rule is None else point.rule.name,
        learning_rate=point.initial_rate,
        current_learning_rate=point.rate,
        steps=point.steps,
        loss=geometry.value,
        loss_name=point.loss_name,
        rows=len(point.rows.x),
        gradient=float(np.linalg.norm(geometry.gradient)),
        length=float(np.linalg.norm(geometry.vector)),
        chance=point.chance,
    )


def sharpness_row(geometry: LocalGeometry, ratio: StabilityRatio | None) -> Sharpness:
    """Return the facts of a result about the sharpness (largest curvature) at the center of a loss landscape.

    geometry: measurements at the center, with the stability limit of the optimizer. ratio: sharpness divided
    by this limit, None if it is not known.
    """
    top, limit = geometry.pairs[0], geometry.limit
    return Sharpness(
        value=top.value,
        error=top.residual,
        converged=bool(geometry.pairs.converged[0]),
        limit=limit.value,
        formula=limit.formula or None,
        preconditioned=limit.preconditioned,
        measured=None if ratio is None else ratio.value * ratio.limit,
        ratio=None if ratio is None else ratio.value,
        ratio_error=None if ratio is None else ratio.error,
        stable=None if ratio is None else ratio.stable,
        reason=geometry.why_not or None,
    )


def direction_row(direction: Direction) -> DirectionRow:
    """Return the facts of a result about one direction: slope, curvature, lowest and highest loss."""
    along = direction.along
    lowest, highest = _extremes(along.losses[along.finite])
    return DirectionRow(
        name=direction.name,
        length=direction.norm,
        slope=direction.slope,
        curvature=direction.curvature,
        error=direction.error,
        limit=direction.limit,
        highest=highest,
        lowest=lowest,
        not_finite=int((~along.finite).sum()),
    )


def plane_row(plane: Plane) -> PlaneRow:
    """Return the facts of a result about one plane in weight space: its size, lowest and highest loss."""
    grid, y = plane.grid, plane.grid.y
    assert y is not None
    lowest, highest = _extremes(grid.losses[grid.finite])
    return PlaneRow(
        name=plane.name,
        points=[len(grid.x), len(y)],
        unit=plane.unit,
        x=[float(grid.x[0]), float(grid.x[-1])],
        y=[float(y[0]), float(y[-1])],
        lowest=lowest,
        highest=highest,
        not_finite=int((~grid.finite).sum()),
        explained=None if plane.explained is None else list(plane.explained),
    )


def trajectory_rows(
    geometry: LocalGeometry, trajectories: Mapping[str, Trajectory], planes: Sequence[Plane]
) -> list[TrajectoryRow]:
    """Return the facts of a result about the path of each optimizer from the common initial weights.

    trajectories: path of each optimizer in weight space, by name. planes: measured planes; the one named
    `trajectories`, if it exists, gives the coordinates of the ends of the paths.
    """
    plane = next((plane for plane in planes if plane.name == "trajectories"), None)
    rows = []
    for name, trajectory in trajectories.items():
        path = trajectory.path(0)
        finished = bool(trajectory.finished[0])
        rows.append(
            TrajectoryRow(
                optimizer=name,
                current_learning_rate=trajectory.rate,
                steps=int(trajectory.steps[len(path) - 1]),
                points=len(path),
                diverged=not finished,
                loss=float(geometry.point.at(path[-1])[0]) if finished else None,
                end=None if plane is None else [float(x) for x in plane.marks[name][-1]],
                outside=None if plane is None or plane.outside is None else float(plane.outside[name][-1]),
            )
        )
    return rows


def barrier_row(barrier: Barrier) -> BarrierRow:
    """Return the facts of a result about the loss barrier between two solutions (trained weights)."""
    before, after, distances = barrier.before, barrier.after, barrier.distances
    return BarrierRow(
        a=barrier.a + 1,
        b=barrier.b + 1,
        before=before.barrier,
        before_error=before.error,
        after=None if after is None else after.barrier,
        after_error=None if after is None else after.error,
        distance_before=None if distances is None else distances[0],
        distance_after=None if distances is None else distances[1],
        ends=[float(before.losses[0]), float(before.losses[-1])],
        why_not=barrier.why_not or None,
    )


def arrays_of(
    geometry: LocalGeometry,
    directions: Sequence[Direction],
    planes: Sequence[Plane],
    trajectories: Mapping[str, Trajectory],
    solutions: Vector,
    barriers: Sequence[Barrier],
) -> dict[str, np.ndarray]:
    """Return the arrays behind all figures of a loss landscape by name, such as `slice/NAME/x`.

    `LandscapeResult` explains the names. solutions: parameters at the ends of trainings, [solution, D].
    """
    arrays: dict[str, np.ndarray] = {
        "center/parameters": geometry.vector,
        "sharpness/values": geometry.pairs.values,
        "sharpness/residuals": geometry.pairs.residuals,
    }
    for direction in directions:
        base = f"slice/{direction.name}"
        arrays |= {
            f"{base}/x": direction.along.x,
            f"{base}/loss": direction.along.losses,
            f"{base}/direction": direction.unit,
        }
        parabola = geometry.limit_parabola(direction)
        if parabola is not None:
            arrays[f"{base}/limit"] = parabola
    for plane in planes:
        base, y = f"plane/{plane.name}", plane.grid.y
        assert y is not None
        arrays |= {f"{base}/x": plane.grid.x, f"{base}/y": y, f"{base}/loss": plane.grid.losses}
        arrays |= {f"{base}/mark/{name}": positions for name, positions in plane.marks.items()}
    for name, trajectory in trajectories.items():
        path = trajectory.path(0)
        arrays |= {f"way/{name}/steps": trajectory.steps[: len(path)], f"way/{name}/parameters": path}
    if len(solutions):
        arrays["solutions/parameters"] = solutions
    for barrier in barriers:
        base = f"line/{barrier.a + 1}-{barrier.b + 1}"
        arrays |= {f"{base}/t": barrier.before.positions, f"{base}/before": barrier.before.losses}
        if barrier.after is not None:
            arrays[f"{base}/after"] = barrier.after.losses
    return arrays


def _extremes(losses: Vector) -> tuple[float | None, float | None]:
    """Return the lowest and the highest finite loss; None if no loss is finite."""
    return (float(losses.min()), float(losses.max())) if losses.size else (None, None)
