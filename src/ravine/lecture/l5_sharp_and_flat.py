"""Claim L5 of the lecture: a large learning rate leaves sharp minima for flat ones.

In the lecture: "Flat & sharp minima". The loss has two wells of the same depth, one a hundred times as sharp
as the other, smoothly joined with a small T = 0.01:

    L(x) = -T ln(exp(-a(x) / T) + exp(-b(x) / T)),   a = 100 x^2 / 2,   b = (x - 4)^2 / 2      (1)
    gradient descent leaves the sharp well if its learning rate is above 2 / 100 = 0.02        (2)

At each minimum the other well contributes exp(-8 / T) or less, which is 0 in float64. The curvatures are 100
and 1.
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
    "L5",
    title="A large learning rate leaves sharp minima for flat ones",
    section="Landscape",
    says="With a large learning rate, gradient descent cannot stay in a sharp minimum and ends in a flat "
    "one.",
    run="Gradient descent from 24 starting points in a sharp well of curvature 100 next to a flat well of "
    "curvature 1: 4,000 steps at each of 66 learning rates.",
    caveat="The effect needs no noise. Just above the limit, a well that rises more slowly than a parabola "
    "can hold the weights in a cycle between its walls: training at the edge of stability (L6).",
    try_it="ravine landscape digits --optimizers sgd --learning-rate 0.5",
)

SHARP, FLAT, APART = 100.0, 1.0, 4.0
TEMPERATURE = 0.01
RATES = (0.015, 0.019, 0.021, 0.05)  # of the table
EXPECTED = (0.0, 0.0, 1.0, 1.0)
AROUND = tuple(float(rate) for rate in np.linspace(0.0195, 0.0205, 41))  # around the limit
WIDER = tuple(float(rate) for rate in np.geomspace(0.01, 0.06, 21))
STARTS = tuple(float(start) for start in np.linspace(-0.25, 0.25, 24))  # all inside the sharp well
STEPS = 4000
SHOWN = 60  # steps in the picture


def run() -> Evidence:
    """Run gradient descent from a sharp well next to a flat one, at many learning rates; return arrays.

    ends [rate, start]: position after the last step. Its axis "rate" holds the learning rates of the
    module's constants RATES, AROUND and WIDER, one after the other.
    curvature [2]: curvature at the minimum of the sharp and of the flat well.
    paths [rate, time]: first 60 steps from one start, at the four learning rates in RATES.
    """
    slope = jax.grad(_loss)

    def end(rate: jax.Array, start: jax.Array) -> jax.Array:
        return optimizer_path(sgd(rate), lambda x, t: slope(x), start, STEPS)[-1]

    @jax.jit
    def measure_all(rates: jax.Array, starts: jax.Array) -> dict[str, jax.Array]:
        return {
            "ends": jax.vmap(jax.vmap(end, (None, 0)), (0, None))(rates, starts),
            "curvature": jax.vmap(jax.grad(slope))(jnp.asarray([0.0, APART])),
            "paths": jax.vmap(
                lambda rate: optimizer_path(sgd(rate), lambda x, t: slope(x), starts[-1], SHOWN)
            )(rates[: len(RATES)]),
        }

    evidence = measure_all(jnp.asarray(RATES + AROUND + WIDER), jnp.asarray(STARTS))
    return {name: np.asarray(values) for name, values in evidence.items()}


def read(evidence: Evidence) -> list[Finding]:
    """Return measured numbers with expected values for claim L5, on leaving a sharp minimum.

    They are the curvatures of a sharp and a flat well, the share of runs that end in the flat well, and the
    learning rate above which runs leave the sharp well.
    """
    findings = [
        Finding("curvature of the sharp well", evidence["curvature"][0], SHARP, 1e-9, relative=True),
        Finding("curvature of the flat well", evidence["curvature"][1], FLAT, 1e-9, relative=True),
    ]
    share = _share(evidence["ends"])
    findings += [
        Finding(
            f"share of {len(STARTS)} runs that end in the flat well at learning rate {rate:g}",
            share[k],
            expected,
        )
        for k, (rate, expected) in enumerate(zip(RATES, EXPECTED, strict=True))
    ]
    around = share[len(RATES) : len(RATES) + len(AROUND)]
    stayed = [rate for rate, part in zip(AROUND, around, strict=True) if part == 0]
    left = [rate for rate, part in zip(AROUND, around, strict=True) if part == 1]
    turn = (max(stayed) + min(left)) / 2 if stayed and left else np.nan
    findings.append(
        Finding(
            "learning rate above which runs leave the sharp well",
            turn,
            2 / SHARP,
            0.01,
            relative=True,
            note="between the largest learning rate that stays and the smallest learning rate that leaves",
        )
    )
    return findings


def draw(evidence: Evidence) -> Any:
    """Draw two panels on gradient descent between a sharp and a flat well; return the figure.

    Left: the loss and two paths. Right: the share of runs that end in the flat well, over the learning rate.
    """
    from ravine.lecture.plot_style import COLORS, canvas, marks, theory

    figure, (left, right) = canvas(CLAIM.title, columns=2)
    x = np.linspace(-0.8, 5.5, 800)
    theory(left, x, _loss_on_host(x), "loss", which=6, linestyle="-", linewidth=1.5)
    for k, rate in ((1, RATES[1]), (3, RATES[3])):
        path = evidence["paths"][k]
        marks(
            left, path, _loss_on_host(path), f"learning rate {rate:g}, {SHOWN} steps", which=k // 2, alpha=0.8
        )
    left.set(xlabel="weight x", ylabel="loss", ylim=(-0.4, 9))
    left.set_title(f"curvature {SHARP:g} at 0 and {FLAT:g} at {APART:g}")
    left.legend(loc="upper right")

    rates = np.array(RATES + AROUND + WIDER)
    theory(right, [0.0095, 0.02, 0.02, 0.062], [0, 0, 1, 1], "2 / curvature", which=0)
    some = np.r_[0 : len(RATES), len(RATES) + len(AROUND) : len(rates)]
    marks(
        right,
        rates[some],
        _share(evidence["ends"])[some],
        f"{len(STARTS)} runs each",
        which=1,
    )
    right.axvline(2 / SHARP, color=COLORS[6], linewidth=0.8, linestyle=":")
    right.set(
        xlabel="learning rate", ylabel="share that ends in the flat well", xscale="log", ylim=(-0.1, 1.1)
    )
    right.set_xticks([0.01, 0.02, 0.03, 0.06], labels=["0.01", "0.02", "0.03", "0.06"])
    right.minorticks_off()
    right.set_title("all runs start in the sharp well")
    right.legend(loc="center right")
    return figure


def _share(ends: np.ndarray) -> np.ndarray:
    """Return the share of runs that end in the flat well, [rate]; NaN where a run diverged."""
    return np.where(np.isfinite(ends), ends > APART / 2, np.nan).mean(axis=-1)


def _loss(x: jax.Array) -> jax.Array:
    a, b = SHARP * x**2 / 2, FLAT * (x - APART) ** 2 / 2
    return -TEMPERATURE * jnp.logaddexp(-a / TEMPERATURE, -b / TEMPERATURE)  # (1)


def _loss_on_host(x: np.ndarray) -> np.ndarray:
    a, b = SHARP * x**2 / 2, FLAT * (x - APART) ** 2 / 2
    return -TEMPERATURE * np.logaddexp(-a / TEMPERATURE, -b / TEMPERATURE)
