"""Claim O3 of the lecture: the steps of AdaGrad die out.

In the lecture: "AdaGrad". Source: Duchi, Hazan & Singer 2011; Euler-Maclaurin for (2).

AdaGrad divides a gradient by the root of the sum of all squared gradients so far. With a constant gradient g
the sum after t steps is t g^2. For any g and the learning rate eta, the weight then moves in T steps by

    -eta sum_(t=1)^T 1 / sqrt t                                            (1)   eps left out
    = -eta (2 sqrt T + zeta(1/2) + 1 / (2 sqrt T) - ...)                   (2)   zeta(1/2) = -1.46035450880958
    its T-th step is eta / sqrt T                                          (3)

A distance D takes about (D / (2 eta))^2 steps.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ravine.lecture.claim import Claim, Evidence, Finding
from ravine.lecture.optimizer_path import optimizer_path
from ravine.optimizers import adagrad, adam, rmsprop, sgd

__all__ = ["CLAIM", "animate", "draw", "read", "run"]

CLAIM = Claim(
    "O3",
    title="AdaGrad's steps die out",
    section="Optimizers",
    says="AdaGrad divides the learning rate of each weight by the root of the sum of its squared gradients, "
    "which only grows.",
    run="10,000 steps with constant gradients of 0.1, 1 and 100; RMSProp, Adam and SGD for comparison.",
    caveat="Steps fall as 1 / sqrt t and never recover, but their sum has no limit. On a convex loss "
    "AdaGrad converges for this reason; over a long distance it arrives late.",
    try_it="ravine compare digits -O adagrad,rmsprop,adam",
)

ETA = 0.1
STEPS = 10_000
SIZES = np.array([0.1, 1.0, 100.0])  # constant gradients, one for each weight
ONE = 1  # the weight whose gradient is 1
ZETA = -1.4603545088095868  # zeta(1/2)
RULES: dict[str, Any] = {"adagrad": adagrad, "rmsprop": rmsprop, "adam": adam, "sgd": sgd}


def run() -> Evidence:
    """Run AdaGrad, RMSProp, Adam and SGD with constant gradients; return positions of weights by optimizer.

    adagrad [time, weight]: positions of three weights that have constant gradients of 0.1, 1 and 100. The
    path [time] of each other optimizer is that of a weight with a constant gradient of 1.
    """

    @jax.jit
    def paths() -> dict[str, jax.Array]:
        sizes = jnp.asarray(SIZES)
        evidence = {"adagrad": optimizer_path(adagrad(ETA), lambda w, t: sizes, jnp.zeros(len(SIZES)), STEPS)}
        for name, rule in RULES.items():
            if name != "adagrad":
                evidence[name] = optimizer_path(rule(ETA), lambda w, t: jnp.ones(()), jnp.zeros(()), STEPS)
        return evidence

    return {name: np.asarray(path) for name, path in paths().items()}


def read(evidence: Evidence) -> list[Finding]:
    """Return measured numbers with expected values for claim O3, on AdaGrad.

    They are positions and steps of AdaGrad with constant gradients, against closed forms, and the late steps
    of RMSProp, Adam and SGD.
    """
    place = evidence["adagrad"]
    one = place[:, ONE]
    sums = np.concatenate([[0.0], -ETA * np.cumsum(1 / np.sqrt(np.arange(1, STEPS + 1)))])  # (1)
    late = -ETA * (2 * np.sqrt(STEPS) + ZETA + 1 / (2 * np.sqrt(STEPS)))  # (2)
    # eps = 1e-8 shortens every step by at most 0.5 eps / g^2
    findings = [
        Finding("position after 100 steps, gradient 1", one[100], -1.85896, 5e-6),
        Finding(
            "largest deviation from the sum of 1 / sqrt t over all steps",
            np.max(np.abs(one - sums)),
            0.0,
            1e-7,
        ),
        Finding(f"position after {STEPS:,} steps, asymptotic sum", one[STEPS], late, 1e-6),
        Finding(
            f"step number {STEPS:,}, in units of the learning rate",
            abs(one[STEPS] - one[STEPS - 1]) / ETA,
            STEPS**-0.5,
            1e-8,
        ),
        Finding(
            "position with a gradient 100 times as large / with gradient 1",
            place[100, 2] / one[100],
            1.0,
            1e-7,
        ),
        Finding(
            "position with a gradient 10 times smaller / with gradient 1", place[100, 0] / one[100], 1.0, 1e-6
        ),
    ]
    findings += [
        Finding(
            f"{name}, step number {STEPS:,}, in units of the learning rate",
            abs(evidence[name][STEPS] - evidence[name][STEPS - 1]) / ETA,
            1.0,
            1e-6,
        )
        for name in RULES
        if name != "adagrad"
    ]
    return findings


def draw(evidence: Evidence) -> Any:
    """Draw two panels on AdaGrad, RMSProp and Adam with a constant gradient; return the figure.

    Left: the size of a step over the steps. Right: the distance moved.
    """
    from ravine.lecture.plot_style import canvas, marks, theory

    figure, (left, right) = canvas(CLAIM.title, columns=2, key=True)
    some = np.unique(np.round(np.geomspace(1, STEPS, 25)).astype(int))
    t = np.arange(1, STEPS + 1)
    one = evidence["adagrad"][:, ONE]
    lines = {
        "adagrad": (one, 1 / np.sqrt(t)),
        "rmsprop": (evidence["rmsprop"], 1 / np.sqrt(1 - 0.9**t)),
        "adam": (evidence["adam"], np.ones(STEPS)),
    }
    for k, (name, (place, line)) in enumerate(lines.items()):
        label = {"adagrad": "AdaGrad", "rmsprop": "RMSProp", "adam": "Adam"}[name]
        theory(left, t, line, which=k)
        marks(left, some, np.abs(np.diff(place))[some - 1] / ETA, label, which=k)
        theory(right, t, np.cumsum(line), which=k)
        marks(right, some, -place[some] / ETA, label, which=k)
    for axes, what in (
        (left, "size of the step, in units of the learning rate"),
        (right, "distance gone, in units of the learning rate"),
    ):
        axes.set(xlabel="step", ylabel=what, xscale="log", yscale="log")
        axes.legend()
    left.set_title("constant gradient")
    right.set_title("the sum: 2 sqrt t - 1.46, others t")
    return figure


def animate(path: Path) -> None:
    """Write the animation of SGD, AdaGrad and RMSProp on four landscapes to an HTML or GIF file."""
    from ravine.lecture.animations import write_animation

    write_animation(path, "AdaGrad, SGD and RMSProp", ("sgd", "adagrad", "rmsprop"))
