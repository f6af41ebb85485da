"""Claim O5 of the lecture: the first steps of Adam have the size of the learning rate, by bias correction.

In the lecture: "Adam". Source: Kingma & Ba 2015, sections 2.1 and 3.

m and v are Adam's running means of the gradient and of its square, with averaging rates b1 = 0.9 and b2 =
0.999; eta is the learning rate. With a constant gradient g the means are reduced by their start at 0:

    m_t = (1 - b1^t) g,   v_t = (1 - b2^t) g^2                                             (1)
    corrected:    step = eta g / (|g| + eps), eta at every t, for any g                    (2)
    uncorrected:  step = eta (1 - b1^t) / sqrt(1 - b2^t)                                   (3)   3.16 eta

The 3.16 eta of (3) is the first step. With correction, the first step is eta for any gradient. A gradient g
after T zeros, with both corrections, gives

    eta (1 - b1) / sqrt(1 - b2) * sqrt(1 - b2^(T+1)) / (1 - b1^(T+1))                      (4)   3.16 eta

For large T this is Adam's largest possible step: the learning rate is no bound on a step.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ravine.lecture.claim import Claim, Evidence, Finding
from ravine.lecture.optimizer_path import optimizer_path
from ravine.optimizers import adam

__all__ = ["CLAIM", "animate", "draw", "read", "run"]

CLAIM = Claim(
    "O5",
    title="Adam's first steps are the learning rate",
    section="Optimizers",
    says="Adam's running means start at 0 and are biased towards 0. Division by 1 - b^t removes the bias, "
    "and the first steps are as large as the learning rate.",
    run="1,000 steps with constant gradients, with and without bias correction; first steps for 1,000 "
    "gradients of all sizes; one gradient after 5,000 zeros.",
    caveat="A step has the size of the learning rate only while gradients agree. After a long time of zero "
    "gradients, one gradient makes a step of 3.16 learning rates; gradients near eps make almost no step.",
    try_it="ravine compare digits -O adam,rmsprop",
)

ETA, B1, B2, EPS = 0.01, 0.9, 0.999, 1e-8
STEPS = 1000
SIZES = np.array([1e-3, 1.0, 1e3])  # of constant gradients
DRAWS = 1000  # gradients of all sizes, for the first step
QUIET = 5000  # zeros before one gradient


def run() -> Evidence:
    """Run Adam with given gradients; return its steps in units of the learning rate, by name.

    constant [time, size]: steps with constant gradients of three sizes.
    without_eps, uncorrected [time]: steps with a gradient of 1 at eps = 0, and without bias correction.
    first [draw]: first step for each of the random gradients in the array `gradients` [draw].
    after_quiet [1]: step with a gradient of 1 after 5,000 gradients of 0.
    """
    sizes = jnp.asarray(SIZES)
    generator = np.random.default_rng(0)
    gradients = generator.choice([-1.0, 1.0], DRAWS) * 10 ** generator.uniform(-3, 3, DRAWS)

    @jax.jit
    def measured(gradients: jax.Array) -> dict[str, jax.Array]:
        start = jnp.zeros(())
        rule = adam(ETA, B1, B2, EPS)
        quiet = optimizer_path(rule, lambda w, t: jnp.where(t == QUIET, 1.0, 0.0), start, QUIET + 1)
        return {
            "constant": jnp.diff(
                optimizer_path(rule, lambda w, t: sizes, jnp.zeros(len(SIZES)), STEPS), axis=0
            )
            / ETA,
            "without_eps": jnp.diff(
                optimizer_path(adam(ETA, B1, B2, 0.0), lambda w, t: jnp.ones(()), start, STEPS)
            )
            / ETA,
            "uncorrected": _uncorrected(),
            "first": rule.update(gradients, rule.init(gradients))[0] / ETA,
            "after_quiet": jnp.diff(quiet)[-1:] / ETA,
        }

    return {name: np.asarray(values) for name, values in measured(gradients).items()} | {
        "gradients": gradients
    }


def read(evidence: Evidence) -> list[Finding]:
    """Return measured numbers with expected values for claim O5, on the first steps of Adam.

    They are the deviations of steps from the learning rate, the first and the largest step without bias
    correction, and the step after many zero gradients.
    """
    constant, bare = evidence["constant"], evidence["uncorrected"]
    t = np.arange(1, STEPS + 1)
    theory = (1 - B1**t) / np.sqrt(1 - B2**t)  # (3)
    findings = [
        Finding(f"largest deviation of {STEPS:,} steps from the learning rate, gradient {size:g}",
                np.max(np.abs(constant[:, k] + 1)), 0.0, 1.01 * EPS / size, note="by eps / |g|")
        for k, size in enumerate(SIZES)
    ]  # fmt: skip
    first = evidence["first"] * np.sign(evidence["gradients"])
    small = 2 * EPS * (1 - B1) / (1 - B2)  # twice the effect of eps where sqrt v is smallest
    findings += [
        Finding("largest deviation without eps, gradient 1",
                np.max(np.abs(evidence["without_eps"] + 1)), 0.0, 1e-12),
        Finding("first step for gradients of all sizes, largest deviation from the learning rate",
                np.max(np.abs(first + 1)), 0.0, 1.01 * EPS / 1e-3),
        Finding("without correction: first step, in units of the learning rate", bare[0], -3.1623, 5e-5),
        Finding("without correction: largest step, in units of the learning rate",
                bare.min(), -theory.max(), small),
        Finding("without correction: largest deviation from theory",
                np.max(np.abs(bare + theory)), 0.0, small),
        Finding(f"one gradient after {QUIET:,} zeros, in units of the learning rate",
                evidence["after_quiet"][0],
                -(1 - B1) / np.sqrt(1 - B2) * np.sqrt(1 - B2 ** (QUIET + 1)) / (1 - B1 ** (QUIET + 1)), 1e-6),
    ]  # fmt: skip
    return findings


def draw(evidence: Evidence) -> Any:
    """Draw two panels on the steps of Adam; return the figure.

    Left: steps with and without bias correction for a constant gradient. Right: the first step over the size
    of the gradient.
    """
    from ravine.lecture.plot_style import canvas, marks, theory

    figure, (left, right) = canvas(CLAIM.title, columns=2, key=True)
    t = np.arange(1, STEPS + 1)
    some = np.unique(np.round(np.geomspace(1, STEPS, 24)).astype(int)) - 1
    theory(left, t, np.ones(STEPS), which=0)
    marks(left, t[some], -evidence["constant"][some, 1], "Adam", which=0)
    theory(left, t, (1 - B1**t) / np.sqrt(1 - B2**t), which=1)
    marks(left, t[some], -evidence["uncorrected"][some], "without bias correction", which=1)
    left.set(
        xlabel="step", ylabel="size of the step, in units of the learning rate", xscale="log", ylim=(0, 9)
    )
    left.set_title("constant gradient")
    left.legend(loc="upper right")
    size = np.abs(evidence["gradients"])
    order = np.argsort(size)[::25]
    x = np.geomspace(size.min(), size.max(), 200)
    theory(right, x, x / (x + EPS), which=0)
    marks(right, size[order], np.abs(evidence["first"])[order], "Adam", which=0)
    theory(right, x, x, "SGD at the same learning rate", which=2)
    right.set(
        xlabel="size of the gradient",
        ylabel="first step, in units of the learning rate",
        xscale="log",
        ylim=(0, 2),
    )
    right.set_title("first step")
    right.legend(loc="lower right")
    return figure


def animate(path: Path) -> None:
    """Write the animation of SGD, momentum, RMSProp and Adam on four landscapes to an HTML or GIF file."""
    from ravine.lecture.animations import write_animation

    write_animation(path, "Adam, RMSProp, momentum and SGD", ("sgd", "momentum", "rmsprop", "adam"))


def _uncorrected() -> jax.Array:
    """Return the steps [time] of the means without correction, m / (sqrt v + eps), in units of the rate."""
    rule = adam(ETA, B1, B2, EPS)

    def step(state: Any, _: None) -> tuple[Any, jax.Array]:
        _, state = rule.update(jnp.ones(()), state)
        return state, -state.slots.m / (jnp.sqrt(state.slots.v) + EPS)

    return jax.lax.scan(step, rule.init(jnp.zeros(())), None, length=STEPS)[1]
