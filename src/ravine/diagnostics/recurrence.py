"""The recurrence behind everything that is known of a large matrix's spectrum.

    A q_m = beta_(m-1) q_(m-1) + alpha_m q_m + beta_m q_(m+1)            (1)
    breakdown when beta_m <= max(1e-10, 10 eps) * max(|alpha|, |beta|)   (2)

Source: Lanczos 1950; Paige 1980; full reorthogonalisation, twice (Kahan), always: without it copies of
converged values appear. At a breakdown the space found is exact and closed, so the recurrence is cut there:
one that went on through (2) would invent values. Where a product can be traced, its steps run inside one
compiled loop: a small product costs less than the way to it and back.
"""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple, Protocol

import jax
import jax.numpy as jnp
import numpy as np
from scipy.linalg.lapack import dstev

from ravine.diagnostics.compiled import compiled, per_function
from ravine.diagnostics.product import Product, Traced, check_images
from ravine.diagnostics.vectors import Vector

__all__ = ["Enough", "Recurrence", "led_start", "recurrence", "ritz"]

ROOMS = (16, 64, 256, 1024)
"""Vectors that a compiled loop has room for; each size is compiled for by itself."""

HELD = 2**25
"""Most numbers in a compiled loop's basis: above it a product costs more than the way to it."""

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


class Recurrence(Protocol):
    """Equation (1) with everything kept; `room`: most steps, `closed`: it broke down.

    watched: how many steps there may be for `advance` to end where it has enough. led: it begins from a
    direction that was sought, not from a random one. away: it runs on a device that the host waits for.
    """

    room: int
    watched: int
    led: bool
    away: bool
    count: int
    closed: bool
    closed_spaces: int

    def begin(self, unit: Vector) -> None:
        """Go on from a vector of length 1, at right angles to all found."""

    def restart(self, generator: np.random.Generator) -> bool:
        """Go on after a breakdown, from a random direction at right angles; False when there is none left."""

    def advance(self, steps: int, enough: Enough | None = None) -> None:
        """Take so many steps, fewer where it breaks down, has no room, or enough."""

    @property
    def bands(self) -> tuple[Vector, Vector]:
        """Alphas and betas of the steps taken [m], [m]; the last beta leads out of the space."""

    @property
    def basis(self) -> Vector:
        """The vectors q [m, D]."""

    @property
    def images(self) -> Vector:
        """Their products A q [m, D]."""


def recurrence(product: Product, room: int) -> Recurrence:
    """Return a recurrence of up to `room` steps; compiled where the product can be traced, and is small."""
    room = min(room, product.size)
    if product.traced is not None and _rounded(room) * product.size <= HELD:
        return _Compiled(product, product.traced, room)
    return _Stepped(product, room)


def ritz(alphas: Vector, betas: Vector) -> tuple[Vector, Vector, Vector]:
    """Return Ritz values [m], |beta_m s_m| [m], and the vectors s [m, m] of T, from its bands [m], [m].

    Their residuals are |beta_m s_m|, with the last entry of each vector.
    """
    # LAPACK itself: SciPy's way to it takes as long as a small network's product
    theta, inner, failed = dstev(alphas, betas[: max(1, len(alphas) - 1)])  # f2py asks for one even so
    if failed:
        raise np.linalg.LinAlgError("The eigenvalues of a tridiagonal matrix were not found.")
    return theta, np.abs(betas[-1] * inner[-1]), inner


def _is_led(traced: Traced | None) -> bool:
    return traced is not None and traced.opening is not None and traced.opening.led


def _floor(epsilon: float) -> float:
    return max(1e-10, 10 * epsilon)


def _fresh(generator: np.random.Generator, known: Vector) -> Vector | None:
    """Return a random direction at right angles to the rows of `known`, None where there is none left."""
    size = known.shape[1]
    if len(known) >= size:
        return None
    left = np.asarray(generator.standard_normal(size))
    left /= np.linalg.norm(left)
    for _ in range(2):
        left -= known.T @ (known @ left)
        length = float(np.linalg.norm(left))
        if length <= 1e-8:
            return None
        left /= length
    return left


