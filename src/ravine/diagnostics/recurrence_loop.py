"""The compiled loop of a recurrence: several steps in one call, in the product's own precision.

The equations are those of `recurrence`. The loop fills the arrays it is given in place, and ends where it has
enough; it may come to its point itself, and to a start from few products.
"""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from ravine.diagnostics.compiled import compiled, per_function

__all__ = [
    "LEFT", "ROOMS", "WATCHED", "Enough", "Space", "alone", "empty", "floor_of", "led_start", "longer",
    "loop", "opened_loop", "rounded",
]  # fmt: skip

ROOMS = (16, 64, 256, 1024)
"""Vectors that a compiled loop has room for; each size is compiled for by itself."""

BLOCK = 4
"""Vectors of the basis that are projected out at a time."""

WATCHED = ROOMS[0]
"""Steps of a compiled loop that it can end by itself: eigenvalues of a larger T cost more than a way back."""

LEFT = 0.1
"""Least share of a remainder that a projection may leave: one that mostly goes was rounding."""


class Enough(NamedTuple):
    """When to end: `wanted` eigenvalues from one end have residuals <= `aim` times the largest |eigenvalue|.

    `end`: 1 the largest, -1 the smallest, 0 those of the largest magnitude. Looked at from `first` steps on.
    """

    wanted: int
    aim: float
    first: int
    end: int


class Space(NamedTuple):
    """What a compiled loop fills in place: basis and images [room, D], bands [room]."""

    basis: jax.Array
    images: jax.Array
    alphas: jax.Array
    betas: jax.Array


def floor_of(epsilon: float) -> float:
    """Return the share of the largest number in T below which a beta is a breakdown, equation (2)."""
    return max(1e-10, 10 * epsilon)


