"""Claim G8 of the lecture: an L2 penalty shrinks all weights, an L1 penalty makes small ones zero.

In the lecture: "Ways to limit the information stored in the weights: constraints". Source: Hastie, Tibshirani
& Friedman 2009, table 3.4.

A linear model has inputs X with X'X = 1, targets y and weights w. u = X'y are the weights without penalty,
and alpha is the strength of the penalty.

    L2: minimize 1/2 |y - X w|^2 + alpha/2 |w|^2                                                           (1)
    L1: minimize 1/2 |y - X w|^2 + alpha |w|_1                                                             (2)
    L2: w = u / (1 + alpha)                  all weights shrink by one factor                              (3)
    L1: w = sign(u) (|u| - alpha)_+          all shrink by one amount, small weights to 0                  (4)

Gradient descent minimizes the penalized loss itself, with a learning rate that falls from eta_0 to zero as a
cosine over T steps. At 0 the slope of |w| jumps. A weight whose solution is 0 overshoots by up to 2 eta alpha
and returns by eta (alpha - |u|) per step. With k steps left, the learning rate is eta = c k^2 with c = eta_0
(pi / 2T)^2, and the remaining steps return at most c k^3 (alpha - |u|) / 3. An overshoot later than k = 6
alpha / (alpha - |u|) is therefore not undone, and the end lies within
    72 c alpha^3 / (alpha - |u|)^2  of 0,  5e-5 for the numbers here                                       (5)
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ravine.lecture.claim import Claim, Evidence, Finding
from ravine.lecture.optimizer_path import optimizer_path
from ravine.optimizers import schedule, sgd

__all__ = ["CLAIM", "draw", "read", "run"]

CLAIM = Claim(
    "G8",
    title="L2 shrinks all weights, L1 makes small ones zero",
    section="Memorization and generalization",
    says="Penalties on the weights constrain what a network can store. L2 shrinks every weight by the same "
    "factor; L1 shrinks it by the same amount, down to zero.",
    run="Gradient descent for 50,000 steps on six weights of an orthonormal design, at 20 strengths of each "
    "penalty.",
    caveat="The laws are this simple only for inputs that do not overlap (orthonormal design). SGD brings a "
    "weight near zero but not to zero, and closer only as its learning rate falls.",
    try_it="ravine sweep digits --vary l1=0,1e-4 --vary l2=0,1e-3",
)

ROWS, INPUTS = 40, 6
FREE = np.array([2.0, -1.5, 1.0, -0.7, 0.4, 0.1])  # the weights without penalty
ALPHAS = np.arange(0.05, 2, 0.1)  # at least 0.05 away from every weight
RATE, STEPS = 0.5, 50_000
NEAR = 1e-4  # (5)


def run() -> Evidence:
    """Train a linear model with L2 and with L1 penalties of many strengths; return the final weights by name.

    l2, l1 [alpha, d]: weights at the end of gradient descent with a penalty of strength alpha of this kind.
    """
    generator = np.random.default_rng(0)
    x, _ = np.linalg.qr(generator.standard_normal((ROWS, INPUTS)))
    noise = generator.standard_normal(ROWS)
    y = x @ FREE + noise - x @ (x.T @ noise)  # the remaining noise is orthogonal to the inputs

    def objective(w: jax.Array, l2: jax.Array, l1: jax.Array) -> jax.Array:
        misfit = jnp.sum((y - x @ w) ** 2) / 2
        return misfit + l2 * jnp.sum(w**2) / 2 + l1 * jnp.sum(jnp.abs(w))  # (1), (2)

    def end(l2: jax.Array, l1: jax.Array) -> jax.Array:
        factor = schedule("cosine").at(STEPS, STEPS)
        rule = sgd(lambda t: RATE * factor(t))
        return optimizer_path(rule, lambda w, t: jax.grad(objective)(w, l2, l1), jnp.zeros(INPUTS), STEPS)[-1]

    zeros = np.zeros_like(ALPHAS)
    both = jax.jit(jax.vmap(end))(np.concatenate([ALPHAS, zeros]), np.concatenate([zeros, ALPHAS]))
    l2, l1 = np.split(np.asarray(both), 2)
    return {"l2": l2, "l1": l1}


def read(evidence: Evidence) -> list[Finding]:
    """Return measured numbers with expected values for claim G8, on L1 and L2 penalties.

    They are the largest deviations of trained weights from the closed forms of both penalties, the number of
    weights that L1 makes zero, and the smallest weight under L2.
    """
    zero = np.where(np.isfinite(evidence["l1"]), np.abs(evidence["l1"]) < NEAR, np.nan).sum(axis=1)
    expected = (np.abs(FREE) <= ALPHAS[:, None]).sum(axis=1)
    middle = len(ALPHAS) // 2
    return [
        Finding(
            "L2, largest deviation from u / (1 + alpha)",
            np.max(np.abs(evidence["l2"] - _shrunk(FREE, ALPHAS))),
            0.0,
            1e-9,
        ),
        Finding(
            "L1, largest deviation from sign(u) (|u| − alpha)₊",
            np.max(np.abs(evidence["l1"] - _cut(FREE, ALPHAS))),
            0.0,
            NEAR,
        ),
        Finding(f"weights at zero under L1, alpha = {ALPHAS[middle]:g}", zero[middle], expected[middle]),
        Finding("weights at zero under L1, all alpha", zero.sum(), expected.sum()),
        Finding(
            "smallest weight under L2, all alpha",
            np.min(np.abs(evidence["l2"])),
            np.min(np.abs(FREE)) / (1 + ALPHAS[-1]),
            1e-9,
            note="never zero",
        ),
    ]


def draw(evidence: Evidence) -> Any:
    """Draw trained weights over the strength of a penalty, left for L2, right for L1; return the figure."""
    from ravine.lecture.plot_style import canvas, marks, theory

    figure, both = canvas(CLAIM.title, columns=2, key=True)
    alphas = np.linspace(ALPHAS[0], ALPHAS[-1], 401)
    for axes, name, law in ((both[0], "l2", _shrunk), (both[1], "l1", _cut)):
        line = law(FREE, alphas)
        for k in range(INPUTS):
            theory(axes, alphas, line[:, k], which=k)
            marks(axes, ALPHAS[k % 2 :: 2], evidence[name][k % 2 :: 2, k], f"weight {k + 1}", which=k)
        axes.axhline(0, color="black", linewidth=0.8)
        axes.set(xlabel="strength of the penalty, alpha", ylabel="weight after training")
    both[0].set_title("L2: u / (1 + alpha)")
    both[1].set_title("L1: sign(u) (|u| − alpha)₊")
    both[1].legend(loc="upper right", ncols=2)
    return figure


def _shrunk(free: np.ndarray, alphas: np.ndarray) -> np.ndarray:
    """Return the weights (3) under L2, from weights without penalty [d] and strengths [alpha]: [alpha, d]."""
    return free / (1 + alphas[:, None])  # (3)


def _cut(free: np.ndarray, alphas: np.ndarray) -> np.ndarray:
    """Return the weights (4) under L1, from weights without penalty [d] and strengths [alpha]: [alpha, d]."""
    return np.sign(free) * np.maximum(np.abs(FREE) - alphas[:, None], 0)  # (4)
