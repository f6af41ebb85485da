"""G4: what was memorised can be found out.  Lecture: "Data memorization" (privacy).

Source: Yeom, Giacomelli, Fredrikson & Jha 2018.

    attack: call a row a member of the training set if the net's loss on it is below a threshold       (1)
    advantage = P(called member | member) - P(called member | not)             0: no better than a coin (2)
    "member if the net gets it right" has the advantage train accuracy - test accuracy                 (3)

The threshold that is best on one half of the rows is judged on the other half: where it is judged on the
rows it is best for, the advantage is above 0 on pure noise. (2) from n rows of each kind spreads by at most
sqrt(1 / (2 n)); for a net that saw none of the rows it is 0 within that.
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
    "A net that memorises gives its training rows away",
    section="Memorisation and generalisation",
    says="Memorising is a privacy risk: who can query a net can tell which rows it was trained on.",
    run="64-64-10 nets trained on 300 digits, 20 % of them labelled wrongly, bare and with a penalty, eight "
    "seeds each, attacked by a threshold on the loss of a row.",
    caveat="How well depends on how much is memorised: here 20 % of the labels are wrong. Regularisation "
    "lowers the risk and does not remove it; a low advantage against one attack is no proof of privacy.",
    try_it="ravine memorise digits",
)

NETWORK = Network((64, 64, 10))
ROWS, NOISE = 300, 0.2  # members; share of wrong labels, on members and others alike
PENALTY = 0.02  # on half the squared weights
RATE, STEPS = 1e-2, 300
SEEDS = 8
ARMS = ("memorising", "regularised", "trained on other rows")


def run() -> Evidence:
    """member, other [arm, seed, row]: losses; train, test [arm, seed]: accuracy on members and others.

    Nets in float32. The third arm is trained on rows of its own, and judged on those of the first two.
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
    x, y = (np.stack(each) for each in zip(*sets, strict=True))  # [seed, members others third, row]
    params = initial_params(NETWORK, generator, SEEDS, "float32")
    rule = adam(RATE)

    def one(params: Any, x: jax.Array, y: jax.Array, trained_on: jax.Array, l2: jax.Array) -> Any:
        mine = x[trained_on], y[trained_on]

        def loss(params: Any) -> jax.Array:
            squares = sum(jnp.sum(layer["weight"] ** 2) for layer in params)
            return jnp.mean(cross_entropy(NETWORK.apply(params, mine[0]), mine[1])) + l2 / 2 * squares

        def step(carry: Any, _: None) -> Any:
            params, slots = carry
            updates, slots = rule.update(jax.grad(loss)(params), slots, params)
            return (optax.apply_updates(params, updates), slots), None

        (params, _), _ = jax.lax.scan(step, (params, rule.init(params)), length=STEPS)
        z = jax.vmap(lambda rows: NETWORK.apply(params, rows))(x[:2])
        right = jnp.argmax(z, axis=2).astype(y.dtype) == y[:2]
        return jax.vmap(cross_entropy)(z, y[:2]), jnp.mean(right.astype(z.dtype), axis=1)

    arms = list(zip((0, 0, 2), (0.0, PENALTY, 0.0), strict=True))
    seeds = [(seed, *arm) for arm in arms for seed in range(SEEDS)]
    seed, trained_on, l2 = (np.array(each) for each in zip(*seeds, strict=True))

    def of(which: Any) -> Any:
        seed, trained_on, l2 = which
        start, rows, labels = jax.tree.map(lambda each: jnp.asarray(each)[seed], (params, x, y))
        return one(start, rows, labels, trained_on, l2)

    # one net after another: its weights stay in the cache
    losses, right = jax.jit(lambda runs: jax.lax.map(of, runs))((seed, trained_on, l2.astype(np.float32)))
    losses, right = (np.asarray(each).reshape(len(ARMS), SEEDS, 2, -1) for each in (losses, right))
    return {
        "member": losses[:, :, 0],
        "other": losses[:, :, 1],
        "train": right[:, :, 0, 0],
        "test": right[:, :, 1, 0],
    }


def read(evidence: Evidence) -> list[Finding]:
    """Advantages of the attack, with intervals over seeds."""
    advantages = _advantages(evidence)
    gap = evidence["train"] - evidence["test"]
    chance = 4 * np.sqrt(1 / (2 * ROWS * SEEDS))
    memorising, regularised, stranger = advantages
    less = memorising - regularised
    found = [
        Finding(
            "memorising net: training accuracy, wrong labels included",
            evidence["train"][0].mean(),
            1.0,
            0.01,
            half_width(evidence["train"][0]),
        ),
        Finding(
            "memorising net: advantage",
            memorising.mean(),
            gap[0].mean(),
            chance,
            half_width(memorising),
            bound="above",
            note="at least train − test accuracy, (3)",
        ),
        Finding(
            "regularised net: advantage",
            regularised.mean(),
            memorising.mean(),
            0.0,
            half_width(regularised),
            bound="below",
        ),
        Finding(
            "memorising less regularised, lower end of its interval",
            less.mean() - half_width(less),
            0.0,
            0.0,
            bound="above",
        ),
        Finding("net trained on other rows: advantage", stranger.mean(), 0.0, chance, half_width(stranger)),
    ]
    for k, name in enumerate(ARMS[:2]):
        test = evidence["test"][k]
        found.append(
            Finding(
                f"{name} net: test accuracy",
                test.mean(),
                None,
                error=half_width(test),
                note="against labels of which 20 % are wrong",
            )
        )
    return found


def draw(evidence: Evidence) -> Any:
    """Left: how losses of members and others spread. Right: the advantage of each net."""
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
    left.set_title("the attack puts a threshold where they differ most")
    left.legend(loc="upper left")
    for k, values in enumerate(_advantages(evidence)):
        right.scatter(
            np.full(SEEDS, k) + np.linspace(-0.2, -0.1, SEEDS), values, s=14, color=COLORS[k], alpha=0.5
        )
        marks(right, [k], [values.mean()], which=k, error=[half_width(values)])
    right.axhline(0, color="black", linewidth=0.8)
    right.set(xlabel="net", ylabel="attack's advantage", xlim=(-0.5, 2.5))
    right.set_xticks(range(3), ["memorising", "regularised", "trained on\nother rows"])
    return figure


def _advantages(evidence: Evidence) -> np.ndarray:
    """Return (2) of each net, [arm, seed]."""
    found = np.full(evidence["train"].shape, np.nan)
    for place in np.ndindex(found.shape):
        member, other = evidence["member"][place], evidence["other"][place]
        if not np.isnan(member).any() and not np.isnan(other).any():
            found[place] = membership_inference(member, other).advantage
    return found
