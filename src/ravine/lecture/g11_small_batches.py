"""Claim G11 of the lecture: small batches regularize.

In the lecture: "Summary" (stochasticity: small batch size). Source: Keskar et al. 2017 (sharp and flat minima
of large and small batches).

L is the loss on all training rows, L_B that on a batch of B rows, w the weights, and eta the learning rate:

    w <- w - eta grad L_B(w);   the noise of a step has a variance ~ eta^2 / B                           (1)
    stop when L(w) <= target, checked every 64 rows or after every larger batch                          (2)
    sharpness = largest eigenvalue of the Hessian of L                                                   (3)

By (2), all runs are compared at one training loss. No outcome is assumed. Differences between batch sizes are
paired by seed (same rows, same initial weights) and reported with their intervals, and none of them is
judged. The experiment itself is checked: the training losses match, and the eigenvalues have converged. Near
the end of training, sharpness falls in proportion to the loss. Ratios of sharpness are therefore corrected
for the small differences of the losses.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from ravine.data.builtin import read_builtin
from ravine.diagnostics import hessian_eigenpairs
from ravine.lecture.claim import Claim, Evidence, Finding
from ravine.lecture.confidence import half_width
from ravine.lecture.initial_params import initial_params
from ravine.networks import Network, cross_entropy
from ravine.optimizers import sgd

__all__ = ["CLAIM", "draw", "read", "run"]

CLAIM = Claim(
    "G11",
    title="Small batches regularize: sharpness and test loss",
    section="Memorization and generalization",
    says="The noise of small batches regularizes: it keeps training out of sharp minima.",
    run="A 16-24-10 network on 512 digits by SGD at a learning rate of 0.3 with batches of 8, 32 and 512, "
    "all stopped at a training loss of 0.02, six seeds each.",
    caveat="Measured at one learning rate and one training loss. If the learning rate grows with the "
    "batch size, the noise eta / B stays the same. Small networks on small data show little; these "
    "results are reported, not judged.",
    try_it="ravine sweep digits --optimizer sgd --vary batch_size=8,32,128",
)

ROWS, INPUTS, TEST = 512, 16, 1000
NETWORK = Network((INPUTS, 24, 10))
BATCHES = (8, 32, 512)
RATE, TARGET = 0.3, 0.02  # nats
MAX_EPOCHS = 2000
CHECK_ROWS = 64  # rows between two checks of the training loss, so that all stop at nearly the same loss
SEEDS = 6


def run() -> Evidence:
    """Train networks with three batch sizes to one training loss; return arrays [batch size, seed] by name.

    train, test: losses on training and test rows. wrong: share of test rows that are classified wrongly.
    sharpness: largest eigenvalue of the Hessian of the training loss. residual: length of the residual of
    this eigenvalue and its eigenvector.
    epochs: number of epochs until the training loss reached its target, at most 2,000.
    """
    generator = np.random.default_rng(0)
    frame = read_builtin("digits", "digits").frame
    label = frame.pop("target").to_numpy(np.int32)
    pixels = frame.to_numpy(np.float64)
    order = np.stack([generator.permutation(len(label))[: ROWS + TEST] for _ in range(SEEDS)])
    _, size, directions = np.linalg.svd(pixels - pixels.mean(axis=0), full_matrices=False)
    parts = (pixels - pixels.mean(axis=0)) @ directions[:INPUTS].T / size[:INPUTS] * np.sqrt(len(label))
    x, y = parts[order], label[order]
    start = initial_params(NETWORK, generator, SEEDS)
    rule = sgd(RATE)

    def loss(params: Any, x: jax.Array, y: jax.Array) -> jax.Array:
        return jnp.mean(cross_entropy(NETWORK.apply(params, x), y))

    def one(batch: int, params: Any, x: jax.Array, y: jax.Array, key: jax.Array) -> tuple[Any, jax.Array]:
        x, y = x[:ROWS], y[:ROWS]

        def step(carry: Any, rows: jax.Array) -> Any:
            params, slots = carry
            updates, slots = rule.update(jax.grad(loss)(params, x[rows], y[rows]), slots, params)
            return (optax.apply_updates(params, updates), slots), None

        def check(carry: Any, rows: jax.Array) -> Any:
            state, done = carry
            moved, _ = jax.lax.scan(step, state, rows)
            state = jax.tree.map(lambda old, new: jnp.where(done, old, new), state, moved)
            return (state, done | (loss(state[0], x, y) <= TARGET)), None  # (2)

        def epoch(carry: Any) -> Any:
            state, done, epochs = carry
            shuffled = jax.random.permutation(jax.random.fold_in(key, epochs), ROWS)
            segment = max(batch, CHECK_ROWS)
            (state, done), _ = jax.lax.scan(
                check, (state, done), shuffled.reshape(-1, segment // batch, batch)
            )
            return state, done, epochs + 1

        def unfinished(carry: Any) -> jax.Array:
            return ~carry[1] & (carry[2] < MAX_EPOCHS)

        first = ((params, rule.init(params)), jnp.zeros((), bool), jnp.zeros((), jnp.int32))
        (params, _), _, epochs = jax.lax.while_loop(unfinished, epoch, first)
        return params, epochs

    @jax.jit
    def evaluate(params: Any, x: jax.Array, y: jax.Array) -> dict[str, jax.Array]:
        z = NETWORK.apply(params, x[ROWS:])
        wrong = (jnp.argmax(z, axis=1).astype(y.dtype) != y[ROWS:]).astype(z.dtype)
        return {
            "train": loss(params, x[:ROWS], y[:ROWS]),
            "test": jnp.mean(cross_entropy(z, y[ROWS:])),
            "wrong": jnp.mean(wrong),
        }

    @partial(jax.jit, static_argnums=0)
    def all_seeds(batch: int, seeds: Any) -> Any:
        return jax.lax.map(lambda seed: one(batch, *seed), seeds)

    keys = jax.random.split(jax.random.key(0), SEEDS)
    evidence: dict[str, list[list[float]]] = {}
    for batch in BATCHES:
        ends, epochs = all_seeds(batch, (start, x, y, keys))
        rows: dict[str, list[float]] = {"epochs": [float(count) for count in epochs]}
        for seed in range(SEEDS):
            params = jax.tree.map(lambda array, seed=seed: np.asarray(array)[seed], ends)
            top = hessian_eigenpairs(loss, params, (x[seed, :ROWS], y[seed, :ROWS]), 1, "largest")[0]
            numbers = evaluate(params, x[seed], y[seed])
            numbers |= {"sharpness": top.value, "residual": top.residual}
            for name, value in numbers.items():
                rows.setdefault(name, []).append(float(value))
        for name, values in rows.items():
            evidence.setdefault(name, []).append(values)
    return {name: np.array(values) for name, values in evidence.items()}


def read(evidence: Evidence) -> list[Finding]:
    """Return the measured numbers for claim G11, on batch size and sharpness; only the experiment is judged.

    The judged numbers are checks: the training losses agree, and the largest eigenvalue of the Hessian has
    converged. Differences between batch sizes in sharpness, test loss and share of wrong rows are reported
    with intervals.
    """
    apart = np.abs(evidence["train"] / TARGET - 1)
    residual = np.max(evidence["residual"] / evidence["sharpness"])
    findings = [
        Finding(
            "training losses, largest relative distance from the target",
            np.max(apart),
            0.0,
            0.1,
            is_check=True,
        ),
        Finding("relative residual of the largest eigenvalue", residual, 0.0, 1e-3, is_check=True),
    ]
    scaled = np.log(evidence["sharpness"] / evidence["train"])
    for k, batch in enumerate(BATCHES[:-1]):
        what = f"batch {batch} and {BATCHES[-1]}"
        ratio = scaled[k] - scaled[-1]
        findings.append(
            Finding(
                f"{what}: log of the ratio of sharpness",
                ratio.mean(),
                None,
                error=half_width(ratio),
                note=f"{np.exp(ratio.mean()):.2f} times as sharp; {_verdict(ratio)}",
            )
        )
        for name, label in (("test", "test loss"), ("wrong", "share of test rows wrong")):
            less = evidence[name][k] - evidence[name][-1]
            findings.append(
                Finding(
                    f"{what}: difference in {label}",
                    less.mean(),
                    None,
                    error=half_width(less),
                    note=_verdict(less),
                )
            )
    return findings


def draw(evidence: Evidence) -> Any:
    """Draw sharpness (left) and test loss (right) over the batch size; return the figure.

    Each panel has one line for each seed, and marks for the means over seeds.
    """
    from ravine.lecture.plot_style import canvas, marks

    figure, both = canvas(CLAIM.title, columns=2)
    for k, (axes, name, label) in enumerate(
        zip(
            both, ("sharpness", "test"), ("largest eigenvalue of the Hessian", "test loss, nats"), strict=True
        )
    ):
        values = evidence[name]
        axes.plot(BATCHES, values, color="#999999", linestyle="-", linewidth=0.8)
        error = [half_width(row) for row in values]
        marks(axes, BATCHES, values.mean(axis=1), f"mean of {SEEDS} seeds", which=k, error=error)
        axes.set(xlabel="batch size", ylabel=label, xscale="log", xticks=BATCHES, xticklabels=BATCHES)
        axes.set_title(f"learning rate {RATE:g}, all at a training loss of {TARGET:g}")
        axes.minorticks_off()
        axes.legend(loc="lower right")
    return figure


def _verdict(differences: np.ndarray) -> str:
    """Return a sentence that says whether the mean of paired differences [seed] differs from zero."""
    mean, width = differences.mean(), half_width(differences)
    if not abs(mean) > width:
        return "no significant difference"
    return "smaller with small batches" if mean < 0 else "larger with small batches"
