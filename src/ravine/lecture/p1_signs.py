"""Claim P1 of the lecture: always-positive inputs make the weight gradients of a neuron all of one sign.

In the lecture: "Data preprocessing: why?". A neuron f(sum_i w_i x_i + b) has inputs x of mean mu and variance
sigma^2. Phi is the normal distribution function, d is the number of weights.

    gradient of w for one example = delta x,   delta a number                 (1)     one sign for x > 0
    sum over a batch of delta_k x_k  ->  normal, correlations r               (2)     if E delta = 0 given x
    r = mu^2 / (mu^2 + sigma^2) = 3/4 for x uniform on [0, 1]                 (3)
    two weights agree in sign with probability 1/2 + asin(r) / pi             (4)     Sheppard 1899
    all d agree with 2 E Phi(sqrt(r / (1 - r)) z)^d,   z standard normal      (5)
    standardized inputs, one example: 2^(1-d)                                 (6)
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ravine.lecture.claim import Claim, Evidence, Finding
from ravine.networks import activation

__all__ = ["CLAIM", "draw", "read", "run"]

CLAIM = Claim(
    "P1",
    title="Positive inputs: weight gradients of one sign",
    section="Preprocessing",
    says="If the input to a neuron is always positive, the gradients of its weights are all positive or all "
    "negative.",
    run="Gradients of a sigmoid neuron with 10 inputs, zero weights and random labels: for 512,000 examples "
    "with inputs uniform on [0, 1], for the same in 4,000 batches of 128, and for standardized inputs.",
    caveat="The claim holds for each example but not for a minibatch, whose sum mixes signs. About 40 % of "
    "batches have one sign if gradients average to zero, and more if they do not.",
    try_it="ravine diagnose digits",
)

INPUTS, BATCH, BATCHES, CHUNKS = 10, 128, 4_000, 20
CORRELATION = 3 / 4  # (3)
CONFIDENCE = 1.96


def run() -> Evidence:
    """Measure how often the gradients of a neuron's weights have one sign; return two arrays by name.

    same [case, d - 1]: share of trials in which the gradients of the first d weights have one sign, for d
    from 1 to 10. A case is one example with inputs uniform on [0, 1], a batch of such examples, or one
    standardized example.
    pairs [chunk]: share of pairs of weights whose gradients of a batch agree in sign, for each of 20 parts of
    the batches.
    """
    f = activation("sigmoid")

    def gradient(x: jax.Array, y: jax.Array) -> jax.Array:
        def loss(w: jax.Array) -> jax.Array:
            p = f(x @ w)
            return -jnp.log(jnp.where(y, p, 1 - p))

        return jax.grad(loss)(jnp.zeros(INPUTS))

    def one_sign(g: jax.Array) -> jax.Array:
        """Return, for each d, the share of gradients `g` [N, INPUTS] with d first components of one sign.

        The result is [INPUTS], for d from 1 to INPUTS.
        """
        signs = jnp.cumsum(jnp.sign(g), axis=1)
        return jnp.mean(jnp.abs(signs) == jnp.arange(1.0, INPUTS + 1)[None], axis=0, dtype=g.dtype)

    def chunk(key: jax.Array) -> tuple[jax.Array, jax.Array]:
        draw_x, draw_y = jax.random.split(key)
        rows = BATCHES // CHUNKS * BATCH
        x = jax.random.uniform(draw_x, (rows, INPUTS))
        y = jax.random.bernoulli(draw_y, shape=(rows,))
        single = jax.vmap(gradient)(x, y)
        batch = single.reshape(-1, BATCH, INPUTS).mean(axis=1)
        standardized = jax.vmap(gradient)((x - 0.5) * np.sqrt(12.0), y)
        pairs = jnp.mean(jnp.sign(batch[:, ::2]) == jnp.sign(batch[:, 1::2]), dtype=x.dtype)
        return jnp.stack([one_sign(single), one_sign(batch), one_sign(standardized)]), pairs

    same, pairs = jax.jit(lambda keys: jax.lax.map(chunk, keys))(jax.random.split(jax.random.key(0), CHUNKS))
    return {"same": np.mean(np.asarray(same), axis=0), "pairs": np.asarray(pairs)}


def read(evidence: Evidence) -> list[Finding]:
    """Return measured numbers with expected values for claim P1, on the signs of weight gradients.

    They are the shares of single examples and of batches for which all weight gradients of a neuron have one
    sign, and the share of pairs of weights that agree in sign.
    """
    single, batch, standardized = evidence["same"][:, -1]
    spread = CONFIDENCE * np.sqrt(batch * (1 - batch) / BATCHES)
    rare = 2.0 ** (1 - INPUTS)  # (6)
    rare_spread = np.sqrt(rare * (1 - rare) / (BATCHES * BATCH))
    pairs = evidence["pairs"]
    pair_spread = CONFIDENCE * np.std(pairs, ddof=1) / np.sqrt(len(pairs))
    sheppard = 0.5 + np.arcsin(CORRELATION) / np.pi
    return [
        Finding("U[0, 1], one example: all gradients of one sign", single, 1.0),
        Finding(f"U[0, 1], batches of {BATCH}: all of one sign", batch, 0.40, 0.03, error=spread),
        Finding(f"U[0, 1], batches of {BATCH}: all of one sign, exact integral", batch, _all_agree(INPUTS),
                0.02, error=spread),
        Finding("two weights of a batch agree in sign", np.mean(pairs), sheppard, 0.01, error=pair_spread),
        Finding("standardized, one example: all of one sign", standardized, rare, 4 * rare_spread,
                error=CONFIDENCE * rare_spread),
    ]  # fmt: skip


def draw(evidence: Evidence) -> Any:
    """Draw how often all weight gradients of a neuron have one sign, over its number of weights.

    Trials are single examples or batches with positive inputs, and standardized examples. Returns the figure.
    """
    from ravine.lecture.plot_style import canvas, marks, theory

    figure, axes = canvas(CLAIM.title, key=True)
    d = np.arange(1, INPUTS + 1)
    lines: tuple[np.ndarray | list[float], ...] = (
        np.ones(INPUTS),
        [_all_agree(int(weights)) for weights in d],
        2.0 ** (1 - d),
    )
    labels = (
        "inputs in [0, 1], one example",
        f"inputs in [0, 1], batches of {BATCH}",
        "standardized, one example",
    )
    for k, (line, label) in enumerate(zip(lines, labels, strict=True)):
        theory(axes, d, line, which=k)
        marks(axes, d, evidence["same"][k], label, which=k)
    axes.set(
        xlabel="weights of the neuron", ylabel="share with all gradients of one sign",
        yscale="log", ylim=(1e-3, 1.6), xticks=d,
    )  # fmt: skip
    axes.legend(loc="lower left")
    return figure


def _all_agree(d: int) -> float:
    """Return the probability (5) for `d` weights, by quadrature on a fine grid."""
    from scipy.special import ndtr

    z, step = np.linspace(-9, 9, 20_001, retstep=True)
    density = np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)
    return float(2 * step * np.sum(density * ndtr(np.sqrt(CORRELATION / (1 - CORRELATION)) * z) ** d))
