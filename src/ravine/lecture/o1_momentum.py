"""Claim O1 of the lecture: momentum damps steep directions and builds up speed along gentle ones.

In the lecture: "Momentum". Source: Polyak 1964; Goh, "Why momentum really works", 2017 (the two roots).

Momentum is v <- rho v - eta g, w <- w + v, with the gradient g and the learning rate eta. On a quadratic with
curvatures lambda from mu to L = kappa mu, each coordinate follows w_(t+1) = (1 + rho - eta lambda) w_t - rho
w_(t-1). At the best setting, the recursion has a double root at both ends of the spectrum:

    eta = 4 / (sqrt L + sqrt mu)^2,   sqrt rho = (sqrt kappa - 1) / (sqrt kappa + 1)      (1)
    |w_t| = |a + b t| (sqrt rho)^t                 a double root: divide by a + b t       (2)
    best of plain gradient descent: (kappa - 1) / (kappa + 1) per step                    (3)
    constant gradient: speed -> eta |g| / (1 - rho);  alternating: -> eta |g| / (1 + rho) (4)

The sum in (4) is geometric: v_t = -eta g (1 - rho^t) / (1 - rho). If the sign alternates, -rho replaces rho.
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
    title="Momentum: slow across, fast along",
    section="Optimizers",
    says="Momentum damps the oscillation across steep directions, where successive gradients have opposite "
    "signs, and builds up speed along gentle directions, where they agree.",
    run="Both coordinates of a quadratic with curvatures 1 and 100, at the best settings of momentum and of "
    "gradient descent; then momentum alone with a constant and with an alternating gradient.",
    caveat="The gain of the square root of the condition number needs learning rate and rho that are set "
    "for the curvatures. The error first grows as t before it falls, and too much momentum overshoots.",
    try_it="ravine compare digits -O sgd,momentum",
)

KAPPA = 100.0  # curvatures 1 and KAPPA
STEPS = 2000  # to an error of 1e-170, which float64 can hold because the minimum is at 0
SHOWN = 140  # steps in the picture
RHO, ETA = 0.9, 0.01  # for (4)
PUSHES = 300  # steps for (4)


def run() -> Evidence:
    """Run momentum and gradient descent on a quadratic, and momentum with given gradients; return arrays.

    momentum, sgd [time, direction]: errors along the gentle and the steep direction of the quadratic.
    constant, alternating [time]: speeds of momentum with such a gradient, in units of the learning rate.
    """
    root = np.sqrt(KAPPA)
    curvature = jnp.asarray([1.0, KAPPA])
    ball = momentum(4 / (root + 1) ** 2, rho=((root - 1) / (root + 1)) ** 2)  # (1)
    plain = sgd(2 / (KAPPA + 1))
    pushed = momentum(ETA, rho=RHO)

    @jax.jit
    def paths() -> dict[str, jax.Array]:
        start = jnp.ones(2)
        zero = jnp.zeros(())
        return {
            "momentum": optimizer_path(ball, lambda w, t: curvature * w, start, STEPS),
            "sgd": optimizer_path(plain, lambda w, t: curvature * w, start, STEPS),
            "constant": optimizer_path(pushed, lambda w, t: jnp.ones(()), zero, PUSHES),
            "alternating": optimizer_path(
                pushed, lambda w, t: jnp.where(t % 2 == 0, 1.0, -1.0), zero, PUSHES
            ),
        }

    evidence = {name: np.asarray(path) for name, path in paths().items()}
    for push in ("constant", "alternating"):
        evidence[push] = np.abs(np.diff(evidence[push])) / ETA
    return evidence


def read(evidence: Evidence) -> list[Finding]:
    """Return measured numbers with expected values for claim O1, on momentum.

    They are the factors on the error per step along a gentle and a steep direction, and the final speeds with
    a constant and with an alternating gradient.
    """
    root = np.sqrt(KAPPA)
    radius = (root - 1) / (root + 1)
    ball, plain = np.abs(evidence["momentum"]), np.abs(evidence["sgd"])
    # divided by t: after STEPS / 2, a is negligible next to b t
    straight = ball[1:] / np.arange(1, STEPS + 1)[:, None]
    half = STEPS // 2
    shown = np.arange(SHOWN + 1)
    expected = np.abs(_line(shown)) * radius ** shown[:, None]  # (2)
    findings = [
        Finding(
            f"momentum, factor per step along the {name} direction",
            (straight[-1, k] / straight[half - 1, k]) ** (1 / half),
            0.81818,
            1e-5,
            note="errors divided by the step",
        )
        for k, name in enumerate(("gentle", "steep"))
    ]
    findings += [
        Finding(f"momentum, largest relative deviation from theory, {name} direction",
                np.max(np.abs(ball[shown, k] / expected[:, k] - 1)), 0.0, 1e-9)
        for k, name in enumerate(("gentle", "steep"))
    ]  # fmt: skip
    findings += [
        Finding(
            "gradient descent at its best learning rate, factor per step",
            (plain[SHOWN].max() / plain[0].max()) ** (1 / SHOWN),
            (KAPPA - 1) / (KAPPA + 1),
            1e-9,
        ),
        Finding(
            "speed under a constant gradient",
            evidence["constant"][-1],
            1 / (1 - RHO),
            1e-9,
            unit="times the learning rate",
        ),
        Finding(
            "speed under an alternating gradient",
            evidence["alternating"][-1],
            1 / (1 + RHO),
            1e-9,
            unit="times the learning rate",
        ),
    ]
    return findings


def draw(evidence: Evidence) -> Any:
    """Draw two panels on momentum; return the figure.

    Left: errors of momentum and gradient descent along a gentle and a steep direction. Right: the speed of
    momentum with a constant and with an alternating gradient.
    """
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
            some = t[5 * k :: 10]  # shifted, so that marks of equal curves do not cover each other
            marks(left, some, np.abs(evidence[name][some, k]), f"{label}, {direction}", which=which)
            which += 1
    left.set(xlabel="step", ylabel="distance from the minimum", yscale="log", ylim=(1e-11, 30))
    left.set_title(f"condition number {KAPPA:g}, both at their best setting")
    left.legend(loc="lower left")

    t = np.arange(1, 61)
    for k, (name, rho) in enumerate((("constant", RHO), ("alternating", -RHO))):
        theory(right, t, (1 - rho**t) / (1 - rho), which=k)
        marks(right, t[::3], evidence[name][t[::3] - 1], f"{name} gradient", which=k)
    right.set(xlabel="step", ylabel="speed, in steps of gradient descent", ylim=(0, 11))
    right.set_title(f"speed at a gradient of size 1, rho = {RHO:g}")
    right.legend(loc="center right")
    return figure


def animate(path: Path) -> None:
    """Write the animation of momentum and four other optimizers on four landscapes to an HTML or GIF file."""
    from ravine.lecture.animations import write_animation

    write_animation(path, "Momentum and other optimizers", ("sgd", "momentum", "nesterov", "rmsprop", "adam"))


def _line(t: np.ndarray) -> np.ndarray:
    """Return a + b t of (2), from w_0 = 1 and w_1 = (1 - eta lambda) w_0: [time, direction]."""
    root = np.sqrt(KAPPA)
    radius = (root - 1) / (root + 1)
    # the double root is positive in the gentle direction and negative in the steep one
    signed = np.array([radius, -radius])
    first = 1 - 4 / (root + 1) ** 2 * np.array([1.0, KAPPA])
    return 1 + (first / signed - 1) * t[:, None]
