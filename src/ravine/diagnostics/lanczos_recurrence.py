"""The Lanczos recurrence of an operator, as far as it has gone, with every vector and product.

The equations are those of `lanczos_loop`. An operator that can be traced takes its steps inside one compiled
loop, which saves 30 to 70 % on the rows "top eigenvalue" of `benchmarks/curvature.py`. Other operators are
multiplied from Python, one product at a time.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt
from scipy.linalg.lapack import dstev

from ravine.diagnostics.flatten import Vector
from ravine.diagnostics.lanczos_loop import (
    IN_LOOP_STEPS,
    KrylovBasis,
    StopCriterion,
    basis_size,
    empty_basis,
    grow_basis,
    jit_once,
    lanczos_loop,
    lanczos_step,
    setup_and_loop,
)
from ravine.diagnostics.linear_operator import InLoopSetup, SymmetricOperator, TracedOperator, check_images
from ravine.precision import precision_context

__all__ = ["LanczosRecurrence", "extend_basis", "ritz_pairs"]


class LanczosRecurrence:
    """Up to `max_steps` steps: `count` of them are taken, and it is `closed` if it broke down after the last.

    closed_spaces: breakdowns so far. bands: alphas and betas of the steps taken [m], [m]; the last beta leads
    out of the space. in_loop_steps: how many steps there may be for `advance` to stop by its criterion.
    has_start: the operator chooses its own start. remote: the host waits for the device of the loop.
    """

    def __init__(self, operator: SymmetricOperator, max_steps: int) -> None:
        traced = operator.traced
        self.operator, self.max_steps = operator, min(max_steps, operator.size)
        self.count = self.closed_spaces = 0
        self.closed = False
        self.bands: tuple[Vector, Vector] = np.zeros(0), np.zeros(0)
        self.remote = traced is not None and jax.default_backend() != "cpu"
        # eigenvalues of a small matrix are slow on a GPU
        self.in_loop_steps = 0 if traced is None or self.remote else IN_LOOP_STEPS
        self._setup: InLoopSetup | None = None if traced is None else traced.setup  # until it is done
        self.has_start = self._setup is not None and self._setup.has_start
        self._dtype = np.dtype(np.float64) if traced is None else traced.dtype
        self._context = (lambda: precision_context("float64")) if traced is None else traced.context
        self._basis: KrylovBasis | None = None  # made where it is first needed
        self._point: Any = None
        self._next: Any = None

    def begin(self, unit: Vector) -> None:
        """Go on from a vector of length 1, at right angles to all found."""
        self._next, self.closed = unit.astype(self._dtype), False

    def restart(self, generator: np.random.Generator) -> bool:
        """Go on after a breakdown, from a random direction at right angles; False when there is none left."""
        known = self.vectors
        with self._context():  # arrays that the host has looked at must not be filled further
            self._basis = jax.tree.map(jnp.copy, self._basis)
        extended = extend_basis(known, generator.standard_normal((1, self.operator.size)))
        if len(extended) == len(known):
            return False
        self.begin(extended[-1])
        return True

    def advance(self, steps: int, stop: StopCriterion | None = None) -> None:
        """Take `steps` steps, fewer where it breaks down, has no room, or meets `stop` in a compiled loop.

        Raises UsageError: loss, gradient or products that are not finite.
        """
        until = min(self.count + steps, self.max_steps)
        if self.closed or until <= self.count:
            return
        traced = self.operator.traced
        with self._context():
            report = self._in_loop(traced, until, stop) if traced else self._one_by_one(until)
        self.count, self.closed = int(report[0, 0]), bool(report[1, 0])
        self.closed_spaces += self.closed
        self.bands = report[0, 1 : self.count + 1], report[1, 1 : self.count + 1]
        if traced is not None and traced.setup is not None and not np.isfinite(self.bands).all():
            traced.prepare()  # raises if the gradient is the cause
        check_images(np.asarray(self.bands))

    def _in_loop(self, traced: TracedOperator, until: int, stop: StopCriterion | None) -> Vector:
        """Return the report of a compiled loop."""
        setup, self._setup = self._setup, None
        epsilon = self.operator.epsilon
        checked = stop is not None and self._room(until) <= self.in_loop_steps
        loss = None
        if setup is not None and checked:  # it may well stop there, and need no point
            run = setup_and_loop(setup.prepare, traced.apply, epsilon)
            *filled, loss = run(setup.args, self._next, np.int32(until), stop)
        else:
            if setup is not None:
                self._point, self._next, loss = jit_once(setup.prepare)(setup.args, self._next)
            point = traced.point if self._point is None else self._point
            limits = np.int32(self.count), np.int32(until), stop if checked else None
            run = lanczos_loop(traced.apply, epsilon, checked)
            filled = run(point, self._with_room(until), self._next, *limits)
        self._basis, self._next, report = filled
        found = np.asarray(report, np.float64)
        if setup is not None and loss is not None:  # not sooner: a look waits for its value
            setup.check_loss(loss)
        return found

    def _one_by_one(self, until: int) -> Vector:
        """Return the report after steps whose products are made from Python."""
        for m in range(self.count, until):
            image = jnp.asarray(self.operator(self._next))
            step = jnp.asarray(self._next), image, np.int32(m), self.operator.epsilon
            self._basis, self._next, report = lanczos_step(self._with_room(m + 1), *step)
            if report[1, 0]:  # broken down
                break
        return np.asarray(report, np.float64)

    def _room(self, steps: int) -> int:
        held = 0 if self._basis is None else len(self._basis.alphas)
        return max(held, basis_size(steps, self.operator.size))

    def _with_room(self, steps: int) -> KrylovBasis:
        room = self._room(steps)
        if self._basis is None:
            return empty_basis(room, self.operator.size, self._dtype)
        return self._basis if len(self._basis.alphas) == room else grow_basis(self._basis, room)

    @property
    def vectors(self) -> Vector:
        """The vectors q [m, D]."""
        return self._rows("vectors")

    @property
    def images(self) -> Vector:
        """Their products A q [m, D]."""
        return self._rows("images")

    def _rows(self, name: str) -> Vector:
        return np.asarray(getattr(self._basis, name))[: self.count].astype(np.float64)


def ritz_pairs(alphas: Vector, betas: Vector) -> tuple[Vector, Vector, Vector]:
    """Return ascending Ritz values [m], residuals |beta_m s_m| [m], and the vectors s of T in columns [m, m].

    `alphas` [m], `betas` [m]: the bands of T. s_m: the last entry of a vector.
    """
    # LAPACK itself: SciPy's way to it takes as long as a small network's product
    theta, inner, failed = dstev(alphas, betas[: max(1, len(alphas) - 1)])  # f2py asks for one even so
    if failed:
        raise np.linalg.LinAlgError("The eigenvalues of a tridiagonal matrix were not found.")
    return theta, np.abs(betas[-1] * inner[-1]), inner


def extend_basis(basis: Vector, vectors: npt.ArrayLike) -> Vector:
    """Return the orthonormal rows `basis` [K, D] and, below them, what `vectors` add to their span.

    A vector that lies in the span, to rounding, adds nothing.
    """
    rows = basis
    for vector in np.asarray(vectors, np.float64):
        length = float(np.linalg.norm(vector))
        if length == 0 or len(rows) == rows.shape[1]:
            continue
        left = vector / length
        for _ in range(2):
            left = left - rows.T @ (rows @ left)
        if (share := float(np.linalg.norm(left))) > 1e-10:
            left = left / share
            left = left - rows.T @ (rows @ left)
            rows = np.concatenate([rows, (left / np.linalg.norm(left))[None, :]])
    return rows