class _Stepped:
    """One product at a time, in float64."""

    def __init__(self, product: Product, room: int) -> None:
        self.product, self.room = product, room
        self._basis = np.empty((room, product.size))
        self._images = np.empty((room, product.size), np.float32 if product.epsilon > 1e-10 else np.float64)
        self._alphas, self._betas = np.zeros(room), np.zeros(room)
        self.count = self.closed_spaces = self.watched = 0
        self.closed = self.away = False
        self.led = _is_led(product.traced)
        self._next: Vector | None = None

    def begin(self, unit: Vector) -> None:
        self._next, self.closed = unit, False

    def restart(self, generator: np.random.Generator) -> bool:
        if (fresh := _fresh(generator, self.basis)) is None:
            return False
        self.begin(fresh)
        return True

    def advance(self, steps: int, enough: Enough | None = None) -> None:
        if self.led and not self.count:
            self._next = self._led()
        for _ in range(min(steps, self.room - self.count)):
            if self.closed:
                return
            self._step()

    def _led(self) -> Vector:
        traced = self.product.traced
        assert traced is not None and traced.opening is not None and self._next is not None
        with traced.context():
            _, unit, seen = _alone(traced.opening.open)(traced.opening.asked, self._next.astype(traced.dtype))
            traced.opening.look(seen)
            found = np.asarray(unit, np.float64)
        return found / np.linalg.norm(found)

    def _step(self) -> None:
        assert self._next is not None
        m, q = self.count, self._next
        image = self.product(q)
        self._basis[m], self._images[m] = q, image
        alpha = self._alphas[m] = q @ image
        rest = image - alpha * q
        if m:
            rest -= self._betas[m - 1] * self._basis[m - 1]  # (1)
        self.count = m + 1
        scale = max(np.abs(self._alphas[: m + 1]).max(), np.abs(self._betas[:m]).max(initial=0.0))
        beta = float(np.linalg.norm(rest))
        if beta > _floor(self.product.epsilon) * scale and self.count < self.product.size:
            unit, share = self._orthogonal(rest / beta)
            if share > LEFT:
                self._betas[m], self._next = beta * share, unit
                return
        self.closed = True  # (2)
        self.closed_spaces += 1
        self._betas[m], self._next = 0.0, None

    def _orthogonal(self, unit: Vector) -> tuple[Vector, float]:
        """Return the part of `unit` at right angles to the basis, normalised, and its share."""
        known = self.basis
        left = unit - known.T @ (known @ unit)
        share = float(np.linalg.norm(left))
        if share <= LEFT:
            return left, share
        left = left / share
        left = left - known.T @ (known @ left)
        return left / np.linalg.norm(left), share

    @property
    def bands(self) -> tuple[Vector, Vector]:
        return self._alphas[: self.count], self._betas[: self.count]

    @property
    def basis(self) -> Vector:
        return self._basis[: self.count]

    @property
    def images(self) -> Vector:
        return self._images[: self.count]


class _Space(NamedTuple):
    """What a compiled loop fills in place: basis and images [room, D], bands [room]."""

    basis: jax.Array
    images: jax.Array
    alphas: jax.Array
    betas: jax.Array


