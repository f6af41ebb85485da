"""Claim C2 of the lecture: highway and dense connections keep gradients alive too.

In the lecture: "Residual connections". Sources: Srivastava et al. 2015 (1); Huang et al. 2017 (3). The
factors are mean-field theory with independent weights of different units, as in claim A2. s is the sigmoid,
whose plain chain of 20 layers leaves 3e-13 of a gradient. h is the output of a layer, W and G are weights
with sw^2 and sg^2 for variance times fan-in, and g is the bias of a gate.

    highway   h <- t s(W h) + (1 - t) h,    t = s(G h + g),   initially g = -2                          (1)
    factor per layer on squared gradients  E(1-t)^2 + sw^2 E[t^2 s'^2] + sg^2 E[(t (1-t))^2 (s - h)^2]  (2)
        where squares q and means m of h change as
        q' = E t^2 E s^2 + 2 E[t (1-t)] m E s + E(1-t)^2 q,     m' = E t E s + (1 - E t) m
    dense     layer l sees the n inputs and the outputs of all earlier layers, k units each:
        fan-in n + (l-1) k                                                                              (3)
    squares of gradients, at inputs / at outputs:   prod_l (1 + k sw^2 E s'^2 / (n + (l-1) k))          (4)
        with ReLU and He weights E s'^2 = 1/2, sw^2 = 2: the product is (n + L k) / n for L layers

The experiment measures the norm of a random gradient at the inputs, after the gradient passed all layers,
divided by its norm before these layers. For dense connections, the divisor is the norm of the part that the
output layer passes directly to the inputs.
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
    title="Highway and dense connections keep gradients alive",
    section="Connections",
    says="Gated (highway) and concatenated (dense) connections make short paths to the output, as residual "
    "connections do.",
    run="Gradients at the initial weights of plain, highway and dense networks of 20 layers, four seeds "
    "each; for highways also at five initial biases of the gates.",
    caveat="A highway keeps the share that its gates let pass: about 0.87 per layer at an initial bias of "
    "−2, half at 0. Dense connections cost width, because every layer sees all earlier ones.",
    try_it="ravine sweep digits --net 64-64-64-64-64-64-64-64 --activation sigmoid --vary "
    "connection=plain,highway,dense",
)

WIDTH, DEPTH, GROWTH = 200, 20, 20
SEEDS, ROWS, OUTPUTS = 4, 24, 24
BAND = 0.1  # relative deviation of networks of these widths from the limit of infinite width
LONG, NARROW = (WIDTH,) * (DEPTH + 1) + (OUTPUTS,), (WIDTH, *(GROWTH,) * DEPTH, OUTPUTS)
NETS = {
    "plain": (Network(LONG, "sigmoid"), "lecun"),
    "highway": (Network(LONG, "sigmoid", "highway"), "lecun"),
    "dense": (Network(NARROW, "sigmoid", "dense"), "lecun"),
    "dense ReLU": (Network(NARROW, "relu", "dense"), "he"),
}
BIASES = (-4.0, -3.0, -2.0, -1.0, 0.0)


def run() -> Evidence:
    """Measure how a gradient changes through plain, highway and dense networks at their initial weights.

    Returns arrays by name. The gain is the gradient norm at the inputs, divided by the norm before the
    gradient passed all hidden layers.

    NAME [seed]: gain of the network NAME.
    "NAME, by layer" [seed, layer]: gradient norms at the biases of hidden layers, relative to the last.
    biases [gate bias, seed]: gains of the highway network at five initial biases of its gates.
    """
    generator = np.random.default_rng(0)
    x = generator.standard_normal((ROWS, WIDTH))
    outside = generator.standard_normal((ROWS, OUTPUTS))
    evidence: dict[str, list[Any]] = {"biases": []}
    for name, (net, scheme) in NETS.items():
        for _ in range(SEEDS):
            params = net.init(generator, scheme, dtype="float64")
            gain, by_layer = gradient_gain(net, params, x, outside)
            evidence.setdefault(name, []).append(gain)
            evidence.setdefault(f"{name}, by layer", []).append(by_layer)
            if name == "highway":
                gains = [gradient_gain(net, _gated(params, bias), x, outside)[0] for bias in BIASES]
                evidence["biases"].append(np.stack(gains))
    return {name: np.stack(arrays, axis=name == "biases") for name, arrays in evidence.items()}


def read(evidence: Evidence) -> list[Finding]:
    """Return measured numbers with expected values for claim C2, on highway and dense connections.

    They are the gains (gradient norm at the inputs / before all hidden layers), compared with mean-field
    theory and with the gain of the plain network.
    """
    expected = {
        "highway": highway(GATE_BIAS)[-1],
        "dense": dense(_sigmoid_slopes()),
        "dense ReLU": np.sqrt((WIDTH + DEPTH * GROWTH) / WIDTH),
    }
    plain = evidence["plain"]
    findings = [
        Finding(
            "plain sigmoid: gradient, first layer / last",
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
        findings.append(
            Finding(
                f"{what}: gradient, first layer / last",
                gain.mean(),
                theory,
                BAND,
                half_width(gain),
                relative=True,
            )
        )
    for name in ("highway", "dense"):
        saved = (evidence[name] / plain).min()
        findings.append(
            Finding(f"{name}: gradient / that of the plain chain", saved, 1e10, 0.0, bound="above")
        )
    for k, bias in enumerate(BIASES):
        gain = evidence["biases"][k]
        findings.append(
            Finding(
                f"highway, gate bias {bias:g}: gradient, first layer / last",
                gain.mean(),
                highway(bias)[-1],
                BAND,
                half_width(gain),
                relative=True,
            )
        )
    return findings


def draw(evidence: Evidence) -> Any:
    """Draw two panels on gradients in plain, highway and dense networks; return the figure.

    Left: gradient norms at the biases over the layers. Right: the gain of the highway network (gradient norm
    at the inputs / before all layers) over the initial bias of its gates.
    """
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
    error = [half_width(gains) for gains in evidence["biases"]]
    marks(right, BIASES, evidence["biases"].mean(axis=1), "highway sigmoid", which=1, error=error)
    right.set(xlabel="initial bias of the gates", ylabel="gradient, first layer / last", yscale="log")
    right.set_title("effect of the gates")
    right.legend(loc="lower left")
    return figure


def highway(bias: float) -> np.ndarray:
    """Return the factor on gradient norms after each of 20 highway layers, by mean-field theory: [layer].

    The layers have sigmoid units. bias: initial bias of the gates. The formula is (2) in the text of this
    module.
    """
    z, weight = np.polynomial.hermite_e.hermegauss(101)
    weight = weight / weight.sum()
    q, m, gain, gains = 1.0, 0.0, 1.0, []
    for _ in range(DEPTH):
        s = 1 / (1 + np.exp(-np.sqrt(q) * z))  # of W h, whose mean square is q too
        t = 1 / (1 + np.exp(-np.sqrt(q) * z - bias))
        mean, square, slope = weight @ s, weight @ s**2, weight @ (s * (1 - s)) ** 2
        apart = square - 2 * m * mean + q  # E (s - h)^2
        gain *= weight @ (1 - t) ** 2 + (weight @ t**2) * slope + (weight @ (t * (1 - t)) ** 2) * apart
        gains.append(np.sqrt(gain))
        q = (weight @ t**2) * square + 2 * (weight @ (t * (1 - t))) * m * mean + (weight @ (1 - t) ** 2) * q
        m = (weight @ t) * mean + (1 - weight @ t) * m
    return np.array(gains)


def dense(slopes: np.ndarray) -> float:
    """Return the gradient's norm at the inputs of 20 densely connected layers over that at their outputs.

    The ratio follows from mean-field theory. slopes [layer]: for each layer, the mean squared derivative of
    the activation, times the variance of a weight, times the fan-in.
    """
    fan_in = WIDTH + GROWTH * np.arange(DEPTH)
    return float(np.sqrt(np.prod(1 + GROWTH * slopes / fan_in)))


def _sigmoid_slopes() -> np.ndarray:
    """Return E s'^2 [layer] of the dense network, whose sums have the mean square of all inputs."""
    z, weight = np.polynomial.hermite_e.hermegauss(101)
    weight = weight / weight.sum()
    squares, slopes = WIDTH * 1.0, []
    for layer in range(DEPTH):
        s = 1 / (1 + np.exp(-np.sqrt(squares / (WIDTH + GROWTH * layer)) * z))
        slopes.append(weight @ (s * (1 - s)) ** 2)
        squares += GROWTH * (weight @ s**2)
    return np.array(slopes)


def _gated(params: Params, bias: float) -> Any:
    """Return the parameters with another initial bias of all gates."""
    return [
        {**layer, "gate": {**layer["gate"], "bias": np.full_like(layer["gate"]["bias"], bias)}}
        if "gate" in layer
        else layer
        for layer in params
    ]
