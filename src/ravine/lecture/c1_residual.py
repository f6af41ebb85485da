"""Claim C1 of the lecture: a residual path around each layer keeps gradients alive.

In the lecture: "Residual connections". Sources: He et al. 2016; Yang & Schoenholz 2017 (the factors).

L layers have the outputs h, the activation f, and weights W of variance sigma_w^2 / fan-in; z is standard
normal. The norm of a gradient changes in each layer by a factor:

    plain       h <- f(W h)                  factor sqrt(chi)                                          (1)
        chi = sigma_w^2 E f'(sqrt(q) z)^2,   q = sigma_w^2 E f(sqrt(q) z)^2
        sigmoid, sigma_w = 1: .2360 per layer, 3e-13 after 20;   ReLU with He weights: 1
    residual    h <- h + f(W h) / sqrt(L)    ReLU with He weights: factor sqrt(1 + 1 / L), as f' is 1  (2)
                                             for half of the units, and sigma_w^2 / 2 = 1
        after L layers   sqrt((1 + 1 / L)^L) < sqrt(e)                                                 (3)

The experiment sends a random gradient back through all layers. It measures the norm at the inputs, divided by
the norm at the last hidden layer. (1) to (3) hold for wide networks. At width n, this gain of a plain ReLU
network scatters around 1 with standard deviation sqrt(5 L / n) / 2 (Hanin & Nica 2020). The outputs of ReLU
are positive, so all layers amplify the direction in which all components are equal. This part of a gradient
is 1 / n of it and grows with the length of the chain. It adds five percent to (3) at a width of 400, and half
of that at 800.
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
    """Measure how a gradient changes through four deep networks at their initial weights; return arrays.

    NAME [seed]: gain of the network NAME, the gradient norm at the inputs divided by that at the last hidden
    layer.
    "NAME, by layer" [seed, layer]: gradient norms at the biases of hidden layers, relative to the last.
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
    """Return measured numbers with expected values for claim C1, on gradients through residual networks.

    They are the gain of each network (gradient norm at the inputs / at the last hidden layer), and the ratio
    of the gains with and without the residual path for the sigmoid.
    """
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
    """Draw gradient norms at the biases over the layers of plain and residual networks; return the figure.

    Norms are relative to the last layer. Left: all four networks. Right: without the plain sigmoid network,
    whose gradients vanish.
    """
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
