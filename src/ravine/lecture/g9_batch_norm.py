"""Claim G9 of the lecture: batch normalization makes the scale of weights meaningless.

In the lecture: "Summary" (batch normalization). Sources: Ioffe & Szegedy 2015, section 3.3; van Laarhoven
2017.

A layer has inputs x, weights W, and the weights w of each unit; L is the loss, eta the learning rate, and eps
the small number in batch normalization. mean and var are over the rows of a batch.

    y = (z - mean) / sqrt(var + eps),   z = x W: with eps = 0, L(a W) = L(W) for every a > 0            (1)
    so   <w, grad L> = 0   for the weights w of every unit,     grad L(a W) = grad L(W) / a             (2)
    and SGD only makes weights longer:   |w'|^2 = |w|^2 + eta^2 |grad L|^2                              (3)
    a W trained with the learning rate a^2 eta stays a times W trained with eta                         (4)
    with eps > 0:   <w, grad L> = sum_rows dL/dy y eps / (var + eps)                                    (5)
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from ravine.lecture.claim import Claim, Evidence, Finding
from ravine.networks import activation, cross_entropy
from ravine.networks.linear import linear
from ravine.networks.normalization_functions import EPS, batch_norm_training
from ravine.networks.parameters import LayerArrays
from ravine.optimizers import sgd

__all__ = ["CLAIM", "draw", "read", "run"]

CLAIM = Claim(
    "G9",
    title="Batch normalization: the scale of weights is free",
    section="Memorization and generalization",
    says="Batch normalization regularizes and eases training: if all weights before it are multiplied by a "
    "number, the loss does not change and the gradient is divided by that number.",
    run="A batch-normalized layer of 16 units at 1, 3 and 10 times its initial weights, trained for 300 "
    "steps at learning rates of 1, 9 and 100 times 0.5.",
    caveat="Exact for eps = 0 only. SGD makes such weights longer and longer, so its effective learning "
    "rate eta / |w|² falls by itself. An L2 penalty on them does not constrain the function, but keeps "
    "that learning rate up.",
    try_it="ravine sweep digits --vary norm=none,batchnorm",
)

ROWS, INPUTS, UNITS, CLASSES = 64, 10, 16, 3
SCALES = (1.0, 3.0, 10.0)
RATE, STEPS = 0.5, 300


def run() -> Evidence:
    """Train a batch-normalized layer from scaled initial weights; return learning curves and gradients.

    The initial weights W are multiplied by 1, 3 and 10, and the learning rate by the square of this scale.

    loss, length, slope [scale, step]: loss, |W|^2 and |dL/dW|^2 during training with eps = 0 in the
    normalization.
    gradient [scale, d, unit]: dL/dW at the start. weight [d, unit]: the initial W at a scale of 1.
    inner, predicted [unit]: inner product of weights and gradient with eps = 1e-5, measured and by theory.
    steepest [unit]: product of the lengths of both.
    """
    generator = np.random.default_rng(0)
    x = generator.standard_normal((ROWS, INPUTS)) * 2 + 1
    y = np.argmax(x[:, :CLASSES], axis=1).astype(np.int32)
    weight = generator.standard_normal((INPUTS, UNITS)) / np.sqrt(INPUTS)
    last: Any = {
        "weight": generator.standard_normal((UNITS, CLASSES)) / np.sqrt(UNITS),
        "bias": np.zeros(CLASSES),
    }
    norm: LayerArrays = {"scale": jnp.ones(UNITS), "shift": jnp.zeros(UNITS)}
    statistics = {"mean": jnp.zeros(UNITS), "variance": jnp.ones(UNITS)}
    relu = activation("relu")

    def loss(weight: jax.Array, eps: float, added: jax.Array) -> jax.Array:
        z, _ = batch_norm_training(norm, jnp.asarray(x) @ weight, statistics, eps=eps)
        return jnp.mean(cross_entropy(linear(last, relu(z + added)), y))

    zeros = jnp.zeros((ROWS, UNITS))
    slope = jax.value_and_grad(lambda weight: loss(weight, 0.0, zeros))

    def trained(scale: jax.Array) -> dict[str, jax.Array]:
        rule = sgd(RATE * scale**2)
        start = scale * weight

        def step(carry: Any, _: None) -> Any:
            weight, state = carry
            value, gradient = slope(weight)
            update, state = rule.update(gradient, state, weight)
            measures = {"loss": value, "length": jnp.sum(weight**2), "slope": jnp.sum(gradient**2)}
            return (optax.apply_updates(weight, update), state), measures

        _, series = jax.lax.scan(step, (start, rule.init(start)), length=STEPS)
        return series | {"gradient": slope(start)[1]}

    @jax.jit
    def with_eps() -> dict[str, jax.Array]:
        z = x @ weight
        variance = jnp.var(z, axis=0)
        y_hat = (z - jnp.mean(z, axis=0)[None]) / jnp.sqrt(variance + EPS)[None]
        to_weight, to_y = jax.grad(lambda w, added: loss(w, EPS, added), argnums=(0, 1))(
            jnp.asarray(weight), zeros
        )
        return {
            "inner": jnp.sum(weight * to_weight, axis=0),
            "predicted": jnp.sum(to_y * y_hat, axis=0) * EPS / (variance + EPS),  # (5)
            "steepest": jnp.linalg.norm(weight, axis=0) * jnp.linalg.norm(to_weight, axis=0),
        }

    evidence = jax.jit(jax.vmap(trained))(np.array(SCALES)) | with_eps()
    return {"weight": weight, **{name: np.asarray(values) for name, values in evidence.items()}}


def read(evidence: Evidence) -> list[Finding]:
    """Return measured numbers with expected values for claim G9, on batch normalization.

    They are errors of the laws of theory: weights and gradient are orthogonal, the gradient is inverse to the
    scale, the loss curves of all scales agree, and the squared length grows by the squared steps.
    """
    w, gradient = evidence["weight"], evidence["gradient"]
    size = np.linalg.norm(w, axis=0) * np.linalg.norm(gradient[0], axis=0)
    inner = np.abs(np.sum(w * gradient[0], axis=0)) / size
    length, slope, loss = evidence["length"], evidence["slope"], evidence["loss"]
    grown = length[0, 0] + RATE**2 * np.concatenate([[0.0], np.cumsum(slope[0])[:-1]])  # (3)
    findings = [Finding("⟨w, ∇L⟩ / |w| |∇L|, largest of all units", inner.max(), 0.0, 1e-14)]
    for k, scale in enumerate(SCALES[1:], 1):
        off = np.max(np.abs(gradient[k] * scale - gradient[0])) / np.max(np.abs(gradient[0]))
        apart = np.max(np.abs(loss[k] - loss[0]))
        findings += [
            Finding(f"∇L({scale:g}W) and ∇L(W)/{scale:g}, relative difference", off, 0.0, 1e-13),
            Finding(
                f"{scale:g}W at learning rate {scale**2:g} eta: largest difference of the losses",
                apart,
                0.0,
                1e-9,
            ),
        ]
    eps = np.abs(evidence["inner"] / evidence["steepest"]).max()
    return [
        *findings,
        Finding(
            "|w|² and |w₀|² + η² Σ|∇L|², relative difference",
            np.max(np.abs(length[0] / grown - 1)),
            0.0,
            1e-12,
        ),
        Finding(
            "eps = 1e-5: ⟨w, ∇L⟩ and its formula, relative difference",
            np.max(np.abs(evidence["inner"] / evidence["predicted"] - 1)),
            0.0,
            1e-6,
        ),
        Finding("eps = 1e-5: ⟨w, ∇L⟩ / |w| |∇L|, largest of all units", eps, None, note="not 0"),
        Finding(
            "loss, last / first",
            loss[0, -1] / loss[0, 0],
            0.7,
            0.0,
            bound="below",
            note="training does reduce the loss",
        ),
    ]


def draw(evidence: Evidence) -> Any:
    """Draw two panels on trainings of a batch-normalized layer with scaled weights; return the figure.

    The scales are 1, 3 and 10. Left: the loss over the steps. Right: the squared length of the weights,
    divided by the squared scale.
    """
    from ravine.lecture.plot_style import canvas, marks, theory

    figure, (left, right) = canvas(CLAIM.title, columns=2)
    step = np.arange(STEPS)
    theory(left, step, evidence["loss"][0], which=6, linewidth=1)
    for k, scale in enumerate(SCALES):
        some = step[k * 7 :: 21]
        marks(left, some, evidence["loss"][k, some], f"{scale:g}W at learning rate {scale**2:g} eta", which=k)
        grown = evidence["length"][k, 0] + (RATE * scale**2) ** 2 * np.concatenate(
            [[0.0], np.cumsum(evidence["slope"][k])[:-1]]
        )
        theory(right, step, grown / scale**2, which=k)
        marks(right, some, evidence["length"][k, some] / scale**2, f"{scale:g}W", which=k)
    left.set(xlabel="step", ylabel="loss, nats")
    left.set_title("the same training at every scale")
    left.legend(loc="upper right")
    right.set(xlabel="step", ylabel="|w|² / scale²")
    right.set_title("lines: |w₀|² + η² Σ |∇L|²")
    right.legend(loc="lower right")
    return figure
