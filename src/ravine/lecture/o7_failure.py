"""Claim O7 of the lecture: Adam can fail, even on a convex problem.

In the lecture: "Adam" (a caution). Source: Reddi, Kale & Kumar 2018, "On the convergence of Adam and beyond",
theorem 1; AMSGrad is their remedy.

    losses C x, -x, -x in turn on [-1, 1], projected, learning rate alpha / sqrt t: a period of three
    steps has the sum of losses (C - 2) x                                                                 (1)
    optimum -1 for C > 2; with b1 = 0, b2 = 1 / (1 + C^2) Adam goes to +1                                 (2)

b1 and b2 are Adam's averaging rates, v is its running mean of squared gradients. The large gradient comes
once in a period and is divided by the root of its own square; the two small gradients are divided by less.
After many periods v repeats itself as v_C, v_1, v_2: v_C is the mean of C^2, 1, 1 with powers of b2 as
weights. A period moves x by

    alpha (-C / sqrt v_C + 1 / sqrt v_1 + 1 / sqrt v_2)     > 0 for Adam; SGD: -(C - 2) alpha   (3)
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ravine.lecture.claim import Claim, Evidence, Finding
from ravine.lecture.optimizer_path import optimizer_path
from ravine.optimizers import Optimizer, adam, resolve, sgd

__all__ = ["CLAIM", "draw", "read", "run"]

CLAIM = Claim(
    "O7",
    title="Adam can fail where SGD does not",
    section="Optimizers",
    says="Adam is recommended, but has no proof of convergence. Where rare large gradients carry the "
    "information, it can move in the wrong direction forever, even in one dimension on a convex loss.",
    run="Gradients 3, -1, -1 in turn on [-1, 1], 9,000 steps at a learning rate of 0.5 / sqrt t, where -1 "
    "is the optimum; then small unconstrained steps that show the drift.",
    caveat="The failure needs a short memory: b2 = 0.999 solves the same problem. But a problem of this "
    "kind exists for all b1 < sqrt b2. AMSGrad, which keeps its largest mean, converges on them.",
    try_it="ravine compare digits -O adam,optax:amsgrad",
)

C = 3.0
PERIODS = 3000
ALPHA = 0.5  # the rate at step t is ALPHA / sqrt t
B2 = 1 / (1 + C * C)
SLOW, FREE = 1e-3, 60  # a constant rate, small enough to stay in [-1, 1] for this number of periods


def run() -> Evidence:
    """Run Adam, AMSGrad and SGD on a problem where Adam fails; return the position x [time] of each by name.

    The gradients are 3, -1, -1 in turn, x is kept in [-1, 1], and the optimum is -1. adam, amsgrad: with a
    short memory, b1 = 0 and b2 = 0.1. long_memory, defaults: Adam with b2 = 0.999, at b1 = 0 and 0.9.
    free_adam, free_sgd [time]: x at a small constant learning rate, not kept in [-1, 1].
    """

    def decaying(t: jax.Array) -> jax.Array:
        return ALPHA / jnp.sqrt(jnp.asarray(t, jnp.result_type(float)) + 1)

    def gradient(x: jax.Array, t: jax.Array) -> jax.Array:
        return jnp.where(t % 3 == 0, C, -1.0)

    @jax.jit
    def paths() -> dict[str, jax.Array]:
        rules = {
            "adam": adam(decaying, b1=0.0, b2=B2),
            "long_memory": adam(decaying, b1=0.0, b2=0.999),
            "defaults": adam(decaying),
            "sgd": sgd(decaying),
        }
        start = jnp.zeros(())
        evidence = {
            name: optimizer_path(_projected(rule), gradient, start, 3 * PERIODS)
            for name, rule in rules.items()
        }
        for name, rule in (("adam", adam(SLOW, b1=0.0, b2=B2)), ("sgd", sgd(SLOW))):
            evidence[f"free_{name}"] = optimizer_path(rule, gradient, start, 3 * FREE)
        return evidence

    evidence = {name: np.asarray(path) for name, path in paths().items()}
    with jax.numpy_dtype_promotion("standard"):  # optax mixes dtypes
        amsgrad = resolve(f"optax:amsgrad(b1=0.0, b2={B2!r})").build(decaying)
        cured = jax.jit(lambda: optimizer_path(_projected(amsgrad), gradient, jnp.zeros(()), 3 * PERIODS))()
    return evidence | {"amsgrad": np.asarray(cured)}


def read(evidence: Evidence) -> list[Finding]:
    """Return measured numbers with expected values for claim O7, on a problem where Adam fails.

    They are the final x of each optimizer, Adam's loss above the optimum, and the drift of Adam and SGD per
    period. The optimum is -1. Adam with b2 = 0.1 (short memory) goes to +1. AMSGrad, SGD, and Adam with b2 =
    0.999 go to -1.
    """
    findings = [
        Finding("Adam (b1 = 0, b2 = 0.1): x at the end", _end(evidence["adam"]), 1.0, 0.02,
                note="the optimum is -1"),
        Finding("Adam: loss per step above the optimum, last third", _regret(evidence["adam"]),
                2 * (C - 2) / 3, 0.02),
    ]  # fmt: skip
    for name, label in LABELS.items():
        if name != "adam":
            findings.append(Finding(f"{label}: x at the end", _end(evidence[name]), -1.0, 0.02))
    findings += [
        Finding(
            "Adam: drift per period, in units of the learning rate",
            _drift(evidence["free_adam"]),
            _adam_drift(),
            1e-6,
        ),
        Finding(
            "SGD: drift per period, in units of the learning rate",
            _drift(evidence["free_sgd"]),
            -(C - 2),
            1e-9,
        ),
    ]
    return findings


def draw(evidence: Evidence) -> Any:
    """Draw the positions of several optimizers over the steps, on a problem where Adam fails.

    The positions, the optimum -1 and the worst value 1 lie on one axis. Returns the figure.
    """
    from ravine.lecture.plot_style import canvas, marks

    figure, axes = canvas(CLAIM.title)
    steps = 3 * PERIODS
    some = 3 * np.unique(np.round(np.geomspace(1, PERIODS, 40)).astype(int))
    axes.axhline(-1, color="black", linewidth=1.2, label="optimum")
    axes.axhline(1, color="black", linewidth=1.2, linestyle=":", label="worst point")
    for k, (name, label) in enumerate(LABELS.items()):
        marks(
            axes,
            some[k % 2 :: 2],
            evidence[name][some[k % 2 :: 2]],
            label,
            which=k,
            linestyle="-",
            linewidth=0.8,
        )
    axes.set(
        xlabel="step",
        ylabel="x, at the end of a period",
        xscale="log",
        xlim=(2.5, 1.1 * steps),
        ylim=(-1.1, 1.1),
    )
    axes.set_title(
        f"gradients {C:g}, -1, -1 in turn on [-1, 1]; learning rate {ALPHA:g} / sqrt t", fontsize=13
    )
    axes.legend(loc="center right")
    return figure


LABELS = {
    "adam": "Adam, b1 = 0, b2 = 0.1",
    "sgd": "SGD",
    "amsgrad": "AMSGrad, b1 = 0, b2 = 0.1",
    "long_memory": "Adam, b1 = 0, b2 = 0.999",
    "defaults": "Adam, b1 = 0.9, b2 = 0.999",
}


def _projected(rule: Any) -> Optimizer:
    """Return the optimizer with every step cut off at the ends of [-1, 1]."""

    def update(grads: Any, state: Any, params: Any) -> tuple[Any, Any]:
        step, state = rule.update(grads, state, params)
        return jnp.clip(params + step, -1.0, 1.0) - params, state

    return Optimizer(rule.init, update)


def _end(x: np.ndarray) -> float:
    """Return the mean of `x` [time] over the last ten periods."""
    return float(np.mean(x[-30:]))


def _regret(x: np.ndarray) -> float:
    """Return the mean of f_t(x_t) - f_t(-1) over the last third of the steps of `x` [time]."""
    slope = np.where(np.arange(len(x) - 1) % 3 == 0, C, -1.0)
    return float(np.mean((slope * (x[:-1] + 1))[-PERIODS:]))


def _drift(x: np.ndarray) -> float:
    """Return the change of `x` [time] per period, in units of the rate, over the second half."""
    half = 3 * (FREE // 2)
    return float(x[-1] - x[half]) / (SLOW * (FREE - FREE // 2))


def _adam_drift() -> float:
    """Return the drift (3) for the periodic v of v <- b2 v + (1 - b2) g^2 with g = C, -1, -1 in turn."""
    a = 1 - B2
    v_c = a * (C * C + B2**2 * 1 + B2 * 1) / (1 - B2**3)  # newest first: C, then the two gradients before it
    v_1 = B2 * v_c + a
    v_2 = B2 * v_1 + a
    return float(-C / np.sqrt(v_c) + 1 / np.sqrt(v_1) + 1 / np.sqrt(v_2))
