"""Claim L2 of the lecture: where you start decides where you end.

In the lecture: "Consequences of nonconvexity".

XOR with H hidden units; weights ~ N(0, 1), full-batch gradient descent                      (1)
hidden units in another order: the same function and loss at another point of weight space   (2)
barrier = highest loss on the straight line between both points - loss at its ends           (3)
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from ravine.lecture.claim import Claim, Evidence, Finding
from ravine.networks import Network
from ravine.optimizers import sgd

__all__ = ["CLAIM", "draw", "read", "run"]

CLAIM = Claim(
    "L2",
    title="Where you start decides where you end",
    section="Landscape",
    says="Training is sensitive to initialization: from different initial weights it may end in different "
    "minima.",
    run="XOR by gradient descent from 100 random initializations for three activations and 2, 3 and 8 "
    "hidden units; then the loss on the line from a trained network to the same network with its hidden "
    "units in another order.",
    caveat="More units make bad initializations rare, and networks far wider than the task needs hardly "
    "show the effect. The number of failures also depends on the learning rate, the scale of the weights "
    "and the coding of the inputs.",
    try_it="ravine train digits --seeds 20",
)

WIDTHS, ACTIVATIONS = (2, 3, 8), ("tanh", "relu", "sigmoid")
TANH = (0.51, 0.89, 1.0)  # success rates of the table, on 100 seeds
SEEDS, STEPS, RATE = 100, 5_000, 0.1
POINTS = 101
INPUTS = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
TARGETS = np.array([-1.0, 1.0, 1.0, -1.0])


def run() -> Evidence:
    """Train small networks on XOR from 100 random starts each; return arrays by name.

    solved, loss [activation, width, seed]: whether all four rows are right after training, and the loss.
    line [position]: losses on the straight line in weight space from a trained network to the same network
    with its hidden units in another order.
    """
    shape = (len(ACTIVATIONS), len(WIDTHS), SEEDS)
    evidence = {"solved": np.zeros(shape), "loss": np.zeros(shape)}
    for a, name in enumerate(ACTIVATIONS):
        for k, width in enumerate(WIDTHS):
            net = Network((2, width, 1), name)
            generators = map(np.random.default_rng, range(SEEDS))
            starts = [net.init(generator, "scaled", dtype="float64") for generator in generators]
            together = jax.tree.map(lambda *leaves: np.stack(leaves), *starts)
            loss, solved, trained = jax.jit(jax.vmap(lambda p, net=net: _train(net, p)))(together)
            evidence["solved"][a, k], evidence["loss"][a, k] = solved, loss
            if (name, width) == ("tanh", WIDTHS[-1]):
                best = int(np.argmin(loss))
                evidence["line"] = _line(net, jax.tree.map(lambda leaf, k=best: np.asarray(leaf)[k], trained))
    return evidence


def read(evidence: Evidence) -> list[Finding]:
    """Return measured numbers with expected values for claim L2, on starts of training.

    They are the shares of starts from which XOR is solved, and the loss barrier between a trained network and
    the same network with its hidden units in another order.
    """
    rate = evidence["solved"].mean(axis=2)
    error = 1.96 * np.sqrt(np.clip(rate * (1 - rate), 0, None) / SEEDS)
    findings = []
    for k, (width, tabled) in enumerate(zip(WIDTHS, TANH, strict=True)):
        # the table comes from 100 runs too: two samples differ by sqrt 2 times the half width of one
        both = 1.96 * np.sqrt(2 * tabled * (1 - tabled) / SEEDS) if tabled < 1 else 0.02
        findings.append(Finding(f"tanh, {width} units: solved", rate[0, k], tabled, both, error=error[0, k]))
    findings += [
        Finding("tanh: more solved with 3 units than with 2", rate[0, 1] - rate[0, 0], 0.2, bound="above"),
        Finding("tanh: more solved with 8 units than with 3", rate[0, 2] - rate[0, 1], 0.02, bound="above"),
    ]
    findings += [
        Finding(f"{name}, {width} units: solved", rate[a, k], None, error=error[a, k])
        for a, name in enumerate(ACTIVATIONS[1:], 1)
        for k, width in enumerate(WIDTHS)
    ]
    line = evidence["line"]
    barrier = np.max(line) - max(line[0], line[-1])
    return [
        *findings,
        Finding("permuted copy: difference of the losses at both ends", abs(line[0] - line[-1]), 0.0, 1e-15),
        Finding(
            "barrier on the line between both",
            barrier,
            0.1,
            bound="above",
            unit="nats",
            note="of ln 2 = 0.69",
        ),
    ]


def draw(evidence: Evidence) -> Any:
    """Draw two panels on starts of training; return the figure.

    Left: the share of runs that solve XOR, over the number of hidden units. Right: the loss on the line from
    a trained network to the same network with its hidden units in another order.
    """
    from ravine.lecture.plot_style import COLORS, canvas, marks, theory

    figure, (left, right) = canvas(CLAIM.title, columns=2)
    rate = evidence["solved"].mean(axis=2)
    error = 1.96 * np.sqrt(rate * (1 - rate) / SEEDS)
    place = np.arange(len(WIDTHS))
    for k, name in enumerate(ACTIVATIONS):
        label = name.replace("relu", "ReLU")
        marks(left, place + 0.12 * (k - 1), rate[k], label, which=k, error=error[k])
    left.plot(place - 0.12, TANH, color=COLORS[0], linestyle="-", linewidth=1, label="tanh, from the table")
    left.set(xlabel="hidden units", ylabel=f"share of {SEEDS} runs that solve XOR", ylim=(-0.05, 1.1))
    left.set_xticks(place, [str(width) for width in WIDTHS])
    left.set_title("more units, fewer failures")
    left.legend(loc="lower right")
    share = np.linspace(0, 1, POINTS)
    theory(right, share, evidence["line"])
    marks(right, [0, 1], evidence["line"][[0, -1]], "the same function twice", which=1)
    right.axhline(np.log(2), color="black", linestyle=":", linewidth=1.5, label="guessing")
    right.set(xlabel="position on the line to the permuted copy", ylabel="loss (nats)", ylim=(0, 0.9))
    right.set_title("two minima with a barrier between them")
    right.legend(loc="upper left")
    return figure


def _loss(net: Network, params: Any) -> jax.Array:
    return jnp.mean(jnp.logaddexp(-TARGETS * net.apply(params, jnp.asarray(INPUTS))[:, 0], 0.0))


def _train(net: Network, params: Any) -> tuple[jax.Array, jax.Array, Any]:
    rule = sgd(RATE)

    def step(carry: tuple[Any, Any], _: None) -> tuple[tuple[Any, Any], None]:
        params, state = carry
        update, state = rule.update(jax.grad(lambda p: _loss(net, p))(params), state, params)
        return (optax.apply_updates(params, update), state), None

    (params, _), _ = jax.lax.scan(step, (params, rule.init(params)), length=STEPS)
    right = jnp.all(TARGETS * net.apply(params, jnp.asarray(INPUTS))[:, 0] > 0)
    return _loss(net, params), right, params


def _line(net: Network, params: Any) -> np.ndarray:
    """Return the losses [POINTS] on the line from a network to its copy with rotated hidden units."""
    order = np.roll(np.arange(net.sizes[1]), 1)
    hidden, last = params
    other = [
        {"weight": hidden["weight"][:, order], "bias": hidden["bias"][order]},
        {"weight": last["weight"][order], "bias": last["bias"]},
    ]  # (2)

    def loss(share: jax.Array) -> jax.Array:
        return _loss(net, jax.tree.map(lambda a, b: (1 - share) * a + share * b, params, other))

    return np.asarray(jax.jit(jax.vmap(loss))(np.linspace(0, 1, POINTS)))
