"""Claim O2 of the lecture: Nesterov measures the gradient at the landing point.

In the lecture: "Better type of momentum: Nesterov". Source: Nesterov 1983; Sutskever, Martens, Dahl & Hinton
2013 (the form of the lecture). With the weight w, the velocity v, the learning rate eta and the loss L:

    v <- rho v - eta grad L(w + rho v),  w <- w + v                                            (1)
    v <- rho v - eta grad L(y),  then y <- y + rho v - eta grad L(y);   w = y - rho v          (2)   as stored

(1) is the form of the lecture. (2) is the same path with the stored point y = w + rho v. On a quadratic of
curvature lambda, with h = eta lambda, one coordinate of w follows

    w_(t+1) = (1 + rho) (1 - h) w_t - rho (1 - h) w_(t-1)                                      (3)
    momentum: w_(t+1) = (1 + rho - h) w_t - rho w_(t-1);   SGD: w_(t+1) = (1 - h) w_t          (4)

Write each as w_(t+1) = a w_t + b w_(t-1). The larger root of r^2 = a r + b is the factor per step. Complex
roots have the modulus sqrt(rho (1 - h)), or sqrt(rho) for momentum: Nesterov damps steep directions. The root
leaves the unit circle at -1, which gives the limits

    h = (2 + 2 rho) / (1 + 2 rho);   momentum 2 + 2 rho                                        (5)
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import jax
import jax.numpy as jnp
import numpy as np
import optax

from ravine.lecture.claim import Claim, Evidence, Finding
from ravine.lecture.optimizer_path import optimizer_path
from ravine.optimizers import Optimizer, momentum, nesterov, schedule, sgd
from ravine.optimizers.nesterov import sutskever_step

__all__ = ["CLAIM", "animate", "draw", "read", "run"]

CLAIM = Claim(
    "O2",
    title="Nesterov measures the gradient where the jump lands",
    section="Optimizers",
    says="First jump along the accumulated gradient, then measure the gradient at the landing point and "
    "correct: a mistake is better corrected after it was made.",
    run="A curved valley with Ravine's Nesterov, with the formula of the lecture and with optax, at a "
    "constant and a decaying learning rate; then a quadratic at 84 learning rates, and at 81 more around "
    "each limit.",
    caveat="The correction damps steep directions, but the largest stable learning rate is lower than "
    "that of plain momentum. Programs store the point after the jump: evaluate the loss at w, not at y.",
    try_it="ravine compare digits -O momentum,nesterov",
)

Size = TypeVar("Size", float, np.ndarray)

RHO = 0.9
STEPS, RATE = 200, 0.05  # on the curved valley below
RATES = np.arange(0.03, 4.2, 0.05)  # eta lambda; 1, where SGD arrives in one step, is left out
# growth is measured between two windows: their first steps, and their length
WINDOWS = (60, 100, 20)
LIMITS = {"nesterov": (2 + 2 * RHO) / (1 + 2 * RHO), "momentum": 2 + 2 * RHO}  # (5)
NEAR = np.linspace(0.99, 1.01, 81)  # rates in units of the limit
LONG = 4_000  # steps near the limit
HALF = 0.5  # the eta lambda at which damping is measured
FACTORS = {"nesterov": np.sqrt(RHO * (1 - HALF)), "momentum": np.sqrt(RHO)}
MAKE: dict[str, Any] = {
    "sgd": sgd,
    "momentum": lambda rate: momentum(rate, rho=RHO),
    "nesterov": lambda rate: nesterov(rate, RHO),
}


def run() -> Evidence:
    """Run three forms of Nesterov in a curved valley, and three optimizers on a quadratic; return arrays.

    KIND_stored, KIND_lecture, KIND_optax [time, 2]: paths of Ravine's form, the lecture's form and that of
    optax. The path of optax holds its look-ahead points. KIND is "constant" or "decaying", the course of the
    learning rate.
    NAME_errors [rate, time]: errors of the optimizer NAME on the quadratic, at many learning rates.
    NAME_half [time]: errors of momentum and Nesterov where learning rate times curvature is 0.5.
    NAME_left [rate]: errors of momentum and Nesterov that are left after 4,000 steps, at learning rates near
    the stability limit.
    """
    start = jnp.asarray([-2.0, 1.5])
    gradient = jax.grad(lambda w: jnp.logaddexp(w[0], -w[0]) + 4 * (w[1] - jnp.sin(w[0])) ** 2)

    @jax.jit
    def paths() -> dict[str, jax.Array]:
        evidence = {}
        factor = schedule("cosine").at(STEPS, STEPS)
        for kind, rate in (
            ("constant", lambda t: jnp.asarray(RATE)),
            ("decaying", lambda t: RATE * factor(t)),
        ):
            chain = optax.chain(optax.scale_by_learning_rate(rate), optax.trace(RHO, nesterov=True))
            other = Optimizer(chain.init, chain.update)
            evidence[f"{kind}_stored"] = optimizer_path(
                nesterov(rate, RHO), lambda w, t: gradient(w), start, STEPS
            )
            evidence[f"{kind}_lecture"] = _lecture(gradient, start, rate)
            evidence[f"{kind}_optax"] = optimizer_path(other, lambda w, t: gradient(w), start, STEPS)
        return evidence

    @jax.jit
    def quadratics() -> dict[str, jax.Array]:
        def errors(name: str, rates: jax.Array, steps: int) -> jax.Array:
            one = jnp.ones(())
            return jax.vmap(lambda rate: optimizer_path(MAKE[name](rate), lambda w, t: w, one, steps))(rates)

        evidence = {}
        for name in MAKE:
            evidence[f"{name}_errors"] = errors(name, jnp.asarray(RATES), sum(WINDOWS[1:]))
            if name in LIMITS:
                evidence[f"{name}_half"] = errors(name, jnp.asarray([HALF]), 40)[0]
                evidence[f"{name}_left"] = jnp.abs(
                    errors(name, LIMITS[name] * jnp.asarray(NEAR), LONG)[:, -1]
                )
        return evidence

    return {name: np.asarray(values) for name, values in {**paths(), **quadratics()}.items()}


def read(evidence: Evidence) -> list[Finding]:
    """Return measured numbers with expected values for claim O2, on Nesterov.

    They are the differences between three forms of Nesterov, the largest stable learning rates of Nesterov
    and momentum, and the factors on the error per step.
    """
    findings = []
    for kind in ("constant", "decaying"):
        stored, lecture = evidence[f"{kind}_stored"], evidence[f"{kind}_lecture"]
        ahead = stored[1:] + RHO * np.diff(stored, axis=0)  # w + rho v, what optax stores
        findings += [
            Finding(f"form of the lecture and stored form, {kind} learning rate: largest difference",
                    np.max(np.abs(stored - lecture)), 0.0, 1e-12),
            Finding(f"look-ahead of optax and ours, {kind} learning rate: largest difference",
                    np.max(np.abs(ahead - evidence[f"{kind}_optax"][1:])), 0.0, 1e-12),
        ]  # fmt: skip
    for name, limit in LIMITS.items():
        spacing = limit * (NEAR[1] - NEAR[0])
        findings.append(
            Finding(f"{name}, largest stable learning rate x curvature",
                    _crossing(evidence[f"{name}_left"]) * limit,
                    limit, spacing, note="below it errors shrink, above it they grow")
        )  # fmt: skip
    for name, factor in FACTORS.items():
        w = evidence[f"{name}_half"]
        # this determinant shrinks by the product of both roots, which is their squared modulus
        turn = w[:-2] * w[2:] - w[1:-1] ** 2
        findings.append(
            Finding(f"{name}, factor per step at learning rate x curvature = {HALF}",
                    np.sqrt(turn[20] / turn[10]) ** 0.1, factor, 1e-9)
        )  # fmt: skip
    worst = max(
        np.max(np.abs(_growth(evidence[f"{name}_errors"]) - _radius(name, RATES))[_settled(name)])
        for name in MAKE
    )
    findings.append(
        Finding("factor per step, largest deviation from theory over all learning rates", worst, 0.0, 0.03)
    )
    return findings


def draw(evidence: Evidence) -> Any:
    """Draw two panels on SGD, momentum and Nesterov on a quadratic; return the figure.

    Left: the factor on the error per step over learning rate times curvature. Right: the weight over the
    steps at one learning rate, without SGD.
    """
    from ravine.lecture.plot_style import canvas, marks, theory

    figure, (left, right) = canvas(CLAIM.title, columns=2, key=True)
    fine = np.linspace(0, 4.2, 800)
    for k, name in enumerate(MAKE):
        theory(left, fine, _radius(name, fine), which=k)
        some = np.flatnonzero(_settled(name))[k::4]
        marks(left, RATES[some], _growth(evidence[f"{name}_errors"])[some], _label(name), which=k)
    left.axhline(1, color="black", linewidth=0.8)
    left.set(
        xlabel="learning rate x curvature",
        ylabel="factor of the error in a step",
        ylim=(0, 1.6),
        xlim=(0, 4.2),
    )
    left.set_title(f"above 1 it diverges (rho = {RHO:g})")
    left.legend(loc="lower right")

    t = np.arange(31)
    for k, name in enumerate(MAKE):
        if name in FACTORS:
            theory(right, t, _recurrence(name, HALF, len(t)), which=k)
            marks(right, t, evidence[f"{name}_half"][t], _label(name), which=k)
    right.axhline(0, color="black", linewidth=0.8)
    right.set(xlabel="step", ylabel="w (the minimum is at 0)")
    right.set_title(f"one direction, learning rate x curvature = {HALF:g}")
    right.legend()
    return figure


def animate(path: Path) -> None:
    """Write the animation of SGD, momentum and Nesterov on four landscapes to an HTML or GIF file."""
    from ravine.lecture.animations import write_animation

    write_animation(path, "Nesterov, momentum and SGD", ("sgd", "momentum", "nesterov"))


def _lecture(
    gradient: Callable[[jax.Array], jax.Array], start: jax.Array, rate: Callable[[jax.Array], jax.Array]
) -> jax.Array:
    """Return the path of (1) from `start` [2], by its own formula: [time, 2]."""

    def step(carry: tuple, t: jax.Array) -> tuple[tuple, jax.Array]:
        w, v = sutskever_step(gradient, carry[0], carry[1], rate(t), RHO)
        return (w, v), w

    _, path = jax.lax.scan(step, (start, jnp.zeros_like(start)), jnp.arange(STEPS))
    return jnp.concatenate([start[None], path])


def _coefficients(name: str, h: Size) -> tuple[Size, Size]:
    """Return a and b of w_(t+1) = a w_t + b w_(t-1), (3) and (4), at h = eta lambda, a number or [rate]."""
    return {
        "sgd": (1 - h, 0 * h),
        "momentum": (1 + RHO - h, -RHO + 0 * h),
        "nesterov": ((1 + RHO) * (1 - h), -RHO * (1 - h)),
    }[name]


def _radius(name: str, h: np.ndarray) -> np.ndarray:
    """Return the larger modulus of the roots at h = eta lambda [rate]: [rate]."""
    a, b = _coefficients(name, h)
    root = np.sqrt((a * a + 4 * b).astype(complex))
    return np.maximum(np.abs(a + root), np.abs(a - root)) / 2


def _recurrence(name: str, h: float, count: int) -> np.ndarray:
    """Return `count` values of the recursion (3) or (4) at h = eta lambda, from 1: [time]."""
    a, b = _coefficients(name, h)
    w = [1.0, 1.0 - h]  # v starts at 0, so the first step is that of gradient descent for all three
    while len(w) < count:
        w.append(a * w[-1] + b * w[-2])
    return np.array(w)


def _growth(errors: np.ndarray) -> np.ndarray:
    """Return the factor per step of errors [rate, time]: [rate]."""
    first, second, width = WINDOWS
    sizes = [np.abs(errors[:, at : at + width]).max(axis=1) for at in (first, second)]
    return (sizes[1] / sizes[0]) ** (1 / (second - first))


def _settled(name: str) -> np.ndarray:
    """Return whether errors show the factor: two separate roots, or many turns in a window: [rate]."""
    a, b = _coefficients(name, RATES)
    return np.abs(a * a + 4 * b) > 0.1


def _crossing(left: np.ndarray) -> float:
    """Return the rate, in units of the limit, above which the error `left` [rate] exceeds 1, or NaN."""
    grew = left > 1
    if np.isnan(left).any() or grew.all() or not grew.any():
        return np.nan
    first = int(np.argmax(grew))
    return float(NEAR[first] + NEAR[first - 1]) / 2 if grew[first:].all() else np.nan


def _label(name: str) -> str:
    """Return the name of an optimizer in pictures."""
    return {"sgd": "SGD", "momentum": "momentum", "nesterov": "Nesterov"}[name]