class _Compiled:
    """Several steps in one call, in the product's own precision."""

    def __init__(self, product: Product, traced: Traced, room: int) -> None:
        self.product, self.traced, self.room = product, traced, room
        self.count = self.closed_spaces = 0
        self.away = jax.default_backend() != "cpu"
        self.watched = 0 if self.away else WATCHED  # eigenvalues of a small matrix are slow on a GPU
        self.closed = False
        self.led = _is_led(traced)
        self._room = ROOMS[0]  # of the space, which is made where it is first needed
        self._space: Any = None
        self._point: Any = None
        self._next: Any = None
        self._last: Any = np.zeros(product.size, traced.dtype)
        self._bands = np.zeros(0), np.zeros(0)

    def begin(self, unit: Vector) -> None:
        self._next, self.closed = unit.astype(self.traced.dtype), False

    def restart(self, generator: np.random.Generator) -> bool:
        with self.traced.context():
            seen = jnp.copy(self._space.basis)  # what the host looks at must not be filled further
        if (fresh := _fresh(generator, self._kept(seen))) is None:
            return False
        self.begin(fresh)
        return True

    def advance(self, steps: int, enough: Enough | None = None) -> None:
        until = min(self.count + steps, self.room)
        if self.closed or until <= self.count:
            return
        self._room = max(self._room, _rounded(until))
        watched = enough is not None and self._room <= self.watched
        how = self.traced.apply, _floor(self.product.epsilon), watched
        ends = np.int32(self.count), np.int32(until), enough if watched else None
        opening = None if self.count else self.traced.opening
        with self.traced.context():
            if opening is not None and watched:  # it may well end there, and need no point
                run = _opened_loop(opening.open, *how[:2])
                *filled, seen = run(opening.asked, self._next, *ends)
            else:
                if opening is not None:
                    self._point, self._next, seen = _alone(opening.open)(opening.asked, self._next)
                point = self.traced.point if self._point is None else self._point
                filled = _loop(*how)(point, self._roomy(), self._last, self._next, *ends)
            self._space, self._last, self._next, found = filled
            report = np.asarray(found, np.float64)
            if opening is not None:  # not sooner: a look waits for what it looks at
                opening.look(seen)
        self.count, self.closed = int(report[0, 0]), bool(report[1, 0])
        self.closed_spaces += self.closed
        alphas, betas = report[:, 1 : self.count + 1]
        if opening is not None and not np.isfinite(alphas + betas).all():
            self.traced.come()  # says so if it is the gradient that is not finite there
        check_images(alphas + betas)
        self._bands = alphas, betas

    def _roomy(self) -> _Space:
        if self._space is None:
            return _empty(self._room, self.product.size, self.traced.dtype)
        space: _Space = self._space
        return space if len(space.alphas) >= self._room else _longer(space, self._room)

    @property
    def bands(self) -> tuple[Vector, Vector]:
        return self._bands

    @property
    def basis(self) -> Vector:
        return self._kept(self._space.basis)

    @property
    def images(self) -> Vector:
        return self._kept(self._space.images)

    def _kept(self, rows: jax.Array) -> Vector:
        return np.asarray(rows)[: self.count].astype(np.float64)


def _rounded(room: int) -> int:
    return next((each for each in ROOMS if each >= room), -(-room // ROOMS[-1]) * ROOMS[-1])


@partial(jax.jit, static_argnums=(0, 1, 2))
def _empty(room: int, size: int, dtype: Any) -> _Space:
    # on the device from the start: memory of the host's must not be given away to be filled
    return _Space(*(jnp.zeros(shape, dtype) for shape in ((room, size), (room, size), (room,), (room,))))


def _longer(space: _Space, room: int) -> _Space:
    def padded(kept: jax.Array) -> jax.Array:
        return jnp.pad(kept, [(0, room - len(kept))] + [(0, 0)] * (kept.ndim - 1))

    return _Space(*map(padded, space))


@per_function
def _loop(apply: Any, floor: float, watched: bool) -> Any:
    """Return the compiled loop: `_steps`, filling the space it is given."""
    return compiled(_steps(apply, floor, watched), donate_argnums=1)


@per_function
def _alone(open_: Any) -> Any:
    """Return the opening as a program of its own."""
    return compiled(open_)


@per_function
def _opened_loop(open_: Any, apply: Any, floor: float) -> Any:
    """Return `_loop`, watched, that comes to its point and makes its space: (asked, unit, ...)."""
    steps = _steps(apply, floor, True)

    def run(asked: Any, unit: jax.Array, *ends: Any) -> tuple[Any, ...]:
        point, unit, seen = open_(asked, unit)
        space = _empty(WATCHED, unit.size, unit.dtype)
        return *steps(point, space, jnp.zeros_like(unit), unit, *ends), seen

    return compiled(run)


def led_start(apply: Any, point: Any, unit: jax.Array, steps: int, end: int) -> jax.Array:
    """Return the Ritz vector at one `end` (as Enough) after `steps` from `unit`.

    For use inside compiled programs; so few steps need no reorthogonalisation. Not of length 1, and not
    finite where the products are not.
    """
    space = _empty(_rounded(steps), unit.size, unit.dtype)
    run = _steps(apply, _floor(float(jnp.finfo(unit.dtype).eps)), watched=False, swept=False)
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
        point: Any, space: _Space, last: jax.Array, q: jax.Array, m: jax.Array
    ) -> tuple[_Space, jax.Array, jax.Array]:
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
        return _Space(basis, images, alphas, betas), unit, ~goes_on

    def run(
        point: Any, space: _Space, last: jax.Array, unit: jax.Array, count: jax.Array, until: jax.Array,
        enough: Enough | None,
    ) -> tuple[_Space, jax.Array, jax.Array, jax.Array]:  # fmt: skip
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
