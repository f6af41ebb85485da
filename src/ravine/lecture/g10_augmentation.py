"""Claim G10 of the lecture: noise on the inputs is a penalty on the weights.

In the lecture: "Stochasticity: ... data augmentations". Source: Bishop 1995, "Training with noise is
equivalent to Tikhonov regularization".

X are the inputs of N rows, y the targets, w the weights of a linear model, and E is Gaussian noise of
variance s^2 on each input. The mean over the noise of the squared error is

    mean |y - (X + E) w|^2 = |y - X w|^2 + N s^2 |w|^2                                            (1)
    so the best weights are those of ridge regression:  w = (X'X + N s^2)^-1 X'y                  (2)

The weights are measured in two ways: by SGD that draws new noise at every step, and by least squares on M
noisy copies of the data. Weights w correspond to the penalty c = w'(X'y - X'X w) / w'w, which by (2) is N s^2
up to the sampling error. The sampling error is of order 1 / sqrt(M N) for copies. For SGD it grows with the
square root of the learning rate, which decays to zero.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ravine.lecture.claim import Claim, Evidence, Finding
from ravine.lecture.confidence import half_width
from ravine.lecture.optimizer_path import optimizer_path
from ravine.optimizers import schedule, sgd

__all__ = ["CLAIM", "draw", "read", "run"]

CLAIM = Claim(
    "G10",
    title="Augmenting inputs with noise is an L2 penalty",
    section="Memorization and generalization",
    says="Augmenting the data regularizes: new Gaussian noise of variance s² on every input is equivalent "
    "to a ridge penalty of N s².",
    run="Linear regression on 40 rows at six noise levels, eight seeds each: least squares on 1,000 noisy "
    "copies, and 5,000 steps of SGD with new noise at every step.",
    caveat="Equivalent for a linear model with squared error, and in the mean over the noise. For a network "
    "it holds to second order in s.",
    try_it="ravine sweep digits --vary augment=none,noise=0.1,noise=0.3",
)

ROWS, INPUTS = 40, 5
NOISES = np.array([0.0, 0.1, 0.2, 0.4, 0.7, 1.0])
COPIES = 1000
RATE, STEPS = 0.2, 5000
SEEDS = 8


def run() -> Evidence:
    """Fit a linear model to rows with noise on their inputs, in two ways; return data and weights by name.

    x [N, d], y [N]: the rows without noise.
    copies [noise, seed, d]: weights by least squares on 1,000 noisy copies of the rows.
    by_sgd [noise, seed, d]: weights by SGD with new noise at every step.
    The axis "noise" numbers standard deviations of the noise on the inputs.
    """
    generator = np.random.default_rng(0)
    x = generator.standard_normal((ROWS, INPUTS))
    y = x @ np.array([1.5, -1.0, 0.7, 0.3, 0.0]) + 0.5 * generator.standard_normal(ROWS)

    draws = generator.standard_normal((SEEDS, COPIES + STEPS, ROWS, INPUTS))

    def by_copies(noise: jax.Array, draws: jax.Array) -> jax.Array:
        rows = (x[None] + noise * draws).reshape(-1, INPUTS)
        return jnp.linalg.solve(rows.T @ rows, rows.T @ jnp.tile(y, COPIES))

    def by_sgd(noise: jax.Array, draws: jax.Array) -> jax.Array:
        factor = schedule("linear").at(STEPS, STEPS)
        rule = sgd(lambda t: RATE * factor(t))

        def gradient(w: jax.Array, t: jax.Array) -> jax.Array:
            noisy = x + noise * draws[t]
            return noisy.T @ (noisy @ w - y) / ROWS  # of half the mean squared error

        return optimizer_path(rule, gradient, jnp.zeros(INPUTS), STEPS)[-1]

    def both(noise: jax.Array, draws: jax.Array) -> tuple[jax.Array, jax.Array]:
        return by_copies(noise, draws[:COPIES]), by_sgd(noise, draws[COPIES:])

    by_noise = jax.vmap(both, in_axes=(0, None))  # the same draws at every noise level
    copies, steps = jax.jit(jax.vmap(by_noise, in_axes=(None, 0), out_axes=1))(NOISES, draws)
    return {"x": x, "y": y, "copies": np.asarray(copies), "by_sgd": np.asarray(steps)}


def read(evidence: Evidence) -> list[Finding]:
    """Return measured numbers with expected values for claim G10, on noise on the inputs as a penalty.

    For each strength of the noise they are the L2 penalty to which the weights correspond; then the largest
    distance of a weight, averaged over seeds, from ridge regression with the penalty of theory.
    """
    findings = []
    for name, what, worst in (
        ("copies", f"{COPIES} noisy copies", 0.02),
        ("by_sgd", "SGD, new noise", 0.05),
    ):
        for k, noise in enumerate(NOISES):
            penalty = _penalty(evidence, evidence[name][k])  # [seed]
            expected = ROWS * noise**2
            findings.append(
                Finding(
                    f"{what}, s = {noise:g}: penalty",
                    penalty.mean(),
                    expected,
                    worst * expected + 1e-9,
                    error=half_width(penalty),
                )
            )
        mean = evidence[name].mean(axis=1)
        off = [mean[k] - ridge(evidence, ROWS * s**2) for k, s in enumerate(NOISES)]
        findings.append(
            Finding(f"{what}: largest distance of a weight from ridge", np.max(np.abs(off)), 0.0, 0.02)
        )
    return findings


def draw(evidence: Evidence) -> Any:
    """Draw two panels on linear models that are trained with noise on their inputs; return the figure.

    Left: the L2 penalty to which the weights correspond, divided by that of theory, over the noise. Right:
    the weights over the noise, with those of ridge regression as lines.
    """
    from ravine.lecture.plot_style import canvas, marks, theory

    figure, (left, right) = canvas(CLAIM.title, columns=2)
    noises = np.linspace(0.0, 1.05, 200)
    theory(left, NOISES[[1, -1]], [1.0, 1.0], "N s²", which=6, linewidth=1.2)
    for k, (name, what) in enumerate(
        (("copies", "noisy copies"), ("by_sgd", "SGD, new noise at every step"))
    ):
        share = np.array(
            [_penalty(evidence, evidence[name][i]) / (ROWS * s**2) for i, s in enumerate(NOISES) if s]
        )
        error = [half_width(values) for values in share]
        marks(left, NOISES[1:] * (1 + 0.06 * k), share.mean(axis=1), what, which=k, error=error)
    left.set(xlabel="noise s on the inputs", ylabel="ridge penalty of the weights / N s²", xscale="log")
    left.set(ylim=(0.9, 1.12), xticks=NOISES[1:], xticklabels=[f"{noise:g}" for noise in NOISES[1:]])
    left.minorticks_off()
    left.legend(loc="upper right")

    line = np.array([ridge(evidence, ROWS * s**2) for s in noises])
    for k in range(INPUTS):
        theory(right, noises, line[:, k], which=k)
        marks(right, NOISES, evidence["by_sgd"][..., k].mean(axis=1), f"weight {k + 1}", which=k)
    right.set(xlabel="noise s on the inputs", ylabel="weight, mean over seeds")
    right.set_title("SGD with noise (marks), ridge (lines)")
    right.legend(loc="upper right")
    return figure


def ridge(evidence: Evidence, penalty: float) -> np.ndarray:
    """Return the weights [d] of ridge regression on the rows of an experiment.

    evidence: arrays x [N, d] and y [N]. penalty: coefficient of the squared weights next to the summed
    squared error.
    """
    x, y = evidence["x"], evidence["y"]
    return np.linalg.solve(x.T @ x + penalty * np.eye(INPUTS), x.T @ y)


def _penalty(evidence: Evidence, w: np.ndarray) -> np.ndarray:
    """Return the penalty c that fits X'y - X'X w = c w best, for weights `w` [seed, d]: [seed]."""
    x, y = evidence["x"], evidence["y"]
    return np.sum(w * ((y - w @ x.T) @ x), axis=-1) / np.sum(w**2, axis=-1)
