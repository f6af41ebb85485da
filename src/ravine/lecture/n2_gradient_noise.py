"""Claim N2 of the lecture: gradients of minibatches are noisy.

In the lecture: "Problems with vanilla SGD", L(W) = 1/N sum_i L_i. Source: McCandlish, Kaplan, Amodei et al.
2018 for (3, 4).

g_B is the gradient of a batch of B rows, w the weight, eta the learning rate, lambda the curvature:

    Var g_B = Var g_1 / B                                  drawn with replacement             (1)
    on lambda (w - x_i)^2 / 2, Var x_i = (sigma / lambda)^2, SGD ends with
    Var w = sigma^2 eta / (B lambda (2 - eta lambda))                                         (2)
    noise scale  tr Cov(g_1) / |E g|^2: the batch size at which noise and gradient are equal  (3)
    linear regression y = w* x + sigma e, x ~ N(0, 1_d), at a distance Delta from w*:
    noise scale  d + 1 + d sigma^2 / |Delta|^2                                                (4)

Both parts of (3) are estimated without bias, from squared norms of single gradients and of batch gradients:

    |E g|^2 = mean (B |g_B|^2 - |g_1|^2) / (B - 1)                                            (5)
    tr Cov  = mean (|g_1|^2 - |g_B|^2) / (1 - 1 / B)

Both are averaged before the division. The mean of the ratios is a different number, and for a single batch
the denominator can be negative. The table of claims, a list of expected values, has the noise scale 55.7 at d
= 20, which is (4) at sigma^2 / |Delta|^2 = 1.735.
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
    "N2",
    title="Minibatch gradients are noisy",
    section="SGD, noise, annealing",
    says="Gradients come from minibatches, so they can be noisy.",
    run="4,000 chains of SGD on a quadratic for each of three batch sizes and four learning rates, with "
    "rows drawn with replacement; then the noise scale of linear regression from 8,000 batches of 64 rows.",
    caveat="The variance falls as 1 / batch size only for rows drawn with replacement; in passes over all "
    "rows it falls faster. Near a minimum the gradient vanishes but the noise does not, so the noise scale "
    "has no upper bound there.",
    try_it="ravine train digits --optimizer sgd --batch-size 8",
)

ROWS = 1024  # of the data set of (1, 2), standardized: lambda = sigma = 1
BATCHES = (1, 4, 16)
RATES = (0.1, 0.5, 1.0, 1.5)
CHAINS, STEPS = 4000, 160
SETTLED = 60  # steps from the minimum, after which 0.9^120 = 3e-6 of the final variance is missing
DIMENSION = 20
MANY, REPEATS, AT_ONCE = 64, 8000, 400
DISTANCES = (1.735, 0.5, 5.0)  # sigma^2 / |Delta|^2; the first is the one of the table
SEED = 0


def run() -> Evidence:
    """Run many chains of SGD on a quadratic, and draw batches for linear regression; return arrays by name.

    scatter [batch size, learning rate, chain]: mean squared distance of the weight from the minimum, over
    the late steps of a chain.
    gradient [batch size]: variance of the gradient of a batch at the minimum.
    lengths [distance, repeat, 2]: squared lengths, estimates of |E g|^2 and of the trace of the covariance of
    the gradient g, from one batch each, at three distances from the minimum.
    """
    generator = np.random.default_rng(SEED)
    rows = generator.standard_normal(ROWS)
    rows = (rows - rows.mean()) / rows.std()
    drawn = rows[generator.integers(0, ROWS, (max(BATCHES), STEPS, CHAINS), np.int16)]
    means = np.stack([drawn[:size].mean(axis=0) for size in BATCHES])  # of batches, drawn with replacement

    @jax.jit
    def scatter(means: jax.Array, rates: jax.Array) -> jax.Array:
        def chains(means: jax.Array, rate: jax.Array) -> jax.Array:
            path = optimizer_path(sgd(rate), lambda w, t: w - means[t], jnp.zeros(CHAINS), STEPS)
            return jnp.mean(path[SETTLED:] ** 2, axis=0)

        return jax.vmap(jax.vmap(chains, (None, 0)), (0, None))(means, rates)

    def loss(delta: jax.Array, x: jax.Array, e: jax.Array) -> jax.Array:
        return (jnp.dot(delta, x) - e) ** 2 / 2  # sigma = 1

    @jax.jit
    def lengths(x: jax.Array, e: jax.Array, noises: jax.Array) -> jax.Array:
        def at(noise: jax.Array) -> jax.Array:
            delta = jnp.full(DIMENSION, 1 / jnp.sqrt(DIMENSION * noise))
            gradients = jax.vmap(jax.vmap(jax.grad(loss), (None, 0, 0)), (None, 0, 0))(delta, x, e)
            single = jnp.mean(jnp.sum(gradients**2, axis=2), axis=1)
            whole = jnp.sum(jnp.mean(gradients, axis=1) ** 2, axis=1)
            square = (MANY * whole - single) / (MANY - 1)  # (5)
            return jnp.stack([square, (single - whole) / (1 - 1 / MANY)], axis=1)

        return jax.lax.map(at, noises)

    evidence = []
    for _ in range(REPEATS // AT_ONCE):
        x = jnp.asarray(generator.standard_normal((AT_ONCE, MANY, DIMENSION)))
        e = jnp.asarray(generator.standard_normal((AT_ONCE, MANY)))
        evidence.append(np.asarray(lengths(x, e, jnp.asarray(DISTANCES))))
    return {
        "scatter": np.asarray(scatter(jnp.asarray(means), jnp.asarray(RATES))),
        "gradient": means.var(axis=(1, 2)),
        "lengths": np.concatenate(evidence, axis=1),
    }


def read(evidence: Evidence) -> list[Finding]:
    """Return measured numbers with expected values for claim N2, on the noise of minibatch gradients.

    They are the variance of gradients and of weights for each batch size, against theory, and the noise scale
    of linear regression: the batch size at which noise and gradient are equal. A biased estimate is reported
    too.
    """
    count = STEPS * CHAINS
    findings = [
        Finding(
            f"gradient variance x batch size, batch of {size}",
            size * evidence["gradient"][k],
            1.0,
            0.02,
            error=1.96 * np.sqrt(2 / count),
        )
        for k, size in enumerate(BATCHES)
    ]
    for k, size in enumerate(BATCHES):
        for j, rate in enumerate(RATES):
            ratio = evidence["scatter"][k, j] / _variance(rate, size)
            findings.append(
                Finding(
                    f"variance of the weight / theory, batch of {size}, learning rate {rate:g}",
                    ratio.mean(),
                    1.0,
                    0.02,
                    error=1.96 * ratio.std(ddof=1) / np.sqrt(CHAINS),
                )
            )
    scale, error = _scale(evidence["lengths"][0])
    findings.append(
        Finding(
            f"noise scale of linear regression, d = {DIMENSION}",
            scale,
            55.7,
            0.02,
            error=error,
            relative=True,
            unit="rows",
        )
    )
    lengths = evidence["lengths"][0]
    findings.append(
        Finding(
            "noise scale, divided before averaging",
            np.mean(lengths[:, 1] / lengths[:, 0]),
            None,
            unit="rows",
            note=f"wrong: {100 * np.mean(lengths[:, 0] < 0):.1f} % of its denominators are negative",
        )
    )
    return findings


def draw(evidence: Evidence) -> Any:
    """Draw two panels on the noise of minibatch gradients; return the figure.

    Left: the variance of the weight over the learning rate. Right: the noise scale of linear regression (the
    batch size at which noise and gradient are equal) over the inverse squared distance from the minimum.
    """
    from ravine.lecture.plot_style import canvas, marks, theory

    figure, (left, right) = canvas(CLAIM.title, columns=2, key=True)
    line = np.linspace(0.03, 1.7, 200)
    for k, size in enumerate(BATCHES):
        values = evidence["scatter"][k]
        theory(left, line, _variance(line, size), which=k)
        error = 1.96 * values.std(axis=1, ddof=1) / np.sqrt(CHAINS)
        marks(left, RATES, values.mean(axis=1), f"batch of {size}", which=k, error=error)
    left.set(
        xlabel="learning rate x curvature",
        ylabel="variance of the weight, in sigma² / curvature²",
        yscale="log",
    )
    left.set_title("SGD does not settle")
    left.legend(loc="lower right")

    line = np.geomspace(0.3, 8, 100)
    theory(right, line, DIMENSION + 1 + DIMENSION * line, "d + 1 + d sigma² / distance²", which=0)
    scales = [_scale(lengths) for lengths in evidence["lengths"]]
    marks(
        right,
        DISTANCES,
        [scale for scale, _ in scales],
        "averaged, then divided",
        which=1,
        error=[error for _, error in scales],
    )
    right.set(xlabel="sigma² / squared distance from the minimum", ylabel="noise scale, rows", xscale="log")
    right.set_xticks([0.5, 1, 2, 5], labels=["0.5", "1", "2", "5"])
    right.minorticks_off()
    right.set_title(f"linear regression, d = {DIMENSION}")
    right.legend(loc="upper left")
    return figure


def _variance(rate: Any, size: int) -> Any:
    """Return the variance (2) for learning rates `rate` [...] and one batch size."""
    return rate / (size * (2 - rate))  # (2)


def _scale(lengths: np.ndarray) -> tuple[float, float]:
    """Return the noise scale from lengths [repeat, 2], and the half width of its 95 % interval.

    The interval comes from the delta method.
    """
    below, above = lengths.mean(axis=0)
    rest = lengths[:, 1] - above / below * lengths[:, 0]
    return above / below, 1.96 * rest.std(ddof=1) / np.sqrt(len(lengths)) / abs(below)
