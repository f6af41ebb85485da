"""C1: a residual path keeps gradients alive.  Lecture: "Residual connections".

Sources: He et al. 2016; Yang & Schoenholz 2017 (the factor).

    plain       h <- f(W h)                  gradient norms change by sqrt(chi) per layer,             (1)
        chi = sigma_w^2 E f'(sqrt(q) z)^2,   q = sigma_w^2 E f(sqrt(q) z)^2,   z normal
        sigmoid, sigma_w = 1: .2360 per layer, 3e-13 after 20;   ReLU, He: 1
    residual    h <- h + f(W h) / sqrt(L)    ReLU, He: sqrt(1 + 1 / L) per layer, as f' is 1 for half  (2)
                                             of the units, and sigma_w^2 / 2 = 1
        after L layers   sqrt((1 + 1 / L)^L) < sqrt(e)                                                 (3)

The experiment measures the norm of a random gradient at the inputs, after the gradient passed all layers,
divided by its norm at the last hidden layer. (1) to (3) hold for wide networks. At width n the plain ReLU
chain scatters about 1 by sqrt(5 L / n) / 2 per network (Hanin & Nica 2020). The outputs of ReLU are positive,
so all layers amplify the direction of equal weights. This part of a gradient is 1 / n of it and grows with
the length of the chain. It adds five percent to (3) at a width of 400, and half of that at 800.
"""

from __future__ import annotations

from typing import Any

import jax
import numpy as np

from ravine.lecture.claim import Claim, Evidence, Finding
from ravine.lecture.confidence import half_width
from ravine.lecture.gradient_gain import gradient_gain
from ravine.networks import Network

__all__ = ["CLAIM", "draw", "read", "run"]

CLAIM = Claim(
    "C1",
    title="A residual path keeps gradients alive",
    section="Connections",
    says="In a long chain of layers, information and gradients may not get through. A residual path around "
    "each layer shortens the way.",
    run="Gradients at the initial weights of four kinds of network with 20 layers of 800 units, four seeds "
    "each.",
    caveat="A plain chain of ReLU with He initialization keeps its gradients too; the residual path saves "
    "networks that saturate or are badly initialized. Without scaling, h + f(W h) doubles the squares in "
    "every layer, hence the factor 1 / √L.",
    try_it="ravine sweep digits --net 64-64-64-64-64-64-64-64 --activation sigmoid --vary "
    "connection=plain,residual",
)

WIDTH, DEPTH = 800, 20
SEEDS, ROWS, OUTPUTS = 4, 24, 24
SIZES = (WIDTH,) * (DEPTH + 1) + (OUTPUTS,)
NETS = {  # network, and its gain by (1) and (3)
    "plain sigmoid": (Network(SIZES, "sigmoid"), 3e-13),
    "plain ReLU": (Network(SIZES), 1.0),
    "residual ReLU": (Network(SIZES, connection="scaled-residual"), (1 + 1 / DEPTH) ** (DEPTH / 2)),
    "residual sigmoid": (Network(SIZES, "sigmoid", "scaled-residual"), None),
}


def run() -> Evidence:
    """Return the gain of gradients of each network [seed], and its gains by layer [seed, layer].

    The gain is the gradient norm at the inputs, divided by the norm at the last hidden layer. Under the name
    of a network the evidence holds its gains. Under "NAME, by layer" it holds the norms of the bias
    gradients.
    """
    generator = np.random.default_rng(0)
    x = generator.standard_normal((ROWS, WIDTH))
    outside = generator.standard_normal((ROWS, OUTPUTS))
    evidence: dict[str, list[Any]] = {}
    for _ in range(SEEDS):
        he = Network(SIZES).init(generator, "he", dtype="float64")
        lecun = jax.tree.map(
            lambda array: array / np.sqrt(2), he
        )  # variance 1 / fan_in instead of 2 / fan_in
        for name, (net, _) in NETS.items():
            gain, by_layer = gradient_gain(net, lecun if "sigmoid" in name else he, x, outside)
            evidence.setdefault(name, []).append(gain)
            evidence.setdefault(f"{name}, by layer", []).append(by_layer)
    return {name: np.stack(arrays) for name, arrays in evidence.items()}


def read(evidence: Evidence) -> list[Finding]:
    """Return the gain of gradients of every network: their norm at the inputs / at the last hidden layer."""
    scatter = np.sqrt(5 * DEPTH / WIDTH / SEEDS) / 2
    # five percent per layer, to the power of the depth
    allowed = {"plain sigmoid": 1.05**DEPTH - 1, "plain ReLU": 4 * scatter, "residual ReLU": 0.05}
    findings = []
    for name, (_, expected) in NETS.items():
        gain = evidence[name]
        findings.append(
            Finding(
                f"{name}: gradient, first layer / last",
                gain.mean(),
                expected,
                allowed.get(name, 0.0),
                half_width(gain),
                relative=True,
            )
        )
    saved = evidence["residual sigmoid"] / evidence["plain sigmoid"]
    return [
        *findings,
        Finding("sigmoid: gradient with the residual path / without", saved.min(), 1e12, 0.0, bound="above"),
    ]


def draw(evidence: Evidence) -> Any:
    """Draw the gradients of the biases over the layers: all networks, and those that keep gradients."""
    from ravine.lecture.plot_style import canvas, marks, theory

    figure, (left, right) = canvas(CLAIM.title, columns=2, key=True)
    layer = np.arange(1, DEPTH + 1)
    factors = (0.2360, 1.0, np.sqrt(1 + 1 / DEPTH), None)  # per layer
    for k, (name, factor) in enumerate(zip(NETS, factors, strict=True)):
        values = evidence[f"{name}, by layer"]
        for axes in (left, right)[: 1 + (k > 0)]:
            if factor:
                theory(axes, layer, factor ** (DEPTH - layer), which=k)
            error = [half_width(column) for column in values.T] if axes is right else None
            marks(axes, layer, values.mean(axis=0), name, which=k, error=error)
    for axes in (left, right):
        axes.set(xlabel="layer", ylabel="gradient, relative to the last layer", xticks=[1, 5, 10, 15, 20])
    left.set(yscale="log")
    left.set_title(f"{DEPTH} layers of {WIDTH} units, before training")
    right.set_title("without the plain sigmoid")
    right.set(ylim=(0.6, 2.0))
    left.legend(loc="lower right")
    right.legend(loc="upper right")
    return figure
