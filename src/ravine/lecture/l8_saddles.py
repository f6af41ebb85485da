"""Claim L8 of the lecture: saddle points outnumber minima in high dimension.

In the lecture: "Problems with vanilla SGD", saddle points. Sources: Dean & Majumdar 2006 for (1); Baldi &
Hornik 1989 for the critical points, Saxe et al. 2014 for the path of gradient descent.

At a random critical point the Hessian is like a random symmetric N x N matrix (GOE: A + A', A of independent
normals):

    P(all N eigenvalues > 0) = 1/2, (2 - sqrt 2)/4, (pi - 2 sqrt 2)/(4 pi)  for N = 1, 2, 3             (1)

The two-layer linear network L = |W2 W1 - diag(s)|^2 / 2 with three units and strengths s has one critical
point for each set K of learned modes, up to the basis of its hidden layer: W1 = W2 = diag(sqrt s_k, k in K).
There

    loss  = 1/2 sum of s_k^2 over k not in K                                                            (2)
    index = (3 - |K|)^2 + number of pairs: k in K, j not in K, s_j > s_k                                (3)

The index is the number of negative eigenvalues of the Hessian. In (3), each of the 3 - |K| unused units can
begin to learn each of the 3 - |K| remaining modes, and a learned mode can be exchanged for a stronger one.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ravine.diagnostics import exact_spectrum, hessian_matrix
from ravine.lecture.claim import Claim, Evidence, Finding
from ravine.lecture.optimizer_path import optimizer_path
from ravine.optimizers import sgd

__all__ = ["CLAIM", "draw", "read", "run"]

CLAIM = Claim(
    "L8",
    title="Saddles outnumber minima in high dimension",
    section="Landscape",
    says="Saddle points are much more common than local minima when there are many weights.",
    run="200,000 random symmetric matrices of each size from 1 to 5; the eight critical points of a "
    "two-layer linear network, and gradient descent from near zero.",
    caveat="The counts are exact for random matrices and for linear networks, where every minimum is a "
    "global one. For other networks they show the tendency: critical points of low loss have few descending "
    "directions, those of high loss have many.",
    try_it="ravine landscape digits",
)

SAMPLES = 200_000
SIZES = (1, 2, 3, 4, 5)
EXACT = (1 / 2, (2 - np.sqrt(2)) / 4, (np.pi - 2 * np.sqrt(2)) / (4 * np.pi))  # (1)
STRENGTHS = (3.0, 2.0, 1.0)
PLATEAUS = (2.5, 0.5)  # losses of the descent with one mode learned, then two
LADDER = ((0.0, 0), (0.5, 1), (2.0, 2), (2.5, 4), (4.5, 3), (5.0, 5), (6.5, 6), (7.0, 9))  # loss, index
RATE, STEPS, START = 0.02, 1200, 1e-8
SEED = 0


def run() -> Evidence:
    """Measure random matrices, critical points of a linear network, and gradient descent; return arrays.

    positive [size]: share of 200,000 random symmetric matrices that have only positive eigenvalues.
    learned [8, 3]: whether each of three modes is learned at a critical point of a two-layer linear network.
    loss, index, slope [8]: loss, number of negative eigenvalues of the Hessian, and gradient norm at each
    critical point.
    descent [time]: loss of gradient descent that starts near zero weights.
    """
    generator = np.random.default_rng(SEED)
    positive = []
    for size in SIZES:
        a = generator.standard_normal((SAMPLES, size, size), dtype=np.float32).astype(np.float64)
        positive.append(np.mean(_positive_definite(a + a.swapaxes(1, 2))))

    learned = np.array([[place >> k & 1 for k in range(3)] for place in range(8)], dtype=bool)
    layers = np.stack([np.diag(np.sqrt(np.where(modes, STRENGTHS, 0.0))).ravel() for modes in learned])
    target = jnp.diag(jnp.asarray(STRENGTHS))

    def loss(w: jax.Array) -> jax.Array:
        first, second = w.reshape(2, 3, 3)
        return jnp.sum((second @ first - target) ** 2) / 2

    @jax.jit
    def measure_all(points: jax.Array, start: jax.Array) -> tuple[jax.Array, ...]:
        slope = jax.grad(loss)
        path = optimizer_path(sgd(RATE), lambda w, t: slope(w), start, STEPS)
        hessians = jax.lax.map(lambda w: hessian_matrix(loss, w), points)
        return (
            jax.vmap(loss)(points),
            jnp.linalg.norm(jax.vmap(slope)(points), axis=1),
            hessians,
            jax.vmap(loss)(path),
        )

    points = jnp.asarray(np.concatenate([layers, layers], axis=1))
    start = jnp.asarray(np.tile(np.eye(3).ravel() * START, 2))
    losses, slopes, hessians, descent = map(np.asarray, measure_all(points, start))
    return {
        "positive": np.array(positive),
        "learned": learned,
        "loss": losses,
        "slope": slopes,
        "index": np.array([exact_spectrum(hessian).index for hessian in hessians]),
        "descent": descent,
    }


def read(evidence: Evidence) -> list[Finding]:
    """Return measured numbers with expected values for claim L8, on saddle points.

    They are the probability that a random symmetric matrix has only positive eigenvalues, the loss and the
    number of negative eigenvalues at each critical point of a linear network, and the plateaus of gradient
    descent.
    """
    findings = []
    for k, exact in enumerate(EXACT):
        spread = np.sqrt(exact * (1 - exact) / SAMPLES)
        findings.append(
            Finding(
                f"P(all eigenvalues > 0), N = {SIZES[k]}",
                evidence["positive"][k],
                exact,
                4 * spread,
                error=1.96 * spread,
            )
        )
    order = np.argsort(evidence["loss"])
    for rung, place in zip(LADDER, order, strict=True):
        name = f"critical point {LADDER.index(rung) + 1} from below"
        findings.append(Finding(f"{name}: loss", evidence["loss"][place], rung[0], 1e-12))
        findings.append(Finding(f"{name}: negative eigenvalues", evidence["index"][place], rung[1]))
    for k, (loss, expected) in enumerate(zip(_plateaus(evidence["descent"])[:2], PLATEAUS, strict=True)):
        findings.append(
            Finding(f"loss at the slowest descent, plateau {k + 1}", loss, expected, 0.02, relative=True)
        )
    findings.append(Finding("largest gradient at a critical point", evidence["slope"].max(), 0.0, 1e-12))
    return findings


def draw(evidence: Evidence) -> Any:
    """Draw two panels on saddle points; return the figure.

    Left: the share of random symmetric matrices with only positive eigenvalues, over their size. Right: the
    loss of critical points of a linear network over the number of negative eigenvalues.
    """
    from ravine.lecture.plot_style import COLORS, canvas, marks, theory

    figure, (left, right) = canvas(CLAIM.title, columns=2)
    share = evidence["positive"]
    theory(left, SIZES[: len(EXACT)], EXACT, "exact, N = 1, 2, 3", which=0)
    error = 1.96 * np.sqrt(share * (1 - share) / SAMPLES)
    shown = share * SAMPLES >= 10
    marks(
        left,
        np.array(SIZES)[shown],
        share[shown],
        f"{SAMPLES:,} random matrices",
        which=0,
        error=error[shown],
    )
    left.set(xlabel="dimension N", ylabel="share with all eigenvalues > 0", yscale="log")
    left.set_xticks(SIZES)
    left.set_title("random symmetric matrices")
    left.legend(loc="upper right")

    marks(right, evidence["index"], evidence["loss"], "critical points", which=1)
    for index, loss, learned in zip(evidence["index"], evidence["loss"], evidence["learned"], strict=True):
        name = (
            ", ".join(f"{s:g}" for s, is_learned in zip(STRENGTHS, learned, strict=True) if is_learned)
            or "none"
        )
        right.annotate(name, (index, loss), (8, -4), textcoords="offset points", fontsize=11)
    passed = ((0, 0, 0), (1, 0, 0), (1, 1, 0), (1, 1, 1))
    places = [int(np.argmax((evidence["learned"] == np.array(row, bool)).all(axis=1))) for row in passed]
    right.plot(
        evidence["index"][places],
        evidence["loss"][places],
        color=COLORS[6],
        linestyle=":",
        linewidth=1.2,
        label="order of the descent",
    )
    marks(
        right,
        evidence["index"][places[1:3]],
        _plateaus(evidence["descent"])[:2],
        "plateaus of gradient descent",
        which=2,
        markersize=13,
        markerfacecolor="none",
        markeredgecolor=COLORS[2],
        markeredgewidth=1.5,
    )
    right.set(xlabel="index: negative eigenvalues of the Hessian", ylabel="loss", xlim=(-0.5, 10.5))
    right.set_title("two-layer linear network: modes learned")
    right.legend(loc="lower right")
    return figure


def _plateaus(losses: np.ndarray) -> np.ndarray:
    """Return the losses [plateau] at which a falling curve [time] is slowest, and two NaN after them."""
    speed = -np.diff(losses)
    slowest = np.flatnonzero((speed[1:-1] < speed[:-2]) & (speed[1:-1] <= speed[2:])) + 1
    slowest = slowest[losses[slowest] < 0.95 * losses[0]]
    return np.concatenate([losses[slowest], [np.nan, np.nan]])


def _positive_definite(matrices: np.ndarray) -> np.ndarray:
    """Return which symmetric matrices [K, N, N] have only positive eigenvalues, [K]."""
    return np.linalg.eigvalsh(matrices)[:, 0] > 0
