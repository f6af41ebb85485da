"""A small result of a landscape with its arrays, for tests of views, pictures and files."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from ravine.execution.result import Artifacts
from ravine.execution.result_parts import DataFacts
from ravine.studies.landscape.result import (
    BarrierRow,
    Center,
    DirectionRow,
    LandscapeResult,
    NotDrawn,
    PlaneRow,
    Sharpness,
    TrajectoryRow,
)

LINE = np.linspace(-1, 1, 5)
BOWL = 1e-3 + LINE[:, None] ** 2 + LINE[None, :] ** 2


def _plane(name: str, **changes: Any) -> PlaneRow:
    """Return a plane of 5 by 5 points."""
    known = {
        "name": name, "points": [5, 5], "unit": "distance", "x": [-1.0, 1.0], "y": [-1.0, 1.0],
        "lowest": 1e-3, "highest": 2.001, "not_finite": 0, "explained": None,
    }  # fmt: skip
    return PlaneRow(**(known | changes))


RESULT = LandscapeResult(
    study="landscape",
    source="rows.csv",
    run_dir="runs/a",
    data=DataFacts(
        name="rows.csv", sha256="0", rows=1250, features=4, task="classify", target="kind",
        classes=["no", "yes"], notes=[],
    ),
    center=Center(
        origin="trained here", network="4-8-2 relu", parameters=58, optimizer="sgd",
        current_learning_rate=0.1,
        learning_rate=0.1, steps=1200, loss=1e-3, loss_name="cross_entropy", rows=1000, gradient=0.0,
        length=3.0, chance=0.693,
    ),
    sharpness=Sharpness(
        value=18.0, error=0.5, converged=True, limit=20.0, formula="2 / eta", preconditioned=False,
        measured=18.0, ratio=0.9, ratio_error=0.025, stable=True, reason=None,
    ),
    directions=[
        DirectionRow(
            name=name, length=1.0, slope=0.0, curvature=2.0, error=1e-7, limit=20.0, lowest=1e-3, highest=1.0,
            not_finite=0,
        )
        for name in ("random 1", "random 2", "eigenvector 1", "eigenvector 2", "sharpest")
    ],
    planes=[_plane("random"), _plane("trajectories", explained=[0.75, 0.2])],
    trajectories=[
        TrajectoryRow(
            optimizer="sgd", current_learning_rate=0.1, steps=1200, points=3, diverged=False, loss=1e-3,
            end=[0.0, 0.0],
            outside=0.0,
        ),
        TrajectoryRow(
            optimizer="adam", current_learning_rate=0.1, steps=20, points=2, diverged=True, loss=None,
            end=[0.5, 0.5],
            outside=0.1,
        ),
    ],
    barriers=[
        BarrierRow(
            a=1, b=2, before=0.5, before_error=1e-3, after=None, after_error=None, distance_before=None,
            distance_after=None, ends=[0.0, 0.0], why_not="Branches.",
        )
    ],
    not_drawn=[NotDrawn(what="solutions", why="There is 1.")],
    notes=["1 of 2 starts diverged."],
    seconds=1.5,
    pictures=["runs/a/pictures/slices.png", "runs/a/pictures/profile.png"],
)  # fmt: skip
ARRAYS = {
    **{
        f"slice/{name}/{part}": values
        for name in ("random 1", "random 2", "eigenvector 1", "eigenvector 2", "sharpest", "flat")
        for part, values in (("x", LINE), ("loss", 1e-3 + LINE**2), ("limit", 1e-3 + 10 * LINE**2))
    },
    **{f"plane/{name}/x": LINE for name in ("random", "trajectories")},
    **{f"plane/{name}/y": LINE for name in ("random", "trajectories")},
    **{f"plane/{name}/loss": BOWL for name in ("random", "trajectories")},
    "plane/random/mark/center": np.zeros((1, 2)),
    "plane/trajectories/mark/sgd": np.array([[-0.8, -0.8], [-0.2, -0.1], [0.0, 0.0]]),
    "plane/trajectories/mark/adam": np.array([[-0.8, -0.8], [0.5, 0.5]]),
    "line/1-2/t": LINE,
    "line/1-2/before": LINE**2,
    "center/parameters": np.ones(58),
    "solutions/parameters": np.ones((2, 58)),
    **{f"sharpness/{part}": np.ones(2) for part in ("values", "residuals")},
    **{
        f"slice/{name}/direction": np.full(58, 58**-0.5)
        for name in ("random 1", "random 2", "eigenvector 1", "eigenvector 2", "sharpest", "flat")
    },
    **{f"way/{name}/steps": np.arange(count) for name, count in (("sgd", 3), ("adam", 2))},
    **{f"way/{name}/parameters": np.ones((count, 58)) for name, count in (("sgd", 3), ("adam", 2))},
}


def _changed(arrays: dict[str, np.ndarray] | None = None, **parts: Any) -> LandscapeResult:
    """Return the result with other values; a dictionary changes some fields of a part."""
    new = {
        name: dataclasses.replace(getattr(RESULT, name), **values) if isinstance(values, dict) else values
        for name, values in parts.items()
    }
    return RESULT.replace(**new).with_artifacts(Artifacts(arrays=ARRAYS | (arrays or {})))


@pytest.fixture
def example() -> LandscapeResult:
    """The result with its arrays."""
    return _changed()


@pytest.fixture
def changed() -> Callable[..., LandscapeResult]:
    """changed(center={"current_learning_rate": 0.2}, arrays={...}) returns the result with other values."""
    return _changed


@pytest.fixture
def plane() -> Callable[..., PlaneRow]:
    """plane(name, lowest=...) returns a plane of 5 by 5 points."""
    return _plane
