"""Claim P2 of the lecture: standardizing the inputs fixes the geometry of the loss.

In the lecture: "Data preprocessing", mean 0 and standard deviation 1.

Linear regression on N rows X of d inputs, L(w) = |X w - y|^2 / 2N, has the Hessian X'X / N. For inputs of
mean mu and variance s^2, with 1 for the vector of ones:

    X'X / N -> mu^2 11' + s^2 I,   condition number 1 + d mu^2 / s^2                (1)     U[0, 1]: 1 + 3 d
    N rows: smallest eigenvalue s^2 (1 - c)^2,  c = sqrt(d / N)                     (2)
    standardized: condition number ((1 + c) / (1 - c))^2                            (3)
    best constant learning rate 2 / (l_max + l_min), with the extreme eigenvalues l of the Hessian:
    the error changes by the factor (kappa - 1) / (kappa + 1) per step             (4)  kappa = l_max / l_min

Source of (2), (3): Marchenko & Pastur 1967.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ravine.lecture.claim import Claim, Evidence, Finding
from ravine.lecture.optimizer_path import optimizer_path
from ravine.optimizers import sgd

__all__ = ["CLAIM", "draw", "read", "run"]

CLAIM = Claim(
    "P2",
    title="Standardizing fixes the geometry",
    section="Preprocessing",
    says="Preprocess data to mean 0 and standard deviation 1.",
    run="The Hessian of linear regression on 20,000 rows of inputs uniform on [0, 1], raw and standardized, "
    "and gradient descent on both at the best constant learning rate.",
    caveat="Standardizing removes the effect of means and scales, but not of correlations between inputs. "
    "With few rows, the sample itself is ill-conditioned, raw or standardized.",
    try_it="ravine diagnose diabetes",
)

ROWS, INPUTS = 20_000, (10, 50, 100)
RAW = (31, 151, 301)  # (1)
STEPS, TARGET = 3_000, 1e-6


def run() -> Evidence:
    """Measure linear regression on raw and on standardized inputs; return arrays by name.

    condition [prepared, d]: condition number of the Hessian, for raw and standardized inputs and three
    numbers d of inputs.
    distance [prepared, d, time]: distance of gradient descent from the minimum after each step, at the best
    constant learning rate.
    """
    generator = np.random.default_rng(0)
    condition = np.zeros((2, len(INPUTS)))
    distance = np.zeros((2, len(INPUTS), STEPS + 1))
    for k, d in enumerate(INPUTS):
        x = generator.uniform(size=(ROWS, d))
        both = np.stack([rows.T @ rows / ROWS for rows in (x, (x - x.mean(axis=0)) / x.std(axis=0))])
        values, vectors = np.linalg.eigh(both)
        condition[:, k] = values[:, -1] / values[:, 0]
        start = vectors[:, :, 0] + vectors[:, :, -1]  # the slowest start: both ends of the spectrum
        rate = 2 / (values[:, 0] + values[:, -1])
        distance[:, k] = jax.jit(jax.vmap(_descend))(both, start, rate)
    return {"condition": condition, "distance": distance}


def read(evidence: Evidence) -> list[Finding]:
    """Return measured numbers with expected values for claim P2, on standardized inputs.

    They are condition numbers of the Hessian of linear regression with raw and standardized inputs, and the
    steps that gradient descent needs, against theory.
    """
    findings = []
    for k, d in enumerate(INPUTS):
        c = np.sqrt(d / ROWS)
        raw, standardized = evidence["condition"][:, k]
        findings += [
            Finding(f"raw, d = {d}: condition number", raw, RAW[k], 0.2, relative=True, note="1 + 3 d"),
            Finding(
                f"raw, d = {d}: condition number, expected for {ROWS:,} rows",
                raw,
                (1 + 3 * d) / (1 - c) ** 2,
                0.03,
                relative=True,
            ),
            Finding(
                f"standardized, d = {d}: condition number",
                standardized,
                ((1 + c) / (1 - c)) ** 2,
                0.03,
                relative=True,
            ),
        ]
    for k, d in enumerate(INPUTS):
        steps, theory = _iterations(evidence["distance"][0, k]), _expected(evidence["condition"][0, k])
        findings.append(Finding(f"raw, d = {d}: iterations to {TARGET:g}", steps, theory, 1, unit="steps"))
    growth = [_iterations(evidence["distance"][0, k]) / evidence["condition"][0, k] for k in (0, 1, 2)]
    steps, theory = _iterations(evidence["distance"][1, -1]), _expected(evidence["condition"][1, -1])
    return [
        *findings,
        Finding("iterations / condition number, smallest", min(growth), np.log(1 / TARGET) / 2, 0.1),
        Finding("iterations / condition number, largest", max(growth), np.log(1 / TARGET) / 2, 0.1),
        Finding(f"standardized, d = {INPUTS[-1]}: iterations", steps, theory, 1, unit="steps"),
    ]


def draw(evidence: Evidence) -> Any:
    """Draw two panels on linear regression with raw and with standardized inputs; return the figure.

    Left: the condition number of the Hessian over the number of inputs. Right: the distance of gradient
    descent from the minimum over the steps.
    """
    from ravine.lecture.plot_style import canvas, marks, theory

    figure, (left, right) = canvas(CLAIM.title, columns=2, key=True)
    d = np.linspace(5, 110, 100)
    c = np.sqrt(d / ROWS)
    theory(left, d, (1 + 3 * d) / (1 - c) ** 2, which=0)
    theory(left, d, ((1 + c) / (1 - c)) ** 2, which=1)
    for k, name in enumerate(("inputs in [0, 1]", "standardized")):
        marks(left, INPUTS, evidence["condition"][k], name, which=k)
        distance = evidence["distance"][k, -1]
        t = np.arange(int(_iterations(distance)) + 1)
        kappa = evidence["condition"][k, -1]
        theory(right, t, ((kappa - 1) / (kappa + 1)) ** t, which=k)
        some = t[:: max(1, len(t) // 12)]
        marks(right, some, distance[some] / distance[0], name, which=k)
    left.set(xlabel="inputs d", ylabel="condition number", yscale="log", ylim=(0.8, 1000))
    right.set(xlabel="step of gradient descent", ylabel="distance from the minimum", yscale="log")
    right.set_title(f"d = {INPUTS[-1]}, best constant learning rate")
    left.set_title(f"linear regression, {ROWS:,} rows")
    left.legend(loc="center right")
    right.legend(loc="upper right")
    return figure


def _descend(hessian: jax.Array, start: jax.Array, rate: jax.Array) -> jax.Array:
    """Return the distance [time] of gradient descent from the minimum, from `start` [d]."""
    path = optimizer_path(sgd(rate), lambda w, t: hessian @ w, start, STEPS)
    return jnp.linalg.norm(path, axis=1)


def _iterations(distance: np.ndarray) -> float:
    """Return the first step at which the distance [time] is TARGET times the first; NaN if there is none."""
    there = np.flatnonzero(distance <= TARGET * distance[0])
    return float(there[0]) if len(there) else np.nan


def _expected(kappa: float) -> float:
    """Return the number of steps by (4) for a condition number."""
    return float(np.log(1 / TARGET) / np.log((kappa + 1) / (kappa - 1)))  # (4)
