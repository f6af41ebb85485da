"""Lanczos steps in compiled programs, in the operator's own precision.

    A q_m = beta_(m-1) q_(m-1) + alpha_m q_m + beta_m q_(m+1)            (1)
    breakdown when beta_m <= max(1e-10, 10 eps) * max(|alpha|, |beta|)   (2)

Source: Lanczos 1950; Paige 1980; full reorthogonalization, twice (Kahan). Without it copies of converged
values appear. At a breakdown the space found is exact and closed: going on would invent values.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from ravine.diagnostics.jit_cache import jit_alone, per_function

__all__ = [
    "BASIS_SIZES", "IN_LOOP_STEPS", "ExtremeEigenvalues", "KrylovBasis", "StopCriterion", "basis_size",
    "empty_basis", "extreme_eigenvalues", "grow_basis", "jit_once", "lanczos_loop", "lanczos_step",
    "sample_start", "setup_and_loop",
]  # fmt: skip

BASIS_SIZES = (16, 64, 256, 1024)
"""Numbers of vectors that a basis has room for; each size compiles its own program."""

LARGE = 500_000
"""Parameters above which a basis has no room to spare: memory is worth a further compilation there."""

BLOCK = 4
"""Vectors of the basis that are projected out at a time."""

IN_LOOP_STEPS = BASIS_SIZES[0]
"""Steps after which a loop no longer checks its residuals itself: eigenvalues of a larger T cost more than a
return to the host.
"""

MIN_REMAINDER = 0.1
"""Least share of a vector that a projection may leave: a smaller remainder is rounding."""

Apply = Callable[[Any, jax.Array], jax.Array]
"""apply(point, v [D]) -> A v [D]."""


class StopCriterion(NamedTuple):
    """Stop when `wanted` eigenvalues at one end have residuals <= `tolerance` times the largest |eigenvalue|.

    `end`: 1 the largest, -1 the smallest, 0 those of the largest magnitude. Checked from `first` steps on.
    A program that prepares the operator, takes the steps and checks them saves 30 % on the row "top eigenvalue,
    64-16-10 on 150 digits" of `benchmarks/curvature.py`, against checks on the host.
    """

    wanted: int
    tolerance: float
    first: int
    end: int


class KrylovBasis(NamedTuple):
    """Arrays that a loop fills in place: vectors q and products A q [room, D], alphas and betas [room]."""

    vectors: jax.Array
    images: jax.Array | None
    alphas: jax.Array
    betas: jax.Array


class ExtremeEigenvalues(NamedTuple):
    """The largest and the smallest Ritz value, with residual and unit vector [D] each."""

    largest: jax.Array
    largest_residual: jax.Array
    largest_vector: jax.Array
    smallest: jax.Array
    smallest_residual: jax.Array
    smallest_vector: jax.Array


def breakdown_tolerance(epsilon: float) -> float:
    """Return the share of the largest number in T below which a beta is a breakdown, equation (2)."""
    return max(1e-10, 10 * epsilon)


def basis_size(steps: int, size: int) -> int:
    """Return the room of a basis for so many steps, of vectors [size]."""
    if size > LARGE:
        return -(-steps // BASIS_SIZES[0]) * BASIS_SIZES[0]
    multiple = -(-steps // BASIS_SIZES[-1]) * BASIS_SIZES[-1]
    return next((room for room in BASIS_SIZES if room >= steps), multiple)


@partial(jax.jit, static_argnums=(0, 1, 2))
def empty_basis(room: int, size: int, dtype: Any) -> KrylovBasis:
    """Return a basis for `room` vectors [size], all zero."""
    # made on the device: a program may overwrite its own memory, never the host's
    return KrylovBasis(*(jnp.zeros(shape, dtype) for shape in ((room, size), (room, size), (room,), (room,))))


def grow_basis(basis: KrylovBasis, room: int) -> KrylovBasis:
    """Return a basis with more room that holds the same vectors."""

    def padded(filled: jax.Array) -> jax.Array:
        return jnp.pad(filled, [(0, room - len(filled))] + [(0, 0)] * (filled.ndim - 1))

    grown: KrylovBasis = jax.tree.map(padded, basis)
    return grown


@per_function
def lanczos_loop(apply: Apply, epsilon: float, checked: bool) -> Any:
    """Return the compiled `_loop`. It fills the basis that it is given in place."""
    return jit_alone(_loop(apply, epsilon, checked), donate_argnums=1)


@per_function
def jit_once(prepare: Callable[..., Any]) -> Any:
    """Return the compiled preparation of an `InLoopSetup`, as a program of its own."""
    return jit_alone(prepare)


@per_function
def setup_and_loop(prepare: Callable[..., Any], apply: Apply, epsilon: float) -> Any:
    """Return preparation and checked loop in one program: (args, start, until, stop) -> filled, loss."""
    loop = _loop(apply, epsilon, True)

    def run(args: Any, start: jax.Array, until: jax.Array, stop: StopCriterion) -> tuple[Any, ...]:
        point, unit, loss = prepare(args, start)
        basis = empty_basis(IN_LOOP_STEPS, unit.size, unit.dtype)
        return *loop(point, basis, unit, jnp.int32(0), until, stop), loss

    return jit_alone(run)


@partial(jax.jit, donate_argnums=0, static_argnums=4)
def lanczos_step(
    basis: KrylovBasis, unit: jax.Array, image: jax.Array, count: jax.Array, epsilon: float
) -> tuple[KrylovBasis, jax.Array, jax.Array]:
    """Return one step as `_loop` does, for a product `image` [D] that was made elsewhere."""
    basis, after, closed = _step(basis, unit, image, count, epsilon)
    return basis, after, _report(basis, count + 1, closed)


def extreme_eigenvalues(
    matvec: Callable[[jax.Array], jax.Array], start: jax.Array, steps: int
) -> ExtremeEigenvalues:
    """Return both ends of a symmetric matrix's spectrum after `steps` products from `start` [D], not zero.

    matvec(v [D]) -> A v [D]. Traceable: for use inside jit, vmap and scan. A breakdown ends it earlier, and
    the residuals are zero then.
    """
    basis, count = _steps_in_program(matvec, start / jnp.linalg.norm(start), min(steps, start.size))
    ends = []
    for end in (1, -1):
        theta, inner = _ranked(basis.alphas, basis.betas, count, end)
        residual = jnp.abs(basis.betas[count - 1] * inner[count - 1, 0])
        ends += [theta[0], residual, inner[:, 0] @ basis.vectors]
    return ExtremeEigenvalues(*ends)


def sample_start(apply: Apply, point: Any, unit: jax.Array, steps: int, end: int) -> jax.Array:
    """Return the Ritz vector at one `end` (as in StopCriterion) after a few `steps` from `unit`. Traceable.

    So few steps stay orthogonal by themselves. The vector is not finite where the products are not.
    """
    basis, count = _steps_in_program(partial(apply, point), unit, steps, project=False)
    _, inner = _ranked(basis.alphas, basis.betas, count, end)
    return inner[:, 0] @ basis.vectors


def _steps_in_program(
    matvec: Callable[[jax.Array], jax.Array], unit: jax.Array, steps: int, project: bool = True
) -> tuple[KrylovBasis, jax.Array]:
    """Return the basis after `steps` from `unit`, and how many steps there were before a breakdown."""
    basis = empty_basis(-(-steps // BLOCK) * BLOCK, unit.size, unit.dtype)._replace(images=None)
    loop = _loop(lambda _, v: matvec(v), float(jnp.finfo(unit.dtype).eps), False, project)
    basis, _, report = loop(None, basis, unit, jnp.int32(0), jnp.int32(steps), None)
    return basis, report[0, 0].astype(jnp.int32)


def _loop(apply: Apply, epsilon: float, checked: bool, project: bool = True) -> Any:
    """Return (point, basis, unit, count, until, stop) -> (basis, unit, report), to be compiled.

    The loop ends after `until` steps, at a breakdown, or, if `checked`, by the StopCriterion `stop`.
    project: see `_step`.
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
    """Return [2, 1 + room]: count and alphas, closed and betas. One array is one transfer to the host."""
    first = jnp.stack([count, closed.astype(count.dtype)]).astype(basis.alphas.dtype)
    return jnp.concatenate([first[:, None], jnp.stack([basis.alphas, basis.betas])], axis=1)


