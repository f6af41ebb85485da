"""Claim L7 of the lecture: flat minima are better, with care.

In the lecture: "Flat & sharp minima". Source: Dinh, Pascanu, Bengio & Bengio 2017; Petzka et al. 2021 for
sums of w^2 H.

A network f(x) = v' relu(h) + c has h = W x + b. Multiplying W and b by alpha and dividing v by alpha changes
no output, yet the trace of the Hessian H of the loss changes. For alpha = 1 the blocks of H are H_first (W
and b), H_second (v) and H_c:

    tr H(alpha) = tr H_first / alpha^2 + alpha^2 tr H_second + tr H_c       (1)
    sum_i w_i^2 H_ii                                                        (2)   the same for every alpha

With L = mean (f - y)^2 the diagonal of H is 2 mean (df/dw_i)^2, because f is linear in each single weight
between the kinks of relu. The blocks of (1) are therefore, with means over the inputs x_n and sums over
hidden units j,

    tr H_first = 2 mean_n sum_j v_j^2 [h_j > 0] (x_n^2 + 1)                 (3)
    tr H_second = 2 mean_n sum_j relu(h_j)^2,   tr H_c = 2

The Hessian is measured by automatic differentiation. In the table of claims (a list of expected values), the
trace rises from 2.28 to 14,722 for a network that is not specified; by (1) this network has tr H_second =
1.47, at alpha = 100. Here each trace is compared with (1) and (3), computed with NumPy from the weights.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree

from ravine.diagnostics import hessian_matrix
from ravine.lecture.claim import Claim, Evidence, Finding
from ravine.lecture.optimizer_path import optimizer_path
from ravine.networks import Network
from ravine.networks.loss_functions import squared_error
from ravine.optimizers import sgd

__all__ = ["CLAIM", "draw", "read", "run"]

CLAIM = Claim(
    "L7",
    title="Flat minima are better, with care",
    section="Landscape",
    says="In deep learning flat minima are often observed to be better solutions than sharp ones.",
    run="A 1-12-1 ReLU network trained on a sine. Its first layer is multiplied by alpha and its second "
    "divided by alpha, for 13 values of alpha from 0.1 to 100; the whole Hessian is computed at each.",
    caveat="Raw sharpness is not a property of the learned function: rescaling the layers of a ReLU network "
    "makes the same function arbitrarily sharp. Report it together with a quantity that rescaling leaves "
    "unchanged.",
    try_it="ravine diagnose digits",
)

NETWORK = Network((1, 12, 1), "relu")
POINTS = 30
RATE, STEPS = 0.02, 4000
ALPHAS = tuple(float(alpha) for alpha in np.geomspace(0.1, 100, 13))
SEED = 0


def run() -> Evidence:
    """Train a ReLU network, rescale its layers and measure its Hessian; return arrays by name.

    The first layer is multiplied by a factor alpha and the second divided by it, which changes no output.

    inputs [N]: training inputs. first_weight, first_bias, second_weight [hidden]: weights before the
    rescaling.
    loss, trace, sharpness, invariant [alpha]: after rescaling, the loss, the trace and the largest eigenvalue
    of its Hessian H, and the sum of w_i^2 H_ii over the weights.
    """
    x = np.linspace(-1, 1, POINTS)
    inputs, targets = jnp.asarray(x[:, None]), jnp.asarray(np.sin(3 * x))
    drawn = jax.tree.map(jnp.asarray, NETWORK.init(np.random.default_rng(SEED), dtype="float64"))
    drawn[0]["bias"] = jnp.asarray(np.random.default_rng(SEED + 1).uniform(-0.5, 0.5, NETWORK.sizes[1]))
    start, unravel = ravel_pytree(drawn)

    def loss(w: jax.Array) -> jax.Array:
        return jnp.mean(squared_error(NETWORK.apply(unravel(w), inputs), targets))

    def rescaled(w: jax.Array, alpha: jax.Array) -> jax.Array:
        first, second = unravel(w)
        return ravel_pytree(
            [jax.tree.map(lambda array: array * alpha, first), {**second, "weight": second["weight"] / alpha}]
        )[0]

    @jax.jit
    def measure_all(start: jax.Array, alphas: jax.Array) -> tuple[jax.Array, dict[str, jax.Array]]:
        trained = optimizer_path(sgd(RATE), lambda w, t: jax.grad(loss)(w), start, STEPS)[-1]

        def at(alpha: jax.Array) -> dict[str, jax.Array]:
            w = rescaled(trained, alpha)
            hessian = hessian_matrix(loss, w)
            diagonal = jnp.diag(hessian)
            return {
                "loss": loss(w),
                "trace": jnp.sum(diagonal),
                "sharpness": jnp.linalg.eigvalsh(hessian)[-1],
                "invariant": jnp.sum(w**2 * diagonal),
            }

        return trained, jax.lax.map(at, alphas)

    trained, evidence = measure_all(start, jnp.asarray(ALPHAS))
    first, second = unravel(trained)
    trained_weights = {
        "first_weight": first["weight"],
        "first_bias": first["bias"],
        "second_weight": second["weight"],
    }
    weights = {name: np.asarray(array).ravel() for name, array in trained_weights.items()}
    return {"inputs": x, **weights, **{name: np.asarray(values) for name, values in evidence.items()}}


def read(evidence: Evidence) -> list[Finding]:
    """Return measured numbers with expected values for claim L7, on flatness and rescaled layers.

    They are the largest changes of loss and of sum w_i^2 H_ii under rescaling of a ReLU network's layers (H:
    Hessian), traces of the Hessian against theory, and how much the largest eigenvalue grows.
    """
    one = int(np.argmin(np.abs(np.log(ALPHAS))))
    expected = _trace(evidence, np.asarray(ALPHAS))

    def change(name: str) -> float:
        return np.max(np.abs(evidence[name] / evidence[name][one] - 1))

    span = f"alpha from {ALPHAS[0]:g} to {ALPHAS[-1]:g}"
    return [
        Finding("largest relative change of the loss", change("loss"), 0.0, 1e-10, note=span),
        Finding("largest relative change of sum w^2 H", change("invariant"), 0.0, 1e-9, note=span),
        Finding(
            "trace of the Hessian as trained", evidence["trace"][one], expected[one], 1e-9, relative=True
        ),
        Finding(
            f"trace at alpha = {ALPHAS[-1]:g}",
            evidence["trace"][-1],
            expected[-1],
            1e-9,
            relative=True,
            note=f"{evidence['trace'][-1] / evidence['trace'][one]:,.0f} times as large, same function",
        ),
        Finding(
            "largest relative error of the trace",
            np.max(np.abs(evidence["trace"] / expected - 1)),
            0.0,
            1e-9,
            note=span,
        ),
        Finding(
            "sharpness after rescaling / before, largest",
            evidence["sharpness"].max() / evidence["sharpness"][one],
            100.0,
            bound="above",
            note="grows without limit with alpha",
        ),
    ]


def draw(evidence: Evidence) -> Any:
    """Draw two panels on a ReLU network whose layers are rescaled with equal outputs; return the figure.

    Left: trace and largest eigenvalue of the Hessian over the factor. Right: loss and sum w_i^2 H_ii, which
    do not change.
    """
    from ravine.lecture.plot_style import canvas, marks, theory

    figure, (left, right) = canvas(CLAIM.title, columns=2)
    line = np.geomspace(ALPHAS[0], ALPHAS[-1], 200)
    theory(left, line, _trace(evidence, line), which=0)
    marks(left, ALPHAS, evidence["trace"], "trace of the Hessian", which=0)
    marks(left, ALPHAS, evidence["sharpness"], "largest eigenvalue", which=1)
    left.set(ylabel="raw sharpness", yscale="log")
    left.set_title("arbitrary")
    left.legend(loc="upper left")

    one = int(np.argmin(np.abs(np.log(ALPHAS))))
    for k, (name, label) in enumerate((("invariant", "sum of w² H"), ("loss", "loss"))):
        theory(right, line, np.full_like(line, evidence[name][one]), which=2 + k)
        marks(right, ALPHAS, evidence[name], label, which=2 + k)
    right.set(ylabel="value", yscale="log")
    right.set_title("unchanged")
    right.legend(loc="center right")
    for axes in (left, right):
        axes.set(xlabel="factor alpha between the layers", xscale="log")
    return figure


def _trace(evidence: Evidence, alpha: np.ndarray) -> np.ndarray:
    """Return the trace (1) with (3) for factors `alpha` [A], from the trained weights: [A]."""
    x = evidence["inputs"][:, None]
    hidden = x * evidence["first_weight"] + evidence["first_bias"]
    active = hidden > 0
    first = 2 * np.mean(np.sum(evidence["second_weight"] ** 2 * active * (x**2 + 1), axis=1))  # (3)
    second = 2 * np.mean(np.sum(np.where(active, hidden, 0) ** 2, axis=1))
    return first / alpha**2 + alpha**2 * second + 2  # (1)
