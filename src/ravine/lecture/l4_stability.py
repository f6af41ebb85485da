"""Claim L4 of the lecture: gradient descent converges only at learning rates below 2 / curvature.

In the lecture: "Flat & sharp minima". Source: Cohen et al. 2021 for (2, 3), 2022 for (4).

On the loss lambda w^2 / 2 an optimizer with learning rate eta is a linear recursion. |w| shrinks as long as
eta lambda is below a limit, with rho and b1 for the momentum:

    GD              |1 - eta lambda| < 1    2                                (1)
    heavy ball                              2 + 2 rho                        (2)
    Nesterov                                (2 + 2 rho) / (1 + 2 rho)        (3)
    Adam            eta lambda / P          (2 + 2 b1) / (1 - b1)            (4)      38 at b1 = 0.9

P = sqrt(v^) + eps is the divisor of Adam. Here eps is much larger than the gradients, so P = eps is constant.
The experiment measures distances from the minimum under (1), and the limit of each optimizer by 40 halvings
of an interval.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ravine.lecture.claim import Claim, Evidence, Finding
from ravine.lecture.optimizer_path import optimizer_path
from ravine.optimizers import Optimizer, adam, momentum, nesterov, sgd

__all__ = ["CLAIM", "draw", "read", "run"]

CLAIM = Claim(
    "L4",
    title="To converge needs a learning rate below 2 / curvature",
    section="Landscape",
    says="Gradient descent converges to a minimum only if its learning rate is below 2 / curvature.",
    run="Gradient descent on a quadratic at learning rates of 1.99, 2.00 and 2.01 over its curvature, 2,000 "
    "steps each; then the largest stable learning rate of four optimizers, found by halving an interval "
    "40 times.",
    caveat="The value 2 holds for plain gradient descent. Momentum raises it to 2 + 2 rho, Nesterov lowers "
    "it to (2 + 2 rho) / (1 + 2 rho). For Adam it is 38 at b1 = 0.9 and refers to the preconditioned "
    "curvature: the curvature divided by sqrt(v^) + eps.",
    try_it="ravine sweep digits --optimizer sgd --vary learning_rate=0.01..10 --points 8",
)

STEPS = 2000
PRODUCTS = (1.99, 2.0, 2.01)  # eta lambda of the three runs
MEMORIES = (0.0, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95)  # values of rho and b1
LOW, HIGH, HALVINGS = 0.1, 1e4, 40  # the interval, halved in the logarithm
# Gradients up to LINEAR are negligible next to EPS, so P is constant. The range between START and LINEAR
# leaves
# space for the first steps of Adam: bias correction makes them up to 1 / (1 - b1) times as large.
START, LINEAR, EPS = 1e-120, 1e-30, 1e-3

RULES: dict[str, Callable[[jax.Array, jax.Array], Optimizer]] = {
    "sgd": lambda product, memory: sgd(product),
    "momentum": lambda product, memory: momentum(product, rho=memory),
    "nesterov": lambda product, memory: nesterov(product, rho=memory),
    "adam": lambda product, memory: adam(product * EPS, b1=memory, eps=EPS),
}
LIMITS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "sgd": lambda memory: 2 + 0 * memory,  # (1)
    "momentum": lambda memory: 2 + 2 * memory,  # (2)
    "nesterov": lambda memory: (2 + 2 * memory) / (1 + 2 * memory),  # (3)
    "adam": lambda memory: (2 + 2 * memory) / (1 - memory),  # (4)
}


def run() -> Evidence:
    """Measure the stability of four optimizers on a quadratic with curvature lambda; return arrays by name.

    distance [product, time]: distance of gradient descent from the minimum, for three products of learning
    rate and curvature.
    For each optimizer, under its name, its limit [memory]: the largest product of learning rate and curvature
    that converges. For Adam the curvature is divided by Adam's divisor. A memory is a value of the momentum
    rho or b1.
    """

    def distances(product: jax.Array) -> jax.Array:
        return jnp.abs(optimizer_path(sgd(product), _slope, jnp.ones(()), STEPS))

    @jax.jit
    def measure_all(products: jax.Array, memory: jax.Array) -> dict[str, jax.Array]:
        limits = {
            name: jax.vmap(lambda k, make=make: _limit(make, k))(memory) for name, make in RULES.items()
        }
        return {"distance": jax.vmap(distances)(products), **limits}

    evidence = measure_all(jnp.asarray(PRODUCTS), jnp.asarray(MEMORIES))
    return {name: np.asarray(values) for name, values in evidence.items()}


def read(evidence: Evidence) -> list[Finding]:
    """Return measured numbers with expected values for claim L4, on the largest stable learning rate.

    They are the distances of gradient descent after 2,000 steps at three learning rates, each optimizer's
    limit of learning rate times curvature at rho or b1 = 0.9, and the largest error of the limits over all
    rho or b1.
    """
    end = evidence["distance"][:, -1]
    findings = [
        Finding(
            f"GD at {product:.2f} / curvature, distance after {STEPS:,} steps",
            measured,
            factor**STEPS,
            1e-9,
            relative=True,
            unit="times the initial distance",
        )
        for product, measured, factor in zip(PRODUCTS, end, (0.99, 1.0, 1.01), strict=True)
    ]
    usual = MEMORIES.index(0.9)
    names = {
        "sgd": "GD",
        "momentum": "heavy ball, rho = 0.9",
        "nesterov": "Nesterov, rho = 0.9",
        "adam": "Adam, b1 = 0.9, curvature preconditioned",
    }
    truth = {"sgd": 2.0, "momentum": 3.8, "nesterov": 3.8 / 2.8, "adam": 38.0}
    findings += [
        Finding(
            f"{names[name]}: largest learning rate x curvature",
            evidence[name][usual],
            truth[name],
            1e-6,
            relative=True,
        )
        for name in RULES
    ]
    memory = np.asarray(MEMORIES)
    findings += [
        Finding(
            f"{names[name].split(',')[0]}: largest error of the limit, rho or b1 from 0 to {max(MEMORIES):g}",
            np.max(np.abs(evidence[name] / LIMITS[name](memory) - 1)),
            0.0,
            1e-6,
        )
        for name in RULES
        if name != "sgd"
    ]
    return findings


def draw(evidence: Evidence) -> Any:
    """Draw two panels on the largest stable learning rate; return the figure.

    Left: distance of gradient descent from the minimum at, below and above the limit. Right: the limit of
    each optimizer over its momentum.
    """
    from ravine.lecture.plot_style import canvas, marks, theory

    figure, (left, right) = canvas(CLAIM.title, columns=2, key=True)
    t = np.arange(STEPS + 1)
    some = t[::200]
    for k, product in enumerate(PRODUCTS):
        theory(left, t, np.abs(1 - product) ** t, which=k)
        marks(
            left, some, evidence["distance"][k, some], f"learning rate = {product:.2f} / curvature", which=k
        )
    left.set(xlabel="step", ylabel="distance from the minimum", yscale="log")
    left.set_xticks([0, 500, 1000, 1500, 2000], labels=["0", "500", "1,000", "1,500", "2,000"])
    left.set_title("gradient descent")
    left.legend(loc="upper left")

    line = np.linspace(0, max(MEMORIES), 200)
    names = {"sgd": "gradient descent", "momentum": "heavy ball", "nesterov": "Nesterov", "adam": "Adam"}
    for k, (name, label) in enumerate(names.items()):
        theory(right, line, LIMITS[name](line), which=k)
        marks(right, MEMORIES, evidence[name], label, which=k)
    right.set(
        xlabel="rho, or b1 of Adam", ylabel="largest learning rate x curvature", yscale="log", ylim=(1, 110)
    )
    right.set_yticks([1, 2, 5, 10, 20, 50, 100], labels=["1", "2", "5", "10", "20", "50", "100"])
    right.set_title("limit of each optimizer")
    right.legend(loc="upper left")
    return figure


def _slope(w: jax.Array, t: jax.Array) -> jax.Array:
    """Return the gradient [...] of w^2 / 2."""
    return w


def _limit(make: Callable[[jax.Array, jax.Array], Optimizer], memory: jax.Array) -> jax.Array:
    """Return the eta lambda (for Adam eta lambda / P) [] at which paths begin to grow.

    The function halves an interval and can be traced by JAX.
    """

    def halve(ends: tuple[jax.Array, jax.Array], _: None) -> tuple[tuple[jax.Array, jax.Array], None]:
        low, high = ends
        middle = jnp.sqrt(low * high)
        path = jnp.abs(optimizer_path(make(middle, memory), _slope, jnp.asarray(START), STEPS))
        shrinks = (path[-1] <= path[STEPS // 2]) & (jnp.max(path) < LINEAR)  # both are false for NaN
        return (jnp.where(shrinks, middle, low), jnp.where(shrinks, high, middle)), None

    (low, high), _ = jax.lax.scan(halve, (jnp.asarray(LOW), jnp.asarray(HIGH)), length=HALVINGS)
    return jnp.sqrt(low * high)
