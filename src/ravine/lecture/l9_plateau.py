"""Claim L9 of the lecture: stuck at zero gradient, crawling along a saddle.

In the lecture: "Problems with vanilla SGD". Source: Saxe, McClelland & Ganguli 2014.

One mode of a two-layer linear network, L = (s - w1 w2)^2 / 2, starts at w1 = w2 = sqrt(a0) near the saddle at
0. For a small learning rate eta the product a = w1 w2 grows with the number t of steps as

    da/dt = 2 eta a (s - a)                                             (1)
    a(t)  = s / (1 + (s / a0 - 1) exp(-2 s eta t))                      (2)
    half-way at t = ln(s / a0 - 1) / (2 s eta)                          (3)

For s = 3, a0 = 1e-4, eta = 1e-3, (3) is 1,718 steps.

Each halving of the distance to the saddle adds the same time; at the saddle itself the time is infinite.
Steps of finite eta are slower than (3), here by a factor of about 1 + eta s / 2: a step multiplies a by (1 +
eta s)^2 instead of exp(2 eta s).
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ravine.lecture.claim import Claim, Evidence, Finding
from ravine.lecture.optimizer_path import optimizer_path
from ravine.optimizers import sgd

__all__ = ["CLAIM", "draw", "read", "run"]

CLAIM = Claim(
    "L9",
    title="Stuck at zero gradient, crawling along a saddle",
    section="Landscape",
    says="Where the gradient is zero, gradient descent is stuck, at a saddle point as in a local minimum.",
    run="Gradient descent on (3 - w1 w2)² / 2 from the saddle point and from five distances to it, 5,000 "
    "steps at a learning rate of 0.001, and at two other learning rates.",
    caveat="Exactly at a saddle point, gradient descent stays forever. From nearby it leaves, after a time "
    "that grows only as the logarithm of the inverse distance, and any noise shortens this time. A plateau "
    "is not a minimum: wait, or measure the curvature.",
    try_it="ravine train digits --init scaled --init-scale 0.001",
)

STRENGTH, RATE, STEPS = 3.0, 1e-3, 5000
STARTS = (1e-4, 1e-6, 1e-3, 1e-2, 1e-8)  # a0; the first is the one of the table
OTHER_RATES = (5e-4, 2e-3)


def run() -> Evidence:
    """Run gradient descent on (3 - w1 w2)^2 / 2 from near its saddle at 0; return arrays by name.

    product [start, time]: w1 w2 from five initial products, and last from 0.
    half [other rate]: number of steps until w1 w2 is half of 3, at two other learning rates.
    """

    def slope(w: jax.Array, t: jax.Array) -> jax.Array:
        return jax.grad(lambda w: (STRENGTH - w[0] * w[1]) ** 2 / 2)(w)

    def grow(start: jax.Array, rate: jax.Array) -> jax.Array:
        return jnp.prod(optimizer_path(sgd(rate), slope, jnp.full(2, jnp.sqrt(start)), STEPS), axis=1)

    both = jax.jit(jax.vmap(grow))
    starts = np.array([*STARTS, 0.0, *[STARTS[0]] * len(OTHER_RATES)])
    rates = np.array([*[RATE] * (len(STARTS) + 1), *OTHER_RATES])
    evidence = np.asarray(both(jnp.asarray(starts), jnp.asarray(rates)))
    count = len(STARTS) + 1
    return {"product": evidence[:count], "half": np.array([_half_way(path) for path in evidence[count:]])}


def read(evidence: Evidence) -> list[Finding]:
    """Return measured numbers with expected values for claim L9, on the plateau near a saddle.

    They are the numbers of steps that gradient descent needs until half-way to the minimum, against theory;
    the largest deviation from the closed form; and the distance moved after a start at the saddle itself,
    which is zero.
    """
    findings = []
    for start, path in zip(STARTS, evidence["product"], strict=False):
        expected = 1718.0 if start == STARTS[0] else _half_time(start, RATE)
        findings.append(
            Finding(
                f"steps to half-way from a product of {start:g}",
                _half_way(path),
                expected,
                0.003,
                relative=True,
                unit="steps",
            )
        )
    for rate, half in zip(OTHER_RATES, evidence["half"], strict=True):
        findings.append(
            Finding(
                f"steps to half-way at learning rate {rate:g}",
                half,
                _half_time(STARTS[0], rate),
                0.005,
                relative=True,
                unit="steps",
            )
        )
    t = np.arange(STEPS + 1)
    findings += [
        Finding(
            "largest deviation from the closed form, relative to s",
            np.max(np.abs(evidence["product"][0] - _theory(t, STARTS[0]))) / STRENGTH,
            0.0,
            0.005,
        ),
        Finding(
            f"distance moved from zero in {STEPS:,} steps",
            np.max(np.abs(evidence["product"][len(STARTS)])),
            0.0,
        ),
    ]
    return findings


def draw(evidence: Evidence) -> Any:
    """Draw two panels on gradient descent near a saddle; return the figure.

    Left: the loss, with a plateau and a fall, over the steps. Right: steps until half-way to the minimum,
    over the initial product of the two weights.
    """
    from ravine.lecture.plot_style import canvas, marks, theory

    figure, (left, right) = canvas(CLAIM.title, columns=2, key=True)
    t = np.arange(STEPS + 1)
    for k, place in enumerate((3, 0, 1)):
        start = STARTS[place]
        theory(left, t, (STRENGTH - _theory(t, start)) ** 2 / 2, which=k)
        some = t[::200]
        marks(
            left,
            some,
            (STRENGTH - evidence["product"][place, some]) ** 2 / 2,
            f"initial product {start:g}",
            which=k,
        )
    stuck = evidence["product"][len(STARTS)]
    marks(left, t[::400], (STRENGTH - stuck[::400]) ** 2 / 2, "0: stuck", which=3)
    left.set(xlabel="step", ylabel="loss", ylim=(-0.2, 6.6))
    left.set_title(f"strength {STRENGTH:g}, learning rate {RATE:g}")
    left.legend(loc="upper right")

    line = np.geomspace(min(STARTS), max(STARTS), 100)
    theory(right, line, _half_time(line, RATE), "ln(s / a - 1) / (2 s x learning rate)", which=0)
    marks(
        right, STARTS, [_half_way(path) for path in evidence["product"][: len(STARTS)]], "measured", which=1
    )
    right.set(
        xlabel="initial product a of the two weights",
        ylabel="steps to half-way",
        xscale="log",
        ylim=(0, None),
    )
    right.set_title("the time grows as ln(1 / a)")
    right.legend(loc="upper right")
    return figure


def _half_time(start: Any, rate: float) -> Any:
    """Return the time (3) to half-way for initial products `start` [...]."""
    return np.log(STRENGTH / start - 1) / (2 * STRENGTH * rate)  # (3)


def _theory(t: np.ndarray, start: float) -> np.ndarray:
    """Return the product a (2) at times `t` [time]."""
    return STRENGTH / (1 + (STRENGTH / start - 1) * np.exp(-2 * STRENGTH * RATE * t))  # (2)


def _half_way(path: np.ndarray) -> float:
    """Return the time at which a rising path [time] passes s / 2, by interpolation; NaN if it never does."""
    above = np.flatnonzero(path >= STRENGTH / 2)
    if not above.size or above[0] == 0:
        return float("nan")
    k = int(above[0])
    return k - (path[k] - STRENGTH / 2) / (path[k] - path[k - 1])
