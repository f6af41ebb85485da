"""Claim G5 of the lecture: dropout trains an ensemble.

In the lecture: "Dropout". Sources: Srivastava et al. 2014; Baldi & Sadowski 2013.

Every mask m of the n units x is one model, drawn at dropout rate p with probability

    P(m) = prod_i p^(1 - m_i) (1 - p)^m_i                                                              (1)
    inputs of the model: m x / (1 - p), whose mean over masks is x itself, the input in inference      (2)

For a single softmax layer with weights W the normalized geometric mean of all models equals inference
exactly:

    prod_m softmax(W m x / (1 - p))^P(m)  ~  softmax(sum_m P(m) W m x / (1 - p)) = softmax(W x)        (3)

The logarithms of softmax are linear in x up to a constant, which normalization removes. After a hidden ReLU
they are not linear in the masks of its inputs, and (3) is an approximation.
"""

from __future__ import annotations

from itertools import product
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ravine.lecture.claim import Claim, Evidence, Finding
from ravine.networks import Network

__all__ = ["CLAIM", "draw", "read", "run"]

CLAIM = Claim(
    "G5",
    title="Dropout trains an ensemble",
    section="Memorization and generalization",
    says="Every mask of dropped units is one model. Dropout trains all of them with shared weights, and "
    "inference without dropout stands for their mean.",
    run="All 1,024 masks of 10 units before a softmax layer and before a hidden ReLU layer, at three "
    "dropout rates; and 4,000 masks drawn by the dropout layer.",
    caveat="Exact only for a single softmax layer and the geometric mean. Approximate through a hidden ReLU "
    "layer, or for the arithmetic mean.",
    try_it="ravine sweep digits --vary dropout=0,0.2,0.5",
)

UNITS, CLASSES, ROWS = 10, 4, 50
RATES = (0.2, 0.5, 0.8)
DRAWS = 4000  # masks drawn by the dropout layer, to be compared with the sum over all masks
MASKS = np.array(list(product((0.0, 1.0), repeat=UNITS)))  # all 2^10 masks
#: a softmax layer on the dropped units, without and with a hidden ReLU layer between them
NETS = {"single": Network((UNITS, CLASSES)), "hidden": Network((UNITS, 30, CLASSES))}
DROPPING = Network((UNITS, UNITS, CLASSES), dropout=True)  # its hidden layer passes x on and drops units


def run() -> Evidence:
    """Compare ensembles over all dropout masks with inference without dropout; return log probabilities.

    NAME is "single", a softmax layer alone, or "hidden", a network with a hidden ReLU layer.

    NAME [rate, row, class]: normalized geometric mean over all masks, at three dropout rates.
    NAME_mean [rate, row, class]: arithmetic mean over all masks.
    NAME_inference [row, class]: the network without dropout.
    drawn [rate, row, class]: mean logits of the softmax layer over masks that the dropout layer draws, minus
    their mean over classes.
    spread [rate, row, class]: standard error of drawn.
    """
    generator = np.random.default_rng(0)
    x = np.abs(generator.standard_normal((ROWS, UNITS)))  # positive, so that a ReLU passes it on
    params = {name: net.init(generator, dtype="float64") for name, net in NETS.items()}
    through = {"weight": np.eye(UNITS), "bias": np.zeros(UNITS)}

    def ensemble(
        rate: jax.Array, net: Network, params: Any, rows: jax.Array, masks: jax.Array
    ) -> tuple[jax.Array, jax.Array]:
        chance = jnp.prod(jnp.where(masks == 1, 1 - rate, rate), axis=1)[:, None, None]  # (1)
        logs = jax.vmap(lambda m: jax.nn.log_softmax(net.apply(params, m[None] * rows / (1 - rate))))(masks)
        geometric = jnp.sum(chance * logs, axis=0)  # (3), left side
        return jax.nn.log_softmax(geometric), jnp.log(jnp.sum(chance * jnp.exp(logs), axis=0))

    @jax.jit
    def drawn(rate: jax.Array, key: jax.Array, params: Any, rows: jax.Array) -> tuple[jax.Array, jax.Array]:
        net = [through, *params["single"]]

        def logs(key: jax.Array) -> jax.Array:
            outputs, _ = DROPPING.apply_training(net, rows, hyper={"dropout": rate}, key=key)
            return outputs - jnp.mean(outputs, axis=1, keepdims=True)  # logarithms up to a constant

        values = jax.lax.map(logs, jax.random.split(key, DRAWS))  # batches would take longer to compile
        return jnp.mean(values, axis=0), jnp.std(values, axis=0) / np.sqrt(DRAWS)

    @jax.jit
    def all_masks(rates: jax.Array, params: Any, rows: jax.Array, masks: jax.Array) -> dict[str, jax.Array]:
        evidence = {}
        for name, net in NETS.items():
            means = jax.vmap(lambda rate, net=net, p=params[name]: ensemble(rate, net, p, rows, masks))(rates)
            evidence[name], evidence[f"{name}_mean"] = means
            evidence[f"{name}_inference"] = jax.nn.log_softmax(net.apply(params[name], rows))
        return evidence

    evidence = all_masks(np.array(RATES), params, x, MASKS)
    keys = jax.random.split(jax.random.key(0), len(RATES))
    samples = [drawn(np.array(rate), key, params, x) for rate, key in zip(RATES, keys, strict=True)]
    evidence["drawn"], evidence["spread"] = (np.stack(part) for part in zip(*samples, strict=True))
    return {name: np.asarray(values) for name, values in evidence.items()}


