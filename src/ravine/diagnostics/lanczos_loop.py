"""Lanczos steps in compiled programs, in the precision of the operator.

    A q_m = beta_(m-1) q_(m-1) + alpha_m q_m + beta_m q_(m+1)            (1)
    breakdown if beta_m <= max(1e-10, 10 eps) * max(|alpha|, |beta|)     (2)

A is the symmetric matrix, q_m are the orthonormal vectors, and eps is the rounding error of A q. Alphas and
betas are the diagonal and the off-diagonal of the tridiagonal matrix T. All earlier vectors are projected out
of every new vector twice (full reorthogonalization). Otherwise copies of converged eigenvalues appear. At a
breakdown the space is closed under A, and the eigenvalues of T (Ritz values) are exact. Further steps would
only add rounding errors.

Source: Lanczos 1950; Paige 1980; Kahan for two projections.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from ravine.diagnostics.jit_cache import jit_all_cores, per_function

__all__ = [
    "BASIS_SIZES", "IN_LOOP_STEPS", "ExtremeEigenvalues", "KrylovBasis", "StopCriterion", "basis_size",
    "empty_basis", "extreme_eigenvalues", "grow_basis", "jit_once", "lanczos_loop", "lanczos_step",
    "sample_start", "setup_and_loop",
]  # fmt: skip

BASIS_SIZES = (16, 64, 256, 1024)
"""Numbers of vectors for which a Krylov basis can have room. Every size needs its own compiled program."""

LARGE = 500_000
"""Number of parameters above which a basis grows in small steps, to save memory at more compilations."""

BLOCK = 4
"""Number of basis vectors that are projected out together."""

IN_LOOP_STEPS = BASIS_SIZES[0]
"""Largest number of steps for which the compiled loop checks the residuals. For more steps, the eigenvalues
of T take longer than a return to the host."""

MIN_REMAINDER = 0.1
"""Smallest share of a vector that must remain after a projection. A smaller remainder is rounding."""

Apply = Callable[[Any, jax.Array], jax.Array]
"""apply(point, v [D]) -> A v [D]."""


class StopCriterion(NamedTuple):
    """Criterion by which a compiled loop of Lanczos steps stops: enough eigenvalues have converged.

    wanted      number of eigenvalues that must converge
    tolerance   largest residual relative to the largest |eigenvalue|
    first       number of steps before the first check
    end         end of the spectrum: 1 largest, -1 smallest, 0 largest |eigenvalues|

    A single program prepares the operator, takes the steps and checks them. Compared with checks on the host,
    this saves 30 % of the time in the row "top eigenvalue, 64-16-10 on 150 digits" of
    `benchmarks/curvature.py`.
    """

    wanted: int
    tolerance: float
    first: int
    end: int


class KrylovBasis(NamedTuple):
    """Arrays of a Lanczos recurrence, which a compiled loop fills in place; rows not filled yet are zero.

    vectors [room, D]   orthonormal vectors q
    images [room, D]    products A q with the matrix A, or None if they are not needed
    alphas [room]       diagonal of the tridiagonal matrix T
    betas [room]        off-diagonal of T
    """

    vectors: jax.Array
    images: jax.Array | None
    alphas: jax.Array
    betas: jax.Array


class ExtremeEigenvalues(NamedTuple):
    """Estimates of the largest and the smallest eigenvalue of a matrix by Lanczos steps.

    Each eigenvalue has its residual |A v - value v| and its unit vector v [D].
    """

    largest: jax.Array
    largest_residual: jax.Array
    largest_vector: jax.Array
    smallest: jax.Array
    smallest_residual: jax.Array
    smallest_vector: jax.Array


def breakdown_tolerance(epsilon: float) -> float:
    """Return the size at or below which an off-diagonal entry of a Lanczos recurrence counts as a breakdown.

    The size is relative to the largest |entry| of the tridiagonal matrix. `epsilon` is the relative rounding
    error of a product with the matrix.
    """
    return max(1e-10, 10 * epsilon)


def basis_size(steps: int, size: int) -> int:
    """Return the number of vectors for which to allocate memory, if `steps` Lanczos steps are to be taken.

    The number is at least `steps`, rounded up to one of few sizes, since each size needs its own compiled
    program. `size` is the length of a vector. The sizes for very long vectors are closer together, to save
    memory.
    """
    if size > LARGE:
        return -(-steps // BASIS_SIZES[0]) * BASIS_SIZES[0]
    multiple = -(-steps // BASIS_SIZES[-1]) * BASIS_SIZES[-1]
    return next((room for room in BASIS_SIZES if room >= steps), multiple)


@partial(jax.jit, static_argnums=(0, 1, 2))
def empty_basis(room: int, size: int, dtype: Any) -> KrylovBasis:
    """Return an empty Krylov basis for Lanczos steps, filled with zeros, on the device.

    room    number of vectors that fit into the basis
    size    length of a vector
    dtype   type of the arrays
    """
    # Created on the device, since a program can overwrite only memory of the device.
    return KrylovBasis(*(jnp.zeros(shape, dtype) for shape in ((room, size), (room, size), (room,), (room,))))


def grow_basis(basis: KrylovBasis, room: int) -> KrylovBasis:
    """Return a larger Krylov basis with room for `room` vectors, which begins with the vectors of `basis`."""

    def padded(filled: jax.Array) -> jax.Array:
        return jnp.pad(filled, [(0, room - len(filled))] + [(0, 0)] * (filled.ndim - 1))

    grown: KrylovBasis = jax.tree.map(padded, basis)
    return grown


@per_function
def lanczos_loop(apply: Apply, epsilon: float, checked: bool) -> Any:
    """Return the compiled loop of Lanczos steps, which fills the arrays of a Krylov basis in place.

    apply     (point, v [D]) -> A v [D], with the symmetric matrix A
    epsilon   relative rounding error of a product
    checked   whether the loop also stops by a `StopCriterion`
    """
    return jit_all_cores(_loop(apply, epsilon, checked), donate_argnums=1)


@per_function
def jit_once(prepare: Callable[..., Any]) -> Any:
    """Return the `prepare` of an `InLoopSetup`, which prepares an operator, as a compiled program."""
    return jit_all_cores(prepare)


@per_function
def setup_and_loop(prepare: Callable[..., Any], apply: Apply, epsilon: float) -> Any:
    """Return a compiled program that prepares an operator and then runs a loop of Lanczos steps.

    The program maps (args, start [D], until, stop) to (basis, next unit vector [D], report, loss). `args` is
    the first argument of `prepare`, `until` is the largest number of steps, and `stop` is a `StopCriterion`.
    The report holds the number of steps, whether the recurrence broke down, and the tridiagonal matrix.
    """
    loop = _loop(apply, epsilon, True)

    def run(args: Any, start: jax.Array, until: jax.Array, stop: StopCriterion) -> tuple[Any, ...]:
        point, unit, loss = prepare(args, start)
        basis = empty_basis(IN_LOOP_STEPS, unit.size, unit.dtype)
        return *loop(point, basis, unit, jnp.int32(0), until, stop), loss

    return jit_all_cores(run)


@partial(jax.jit, donate_argnums=0, static_argnums=4)
def lanczos_step(
    basis: KrylovBasis, unit: jax.Array, image: jax.Array, count: jax.Array, epsilon: float
) -> tuple[KrylovBasis, jax.Array, jax.Array]:
    """Return basis, next unit vector [D] and report after one Lanczos step, whose product is already known.

    basis     Krylov basis of the earlier steps, which is overwritten
    unit      current unit vector [D]
    image     product of the matrix with `unit` [D]
    count     number of steps before this step
    epsilon   relative rounding error of the product

    The report holds the number of steps, whether the recurrence broke down, and the tridiagonal matrix.
    """
    basis, after, closed = _step(basis, unit, image, count, epsilon)
    return basis, after, _report(basis, count + 1, closed)


def extreme_eigenvalues(
    matvec: Callable[[jax.Array], jax.Array], start: jax.Array, steps: int
) -> ExtremeEigenvalues:
    """Return estimates of the largest and the smallest eigenvalue of a symmetric matrix A by Lanczos steps.

    matvec   v [D] -> A v [D]
    start    start vector [D], not zero
    steps    number of Lanczos steps

    The result also holds the unit vector v [D] and the residual |A v - theta v| of each estimate theta. At a
    breakdown the steps end earlier, and the residuals are zero. The function can be traced inside jit, vmap
    and scan.
    """
    basis, count = _steps_in_program(matvec, start / jnp.linalg.norm(start), min(steps, start.size))
    ends = []
    for end in (1, -1):
        theta, inner = _ranked(basis.alphas, basis.betas, count, end)
        residual = jnp.abs(basis.betas[count - 1] * inner[count - 1, 0])
        ends += [theta[0], residual, inner[:, 0] @ basis.vectors]
    return ExtremeEigenvalues(*ends)


def sample_start(apply: Apply, point: Any, unit: jax.Array, steps: int, end: int) -> jax.Array:
    """Return an approximate eigenvector [D] from one end of a spectrum, after few Lanczos steps.

    The steps begin with the random vector `unit` [D]. The result serves as a start vector for a longer
    recurrence.

    apply   (point, v [D]) -> A v [D], with the matrix A
    point   first argument of `apply`, such as the network linearized at some weights
    steps   number of steps; few vectors stay orthogonal without projections
    end     end of the spectrum: 1 largest, -1 smallest, 0 largest |eigenvalue|

    If a product is not finite, the result is not finite either. The function can be traced by JAX.
    """
    basis, count = _steps_in_program(partial(apply, point), unit, steps, project=False)
    _, inner = _ranked(basis.alphas, basis.betas, count, end)
    return inner[:, 0] @ basis.vectors


def _steps_in_program(
    matvec: Callable[[jax.Array], jax.Array], unit: jax.Array, steps: int, project: bool = True
) -> tuple[KrylovBasis, jax.Array]:
    """Return the basis after `steps` steps from `unit` [D], and the number of steps before a breakdown."""
    basis = empty_basis(-(-steps // BLOCK) * BLOCK, unit.size, unit.dtype)._replace(images=None)
    loop = _loop(lambda _, v: matvec(v), float(jnp.finfo(unit.dtype).eps), False, project)
    basis, _, report = loop(None, basis, unit, jnp.int32(0), jnp.int32(steps), None)
    return basis, report[0, 0].astype(jnp.int32)


def _loop(apply: Apply, epsilon: float, checked: bool, project: bool = True) -> Any:
    """Return the loop (point, basis, unit, count, until, stop) -> (basis, unit, report), before compilation.

    The loop ends when `count` reaches `until`, at a breakdown, or, if `checked`, by the criterion `stop`.
    `project` is that of `_step`.
    """

    def run(
        point: Any, basis: KrylovBasis, unit: jax.Array, count: jax.Array, until: jax.Array,
        stop: StopCriterion | None,
    ) -> tuple[KrylovBasis, jax.Array, jax.Array]:  # fmt: skip
        def next_step(state: Any) -> Any:
            basis, unit, count, _, _ = state
            basis, unit, closed = _step(basis, unit, apply(point, unit), count, epsilon, project)
            done = _is_done(basis.alphas, basis.betas, count + 1, stop) if checked else jnp.bool_(False)
            return basis, unit, count + 1, closed, done

        no = jnp.bool_(False)
        basis, unit, count, closed, _ = jax.lax.while_loop(
            lambda state: (state[2] < until) & ~state[3] & ~state[4], next_step, (basis, unit, count, no, no)
        )
        return basis, unit, _report(basis, count, closed)

    return run


def _report(basis: KrylovBasis, count: jax.Array, closed: jax.Array) -> jax.Array:
    """Return the report [2, 1 + room]: the row (count, alphas) above the row (closed, betas).

    One array needs one transfer to the host.
    """
    first = jnp.stack([count, closed.astype(count.dtype)]).astype(basis.alphas.dtype)
    return jnp.concatenate([first[:, None], jnp.stack([basis.alphas, basis.betas])], axis=1)


def _step(
    basis: KrylovBasis, q: jax.Array, image: jax.Array, m: jax.Array, epsilon: float, project: bool = True
) -> tuple[KrylovBasis, jax.Array, jax.Array]:
    """Return the basis with q and its product `image` in row m, the next unit vector, and `closed`.

    `closed` is True if the recurrence broke down.

    With `project`, all vectors are projected out twice. Without it, only alpha_m q_m and beta_(m-1) q_(m-1)
    are subtracted.
    """
    put = partial(jax.lax.dynamic_update_index_in_dim, axis=0)  # in place; `at` would write every row
    vectors = put(basis.vectors, q, m)
    images = None if basis.images is None else put(basis.images, image, m)
    alpha = q @ image
    alphas = put(basis.alphas, alpha, m)
    size = _norm(image)
    unit = image / jnp.where(size > 0, size, 1)
    if project:
        rest = _orthogonal(vectors, m + 1, unit)  # (1)
        length = jnp.sqrt(rest @ rest)
        rest = _orthogonal(vectors, m + 1, rest)
        left = jnp.sqrt(rest @ rest)
    else:
        last = jnp.maximum(m - 1, 0)
        beta = jnp.where(m > 0, basis.betas[last], 0)
        rest = unit - (alpha * q + beta * vectors[last]) / jnp.where(size > 0, size, 1)  # (1)
        length = left = jnp.sqrt(rest @ rest)
    scale = jnp.maximum(jnp.abs(alphas).max(), jnp.abs(basis.betas).max())
    alive = size * length > breakdown_tolerance(epsilon) * scale  # (2)
    goes_on = alive & (m + 1 < q.size) & (left > MIN_REMAINDER * length)
    betas = put(basis.betas, jnp.where(goes_on, size * left, 0), m)
    return KrylovBasis(vectors, images, alphas, betas), rest / jnp.where(goes_on, left, 1), ~goes_on


def _norm(v: jax.Array) -> jax.Array:
    """Return |v| of v [D], from a dot product, which on a CPU is several times as fast as a sum of squares.

    In float32, the squares of small numbers are zero, and the squares of large numbers are infinite. A vector
    of such numbers is scaled first.
    """
    plain, limits = jnp.sqrt(v @ v), jnp.finfo(v.dtype)

    def scaled() -> jax.Array:
        largest = jnp.abs(v).max()
        return largest * jnp.linalg.norm(v / jnp.where(largest > 0, largest, 1))

    safe = jnp.isfinite(plain) & (plain > float(limits.tiny) ** 0.5 / float(limits.eps))
    return jax.lax.cond(safe, lambda: plain, scaled)


def _orthogonal(vectors: jax.Array, count: jax.Array, v: jax.Array) -> jax.Array:
    """Return the part of v [D] that is orthogonal to the first `count` rows of `vectors` [room, D].

    The other rows must be zero. On a GPU, a loop inside a loop waits for the host. The whole basis is then
    projected out at once, which saves 34 to 46 % of the time in the rows "top eigenvalue" of
    `benchmarks/gpu_curvature.py`.
    """
    if jax.default_backend() != "cpu" or len(vectors) <= 2 * BLOCK:
        return v - (vectors @ v) @ vectors

    def without(block: jax.Array, left: jax.Array) -> jax.Array:
        rows = jax.lax.dynamic_slice_in_dim(vectors, block * BLOCK, BLOCK)
        return left - (rows @ left) @ rows

    return jax.lax.fori_loop(0, (count + BLOCK - 1) // BLOCK, without, v)


def _is_done(alphas: jax.Array, betas: jax.Array, count: jax.Array, stop: Any) -> jax.Array:
    """Return whether `stop` is met after `count` steps.

    Entries of alphas, betas [room] beyond are ignored.
    """

    def check() -> jax.Array:
        theta, inner = _ranked(alphas, betas, count, stop.end)
        index = jnp.arange(len(alphas), dtype=count.dtype)
        largest = jnp.abs(jnp.where(index < count, theta, 0)).max()
        small = jnp.abs(betas[count - 1] * inner[count - 1]) <= stop.tolerance * largest
        return jnp.all(small | (index >= stop.wanted))

    return jax.lax.cond(count >= jnp.maximum(stop.first, stop.wanted), check, lambda: jnp.bool_(False))


def _ranked(alphas: jax.Array, betas: jax.Array, count: jax.Array, end: Any) -> tuple[jax.Array, jax.Array]:
    """Return Ritz values [room] and vectors [room, room] of T (columns), beginning at one `end`.

    `end` is that of `StopCriterion`. T is padded to [room, room] so that the eigenvalues of the padding come
    last: beyond the other end, or at zero for the largest |eigenvalues|.
    """
    index = jnp.arange(len(alphas), dtype=count.dtype)
    main, off = jnp.where(index < count, alphas, 0), jnp.where(index < count - 1, betas, 0)[:-1]
    size = jnp.abs(main).max() + 2 * jnp.abs(off).max(initial=0)
    beyond = jnp.where(size > 0, 2 * size, 1)
    diagonal = jnp.where(index < count, alphas, -end * beyond)
    theta, inner = jnp.linalg.eigh(jnp.diag(diagonal) + jnp.diag(off, 1) + jnp.diag(off, -1))
    order = jnp.argsort(-jnp.where(end == 0, jnp.abs(theta), end * theta))
    return theta[order], inner[:, order]
