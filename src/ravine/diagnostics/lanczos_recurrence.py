"""State of a Lanczos recurrence: its vectors, their products with the matrix, and its tridiagonal matrix.

The equations are those of `lanczos_loop`. An operator that JAX can trace takes its steps inside one compiled
loop. This saves 30 to 70 % of the time in the rows "top eigenvalue" of `benchmarks/curvature.py`. Other
operators are called from Python, one product at a time.
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
    """A Lanczos recurrence of at most `max_steps` steps with a symmetric matrix, which is advanced in parts.

    count           number of steps so far
    closed          whether the recurrence broke down after the last step
    closed_spaces   number of breakdowns so far
    bands           alphas [m] and betas [m], the diagonal and off-diagonal of the tridiagonal matrix T; the
                    last beta couples to the next row, which T lacks
    in_loop_steps   largest number of steps for which `advance` can stop by its criterion
    has_start       whether the operator replaces the start vector by its own
    remote          whether the loop runs on a device such as a GPU, for which the host must wait
    """

    def __init__(self, operator: SymmetricOperator, max_steps: int) -> None:
        traced = operator.traced
        self.operator, self.max_steps = operator, min(max_steps, operator.size)
        self.count = self.closed_spaces = 0
        self.closed = False
        self.bands: tuple[Vector, Vector] = np.zeros(0), np.zeros(0)
        self.remote = traced is not None and jax.default_backend() != "cpu"
        # On a GPU, the eigenvalues of a small matrix take too long.
        self.in_loop_steps = 0 if traced is None or self.remote else IN_LOOP_STEPS
        self._setup: InLoopSetup | None = None if traced is None else traced.setup  # None after its use
        self.has_start = self._setup is not None and self._setup.has_start
        self._dtype = np.dtype(np.float64) if traced is None else traced.dtype
        self._context = (lambda: precision_context("float64")) if traced is None else traced.context
        self._basis: KrylovBasis | None = None  # created when it is first needed
        self._point: Any = None
        self._next: Any = None

    def begin(self, unit: Vector) -> None:
        """Set the next vector of the Lanczos recurrence to `unit` [D].

        The caller gives a vector of length 1 that is orthogonal to all vectors so far.
        """
        self._next, self.closed = unit.astype(self._dtype), False

    def restart(self, generator: np.random.Generator) -> bool:
        """Set the next vector of the recurrence to a random one orthogonal to the basis, after a breakdown.

        Return whether such a vector exists. If the basis spans the whole space, nothing changes.
        """
        basis = self.vectors
        with self._context():  # a copy, since a program must not overwrite arrays that the host has read
            self._basis = jax.tree.map(jnp.copy, self._basis)
        extended = extend_basis(basis, generator.standard_normal((1, self.operator.size)))
        if len(extended) == len(basis):
            return False
        self.begin(extended[-1])
        return True

    def advance(self, steps: int, stop: StopCriterion | None = None) -> None:
        """Take `steps` steps of the Lanczos recurrence, or fewer.

        Fewer steps are taken at a breakdown, at `max_steps`, and when a compiled loop meets the criterion
        `stop`.

        Raises UsageError if loss, gradient or products are not finite.
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
            traced.prepare()  # raises the error about the gradient, if that is the cause
        check_images(np.asarray(self.bands))

    def _in_loop(self, traced: TracedOperator, until: int, stop: StopCriterion | None) -> Vector:
        """Return the report [2, 1 + room] of a compiled loop, see `_report` in `lanczos_loop`."""
        setup, self._setup = self._setup, None
        epsilon = self.operator.epsilon
        checked = stop is not None and self._room(until) <= self.in_loop_steps
        loss = None
        if setup is not None and checked:
            # The recurrence probably ends in this loop, so that the point is not needed later.
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
        values = np.asarray(report, np.float64)
        if setup is not None and loss is not None:  # after the report, since reading the loss waits for it
            setup.check_loss(loss)
        return values

    def _one_by_one(self, until: int) -> Vector:
        """Return the report [2, 1 + room] after steps whose products are called from Python."""
        for m in range(self.count, until):
            image = jnp.asarray(self.operator(self._next))
            step = jnp.asarray(self._next), image, np.int32(m), self.operator.epsilon
            self._basis, self._next, report = lanczos_step(self._with_room(m + 1), *step)
            if report[1, 0]:  # breakdown
                break
        return np.asarray(report, np.float64)

    def _room(self, steps: int) -> int:
        """Return the room, in vectors, of a Krylov basis for `steps` Lanczos steps in all."""
        present = 0 if self._basis is None else len(self._basis.alphas)
        return max(present, basis_size(steps, self.operator.size))

    def _with_room(self, steps: int) -> KrylovBasis:
        """Return the Krylov basis, created or extended to have room for `steps` Lanczos steps in all."""
        room = self._room(steps)
        if self._basis is None:
            return empty_basis(room, self.operator.size, self._dtype)
        return self._basis if len(self._basis.alphas) == room else grow_basis(self._basis, room)

    @property
    def vectors(self) -> Vector:
        """Return the basis vectors q of the steps so far, one in each row: [m, D]."""
        return self._rows("vectors")

    @property
    def images(self) -> Vector:
        """Return the products A q of the matrix A with the basis vectors q, one in each row: [m, D]."""
        return self._rows("images")

    def _rows(self, name: str) -> Vector:
        """Return the first `count` rows of an array of the basis in float64."""
        return np.asarray(getattr(self._basis, name))[: self.count].astype(np.float64)


def ritz_pairs(alphas: Vector, betas: Vector) -> tuple[Vector, Vector, Vector]:
    """Return the eigenvalues [m], residuals [m] and eigenvectors [m, m] of a tridiagonal matrix T.

    T is that of a Lanczos recurrence with a large matrix. The eigenvalues of T, ascending, are the Ritz
    values, which approximate eigenvalues of the large matrix. The residual is |beta_m s_m|, with s_m the last
    entry of an eigenvector s. The eigenvectors are columns.

    alphas [m]   diagonal of T
    betas [m]    off-diagonal of T; the last one, beta_m, couples to the next row, which T lacks

    Raises LinAlgError if LAPACK does not converge.
    """
    # LAPACK is called directly, since SciPy's wrapper takes as long as a product of a small network.
    theta, inner, failed = dstev(alphas, betas[: max(1, len(alphas) - 1)])  # the interface needs at least one
    if failed:
        raise np.linalg.LinAlgError("The eigenvalues of a tridiagonal matrix did not converge.")
    return theta, np.abs(betas[-1] * inner[-1]), inner


def extend_basis(basis: Vector, vectors: npt.ArrayLike) -> Vector:
    """Return the orthonormal rows `basis` [K, D] with further rows, so that they span `vectors` [L, D] too.

    A vector that lies in the span of the rows, within rounding, adds no row.
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
