"""Claim L6 of the lecture: on real networks training runs to the edge of stability.

In the lecture: "Flat & sharp minima". Source: Cohen, Kaur, Li, Kolter & Talwalkar 2021 (twenty points of the
Chebyshev polynomial T4, full batch). With the network f and the learning rate eta:

    y = T4(x) = cos(4 arccos x),   L = mean (f(x) - y)^2            (1)
    sharpness: lambda1, the largest eigenvalue of the Hessian       (2)
    lambda1 rises until eta lambda1 / 2 = 1, and stays there        (3)

Below the edge, no step of gradient descent raises the loss. In a steady cycle across the valley, every second
step does. The share of steps that raise the loss therefore lies between 0 and 1/2; its value depends on the
initial weights and on the scale of the loss.

The table of claims, a list of expected values, gives 38 to 39 %, measured from one initialization. Of 24
others (four schemes, the loss with and without a factor 1/2), none gave this share at all three learning
rates; single runs ranged from 0 to 50 %. The table also gives a ratio eta lambda1 / 2 of 0.998 to 1.001.
Single runs differ from 1 by about 0.6 %, because the curvature is measured at one end of a cycle and changes
across it. Here both numbers are judged as medians over initializations.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree

from ravine.diagnostics import hessian_eigenpairs
from ravine.lecture.claim import Claim, Evidence, Finding
from ravine.lecture.optimizer_path import optimizer_path
from ravine.networks import Network
from ravine.networks.loss_functions import squared_error
from ravine.optimizers import sgd

__all__ = ["CLAIM", "draw", "read", "run"]

CLAIM = Claim(
    "L6",
    title="Training runs to the edge of stability",
    section="Landscape",
    says="Real networks trained at a fixed learning rate do not stay below curvature 2 / learning rate. The "
    "curvature rises to 2 / learning rate, and training continues there although single steps raise the "
    "loss.",
    run="A 1-20-20-1 tanh network on 20 points of the Chebyshev polynomial T4 with full batches: 10,000 "
    "steps at learning rates of 0.1, 0.15, 0.2 and 0.01 from three initializations.",
    caveat="The effect appears with full batches; the noise of small batches keeps the curvature lower. The "
    "curvature ends at 2 / learning rate for every initialization, but the share of steps that raise the "
    "loss depends on it.",
    try_it="ravine diagnose digits --optimizer sgd",
)

NETWORK = Network((1, 20, 20, 1), "tanh")
POINTS = 20
RATES = (0.1, 0.15, 0.2)
SMALL = 0.01  # does not reach the edge in STEPS steps
STARTS = 3
STEPS, EVERY = 10_000, 1000
LATE = STEPS // EVERY // 2  # points in the second half


def run() -> Evidence:
    """Train a network by gradient descent from three starts, at four learning rates; return arrays by name.

    losses [start, rate, step]: training losses.
    ratio [start, rate, point]: learning rate times sharpness / 2, measured every 1,000 steps. Sharpness is
    the largest eigenvalue of the Hessian. The last learning rate is too small to bring this ratio to 1.
    """
    rates = np.array([*RATES, SMALL])
    x = np.linspace(-1, 1, POINTS)
    inputs, targets = jnp.asarray(x[:, None]), jnp.asarray(np.cos(4 * np.arccos(x)))  # (1)
    drawn = [
        NETWORK.init(np.random.default_rng(seed), scheme="lecun", dtype="float64") for seed in range(STARTS)
    ]
    starts = jnp.stack([ravel_pytree(jax.tree.map(jnp.asarray, params))[0] for params in drawn])
    _, unravel = ravel_pytree(jax.tree.map(jnp.asarray, drawn[0]))

    def loss(w: jax.Array) -> jax.Array:
        return jnp.mean(squared_error(NETWORK.apply(unravel(w), inputs), targets))

    def train(rate: jax.Array, start: jax.Array) -> tuple[jax.Array, jax.Array]:
        def part(w: jax.Array, _: None) -> tuple[jax.Array, tuple[jax.Array, jax.Array]]:
            # SGD has no state that the next part would need
            path = optimizer_path(sgd(rate), lambda w, t: jax.grad(loss)(w), w, EVERY)
            return path[-1], (jax.vmap(loss)(path[:-1]), path[-1])

        _, (losses, points) = jax.lax.scan(part, start, length=STEPS // EVERY)
        return losses.ravel(), points

    both = jax.jit(jax.vmap(jax.vmap(train, (0, None)), (None, 0)))
    losses, points = map(np.asarray, both(jnp.asarray(rates), starts))

    def sharpness(w: np.ndarray) -> float:
        return float(hessian_eigenpairs(loss, w, which="largest", tol=1e-5).values[0])  # (2)

    lambda1 = np.array([[[sharpness(w) for w in run] for run in runs] for runs in points])
    return {"losses": losses, "ratio": rates[None, :, None] * lambda1 / 2}


def read(evidence: Evidence) -> list[Finding]:
    """Return measured numbers with expected values for claim L6, on the edge of stability.

    They are learning rate times sharpness / 2 late in training (sharpness: largest eigenvalue of the
    Hessian), the share of steps that raise the loss, and how far the loss falls.
    """
    late = np.median(evidence["ratio"][:, :, -LATE:], axis=2)
    findings = [
        Finding(
            f"learning rate x sharpness / 2 at learning rate {rate:g}, second half",
            np.median(late[:, k]),
            1.0,
            0.01,
            note=f"median of {STARTS} runs, ranging from {late[:, k].min():.4f} to {late[:, k].max():.4f}",
        )
        for k, rate in enumerate(RATES)
    ]
    rises = np.diff(evidence["losses"], axis=2)
    share = np.where(np.isfinite(rises), rises > 0, np.nan).mean(axis=2)
    edge = share[:, : len(RATES)]
    span = f"median of {edge.size} runs, ranging from {edge.min():.2f} to {edge.max():.2f}"
    findings += [
        Finding("share of steps that raise the loss, at the edge", np.median(edge), 0.385, 0.1, note=span),
        Finding(
            f"share of steps that raise the loss at learning rate {SMALL:g}, below the edge",
            share[:, -1].max(),
            0.0,
            note="largest of all runs",
        ),
        Finding(
            f"learning rate x sharpness / 2 at learning rate {SMALL:g}, largest value",
            evidence["ratio"][:, -1].max(),
            1.0,
            bound="below",
        ),
        Finding(
            "loss at the end / loss at the start, at the edge",
            np.max(evidence["losses"][:, : len(RATES), -1] / evidence["losses"][:, : len(RATES), 0]),
            0.02,
            bound="below",
            note="largest of all runs; the loss falls, but not at every step",
        ),
    ]
    return findings


def draw(evidence: Evidence) -> Any:
    """Draw the sharpness (left) and the loss (right) of one start over the steps; return the figure.

    There is one curve for each learning rate. Sharpness is the largest eigenvalue of the Hessian.
    """
    from ravine.lecture.plot_style import COLORS, LINES, canvas, marks, theory

    figure, (left, right) = canvas(CLAIM.title, columns=2)
    steps = np.arange(EVERY, STEPS + 1, EVERY)
    for k, rate in enumerate((*RATES, SMALL)):
        if rate != SMALL:
            theory(left, [0, STEPS], [2 / rate, 2 / rate], which=k)
        marks(left, steps, evidence["ratio"][0, k] * 2 / rate, f"learning rate {rate:g}", which=k)
        right.plot(
            evidence["losses"][0, k],
            color=COLORS[k],
            linestyle=LINES[k],
            linewidth=0.8,
            label=f"learning rate {rate:g}",
        )
    left.set(xlabel="step", ylabel="sharpness: largest eigenvalue of the Hessian", ylim=(0, None))
    left.set_title("lines: 2 / learning rate")
    left.legend(loc="upper left", ncols=2)
    right.set(xlabel="step", ylabel="loss: mean squared error", yscale="log")
    right.set_title("at the edge the loss falls, but not at every step")
    right.legend(loc="upper right", ncols=2)
    for axes in (left, right):
        axes.set_xticks([0, 2500, 5000, 7500, 10_000], labels=["0", "2,500", "5,000", "7,500", "10,000"])
    return figure
