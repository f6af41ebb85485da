"""Claim N3 of the lecture: start with a high learning rate, then decrease it in steps.

In the lecture: "Learning rate annealing". The loss has two directions of curvature lambda = 1 and 0.1, and
the gradient has noise of variance 1 in each. SGD at a fixed learning rate eta has, over many runs, the
following mean and variance of the weight along a direction:

    mean      m <- (1 - eta lambda) m                              falls, fast at a high learning rate  (1)
    variance  V <- (1 - eta lambda)^2 V + eta^2                    to eta / (lambda (2 - eta lambda))   (2)
    floor of the loss  sum lambda V / 2 = sum 1/2 eta / (2 - eta lambda)                                (3)

The floor (3) is .2949, .0254, .0025 at eta = 0.5, 0.05, 0.005. Means over runs are compared with (1) to (3).
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
    "N3",
    title="Start high, then decrease the learning rate in steps",
    section="SGD, noise, annealing",
    says="A high learning rate converges faster, but to converge, the learning rate must be decreased "
    "later, in several steps.",
    run="SGD with unit noise along curvatures of 1 and 0.1: 640 runs of 200, 1,500 and 12,000 steps at "
    "learning rates of 0.5, 0.05 and 0.005, and 80 runs at 0.005 alone.",
    caveat="The floor comes from gradient noise. There is no floor with full batches, nor if the network "
    "fits every row exactly.",
    try_it="ravine sweep digits --optimizer sgd --vary 'schedule=constant,step(0.1,at=50%+75%)'",
)

CURVATURES = (1.0, 0.1)
RATES = (0.5, 0.05, 0.005)
FLOORS = (0.2949, 0.0254, 0.0025)
# Steps at each rate. The last third, where the floor is read, begins after 13, 10 and 8 lifetimes of (2).
LENGTHS = (200, 1500, 12_000)
RUNS, AT_ONCE = 640, 80
START = 10.0  # of each weight
SMALL_STEPS = 1700  # of the runs at the smallest rate alone
SEED = 0


def run() -> Evidence:
    """Run SGD with a learning rate that falls in steps, and with the smallest one alone; return arrays.

    loss, small [time]: mean losses over runs, with the falling and with the smallest learning rate.
    floor [run, rate]: mean loss of a run in the last third of the steps at each learning rate.
    """
    rates = np.repeat(RATES, LENGTHS)
    ends = np.cumsum(LENGTHS)
    curvature = jnp.asarray(CURVATURES)

    def losses(key: jax.Array, rate: Any, steps: int) -> jax.Array:
        def noisy(w: jax.Array, t: jax.Array) -> jax.Array:
            noise = jax.random.normal(jax.random.fold_in(key, t), w.shape, jnp.float32)
            return curvature[None] * w + noise.astype(w.dtype)

        path = optimizer_path(sgd(rate), noisy, jnp.full((AT_ONCE, len(CURVATURES)), START), steps)
        return jnp.sum(curvature[None, None] * path**2, axis=-1) / 2

    @jax.jit
    def measure_all(key: jax.Array, rates: jax.Array) -> tuple[jax.Array, jax.Array, jax.Array]:
        def some(key: jax.Array) -> tuple[jax.Array, jax.Array]:
            loss = losses(key, lambda t: rates[t], len(rates))
            last = [loss[end - length // 3 : end + 1] for end, length in zip(ends, LENGTHS, strict=True)]
            return loss.mean(axis=1), jnp.stack([part.mean(axis=0) for part in last], axis=1)

        stepped, floor = jax.lax.map(some, jax.random.split(key, RUNS // AT_ONCE))
        small = losses(jax.random.fold_in(key, 1), RATES[-1], SMALL_STEPS)
        return stepped.mean(axis=0), floor.reshape(RUNS, len(RATES)), small.mean(axis=1)

    loss, floor, small = map(np.asarray, measure_all(jax.random.key(SEED), jnp.asarray(rates)))
    return {"loss": loss, "floor": floor, "small": small}


def read(evidence: Evidence) -> list[Finding]:
    """Return measured numbers with expected values for claim N3, on decreasing the learning rate in steps.

    They are the loss at which SGD settles at each of three learning rates, and the losses after 1,700 steps
    with the smallest learning rate alone and with the falling one.
    """
    findings = [
        Finding(
            f"loss floor at learning rate {rate:g}",
            losses.mean(),
            expected,
            0.04,
            relative=True,
            error=1.96 * losses.std(ddof=1) / np.sqrt(RUNS),
        )
        for rate, expected, losses in zip(RATES, FLOORS, evidence["floor"].T, strict=True)
    ]
    alone = _expected([RATES[-1]] * SMALL_STEPS)[-1]
    at = sum(LENGTHS[:2])
    findings += [
        Finding(
            f"loss after {SMALL_STEPS:,} steps at learning rate {RATES[-1]:g} alone",
            evidence["small"][-1],
            alone,
            0.04,
            relative=True,
            note=f"mean of {AT_ONCE} runs",
        ),
        Finding(
            f"loss after {at:,} steps with the learning rate in steps / loss at {RATES[-1]:g} alone",
            evidence["loss"][at - 300 : at + 1].mean() / evidence["small"][-1],
            FLOORS[1] / alone,
            0.08,
            relative=True,
        ),
    ]
    return findings


def draw(evidence: Evidence) -> Any:
    """Draw the mean loss of SGD, with the learning rate decreased in steps and with the smallest one alone.

    Lines are theory, marks are measured. Returns the figure.
    """
    from ravine.lecture.plot_style import COLORS, canvas, marks, theory

    figure, axes = canvas(CLAIM.title)
    steps = sum(LENGTHS)
    expected = _expected(np.repeat(RATES, LENGTHS))
    t = np.arange(steps + 1)
    theory(axes, t[1:], expected[1:], "theory", which=0)
    some = np.unique(np.geomspace(1, steps, 45).astype(int))
    marks(
        axes,
        some,
        evidence["loss"][some],
        f"learning rate {', then '.join(f'{rate:g}' for rate in RATES)}",
        which=0,
    )
    alone = _expected([RATES[-1]] * steps)
    theory(axes, t[1:], alone[1:], which=1)
    some = np.unique(np.geomspace(1, SMALL_STEPS, 30).astype(int))
    marks(
        axes,
        some,
        evidence["small"][some],
        f"learning rate {RATES[-1]:g} throughout, {AT_ONCE} runs",
        which=1,
    )
    for start, rate, floor in zip((1, *np.cumsum(LENGTHS)[:-1]), RATES, FLOORS, strict=True):
        axes.axvline(start, color=COLORS[6], linewidth=0.6, linestyle=":")
        axes.axhline(floor, color=COLORS[6], linewidth=0.6, linestyle=":")
        axes.annotate(
            f"floor of {rate:g}: {floor:g}", (1.1, floor), (0, 4), textcoords="offset points", fontsize=11
        )
    axes.set(xlabel="step", ylabel=f"loss, mean of {RUNS} runs", xscale="log", yscale="log")
    axes.legend(loc="upper right", frameon=True, framealpha=1, edgecolor="none")
    return figure


def _expected(rates: Any) -> np.ndarray:
    """Return the mean loss at each step, from the start: [time]."""
    curvature = np.array(CURVATURES)
    mean, variance = np.full(2, START), np.zeros(2)
    losses = [curvature @ mean**2 / 2]
    for rate in rates:
        mean = (1 - rate * curvature) * mean  # (1)
        variance = (1 - rate * curvature) ** 2 * variance + rate**2  # (2)
        losses.append(curvature @ (mean**2 + variance) / 2)
    return np.array(losses)