def _step(
    basis: KrylovBasis, q: jax.Array, image: jax.Array, m: jax.Array, epsilon: float, project: bool = True
) -> tuple[KrylovBasis, jax.Array, jax.Array]:
    """Return the basis with q and its product `image` in row m, the next unit vector, and: it broke down.

    project: against all vectors, twice. Else only alpha_m q_m and beta_(m-1) q_(m-1) are taken out.
    """
    put = partial(jax.lax.dynamic_update_index_in_dim, axis=0)  # in place, where `at` would write every row
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
    """Return |v|. A dot product is several times as fast as a sum of squares on a CPU.

    In float32 squares of small numbers are zero and those of large ones infinite: such a vector is scaled.
    """
    plain, limits = jnp.sqrt(v @ v), jnp.finfo(v.dtype)

    def scaled() -> jax.Array:
        most = jnp.abs(v).max()
        return most * jnp.linalg.norm(v / jnp.where(most > 0, most, 1))

    safe = jnp.isfinite(plain) & (plain > float(limits.tiny) ** 0.5 / float(limits.eps))
    return jax.lax.cond(safe, lambda: plain, scaled)


def _orthogonal(vectors: jax.Array, count: jax.Array, v: jax.Array) -> jax.Array:
    """Return the part of v [D] at right angles to the first `count` vectors; the others are zero.

    On a GPU a loop in a loop waits for the host. There the whole basis is projected out at once, which saves
    34 to 46 % on the rows "top eigenvalue" of `benchmarks/gpu_curvature.py`.
    """
    if jax.default_backend() != "cpu" or len(vectors) <= 2 * BLOCK:
        return v - (vectors @ v) @ vectors

    def without(block: jax.Array, left: jax.Array) -> jax.Array:
        known = jax.lax.dynamic_slice_in_dim(vectors, block * BLOCK, BLOCK)
        return left - (known @ left) @ known

    return jax.lax.fori_loop(0, (count + BLOCK - 1) // BLOCK, without, v)


def _is_done(alphas: jax.Array, betas: jax.Array, count: jax.Array, stop: Any) -> jax.Array:
    """Return whether `stop` is met after `count` steps: bands [room], of which the rest is zero or old."""

    def check() -> jax.Array:
        theta, inner = _ranked(alphas, betas, count, stop.end)
        place = jnp.arange(len(alphas), dtype=count.dtype)
        largest = jnp.abs(jnp.where(place < count, theta, 0)).max()
        small = jnp.abs(betas[count - 1] * inner[count - 1]) <= stop.tolerance * largest
        return jnp.all(small | (place >= stop.wanted))

    return jax.lax.cond(count >= jnp.maximum(stop.first, stop.wanted), check, lambda: jnp.bool_(False))


def _ranked(alphas: jax.Array, betas: jax.Array, count: jax.Array, end: Any) -> tuple[jax.Array, jax.Array]:
    """Return Ritz values [room] from one `end` (as in StopCriterion) on, and vectors of T in columns.

    Padding of T comes last: its eigenvalues lie beyond the other end, for magnitudes at zero.
    """
    place = jnp.arange(len(alphas), dtype=count.dtype)
    within = jnp.where(place < count, alphas, 0), jnp.where(place < count - 1, betas, 0)[:-1]
    size = jnp.abs(within[0]).max() + 2 * jnp.abs(within[1]).max(initial=0)
    beyond = jnp.where(size > 0, 2 * size, 1)
    diagonal = jnp.where(place < count, alphas, -end * beyond)
    theta, inner = jnp.linalg.eigh(jnp.diag(diagonal) + jnp.diag(within[1], 1) + jnp.diag(within[1], -1))
    order = jnp.argsort(-jnp.where(end == 0, jnp.abs(theta), end * theta))
    return theta[order], inner[:, order]
