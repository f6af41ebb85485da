"""Claim L1 of the lecture: logistic regression is convex, a deep network is not.

In the lecture: "Loss landscape of NNs". A convex f fulfills

    f((a + b) / 2) <= (f(a) + f(b)) / 2 for all a, b                  (1)
    the smallest eigenvalue of the Hessian is >= 0 everywhere         (2)

The tested loss is a function of the weights, with labels y_i and outputs z_i of the rows i:

    f = mean_i ln(1 + exp(-y_i z_i)),   y_i = -1 or 1                 (3)
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ravine.lecture.claim import Claim, Evidence, Finding
from ravine.networks import Network

__all__ = ["CLAIM", "draw", "read", "run"]

CLAIM = Claim(
    "L1",
    title="Logistic regression is convex, a deep net is not",
    section="Landscape",
    says="Logistic regression is a convex problem. The loss of a deep network is not convex.",
    run="The loss at the ends and in the middle of 2,000 chords between random weights, and the Hessian at "
    "200 random weights, for logistic regression and for a 5-8-1 tanh network on 100 rows with random "
    "labels.",
    caveat="The share of chords that reveal non-convexity depends on labels, activation and size of the "
    "weights; we measured 1 % to 30 %. A chord that reveals nothing proves nothing. One negative eigenvalue "
    "is a proof.",
    try_it="ravine landscape digits",
)

ROWS, INPUTS = 100, 5
CHORDS, POINTS = 2_000, 200
NETS = {
    "logistic": Network((INPUTS, 1), "tanh"),
    "net": Network((INPUTS, 8, 1), "tanh"),
    "relu": Network((INPUTS, 8, 1), "relu"),
}
ROUNDING = 1e-12  # of sums of order 1


def run() -> Evidence:
    """Test three models for convexity of their loss, with random weights; return arrays by name.

    The models are logistic regression, a tanh network and a ReLU network. A chord joins two random points in
    weight space.

    ends [network, labels, chord, 2], middle [network, labels, chord]: losses at the ends and in the middle of
    chords. Labels are random, or given by a hyperplane.
    smallest [network, point]: smallest eigenvalue of the Hessian at random points, for random labels.
    """
    generator = np.random.default_rng(0)
    x = generator.standard_normal((ROWS, INPUTS))
    coins = generator.random(ROWS) < 0.5
    linear = x @ generator.standard_normal(INPUTS) > 0
    labels = np.where(np.stack([coins, linear]), 1.0, -1.0)
    networks = [_measure_network(net, x, labels, generator) for net in NETS.values()]
    names = ("ends", "middle", "smallest")
    return {name: np.stack(arrays) for name, arrays in zip(names, zip(*networks, strict=True), strict=True)}


def read(evidence: Evidence) -> list[Finding]:
    """Return measured numbers with expected values for claim L1, on the convexity of losses.

    They are the shares of chords whose middle lies above the mean of the ends, and the smallest eigenvalues
    of the Hessian at random weights. Each of these can show that the loss is not convex.
    """
    share = _violations(evidence)
    error = 1.96 * np.sqrt(share * (1 - share) / CHORDS)
    least = np.min(evidence["smallest"], axis=1)
    negative = np.where(np.isnan(evidence["smallest"]), np.nan, evidence["smallest"] < -ROUNDING).mean(axis=1)
    return [
        Finding("logistic regression: chords that violate convexity", CHORDS * share[0, 0], 0.0),
        Finding("logistic regression: smallest eigenvalue of all", least[0], 0.0, ROUNDING, bound="above"),
        Finding(
            "network: share of chords that violate convexity", share[1, 0], 0.11, 0.03, error=error[1, 0]
        ),
        Finding("network: share of points with a negative eigenvalue", negative[1], 1.0),
        Finding("ReLU network: share of points with a negative eigenvalue", negative[2], None),
        Finding("ReLU network: share of chords that violate convexity", share[2, 0], None, error=error[2, 0]),
        Finding(
            "network, separable labels: share of chords",
            share[1, 1],
            None,
            error=error[1, 1],
        ),
    ]


def draw(evidence: Evidence) -> Any:
    """Draw two histograms that show where a loss is not convex; return the figure.

    Left: loss in the middle of a chord less the mean at its ends. Right: smallest eigenvalues of the Hessian.
    Both show logistic regression and a tanh network.
    """
    from ravine.lecture.plot_style import COLORS, canvas

    figure, (left, right) = canvas(CLAIM.title, columns=2)
    above = (evidence["middle"] - evidence["ends"].mean(axis=-1))[:, 0]
    styles = (("logistic regression", None, 1.0), ("5-8-1 tanh network", "//", 0.75))
    for k, (name, hatch, alpha) in enumerate(styles):
        style = {"color": COLORS[k], "hatch": hatch, "alpha": alpha, "edgecolor": "white", "label": name}
        spread = np.clip(above[k], -0.5, 0.25)
        left.hist(spread, bins=np.linspace(-0.5, 0.25, 46), **style)
        right.hist(evidence["smallest"][k], bins=np.linspace(-0.5, 0.25, 46), **style)
    for axes in (left, right):
        axes.axvline(0, color="black", linewidth=1.2)
        axes.legend(loc="upper left")
    left.set(xlabel="loss in the middle - mean at the ends (nats)", ylabel="chords")
    left.set_title("right of 0: not convex")
    right.set(xlabel="smallest eigenvalue of the Hessian", ylabel="random points")
    right.set_title("left of 0: not convex")
    return figure


def _violations(evidence: Evidence) -> np.ndarray:
    """Return the share of chords whose middle is above the mean of the ends, [net, labels]."""
    above = evidence["middle"] - evidence["ends"].mean(axis=-1)
    return np.where(np.isnan(above), np.nan, above > ROUNDING).mean(axis=-1)


def _measure_network(net: Network, x: np.ndarray, labels: np.ndarray, generator: np.random.Generator) -> Any:
    """Return losses: ends [labels, chord, 2], middle [labels, chord]; and smallest eigenvalues [point]."""
    drawn = [net.init(generator, "glorot", dtype="float64") for _ in range(2 * CHORDS)]
    leaves = jax.tree.leaves(drawn[0])
    flat = np.stack([np.concatenate([leaf.ravel() for leaf in jax.tree.leaves(params)]) for params in drawn])
    ends = np.cumsum([leaf.size for leaf in leaves])[:-1]

    def loss(w: jax.Array, y: jax.Array) -> jax.Array:
        parts = jnp.split(w, ends)
        shaped = [part.reshape(leaf.shape) for part, leaf in zip(parts, leaves, strict=True)]
        params = jax.tree.unflatten(jax.tree.structure(drawn[0]), shaped)
        return jnp.mean(jnp.logaddexp(-y * net.apply(params, jnp.asarray(x))[:, 0], 0.0))  # (3)

    losses = jax.jit(jax.vmap(jax.vmap(loss, (0, None)), (None, 0)))
    smallest = jax.jit(jax.vmap(lambda w, y: jnp.linalg.eigvalsh(jax.hessian(loss)(w, y))[0], (0, None)))
    first, last = flat[:CHORDS], flat[CHORDS:]
    both = np.stack([losses(first, labels), losses(last, labels)], axis=-1)
    return (
        both,
        np.asarray(losses((first + last) / 2, labels)),
        np.asarray(smallest(flat[:POINTS], labels[0])),
    )
