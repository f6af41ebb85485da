"""G1: deep nets fit random labels.  Lecture: "Data memorization".  Source: Zhang et al. 2017.

    linear    y = [x . u > 0]                                                         (1)
    teacher   y = [v . relu(A x) > its median],  three hidden units                   (2)
    random    y in {0, 1} by a coin, whatever x is                                    (3)
    test accuracy on coins = 1/2 for every net; its mean over S nets with T rows each
    spreads by sqrt(1 / (4 S T))                                                      (4)
    about twice as fast: |log2 (steps on random / steps on true labels) - 1| <= log2 1.5

How much faster true labels are fitted is no constant: it falls as the rule behind them gets harder (about 2.5
times for (1), 1.6 for (2); 1.3 where y says only how long x is).
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from ravine.lecture.claim import Claim, Evidence, Finding
from ravine.lecture.confidence import half_width
from ravine.lecture.initial_params import initial_params
from ravine.networks import Network, cross_entropy
from ravine.optimizers import adam

__all__ = ["CLAIM", "draw", "read", "run"]

CLAIM = Claim(
    "G1",
    "Deep nets fit random labels",
    section="Memorisation and generalisation",
    says="Networks easily reach zero training error on completely random labels, by memorising.",
    run="A 20-128-2 net trained by Adam for 600 steps at a rate of 0.01 on 256 rows with linear labels, "
    "with those of a teacher and with coin flips, eight seeds each.",
    caveat="That a net can memorise does not say that it does on real labels: those are fitted faster, the "
    "more so the simpler the rule behind them, and carry over to new data. The net needs weights enough.",
    try_it="ravine memorise digits",
)

ROWS, INPUTS, TEST = 256, 20, 1000
NETWORK = Network((INPUTS, 128, 2))
RATE, STEPS = 1e-2, 600
SEEDS = 8
LABELS = ("linear", "teacher", "random")


def run() -> Evidence:
    """Accuracies: train [label, seed, step] before each step and after the last, test [label, seed]."""
    generator = np.random.default_rng(0)
    x = generator.standard_normal((SEEDS, ROWS + TEST, INPUTS))
    linear = (x @ generator.standard_normal((SEEDS, INPUTS, 1)))[..., 0] > 0  # (1)
    hidden = np.maximum(x @ generator.standard_normal((SEEDS, INPUTS, 3)), 0)
    taught = (hidden @ generator.standard_normal((SEEDS, 3, 1)))[..., 0]
    teacher = taught > np.median(taught, axis=1, keepdims=True)  # (2)
    random = generator.random(linear.shape) < 0.5  # (3)
    params = initial_params(NETWORK, generator, SEEDS)
    rule = adam(RATE)

    def loss(params: Any, x: jax.Array, y: jax.Array) -> tuple[jax.Array, jax.Array]:
        z = NETWORK.apply(params, x)
        right = jnp.argmax(z, axis=1).astype(y.dtype) == y
        return jnp.mean(cross_entropy(z, y)), jnp.mean(right.astype(z.dtype))

    def one(params: Any, x: jax.Array, y: jax.Array) -> tuple[jax.Array, jax.Array]:
        mine, others = (x[:ROWS], y[:ROWS]), (x[ROWS:], y[ROWS:])

        def step(carry: Any, _: None) -> Any:
            params, slots = carry
            (_, right), gradient = jax.value_and_grad(loss, has_aux=True)(params, *mine)
            updates, slots = rule.update(gradient, slots, params)
            return (optax.apply_updates(params, updates), slots), right

        (params, _), right = jax.lax.scan(step, (params, rule.init(params)), length=STEPS)
        return jnp.append(right, loss(params, *mine)[1]), loss(params, *others)[1]

    # one net after another: its weights stay in the cache
    by_seed = jax.jit(lambda y: jax.lax.map(lambda seed: one(*seed), (params, x, y)))
    each = [by_seed(labels.astype(np.int32)) for labels in (linear, teacher, random)]
    train, test = (np.stack(part) for part in zip(*each, strict=True))
    return {"train": train, "test": test}


def read(evidence: Evidence) -> list[Finding]:
    """Accuracies at the end, and how many times longer random labels take to be fitted."""
    last, test = evidence["train"][..., -1].min(axis=1), evidence["test"]
    steps = _steps_to_fit(evidence["train"])
    coin = np.sqrt(1 / (4 * SEEDS * TEST))  # (4)
    found = [
        Finding(f"train accuracy on {name} labels, worst seed", last[k], 1.0, 0.0)
        for k, name in enumerate(LABELS)
    ]
    found.append(Finding("test accuracy on random labels", test[2].mean(), 0.5, 4 * coin, error=1.96 * coin))
    for k, name in enumerate(LABELS[:2]):
        ratio = np.log2(steps[2] / steps[k])
        note = f"{2 ** ratio.mean():.2f} times as long"
        found += [
            Finding(
                f"test accuracy on {name} labels",
                test[k].mean(),
                0.5 + 4 * coin,
                error=half_width(test[k]),
                bound="above",
                note="better than coins",
            ),
            Finding(
                f"log2 of steps to fit random / {name} labels",
                ratio.mean(),
                1.0,
                np.log2(1.5),
                error=half_width(ratio),
                note=note,
            ),
        ]
    return found


def draw(evidence: Evidence) -> Any:
    """Left: train accuracy step by step. Right: accuracy on new data at the end."""
    from ravine.lecture.plot_style import canvas, marks, theory

    figure, (left, right) = canvas(CLAIM.title, columns=2)
    steps = np.arange(STEPS + 1)
    for k, name in enumerate(LABELS):
        mean = evidence["train"][k].mean(axis=0)
        theory(left, steps[1:], mean[1:], f"{name} labels", which=k)
        error = half_width(evidence["test"][k])
        marks(right, [k], [evidence["test"][k].mean()], which=k, error=[error])
    left.axhline(1.0, color="black", linewidth=0.8)
    left.set(xlabel="step", ylabel="accuracy on the training rows", xscale="log", ylim=(0.4, 1.03))
    left.set_title(f"{ROWS} rows, {NETWORK.parameters:,} weights, mean of {SEEDS} seeds")
    left.legend(loc="lower right")
    theory(right, [-0.5, 2.5], [0.5, 0.5], "a coin", which=6)
    right.set(xlabel="labels", ylabel="accuracy on new rows", xlim=(-0.5, 2.5), ylim=(0.4, 1.03))
    right.set_xticks(range(3), LABELS)
    right.set_title("and what it is worth")
    right.legend(loc="upper right")
    return figure


def _steps_to_fit(train: np.ndarray) -> np.ndarray:
    """First step at which every training row is right: [..., step] -> [...]; NaN where there is none."""
    all_right = train == 1
    return np.where(all_right.any(axis=-1), all_right.argmax(axis=-1), np.nan)