def rounded(room: int) -> int:
    """Return the vectors that a space for `room` of them holds."""
    return next((each for each in ROOMS if each >= room), -(-room // ROOMS[-1]) * ROOMS[-1])


@partial(jax.jit, static_argnums=(0, 1, 2))
def empty(room: int, size: int, dtype: Any) -> Space:
    """Return a space for `room` vectors [size], all zero."""
    # on the device from the start: memory of the host's must not be given away to be filled
    return Space(*(jnp.zeros(shape, dtype) for shape in ((room, size), (room, size), (room,), (room,))))


def longer(space: Space, room: int) -> Space:
    """Return a space with room for more, that holds what this one does."""

    def padded(kept: jax.Array) -> jax.Array:
        return jnp.pad(kept, [(0, room - len(kept))] + [(0, 0)] * (kept.ndim - 1))

    return Space(*map(padded, space))


@per_function
def loop(apply: Any, floor: float, watched: bool) -> Any:
    """Return the compiled loop: `_steps`, filling the space it is given."""
    return compiled(_steps(apply, floor, watched), donate_argnums=1)


@per_function
def alone(open_: Any) -> Any:
    """Return the opening as a program of its own."""
    return compiled(open_)


@per_function
def opened_loop(open_: Any, apply: Any, floor: float) -> Any:
    """Return `loop`, watched, that comes to its point and makes its space: (asked, unit, ...)."""
    steps = _steps(apply, floor, True)

    def run(asked: Any, unit: jax.Array, *ends: Any) -> tuple[Any, ...]:
        point, unit, seen = open_(asked, unit)
        space = empty(WATCHED, unit.size, unit.dtype)
        return *steps(point, space, jnp.zeros_like(unit), unit, *ends), seen

    return compiled(run)


def led_start(apply: Any, point: Any, unit: jax.Array, steps: int, end: int) -> jax.Array:
    """Return the Ritz vector at one `end` (as Enough) after `steps` from `unit`.

    For use inside compiled programs; so few steps need no reorthogonalisation. Not of length 1, and not
    finite where the products are not.
    """
    space = empty(rounded(steps), unit.size, unit.dtype)
    run = _steps(apply, floor_of(float(jnp.finfo(unit.dtype).eps)), watched=False, swept=False)
    ends = jnp.int32(0), jnp.int32(steps), None
    space, _, _, report = run(point, space, jnp.zeros_like(unit), unit, *ends)
    _, inner = _ranked(space.alphas, space.betas, report[0, 0].astype(jnp.int32), end)
    return inner[:, 0] @ space.basis


def _steps(apply: Any, floor: float, watched: bool, swept: bool = True) -> Any:
    """Return (point, space, last, unit, count, until, enough) -> (space, last, unit, seen), to be compiled.

    `last` [D] is the vector before `unit`: read from the basis, it would be copied with it. It ends after
    `until` steps, at a breakdown, or, `watched`, where there is enough. What was seen [2, 1 + room] is count
    and alphas, closed and betas: one array is one way back. `swept`: with reorthogonalisation.
    """

    on_cpu = jax.default_backend() == "cpu"
    put = partial(jax.lax.dynamic_update_index_in_dim, axis=0)  # in place, where `at` would write all of it

    def orthogonal(basis: jax.Array, count: jax.Array, vector: jax.Array) -> jax.Array:
        def without(block: jax.Array, left: jax.Array) -> jax.Array:
            known = jax.lax.dynamic_slice_in_dim(basis, block * BLOCK, BLOCK)  # rows not yet there are zero
            return left - (known @ left) @ known

        if not on_cpu:  # a loop in a loop waits for the host
            return vector - (basis @ vector) @ basis
        return jax.lax.fori_loop(0, (count + BLOCK - 1) // BLOCK, without, vector)

    def step(
        point: Any, space: Space, last: jax.Array, q: jax.Array, m: jax.Array
    ) -> tuple[Space, jax.Array, jax.Array]:
        image = apply(point, q)
        alpha = q @ image
        rest = image - alpha * q - jnp.where(m > 0, space.betas[jnp.maximum(m - 1, 0)], 0) * last  # (1)
        basis, images = put(space.basis, q, m), put(space.images, image, m)
        alphas = put(space.alphas, alpha, m)
        scale = jnp.maximum(jnp.abs(alphas).max(), jnp.abs(space.betas).max())
        most = jnp.abs(rest).max()  # squares of what is small are zero in float32, of what is large infinite
        beta = most * jnp.linalg.norm(rest / jnp.where(most > 0, most, 1))
        left, share = rest / jnp.where(beta > 0, beta, 1), jnp.ones_like(beta)
        if swept:
            left = orthogonal(basis, m + 1, left)
            share = jnp.linalg.norm(left)
        goes_on = (beta > floor * scale) & (m + 1 < q.size) & (share > LEFT)  # (2)
        unit = left
        if swept:
            unit = orthogonal(basis, m + 1, left / jnp.where(share > 0, share, 1))
            unit = unit / jnp.where(goes_on, jnp.linalg.norm(unit), 1)
        betas = put(space.betas, jnp.where(goes_on, beta * share, 0), m)
        return Space(basis, images, alphas, betas), unit, ~goes_on

    def run(
        point: Any, space: Space, last: jax.Array, unit: jax.Array, count: jax.Array, until: jax.Array,
        enough: Enough | None,
    ) -> tuple[Space, jax.Array, jax.Array, jax.Array]:  # fmt: skip
        def next_(now: Any) -> Any:
            space, last, unit, count, _, _ = now
            space, after, closed = step(point, space, last, unit, count)
            count = count + 1
            over = _over(space.alphas, space.betas, count, enough) if watched else jnp.bool_(False)
            return space, unit, after, count, closed, over

        no = jnp.bool_(False)
        space, last, unit, count, closed, _ = jax.lax.while_loop(
            lambda now: (now[3] < until) & ~now[4] & ~now[5], next_, (space, last, unit, count, no, no)
        )
        ends = jnp.stack([count, closed.astype(count.dtype)]).astype(space.alphas.dtype)
        report = jnp.concatenate([ends[:, None], jnp.stack([space.alphas, space.betas])], axis=1)
        return space, last, unit, report

    return run


def _over(alphas: jax.Array, betas: jax.Array, count: jax.Array, enough: Any) -> jax.Array:
    """Return whether there is enough after `count` steps: bands [room], of which the rest is zero or old."""

    def look() -> jax.Array:
        theta, inner = _ranked(alphas, betas, count, enough.end)
        place = jnp.arange(len(alphas), dtype=count.dtype)
        largest = jnp.abs(jnp.where(place < count, theta, 0)).max()
        small = jnp.abs(betas[count - 1] * inner[count - 1]) <= enough.aim * largest
        return jnp.all(small | (place >= enough.wanted))

    return jax.lax.cond(count >= jnp.maximum(enough.first, enough.wanted), look, lambda: jnp.bool_(False))


def _ranked(alphas: jax.Array, betas: jax.Array, count: jax.Array, end: Any) -> tuple[jax.Array, jax.Array]:
    """Return Ritz values [room] from one `end` (as Enough) on, and vectors of T [room, room] in columns.

    What pads T comes last: its eigenvalues lie beyond the other end, for magnitudes at zero.
    """
    place = jnp.arange(len(alphas), dtype=count.dtype)
    within = jnp.where(place < count, alphas, 0), jnp.where(place < count - 1, betas, 0)[:-1]
    beyond = 2 * (jnp.abs(within[0]).max() + 2 * jnp.abs(within[1]).max(initial=0))
    diagonal = jnp.where(place < count, alphas, -end * beyond)
    theta, inner = jnp.linalg.eigh(jnp.diag(diagonal) + jnp.diag(within[1], 1) + jnp.diag(within[1], -1))
    order = jnp.argsort(-jnp.where(end == 0, jnp.abs(theta), end * theta))
    return theta[order], inner[:, order]
