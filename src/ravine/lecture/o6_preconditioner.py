"""Claim O6 of the lecture: a learning rate per weight is a diagonal preconditioner.

In the lecture: "Separate, adaptive learning rates", "Adam". Source: Duchi, Hazan & Singer 2011; van der Sluis
1969 (effect of a diagonal on the condition number).

Let L(w) = w' H w / 2 be the loss. An optimizer that divides each gradient by its own size does not see the
curvatures lambda_i of a diagonal H:

    g_i = lambda_i w_i   ->   the same steps for every lambda_i, in every weight                 (1)   eps = 0
    D^(-1/2) H D^(-1/2) with D = diag H: condition number 1                                      (2)

With rotated axes, H = Q diag(lambda) Q' with a rotation Q, both properties are lost, but nothing changes for
gradient descent:

    w' = Q w:   the same losses for every Q                                                      (3)

The table of claims (a list of expected values) has 293 steps with aligned and 7,170 steps with rotated axes,
and states no learning rate, start or target. Adam with a learning rate of 0.02 from Gaussian starts to a loss
of 1e-6, with curvatures 1 to 1e4, has medians near these numbers. A single draw of start and axes varies by a
third around the medians. The medians depend on the learning rate and are 207 and 3,350 at a learning rate of
0.1. The gap between aligned and rotated axes stays.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ravine.lecture.claim import Claim, Evidence, Finding
from ravine.lecture.optimizer_path import optimizer_path
from ravine.optimizers import adam, sgd
from ravine.statistics import interval

__all__ = ["CLAIM", "draw", "read", "run"]

CLAIM = Claim(
    "O6",
    title="A learning rate per weight is a diagonal preconditioner",
    section="Optimizers",
    says="A separate gain for each weight compensates for gradients that differ widely between weights.",
    run="48 quadratics in 20 dimensions with condition number 10,000, with their axes along the weights and "
    "rotated; Adam at a learning rate of 0.02 down to a loss of 1e-6.",
    caveat="The compensation works along the axes of the weights only. The same valley in rotated axes is "
    "ill-conditioned again, while gradient descent is equally slow on both.",
    try_it="ravine compare digits -O sgd,adagrad,adam",
)

D, KAPPA = 20, 1e4
CURVATURES = np.geomspace(1.0, KAPPA, D)
RATE, TARGET = 0.02, 1e-6
DRAWS, STEPS = 48, 14_000
SHORT = 300  # steps over which two paths are compared
SHOWN = np.unique(np.round(np.geomspace(1, STEPS, 120)).astype(int))  # steps at which losses are stored


def run() -> Evidence:
    """Run Adam and SGD on quadratics whose axes lie along the weights or are rotated; return arrays by name.

    aligned_steps, rotated_steps [draw]: steps of Adam until the loss reaches its target, NaN if it never
    does.
    aligned_losses, rotated_losses [draw, shown]: losses of Adam at the steps in the constant SHOWN.
    flat, steep [time, D]: paths of Adam with eps = 0 at condition numbers 1 and 10,000.
    descent [time, 2]: losses of SGD with aligned and with rotated axes.
    after [draw]: condition number of the rotated Hessian after scaling by the roots of its diagonal.
    """
    generator = np.random.default_rng(0)
    turns = np.stack([np.linalg.qr(generator.standard_normal((D, D)))[0] for _ in range(DRAWS)])
    starts = generator.standard_normal((DRAWS, D))
    curvatures = jnp.asarray(CURVATURES)

    def losses(rule: Any, start: jax.Array, turn: jax.Array, steps: int) -> jax.Array:
        def hessian(w: jax.Array) -> jax.Array:
            return turn @ (curvatures * (turn.T @ w))

        path = optimizer_path(rule, lambda w, t: hessian(w), turn @ start, steps)
        return 0.5 * jnp.sum((path @ turn) ** 2 * curvatures[None], axis=1)

    @jax.jit
    def adams(starts: jax.Array, turns: jax.Array) -> tuple[jax.Array, jax.Array]:
        loss = jax.vmap(lambda start, turn: losses(adam(RATE), start, turn, STEPS))(starts, turns)
        there = loss <= TARGET
        first = jnp.argmax(there, axis=1).astype(loss.dtype)
        return jnp.where(there.any(axis=1), first, jnp.nan), loss[:, SHOWN]

    @jax.jit
    def paths(start: jax.Array, turns: jax.Array) -> dict[str, jax.Array]:
        rule = adam(RATE, eps=0.0)
        best = sgd(2 / (1 + KAPPA))
        return {
            "flat": optimizer_path(rule, lambda w, t: w, start, SHORT),
            "steep": optimizer_path(rule, lambda w, t: curvatures * w, start, SHORT),
            "descent": jnp.stack([losses(best, start, turn, SHORT) for turn in turns], axis=1),
        }

    straight = np.broadcast_to(np.eye(D), turns.shape)
    evidence = {}
    for name, axes in (("aligned", straight), ("rotated", turns)):
        evidence[f"{name}_steps"], evidence[f"{name}_losses"] = adams(starts, axes)
    evidence |= paths(starts[0], np.stack([straight[0], turns[0]]))
    hessians = np.einsum("nij,j,nkj->nik", turns, CURVATURES, turns)
    scale = 1 / np.sqrt(np.einsum("nii->ni", hessians))
    after = np.linalg.cond(scale[:, :, None] * hessians * scale[:, None, :])
    return {name: np.asarray(values) for name, values in evidence.items()} | {"after": after}


def read(evidence: Evidence) -> list[Finding]:
    """Return measured numbers with expected values for claim O6, on a learning rate per weight.

    They are Adam's numbers of steps with aligned and with rotated axes of the quadratic, their ratio, and
    differences of paths and losses that theory expects to be zero.
    """
    findings = []
    for name, expected in (("aligned", 293), ("rotated", 7_170)):
        steps = evidence[f"{name}_steps"]
        findings.append(
            Finding(f"Adam, {name} axes, median of {DRAWS} draws", np.median(steps), expected, 1 / 3,
                    error=_half(steps), relative=True, unit="steps", note="the table has one draw")
        )  # fmt: skip
    ratio = evidence["rotated_steps"] / evidence["aligned_steps"]
    flat = evidence["flat"]
    findings += [
        Finding("steps, rotated / aligned, smallest of all draws", np.min(ratio), 5.0, bound="above",
                note="table: 24"),
        Finding("steps, rotated / aligned, median", np.median(ratio), None, error=_half(ratio)),
        Finding(
            f"path of Adam at condition numbers {KAPPA:g} and 1, aligned: largest difference",
            np.max(np.abs(evidence["steep"] - flat)), 0.0, 1e-10, note="eps = 0"),
        Finding(
            "gradient descent, rotated and aligned: largest relative difference of the loss",
            np.max(np.abs(evidence["descent"][:, 1] / evidence["descent"][:, 0] - 1)), 0.0, 1e-9),
        Finding("condition number of the rotated Hessian divided by its diagonal, median",
                np.median(evidence["after"]), None, error=_half(evidence["after"]),
                note=f"aligned: 1; undivided: {KAPPA:g}"),
    ]  # fmt: skip
    return findings


def draw(evidence: Evidence) -> Any:
    """Draw two panels on Adam on quadratics with aligned and with rotated axes; return the figure.

    Left: the losses of some draws over the steps. Right: the number of steps to the target for all draws,
    sorted, with the expected numbers, 293 and 7,170, as lines.
    """
    from ravine.lecture.plot_style import COLORS, LINES, canvas, marks, theory

    figure, (left, right) = canvas(CLAIM.title, columns=2)
    for k, name in enumerate(("aligned", "rotated")):
        for number, end in enumerate(evidence[f"{name}_steps"][:12]):
            path = end >= SHOWN  # up to the target: at a constant rate Adam does not settle there
            style = {"color": COLORS[k], "linestyle": LINES[k], "linewidth": 1.2}
            losses = evidence[f"{name}_losses"][number]
            left.plot(SHOWN[path], losses[path], label=None if number else name, **style)
    left.axhline(TARGET, color="black", linewidth=0.8)
    left.set(xlabel="step", ylabel="loss", xscale="log", yscale="log", ylim=(1e-7, 1e5))
    left.set_title(f"Adam, condition number {KAPPA:g}, learning rate {RATE:g}")
    left.legend(loc="center left")
    place = np.arange(1, DRAWS + 1)
    for k, (name, expected) in enumerate((("aligned", 293), ("rotated", 7_170))):
        theory(right, [1, DRAWS], [expected, expected], which=k)
        marks(right, place, np.sort(evidence[f"{name}_steps"]), f"{name}; line: {expected:,}", which=k)
    right.set(xlabel="draw of start and axes, sorted", ylabel=f"steps to a loss of {TARGET:g}", yscale="log")
    right.set(ylim=(100, 3e4))
    right.set_title(f"{DRAWS} draws")
    right.legend(loc="center right")
    return figure


def _half(values: np.ndarray) -> float | None:
    """Return the half width of the 95 % interval of the median of `values` [draw]; None if there is none."""
    if not np.isfinite(values).all():
        return None
    ends = interval(values, "median")
    return None if ends is None else (ends[1] - ends[0]) / 2
