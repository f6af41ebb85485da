"""O1: momentum damps steep directions and builds up speed along gentle ones.  Lecture: "Momentum".

Source: Polyak 1964; Goh, "Why momentum really works", 2017 (the two roots).

On a quadratic with curvatures lambda from mu to L = kappa mu, every coordinate of v <- rho v - eta g, w <-
w + v follows w_(t+1) = (1 + rho - eta lambda) w_t - rho w_(t-1). Its best setting makes both roots equal at
both ends:

    eta = 4 / (sqrt L + sqrt mu)^2,   sqrt rho = (sqrt kappa - 1) / (sqrt kappa + 1)      (1)
    |w_t| = |a + b t| (sqrt rho)^t                 a double root: divide by a + b t       (2)
    best of plain gradient descent: (kappa - 1) / (kappa + 1) a step                      (3)
    constant gradient: speed -> eta |g| / (1 - rho);  alternating: -> eta |g| / (1 + rho) (4)

The sum in (4) is geometric: v_t = -eta g (1 - rho^t) / (1 - rho), and with -rho for rho if the sign
alternates.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ravine.lecture.claim import Claim, Evidence, Finding
from ravine.lecture.optimizer_path import optimizer_path
from ravine.optimizers import momentum, sgd

__all__ = ["CLAIM", "animate", "draw", "read", "run"]

CLAIM = Claim(
    "O1",
    "Momentum: slow across, fast along",
    section="Optimizers",
    says="Momentum damps the oscillation across steep directions, where gradients change sign, and builds "
    "up speed along gentle ones, where they agree.",
    run="Both coordinates of a quadratic with curvatures 1 and 100 at the best settings of momentum and of "
    "gradient descent; then momentum alone under a constant and an alternating gradient.",
    caveat="The gain, the square root of the condition number, needs rate and rho set for the curvatures "
    "there are; at first the error grows as t before it falls, and too much momentum overshoots.",
    try_it="ravine compare digits -O sgd,momentum",
)

KAPPA = 100.0  # curvatures 1 and KAPPA
STEPS = 2000  # to an error of 1e-170, which float64 still has, as the minimum is at 0
SHOWN = 140
RHO, ETA = 0.9, 0.01  # of the two pushes of (4)
PUSHES = 300


def run() -> Evidence:
    """momentum, sgd [time, direction]: errors; constant, alternating [time]: speeds in rates."""
    root = np.sqrt(KAPPA)
    curvature = jnp.asarray([1.0, KAPPA])
    ball = momentum(4 / (root + 1) ** 2, rho=((root - 1) / (root + 1)) ** 2)  # (1)
    plain = sgd(2 / (KAPPA + 1))
    pushed = momentum(ETA, rho=RHO)

    @jax.jit
    def all_walks() -> dict[str, jax.Array]:
        start = jnp.ones(2)
        here = jnp.zeros(())
        return {
            "momentum": optimizer_path(ball, lambda w, t: curvature * w, start, STEPS),
            "sgd": optimizer_path(plain, lambda w, t: curvature * w, start, STEPS),
            "constant": optimizer_path(pushed, lambda w, t: jnp.ones(()), here, PUSHES),
            "alternating": optimizer_path(
                pushed, lambda w, t: jnp.where(t % 2 == 0, 1.0, -1.0), here, PUSHES
            ),
        }

    found = {name: np.asarray(path) for name, path in all_walks().items()}
    for push in ("constant", "alternating"):
        found[push] = np.abs(np.diff(found[push])) / ETA
    return found


def read(evidence: Evidence) -> list[Finding]:
    """Factor a step in each direction, and the speeds of (4)."""
    root = np.sqrt(KAPPA)
    radius = (root - 1) / (root + 1)
    ball, plain = np.abs(evidence["momentum"]), np.abs(evidence["sgd"])
    straight = ball[1:] / np.arange(1, STEPS + 1)[:, None]  # divided by t; a / b t is gone by STEPS / 2
    half = STEPS // 2
    shown = np.arange(SHOWN + 1)
    expected = np.abs(_line(shown)) * radius ** shown[:, None]  # (2)
    found = [
        Finding(
            f"momentum, factor a step along the {name} direction",
            (straight[-1, k] / straight[half - 1, k]) ** (1 / half),
            0.81818,
            1e-5,
            note="errors divided by the step",
        )
        for k, name in enumerate(("gentle", "steep"))
    ]
    found += [
        Finding(f"momentum, worst departure from theory, {name} direction",
                np.max(np.abs(ball[shown, k] / expected[:, k] - 1)), 0.0, 1e-9)
        for k, name in enumerate(("gentle", "steep"))
    ]  # fmt: skip
    found += [
        Finding(
            "gradient descent at its best rate, factor a step",
            (plain[SHOWN].max() / plain[0].max()) ** (1 / SHOWN),
            (KAPPA - 1) / (KAPPA + 1),
            1e-9,
        ),
        Finding(
            "speed under a constant gradient", evidence["constant"][-1], 1 / (1 - RHO), 1e-9, unit="rates"
        ),
        Finding(
            "speed under an alternating gradient",
            evidence["alternating"][-1],
            1 / (1 + RHO),
            1e-9,
            unit="rates",
        ),
    ]
    return found


def draw(evidence: Evidence) -> Any:
    """Left: the error along both directions. Right: how fast two kinds of gradients make it."""
    from ravine.lecture.plot_style import canvas, marks, theory

    figure, (left, right) = canvas(CLAIM.title, columns=2, key=True)
    t = np.arange(SHOWN + 1)
    root = np.sqrt(KAPPA)
    lines = (
        ("momentum", np.abs(_line(t)) * ((root - 1) / (root + 1)) ** t[:, None]),
        ("sgd", np.tile(((KAPPA - 1) / (KAPPA + 1)) ** t[:, None], 2)),
    )
    which = 0
    for name, line in lines:
        for k, direction in enumerate(("gentle", "steep")):
            label = {"momentum": "momentum", "sgd": "gradient descent"}[name]
            theory(left, t, line[:, k], which=which)
            some = t[5 * k :: 10]  # beside each other where two curves are one
            marks(left, some, np.abs(evidence[name][some, k]), f"{label}, {direction}", which=which)
            which += 1
    left.set(xlabel="step", ylabel="distance from the minimum", yscale="log", ylim=(1e-11, 30))
    left.set_title(f"condition number {KAPPA:g}, both at their best")
    left.legend(loc="lower left")

    t = np.arange(1, 61)
    for k, (name, rho) in enumerate((("constant", RHO), ("alternating", -RHO))):
        theory(right, t, (1 - rho**t) / (1 - rho), which=k)
        marks(right, t[::3], evidence[name][t[::3] - 1], f"{name} gradient", which=k)
    right.set(xlabel="step", ylabel="speed, in steps of gradient descent", ylim=(0, 11))
    right.set_title(f"what rho = {RHO:g} makes of a gradient of size 1")
    right.legend(loc="center right")
    return figure


def animate(path: Path) -> None:
    """Write momentum beside the other rules of the lecture on four landscapes, as HTML or GIF."""
    from ravine.lecture.animations import write

    write(path, "Momentum beside other rules", ("sgd", "momentum", "nesterov", "rmsprop", "adam"))


def _line(t: np.ndarray) -> np.ndarray:
    """Return a + b t of (2), [t, direction], from w_0 = 1 and w_1 = (1 - eta lambda) w_0."""
    root = np.sqrt(KAPPA)
    radius = (root - 1) / (root + 1)
    signed = np.array([radius, -radius])  # the double root: positive along, negative across
    first = 1 - 4 / (root + 1) ** 2 * np.array([1.0, KAPPA])
    return 1 + (first / signed - 1) * t[:, None]