def read(evidence: Evidence) -> list[Finding]:
    """Return measured numbers with expected values for claim G5, on dropout as an ensemble.

    They are the differences between the probabilities of an ensemble over all masks and those of inference
    without dropout: zero for the geometric mean of a softmax layer, above zero otherwise. Masks that the
    dropout layer draws are tested too.
    """
    inference = evidence["single_inference"]
    logits = inference - inference.mean(axis=1, keepdims=True)
    findings = []
    for k, rate in enumerate(RATES):
        deviation = {name: _deviation(evidence, name, k) for name in ("single", "hidden", "single_mean")}
        z = (evidence["drawn"][k] - logits) / evidence["spread"][k]
        findings += [
            Finding(
                f"softmax layer, dropout rate {rate:g}: largest deviation, all {len(MASKS)} masks",
                deviation["single"].max(),
                0.0,
                1e-15,
            ),
            Finding(
                f"softmax layer, dropout rate {rate:g}: deviation of drawn masks, root mean square",
                np.sqrt(np.mean(z**2)),
                1.0,
                0.25,
                unit="standard errors",
            ),
            Finding(
                f"through a hidden ReLU layer, dropout rate {rate:g}: mean deviation",
                deviation["hidden"].mean(),
                1e-3,
                0.0,
                bound="above",
                note="not exact",
            ),
            Finding(
                f"arithmetic mean, dropout rate {rate:g}: mean deviation",
                deviation["single_mean"].mean(),
                1e-3,
                0.0,
                bound="above",
                note="not exact",
            ),
        ]
    total = np.exp(np.stack([evidence[f"{name}_inference"] for name in NETS])).sum(axis=-1)
    findings.append(
        Finding("sum of probabilities, largest deviation from 1", np.max(np.abs(total - 1)), 0.0, 1e-12)
    )
    return findings


def draw(evidence: Evidence) -> Any:
    """Draw class probabilities of an ensemble over all dropout masks against those of inference.

    Left: a single softmax layer. Right: a network with a hidden ReLU layer. Returns the figure.
    """
    from ravine.lecture.plot_style import canvas, marks, theory

    figure, both = canvas(CLAIM.title, columns=2)
    for axes, name, title in ((both[0], "single", "softmax layer"), (both[1], "hidden", "hidden ReLU layer")):
        theory(axes, [0, 1], [0, 1], which=6, linewidth=1)
        for k in (2, 1, 0):
            x, y = np.exp(evidence[f"{name}_inference"]).ravel(), np.exp(evidence[name][k]).ravel()
            marks(axes, x[k::6], y[k::6], f"dropout rate {RATES[k]:g}", which=k)
        axes.set(xlabel="probability of a class, inference", ylabel=f"geometric mean over {len(MASKS)} masks")
        axes.set_title(
            f"{title}, largest deviation {max(_deviation(evidence, name, k).max() for k in range(3)):.1g}"
        )
        axes.legend(loc="upper left")
    return figure


def _deviation(evidence: Evidence, name: str, k: int) -> np.ndarray:
    """Return the distance of probabilities from those of inference, [row, class]."""
    inference = evidence[f"{name.partition('_')[0]}_inference"]
    return np.abs(np.exp(evidence[name][k]) - np.exp(inference))
