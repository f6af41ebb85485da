"""Claim G1 of the lecture: deep networks fit random labels.  Source: Zhang et al. 2017.

In the lecture: "Data memorization". The same normal inputs x get labels y of three kinds; u, v and A are
random weights:

    linear    y = [x . u > 0]                                                         (1)
    teacher   y = [v . relu(A x) > its median],  three hidden units                   (2)
    random    y in {0, 1} at random, independent of x                                 (3)
    expected test accuracy on random labels = 1/2 for every network; the mean over S networks with T rows each
    has the standard deviation sqrt(1 / (4 S T))                                      (4)

The lecture expects true labels, (1) and (2), to be fitted about twice as fast as random ones. The test is
|log2 (steps on random / steps on true labels) - 1| <= log2 1.5. This ratio is not a constant. It falls as the
rule of the labels gets harder: about 2.5 for (1), 1.6 for (2), and 1.3 if y depends only on the length of x.
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
    title="Deep nets fit random labels",
    section="Memorization and generalization",
    says="Networks easily reach zero training error on completely random labels, by memorizing them.",
    run="A 20-128-2 network trained by Adam for 600 steps at a learning rate of 0.01 on 256 rows with "
    "linear labels, labels of a teacher network and random labels, eight seeds each.",
    caveat="A network that can memorize need not do so on real labels. Real labels are fitted faster (the "
    "simpler their rule, the faster) and generalize to new data. The network needs enough weights.",
    try_it="ravine memorize digits",
)

ROWS, INPUTS, TEST = 256, 20, 1000
NETWORK = Network((INPUTS, 128, 2))
RATE, STEPS = 1e-2, 600
SEEDS = 8
LABELS = ("linear", "teacher", "random")


def run() -> Evidence:
    """Train networks on linear, teacher and random labels of the same inputs; return their accuracies.

    train [label, seed, step]: accuracy on the training rows before each step, and after the last step. test
    [label, seed]: accuracy on new rows after training. The axis "label" numbers the three kinds of labels.
    """
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
        train_rows, test_rows = (x[:ROWS], y[:ROWS]), (x[ROWS:], y[ROWS:])

        def step(carry: Any, _: None) -> Any:
            params, slots = carry
            (_, right), gradient = jax.value_and_grad(loss, has_aux=True)(params, *train_rows)
            updates, slots = rule.update(gradient, slots, params)
            return (optax.apply_updates(params, updates), slots), right

        (params, _), right = jax.lax.scan(step, (params, rule.init(params)), length=STEPS)
        return jnp.append(right, loss(params, *train_rows)[1]), loss(params, *test_rows)[1]

    # one network after another, so that its weights stay in the cache
    by_seed = jax.jit(lambda y: jax.lax.map(lambda seed: one(*seed), (params, x, y)))
    accuracies = [by_seed(labels.astype(np.int32)) for labels in (linear, teacher, random)]
    train, test = (np.stack(part) for part in zip(*accuracies, strict=True))
    return {"train": train, "test": test}


def read(evidence: Evidence) -> list[Finding]:
    """Return measured numbers with expected values for claim G1, on networks that fit random labels.

    They are the final accuracies on training and new rows, for labels of a linear function, of a teacher
    network and at random. The others are log2(steps with random labels / steps with the other labels), with
    the steps until all training rows are predicted right.
    """
    last, test = evidence["train"][..., -1].min(axis=1), evidence["test"]
    steps = _steps_to_fit(evidence["train"])
    chance = np.sqrt(1 / (4 * SEEDS * TEST))  # (4)
    findings = [
        Finding(f"train accuracy on {name} labels, lowest of all seeds", last[k], 1.0, 0.0)
        for k, name in enumerate(LABELS)
    ]
    findings.append(
        Finding("test accuracy on random labels", test[2].mean(), 0.5, 4 * chance, error=1.96 * chance)
    )
    for k, name in enumerate(LABELS[:2]):
        ratio = np.log2(steps[2] / steps[k])
        note = f"{2 ** ratio.mean():.2f} times as long"
        findings += [
            Finding(
                f"test accuracy on {name} labels",
                test[k].mean(),
                0.5 + 4 * chance,
                error=half_width(test[k]),
                bound="above",
                note="better than random",
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
    return findings


def draw(evidence: Evidence) -> Any:
    """Draw two panels for trainings on linear, teacher and random labels; return the figure.

    Left: accuracy on the training rows over the steps. Right: final accuracy on new rows.
    """
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
    theory(right, [-0.5, 2.5], [0.5, 0.5], "random guess", which=6)
    right.set(xlabel="labels", ylabel="accuracy on new rows", xlim=(-0.5, 2.5), ylim=(0.4, 1.03))
    right.set_xticks(range(3), LABELS)
    right.set_title("on new rows")
    right.legend(loc="upper right")
    return figure


def _steps_to_fit(train: np.ndarray) -> np.ndarray:
    """Return the first step at which `train` [..., step] is 1: [...]; NaN if there is none."""
    all_right = train == 1
    return np.where(all_right.any(axis=-1), all_right.argmax(axis=-1), np.nan)
