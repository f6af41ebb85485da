"""The recurrence behind everything that is known of a large matrix's spectrum.

    A q_m = beta_(m-1) q_(m-1) + alpha_m q_m + beta_m q_(m+1)            (1)
    breakdown when beta_m <= max(1e-10, 10 eps) * max(|alpha|, |beta|)   (2)

Source: Lanczos 1950; Paige 1980; full reorthogonalisation, twice (Kahan), always: without it copies of
converged values appear. At a breakdown the space found is exact and closed, so the recurrence is cut there:
one that went on through (2) would invent values. Where a product can be traced, its steps run inside one
compiled loop: a small product costs less than the way to it and back.
"""

from __future__ import annotations

from typing import Any, Protocol

import jax
import jax.numpy as jnp
import numpy as np
from scipy.linalg.lapack import dstev

from ravine.diagnostics.product import Product, Traced, check_images
from ravine.diagnostics.recurrence_loop import (
    LEFT,
    ROOMS,
    WATCHED,
    Enough,
    Space,
    alone,
    empty,
    floor_of,
    longer,
    loop,
    opened_loop,
    rounded,
)
from ravine.diagnostics.vectors import Vector

__all__ = ["Enough", "Recurrence", "recurrence", "ritz"]

HELD = 2**25
"""Most numbers in a compiled loop's basis: above it a product costs more than the way to it."""


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
    if product.traced is not None and rounded(room) * product.size <= HELD:
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
            _, unit, seen = alone(traced.opening.open)(traced.opening.asked, self._next.astype(traced.dtype))
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
        if beta > floor_of(self.product.epsilon) * scale and self.count < self.product.size:
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
        self._room = max(self._room, rounded(until))
        watched = enough is not None and self._room <= self.watched
        how = self.traced.apply, floor_of(self.product.epsilon), watched
        ends = np.int32(self.count), np.int32(until), enough if watched else None
        opening = None if self.count else self.traced.opening
        with self.traced.context():
            if opening is not None and watched:  # it may well end there, and need no point
                run = opened_loop(opening.open, *how[:2])
                *filled, seen = run(opening.asked, self._next, *ends)
            else:
                if opening is not None:
                    self._point, self._next, seen = alone(opening.open)(opening.asked, self._next)
                point = self.traced.point if self._point is None else self._point
                filled = loop(*how)(point, self._roomy(), self._last, self._next, *ends)
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

    def _roomy(self) -> Space:
        if self._space is None:
            return empty(self._room, self.product.size, self.traced.dtype)
        space: Space = self._space
        return space if len(space.alphas) >= self._room else longer(space, self._room)

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
