"""Claim A3 of the lecture: a network is a sequence of weighted sums and non-linearities.

In the lecture: "Neural networks". With the weights W_k of layer k and the activation f,

    output = W_3 f(W_2 f(W_1 x))                                                                (1)
    units with equal weights in and out have equal sums and equal gradients: they stay equal    (2)

A layer whose units start equal therefore acts as one unit forever, whatever its width.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from ravine.lecture.claim import Claim, Evidence, Finding
from ravine.networks import Network, cross_entropy
from ravine.optimizers import adam

__all__ = ["CLAIM", "draw", "read", "run"]

CLAIM = Claim(
    "A3",
    title="Units that start alike stay alike",
    section="Networks and activations",
    says="A network is a sequence of parallel weighted sums and non-linearities.",
    run="A 2-8-8-2 tanh network, trained by Adam for 500 steps on the four quadrants (XOR), from zero, "
    "constant and random weights.",
    caveat="Equal units of a layer stay equal only if nothing else distinguishes them; dropout and noise "
    "do. Biases may start equal, weights may not.",
    try_it="ravine sweep digits --vary init=he,zero",
)

NETWORK = Network((2, 8, 8, 2), "tanh")
STARTS = ("zero", "constant", "random")
CONSTANT = 0.3  # value of every weight
ROWS, STEPS, RATE = 128, 500, 0.01


def run() -> Evidence:
    """Train a network from zero, from constant and from random weights; return arrays by name.

    apart [start, layer, time]: largest difference between the incoming weights of two units of a hidden
    layer.
    loss [start, time]: training loss.
    moved [start]: largest change of a hidden weight by training.
    outputs, sums [N, 2]: outputs of an untrained random network for N rows, computed by `Network` and by
    NumPy.
    """
    generator = np.random.default_rng(0)
    x = generator.uniform(-1, 1, (ROWS, 2))
    y = (x[:, 0] * x[:, 1] > 0).astype(np.int32)
    random = NETWORK.init(generator, "glorot", dtype="float64")
    starts = [jax.tree.map(np.zeros_like, random), _constant(random), random]
    together = jax.tree.map(lambda *leaves: np.stack(leaves), *starts)
    apart, loss, last = jax.jit(jax.vmap(_train, in_axes=(0, None, None)))(together, x, y)
    moved = [np.abs(np.asarray(last[k]["weight"]) - together[k]["weight"]).max(axis=(1, 2)) for k in (0, 1)]
    h = x
    for layer in random[:-1]:
        h = np.tanh(h @ layer["weight"] + layer["bias"])  # (1)
    return {
        "apart": np.moveaxis(np.asarray(apart), 1, 2),
        "loss": np.asarray(loss),
        "moved": np.max(moved, axis=0),
        "outputs": np.asarray(NETWORK.apply(random, jnp.asarray(x))),
        "sums": h @ random[-1]["weight"] + random[-1]["bias"],
    }


def read(evidence: Evidence) -> list[Finding]:
    """Return measured numbers with expected values for claim A3, on units that start equal.

    They are the difference between `Network` and plain sums in NumPy, differences between units (exactly 0
    after equal starts), changes of weights, and final losses.
    """
    largest = np.max(evidence["apart"], axis=2)
    worst = np.max(np.abs(evidence["outputs"] - evidence["sums"]))
    findings = [Finding("network and its sums in NumPy: largest difference", worst, 0.0, 1e-14)]
    for k, start in enumerate(STARTS[:2]):
        for layer in (0, 1):
            what = f"{start} start: largest difference between units of hidden layer {layer + 1}"
            findings.append(Finding(what, largest[k, layer], 0.0))
    least = np.min(evidence["apart"][2])
    first, last = evidence["loss"][:, 0], evidence["loss"][:, -1]
    return [
        *findings,
        Finding("zero start: change of a hidden weight", evidence["moved"][0], 0.0),
        Finding("constant start: change of a hidden weight", evidence["moved"][1], 0.1, bound="above"),
        Finding("random start: smallest difference at any time", least, 0.1, bound="above"),
        *(Finding(f"{start} start: loss", last[k], None, note=f"at the start {first[k]:.3f}")
          for k, start in enumerate(STARTS)),
    ]  # fmt: skip


def draw(evidence: Evidence) -> Any:
    """Draw two panels on a network trained from zero, constant and random weights; return the figure.

    Left: the largest difference between the incoming weights of two units of a hidden layer, over the steps.
    Right: the training loss over the steps.
    """
    from ravine.lecture.plot_style import COLORS, LINES, canvas, marks

    figure, (left, right) = canvas(CLAIM.title, columns=2)
    t = np.arange(STEPS)
    for k, start in enumerate(STARTS):
        some = t[8 * k :: 50]
        marks(left, some, evidence["apart"][k].max(axis=0)[some], f"{start} weights", which=k)
        marks(right, some, evidence["loss"][k][some], f"{start} weights", which=k)
        right.plot(t, evidence["loss"][k], color=COLORS[k], linestyle=LINES[k], linewidth=1)
    left.axhline(0, color="black", linewidth=1)
    left.set(xlabel="step", ylabel="largest difference between weights of two units", ylim=(-0.2, None))
    left.set_title("equal units stay equal")
    left.legend(loc="center right")
    right.set(xlabel="step", ylabel="loss (nats)", ylim=(0, 0.8))
    right.set_title("eight equal units cannot learn XOR")
    right.legend(loc="center right", bbox_to_anchor=(1, 0.5))
    return figure


def _constant(params: Any) -> Any:
    """Return parameters of the shapes of `params` with all weights equal to CONSTANT."""
    return [{"weight": np.full_like(layer["weight"], CONSTANT), "bias": layer["bias"]} for layer in params]


def _train(params: Any, x: jax.Array, y: jax.Array) -> tuple[jax.Array, jax.Array, Any]:
    """Train on x [N, 2], y [N]; return differences [time, layer], losses [time] and parameters."""
    rule = adam(RATE)

    def loss(params: Any) -> jax.Array:
        return jnp.mean(cross_entropy(NETWORK.apply(params, x), y))

    def step(carry: tuple[Any, Any], _: None) -> tuple[tuple[Any, Any], tuple[jax.Array, jax.Array]]:
        params, state = carry
        value, gradient = jax.value_and_grad(loss)(params)
        update, state = rule.update(gradient, state, params)
        apart = jnp.stack([jnp.max(jnp.ptp(layer["weight"], axis=1)) for layer in params[:-1]])
        return (optax.apply_updates(params, update), state), (apart, value)

    (params, _), (apart, values) = jax.lax.scan(step, (params, rule.init(params)), length=STEPS)
    return apart, values, params
