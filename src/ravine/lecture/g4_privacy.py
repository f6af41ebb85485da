"""Claim G4 of the lecture: memorized rows can be recognized.

In the lecture: "Data memorization" (privacy). Source: Yeom, Giacomelli, Fredrikson & Jha 2018.

A member is a row of the training set.

    attack: call a row a member if its loss is below a threshold                                         (1)
    advantage = P(called member | member) - P(called member | not)             0: no better than chance  (2)
    the attack "member if the prediction is right" has the advantage train - test accuracy               (3)

The threshold is chosen on one half of the rows and judged on the other half, for each half in turn. On the
half that chose it, the advantage would be above 0 even for pure noise. With n rows of each kind, (2) has a
standard deviation of at most sqrt(1 / (2 n)). For a network that was trained on none of the rows, the
expected advantage is 0.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from ravine.data.builtin import read_builtin
from ravine.diagnostics import membership_inference
from ravine.lecture.claim import Claim, Evidence, Finding
from ravine.lecture.confidence import half_width
from ravine.lecture.initial_params import initial_params
from ravine.networks import Network, cross_entropy
from ravine.optimizers import adam

__all__ = ["CLAIM", "draw", "read", "run"]

CLAIM = Claim(
    "G4",
    title="A network that memorizes gives its training rows away",
    section="Memorization and generalization",
    says="Memorizing is a privacy risk: from the outputs of a network one can tell which rows it was "
    "trained on.",
    run="64-64-10 networks trained on 300 digits with 20 % wrong labels, without and with an L2 penalty, "
    "eight seeds each, attacked by a threshold on the loss of a row.",
    caveat="The success of the attack depends on how much is memorized: here 20 % of the labels are wrong. "
    "Regularization lowers the risk but does not remove it. A low advantage of one attack is no proof of "
    "privacy.",
    try_it="ravine memorize digits",
)

NETWORK = Network((64, 64, 10))
ROWS, NOISE = 300, 0.2  # training rows; share of wrong labels, the same in all rows
PENALTY = 0.02  # coefficient of half the squared weights
RATE, STEPS = 1e-2, 300
SEEDS = 8
ARMS = ("memorizing", "regularized", "trained on other rows")


def run() -> Evidence:
    """Train networks on digits with wrong labels, in float32; return losses of single rows, and accuracies.

    Each seed draws three sets of 300 rows. The axis "arm" numbers three networks: one without penalty and one
    with an L2 penalty, both trained on the first set, and one without penalty, trained on the third set.
    member, other [arm, seed, row]: losses of the rows of the first and of the second set. train, test [arm,
    seed]: accuracies on the first and on the second set.
    """
    generator = np.random.default_rng(0)
    frame = read_builtin("digits", "digits").frame
    label = frame.pop("target").to_numpy(np.int32)
    pixels = frame.to_numpy(np.float32) / 16
    pixels -= pixels.mean(axis=0)
    sets = []
    for _ in range(SEEDS):
        order = generator.permutation(len(label))[: 3 * ROWS]
        wrong = generator.random(len(order)) < NOISE
        y = np.where(wrong, (label[order] + generator.integers(1, 10, len(order))) % 10, label[order])
        sets.append((pixels[order].reshape(3, ROWS, 64), y.astype(np.int32).reshape(3, ROWS)))
    x, y = (np.stack(arrays) for arrays in zip(*sets, strict=True))  # [seed, (members, others, third), row]
    params = initial_params(NETWORK, generator, SEEDS, "float32")
    rule = adam(RATE)

    def one(params: Any, x: jax.Array, y: jax.Array, trained_on: jax.Array, l2: jax.Array) -> Any:
        rows = x[trained_on], y[trained_on]

        def loss(params: Any) -> jax.Array:
            squares = sum(jnp.sum(layer["weight"] ** 2) for layer in params)
            return jnp.mean(cross_entropy(NETWORK.apply(params, rows[0]), rows[1])) + l2 / 2 * squares

        def step(carry: Any, _: None) -> Any:
            params, slots = carry
            updates, slots = rule.update(jax.grad(loss)(params), slots, params)
            return (optax.apply_updates(params, updates), slots), None

        (params, _), _ = jax.lax.scan(step, (params, rule.init(params)), length=STEPS)
        z = jax.vmap(lambda inputs: NETWORK.apply(params, inputs))(x[:2])
        right = jnp.argmax(z, axis=2).astype(y.dtype) == y[:2]
        return jax.vmap(cross_entropy)(z, y[:2]), jnp.mean(right.astype(z.dtype), axis=1)

    arms = list(zip((0, 0, 2), (0.0, PENALTY, 0.0), strict=True))
    seeds = [(seed, *arm) for arm in arms for seed in range(SEEDS)]
    seed, trained_on, l2 = (np.array(values) for values in zip(*seeds, strict=True))

    def run_of(run: Any) -> Any:
        seed, trained_on, l2 = run
        start, rows, labels = jax.tree.map(lambda array: jnp.asarray(array)[seed], (params, x, y))
        return one(start, rows, labels, trained_on, l2)

    # one network after another, so that its weights stay in the cache
    losses, right = jax.jit(lambda runs: jax.lax.map(run_of, runs))((seed, trained_on, l2.astype(np.float32)))
    losses, right = (np.asarray(array).reshape(len(ARMS), SEEDS, 2, -1) for array in (losses, right))
    return {
        "member": losses[:, :, 0],
        "other": losses[:, :, 1],
        "train": right[:, :, 0, 0],
        "test": right[:, :, 1, 0],
    }


def read(evidence: Evidence) -> list[Finding]:
    """Return measured numbers with expected values for claim G4, on recognizing training rows by their loss.

    An attack takes a row with a low loss for a training row. Its advantage is the share of training rows that
    it recognizes, less the share of new rows that it takes for training rows. The numbers are the advantages
    for three kinds of networks, with intervals over seeds, and accuracies on training rows and on new rows.
    """
    advantages = _advantages(evidence)
    gap = evidence["train"] - evidence["test"]
    chance = 4 * np.sqrt(1 / (2 * ROWS * SEEDS))
    memorizing, regularized, stranger = advantages
    less = memorizing - regularized
    findings = [
        Finding(
            "memorizing network: training accuracy, wrong labels included",
            evidence["train"][0].mean(),
            1.0,
            0.01,
            half_width(evidence["train"][0]),
        ),
        Finding(
            "memorizing network: advantage",
            memorizing.mean(),
            gap[0].mean(),
            chance,
            half_width(memorizing),
            bound="above",
            note="at least train − test accuracy",
        ),
        Finding(
            "regularized network: advantage",
            regularized.mean(),
            memorizing.mean(),
            0.0,
            half_width(regularized),
            bound="below",
        ),
        Finding(
            "advantage, memorizing - regularized: lower end of its interval",
            less.mean() - half_width(less),
            0.0,
            0.0,
            bound="above",
        ),
        Finding(
            "network trained on other rows: advantage", stranger.mean(), 0.0, chance, half_width(stranger)
        ),
    ]
    for k, name in enumerate(ARMS[:2]):
        test = evidence["test"][k]
        findings.append(
            Finding(
                f"{name} network: test accuracy",
                test.mean(),
                None,
                error=half_width(test),
                note="20 % of the labels are wrong",
            )
        )
    return findings


def draw(evidence: Evidence) -> Any:
    """Draw two panels on recognizing training rows by their loss; return the figure.

    Left: the distribution of the losses of training rows and of new rows. Right: the advantage of an attack
    that takes rows with a low loss for training rows, on three kinds of networks. The advantage is the share
    of training rows recognized, less the share of new rows taken for training rows.
    """
    from ravine.lecture.plot_style import COLORS, canvas, marks, theory

    figure, (left, right) = canvas(CLAIM.title, columns=2)
    line = np.linspace(-7, 1.5, 200)
    for k, name in enumerate(ARMS[:2]):
        for group, style in (("member", "-"), ("other", "--")):
            logs = np.sort(np.log10(np.maximum(evidence[group][k].ravel(), 1e-9)))
            share = np.searchsorted(logs, line) / len(logs)
            what = {"member": "trained on", "other": "new rows"}[group]
            theory(left, line, share, f"{name}: {what}", which=k, linestyle=style)
    left.set(xlabel="log₁₀ of the loss of a row", ylabel="share of rows below")
    left.set_title("the attack sets a threshold where they differ most")
    left.legend(loc="upper left")
    for k, values in enumerate(_advantages(evidence)):
        right.scatter(
            np.full(SEEDS, k) + np.linspace(-0.2, -0.1, SEEDS), values, s=14, color=COLORS[k], alpha=0.5
        )
        marks(right, [k], [values.mean()], which=k, error=[half_width(values)])
    right.axhline(0, color="black", linewidth=0.8)
    right.set(xlabel="network", ylabel="advantage of the attack", xlim=(-0.5, 2.5))
    right.set_xticks(range(3), ["memorizing", "regularized", "trained on\nother rows"])
    return figure


def _advantages(evidence: Evidence) -> np.ndarray:
    """Return the advantage (2) of the attack on each network, [arm, seed]."""
    advantages = np.full(evidence["train"].shape, np.nan)
    for place in np.ndindex(advantages.shape):
        member, other = evidence["member"][place], evidence["other"][place]
        if not np.isnan(member).any() and not np.isnan(other).any():
            advantages[place] = membership_inference(member, other).advantage
    return advantages
