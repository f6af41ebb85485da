"""C2: highway and dense connections keep gradients alive too.  Lecture: "Residual connections".

Sources: Srivastava et al. 2015 (1); Huang et al. 2017 (3). The factors: mean field, weights of different
units independent, as in A2; s = sigmoid, the saturating unit whose plain chain loses 3e-13 in 20 layers.

    highway   h <- t s(W h) + (1 - t) h,    t = s(G h + g),   g = -2 at first                           (1)
    squares of gradients grow by a layer   E(1-t)^2 + sw^2 E[t^2 s'^2] + sg^2 E[(t (1-t))^2 (s - h)^2]  (2)
        where squares q and means m of h move as
        q' = E t^2 E s^2 + 2 E[t (1-t)] m E s + E(1-t)^2 q,     m' = E t E s + (1 - E t) m
    dense     every layer sees x and all earlier results, k units each: fan-in n + (l-1) k              (3)
    squares of gradients, input / output:   prod_l (1 + k sw^2 E s'^2 / (n + (l-1) k))                  (4)
        with ReLU and He's start E s'^2 = 1/2, sw^2 = 2: the product telescopes to (n + L k) / n

Measured: the norm of a random gradient that came through all layers, at the inputs, divided by what it was
past them (for dense connections: what the last layer hands to the inputs themselves).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ravine.lecture.claim import Claim, Evidence, Finding
from ravine.lecture.confidence import half_width
from ravine.lecture.gradient_gain import gradient_gain
from ravine.networks import GATE_BIAS, Network
from ravine.networks.parameters import Params

__all__ = ["CLAIM", "draw", "read", "run"]

CLAIM = Claim(
    "C2",
    "Highway and dense connections keep gradients alive",
    section="Connections",
    says="Gated (highway) and concatenated (dense) connections make short paths to the output as residual "
    "ones do.",
    run="Gradients at the first weights of plain, highway and dense nets of 20 layers, four seeds each; of "
    "highways also at five first biases of their gates.",
    caveat="A highway keeps what its gates let past: at a first bias of −2 about 0.87 a layer, at 0 half. "
    "Dense connections pay with width: every layer sees all earlier ones.",
    try_it="ravine sweep digits --net 64-64-64-64-64-64-64-64 --activation sigmoid --vary "
    "connection=plain,highway,dense",
)

WIDTH, DEPTH, GROWTH = 200, 20, 20
SEEDS, ROWS, OUTPUTS = 4, 24, 24
BAND = 0.1  # relative, of a net of these widths around the limit of wide ones
LONG, NARROW = (WIDTH,) * (DEPTH + 1) + (OUTPUTS,), (WIDTH, *(GROWTH,) * DEPTH, OUTPUTS)
NETS = {
    "plain": (Network(LONG, "sigmoid"), "lecun"),
    "highway": (Network(LONG, "sigmoid", "highway"), "lecun"),
    "dense": (Network(NARROW, "sigmoid", "dense"), "lecun"),
    "dense ReLU": (Network(NARROW, "relu", "dense"), "he"),
}
BIASES = (-4.0, -3.0, -2.0, -1.0, 0.0)


def run() -> Evidence:
    """NET [seed]: gradient, input over output; NET, by layer [seed, layer]; biases [gate bias, seed]."""
    generator = np.random.default_rng(0)
    x = generator.standard_normal((ROWS, WIDTH))
    outside = generator.standard_normal((ROWS, OUTPUTS))
    found: dict[str, list[Any]] = {"biases": []}
    for name, (net, scheme) in NETS.items():
        for _ in range(SEEDS):
            params = net.init(generator, scheme, dtype="float64")
            gain, by_layer = gradient_gain(net, params, x, outside)
            found.setdefault(name, []).append(gain)
            found.setdefault(f"{name}, by layer", []).append(by_layer)
            if name == "highway":
                each = [gradient_gain(net, _gated(params, bias), x, outside)[0] for bias in BIASES]
                found["biases"].append(np.stack(each))
    return {name: np.stack(each, axis=name == "biases") for name, each in found.items()}


def read(evidence: Evidence) -> list[Finding]:
    """Gradient at the input over that at the output: against mean field, and against the plain chain."""
    expected = {
        "highway": highway(GATE_BIAS)[-1],
        "dense": dense(_sigmoid_slopes()),
        "dense ReLU": np.sqrt((WIDTH + DEPTH * GROWTH) / WIDTH),
    }
    plain = evidence["plain"]
    found = [
        Finding(
            "plain sigmoid: gradient, first / last",
            plain.mean(),
            3e-13,
            1.05**DEPTH - 1,
            half_width(plain),
            relative=True,
        )
    ]
    for name, theory in expected.items():
        what = name if "ReLU" in name else f"{name} sigmoid"
        gain = evidence[name]
        found.append(
            Finding(
                f"{what}: gradient, first / last", gain.mean(), theory, BAND, half_width(gain), relative=True
            )
        )
    for name in ("highway", "dense"):
        saved = (evidence[name] / plain).min()
        found.append(Finding(f"{name}: gradient against the plain chain", saved, 1e10, 0.0, bound="above"))
    for k, bias in enumerate(BIASES):
        gain = evidence["biases"][k]
        found.append(
            Finding(
                f"highway, gate bias {bias:g}: gradient, first / last",
                gain.mean(),
                highway(bias)[-1],
                BAND,
                half_width(gain),
                relative=True,
            )
        )
    return found


def draw(evidence: Evidence) -> Any:
    """Left: the gradient of the biases by layer. Right: what gates let past."""
    from ravine.lecture.plot_style import canvas, marks, theory

    figure, (left, right) = canvas(CLAIM.title, columns=2)
    layer = np.arange(1, DEPTH + 1)
    for k, name in enumerate(NETS):
        values = evidence[f"{name}, by layer"].mean(axis=0)
        what = name if "ReLU" in name else f"{name} sigmoid"
        marks(left, layer, values, what, which=k)
    theory(left, layer, 0.2360 ** (DEPTH - layer), which=0)
    left.set(
        xlabel="layer", ylabel="gradient, relative to the last layer", yscale="log", xticks=[1, 5, 10, 15, 20]
    )
    left.set_title(f"{DEPTH} layers, before training")
    left.legend(loc="lower right")

    biases = np.linspace(-5, 1, 60)
    theory(right, biases, [highway(bias)[-1] for bias in biases], "mean field", which=1)
    error = [half_width(each) for each in evidence["biases"]]
    marks(right, BIASES, evidence["biases"].mean(axis=1), "highway sigmoid", which=1, error=error)
    right.set(xlabel="first bias of the gates", ylabel="gradient, first layer / last", yscale="log")
    right.set_title("what gates let past")
    right.legend(loc="lower left")
    return figure


def highway(bias: float) -> np.ndarray:
    """Return the gain of gradients after each layer, by (2): [layer]."""
    z, weight = np.polynomial.hermite_e.hermegauss(101)
    weight = weight / weight.sum()
    q, m, gain, gains = 1.0, 0.0, 1.0, []
    for _ in range(DEPTH):
        s = 1 / (1 + np.exp(-np.sqrt(q) * z))  # of W h, whose squares are q too
        t = 1 / (1 + np.exp(-np.sqrt(q) * z - bias))
        mean, square, slope = weight @ s, weight @ s**2, weight @ (s * (1 - s)) ** 2
        apart = square - 2 * m * mean + q  # E (s - h)^2
        gain *= weight @ (1 - t) ** 2 + (weight @ t**2) * slope + (weight @ (t * (1 - t)) ** 2) * apart
        gains.append(np.sqrt(gain))
        q = (weight @ t**2) * square + 2 * (weight @ (t * (1 - t))) * m * mean + (weight @ (1 - t) ** 2) * q
        m = (weight @ t) * mean + (1 - weight @ t) * m
    return np.array(gains)


def dense(slopes: np.ndarray) -> float:
    """Return the gain of gradients by (4), from sw^2 E s'^2 of every layer."""
    fan_in = WIDTH + GROWTH * np.arange(DEPTH)
    return float(np.sqrt(np.prod(1 + GROWTH * slopes / fan_in)))


def _sigmoid_slopes() -> np.ndarray:
    """Return E s'^2 of every layer of the dense net, whose sums have the mean square of all that it sees."""
    z, weight = np.polynomial.hermite_e.hermegauss(101)
    weight = weight / weight.sum()
    squares, slopes = WIDTH * 1.0, []
    for layer in range(DEPTH):
        s = 1 / (1 + np.exp(-np.sqrt(squares / (WIDTH + GROWTH * layer)) * z))
        slopes.append(weight @ (s * (1 - s)) ** 2)
        squares += GROWTH * (weight @ s**2)
    return np.array(slopes)


def _gated(params: Params, bias: float) -> Any:
    """Return the parameters with another first bias of all gates."""
    return [
        {**layer, "gate": {**layer["gate"], "bias": np.full_like(layer["gate"]["bias"], bias)}}
        if "gate" in layer
        else layer
        for layer in params
    ]
