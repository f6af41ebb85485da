"""Claim O4 of the lecture: RMSProp forgets.

In the lecture: "RMSProp". Source: Tieleman & Hinton 2012, lecture 6e.

RMSProp divides by the root of the running mean of squared gradients, with averaging rate gamma. The mean
starts at 0. With a constant gradient and the learning rate eta, the t-th step is therefore

    eta / sqrt(1 - gamma^t):   first eta / sqrt(1 - gamma), in the end eta                    (1)

After n gradients of size G and then k of size 1, the mean of RMSProp and the sum of AdaGrad are

    s = gamma^k (1 - gamma^n) G^2 + 1 - gamma^k;     AdaGrad: n G^2 + k                       (2)

RMSProp has forgotten the large gradients after about ln(G^2) / ln(1 / gamma) steps; AdaGrad never forgets
them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ravine.lecture.claim import Claim, Evidence, Finding
from ravine.lecture.optimizer_path import optimizer_path
from ravine.optimizers import adagrad, rmsprop

__all__ = ["CLAIM", "animate", "draw", "read", "run"]

CLAIM = Claim(
    "O4",
    title="RMSProp forgets",
    section="Optimizers",
    says="RMSProp divides by a running mean of squared gradients instead of their sum, so old gradients are "
    "forgotten.",
    run="Constant gradients at three values of gamma; then 10 gradients of 100 followed by gradients of 1, "
    "for RMSProp and AdaGrad.",
    caveat="The mean starts at 0 and is not corrected, so the first steps are up to 1 / sqrt(1 - gamma) "
    "times the learning rate. Steps do not shrink near the minimum unless the learning rate does.",
    try_it="ravine compare digits -O adagrad,rmsprop",
)

ETA = 0.01
GAMMAS = (0.9, 0.99, 0.999)
STEPS = 60
BURST, HEIGHT, AFTER = 10, 100.0, 300  # 10 gradients of 100, then 300 of size 1


def run() -> Evidence:
    """Run RMSProp and AdaGrad with given gradients; return their steps in units of the learning rate.

    constant [gamma, time]: steps of RMSProp with a gradient of 1, at three averaging rates gamma.
    rmsprop, adagrad [time]: steps during and after a burst of 10 gradients of 100, which gradients of 1
    follow.
    """

    @jax.jit
    def paths() -> dict[str, jax.Array]:
        start = jnp.zeros(())

        def burst(w: jax.Array, t: jax.Array) -> jax.Array:
            return jnp.where(t < BURST, HEIGHT, 1.0)

        constant = [
            optimizer_path(rmsprop(ETA, gamma=gamma), lambda w, t: jnp.ones(()), start, STEPS)
            for gamma in GAMMAS
        ]
        return {
            "constant": jnp.stack(constant),
            "rmsprop": optimizer_path(rmsprop(ETA, gamma=GAMMAS[0]), burst, start, BURST + AFTER),
            "adagrad": optimizer_path(adagrad(ETA), burst, start, BURST + AFTER),
        }

    return {name: -np.diff(np.asarray(path)) / ETA for name, path in paths().items()}


def read(evidence: Evidence) -> list[Finding]:
    """Return measured numbers with expected values for claim O4, on RMSProp.

    They are the first steps with a constant gradient, and the steps of RMSProp and AdaGrad after a burst of
    large gradients, against closed forms.
    """
    constant, rms, ada = (evidence[name] for name in ("constant", "rmsprop", "adagrad"))
    first = {0.9: 3.162, 0.99: 10.0, 0.999: 31.62}
    t = np.arange(1, STEPS + 1)
    line = np.stack([1 / np.sqrt(1 - gamma**t) for gamma in GAMMAS])
    findings = [
        Finding(
            f"first step at gamma = {gamma:g}, in units of the learning rate",
            constant[k, 0],
            first[gamma],
            5e-4,
            relative=True,
        )
        for k, gamma in enumerate(GAMMAS)
    ]
    k = np.arange(1, AFTER + 1)
    rms_line, ada_line = _after_burst(k)
    back = np.flatnonzero(rms[BURST:] >= 0.5)
    # where (2) is 4 and the step is half the rate
    half = np.log(3 / ((1 - GAMMAS[0] ** BURST) * HEIGHT**2 - 1)) / np.log(GAMMAS[0])
    findings += [
        Finding("largest relative deviation of a step from theory",
                np.max(np.abs(constant / line - 1)), 0.0, 1e-5),
        Finding("after the burst, RMSProp: steps until a step is half the learning rate again",
                back[0] + 1 if np.isfinite(rms).all() and len(back) else np.nan, np.ceil(half), 0.0),
        Finding("after the burst, RMSProp: largest relative deviation of a step from theory",
                np.max(np.abs(rms[BURST:] / rms_line - 1)), 0.0, 1e-7),
        Finding(f"{AFTER} steps after the burst, RMSProp, in units of the learning rate", rms[-1], 1.0, 1e-6),
        Finding(f"{AFTER} steps after the burst, AdaGrad, in units of the learning rate",
                ada[-1], ada_line[-1], 1e-7),
    ]  # fmt: skip
    return findings


def draw(evidence: Evidence) -> Any:
    """Draw two panels on RMSProp; return the figure.

    Left: the first steps with a constant gradient. Right: the steps of RMSProp and AdaGrad after a burst of
    large gradients.
    """
    from ravine.lecture.plot_style import canvas, marks, theory

    figure, (left, right) = canvas(CLAIM.title, columns=2, key=True)
    t = np.arange(1, STEPS + 1)
    for k, gamma in enumerate(GAMMAS):
        theory(left, t, 1 / np.sqrt(1 - gamma**t), which=k)
        marks(left, t[:: 3 + k], evidence["constant"][k][:: 3 + k], f"gamma = {gamma:g}", which=k)
    left.set(xlabel="step", ylabel="size of the step, in units of the learning rate", yscale="log")
    left.set_title("constant gradient: too large at first")
    left.legend()
    after = np.arange(1, AFTER + 1)
    for k, (name, line) in enumerate(zip(("rmsprop", "adagrad"), _after_burst(after), strict=True)):
        theory(right, after, line, which=k)
        label = {"rmsprop": f"RMSProp, gamma = {GAMMAS[0]:g}", "adagrad": "AdaGrad"}[name]
        marks(right, after[4::15], evidence[name][BURST:][4::15], label, which=k)
    right.set(
        xlabel=f"steps since {BURST} gradients of {HEIGHT:g}",
        ylabel="size of the step, in units of the learning rate",
        yscale="log",
    )
    right.set_title("after the large gradients")
    right.legend(loc="center right")
    return figure


def animate(path: Path) -> None:
    """Write the animation of SGD, momentum and RMSProp on four landscapes to an HTML or GIF file."""
    from ravine.lecture.animations import write_animation

    write_animation(path, "RMSProp, momentum and SGD", ("sgd", "momentum", "rmsprop"))


def _after_burst(k: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return steps of RMSProp and AdaGrad, `k` steps after the large gradients, from (2): [k]."""
    memory = GAMMAS[0] ** k
    mean = memory * (1 - GAMMAS[0] ** BURST) * HEIGHT**2 + 1 - memory
    return 1 / np.sqrt(mean), 1 / np.sqrt(BURST * HEIGHT**2 + k)
