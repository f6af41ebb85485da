"""Claim A2 of the lecture: activations that saturate starve early layers of gradient.

In the lecture: "Separate, adaptive learning rates", "saturation". Source: Schoenholz et al. 2017 (mean field
of wide networks).

The weights of a layer have the variance sigma_w^2 / fan-in, f is the activation and z is standard normal.
From layer to layer,

    q <- sigma_w^2 E f(sqrt(q) z)^2         variance of the weighted sums                (1)
    chi = sigma_w^2 E f'(sqrt(q) z)^2       factor per layer on the squared gradient     (2)
    |gradient at layer l| ~ sqrt(chi)^(L - l)              L: the last layer             (3)

The experiment measures gradients by backpropagation through networks with 20 hidden layers of 400 units. For
one row of data, the gradient of a bias is the gradient of the weighted sum to which the bias is added. The
expected factors are the root of (2) at the fixed point of (1), by Gauss-Hermite quadrature in NumPy, and
numbers from the table of claims (a list of expected values). ReLU, whose derivative jumps, has E f'^2 = 1/2.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ravine.lecture.claim import Claim, Evidence, Finding
from ravine.lecture.confidence import half_width
from ravine.networks import Network
from ravine.networks.parameters import LayerArrays, Params

__all__ = ["CLAIM", "draw", "read", "run"]

CLAIM = Claim(
    "A2",
    title="Saturation starves early layers",
    section="Networks and activations",
    says="The gradients of the early layers of a deep network get very small if the activation saturates.",
    run="Gradients at the initial weights of 4 networks with 20 hidden layers of 400 units, for 8 inputs "
    "each.",
    caveat="The effect depends on the weights as much as on the activation: ReLU with too small weights "
    "loses its gradients too, and tanh with large weights makes them explode. Theory holds for infinite "
    "width; width 400 agrees within 5 %.",
    try_it="ravine diagnose digits --net 64-64-64-64-64-64-64-64 --activation sigmoid",
)

WIDTH, DEPTH, NETS, ROWS = 400, 20, 4, 8
SIZES = (WIDTH,) * (DEPTH + 2)
SETTINGS = (("sigmoid", 1.0), ("tanh", 2.0), ("relu", 2.0), ("relu", 1.0))  # activation, sigma_w^2
NAMED = (0.2360, 1.051, 1.0, 0.7071)  # gains of the table
NODES = 201  # of the quadrature


def run() -> Evidence:
    """Measure gradient norms in deep networks with random weights; return the array `gradient`.

    gradient [setting, network, row, layer]: norm of the gradient at the weighted sums of each layer, the
    output layer last. The gradient is that of a random projection of the outputs, for one row of inputs. A
    setting is an activation with a variance of the weights. The networks differ in their random weights.
    """
    evidence = np.zeros((len(SETTINGS), NETS, ROWS, DEPTH + 1))
    for net in range(NETS):
        generator = np.random.default_rng(net)
        params = Network(SIZES).init(generator, "lecun", dtype="float64")
        direction, x = generator.standard_normal((2, ROWS, WIDTH))
        x /= np.sqrt(np.mean(x**2, axis=1, keepdims=True))
        for k, (name, variance) in enumerate(SETTINGS):
            rest, _ = _mean_field(name, variance)
            # the sums of the first layer are at the fixed point too; the gain of ReLU does not depend on
            # their size
            scale = np.sqrt(rest / variance)
            evidence[k, net] = _norms(name, params, np.sqrt(variance), scale * x, direction)
    return {"gradient": evidence}


def read(evidence: Evidence) -> list[Finding]:
    """Return measured numbers with expected values for claim A2, on gradients in deep networks.

    They are the factor on the gradient norm per layer (geometric mean) for four settings, its ratio to
    mean-field theory, and the factor of all 20 layers of the sigmoid network. A setting is an activation with
    a variance of the weights.
    """
    gains, findings = _gains(evidence), []
    for (name, variance), values, named in zip(SETTINGS, gains, NAMED, strict=True):
        findings.append(
            Finding(
                f"{name}, sigma_w^2 = {variance:g}: gradient gain per layer",
                np.mean(values), named, 0.05, error=half_width(values), relative=True,
            )
        )  # fmt: skip
    for (name, variance), named in zip(SETTINGS, NAMED, strict=True):
        findings.append(
            Finding(
                f"{name}, sigma_w^2 = {variance:g}: gain / mean-field theory",
                np.mean(gains[SETTINGS.index((name, variance))]) / _mean_field(name, variance)[1],
                1.0, 0.05, note=f"table: {named:g}",
            )
        )  # fmt: skip
    through = np.log10(gains[0]) * DEPTH
    findings.append(
        Finding(
            f"sigmoid: gradient, first layer / last, {DEPTH} layers",
            np.mean(through), np.log10(3e-13), DEPTH * np.log10(1.05),
            error=half_width(through), unit="powers of ten",
        )
    )  # fmt: skip
    return findings


def draw(evidence: Evidence) -> Any:
    """Draw the gradient norm over the layers of deep networks with several activations; return the figure.

    Norms are relative to that at the outputs. Lines are mean-field theory, marks are measured.
    """
    from ravine.lecture.plot_style import canvas, marks, theory

    figure, axes = canvas(CLAIM.title)
    back = np.arange(DEPTH + 1)  # layers from the outputs
    for k, (name, variance) in enumerate(SETTINGS):
        _, gain = _mean_field(name, variance)
        norms = evidence["gradient"][k] / evidence["gradient"][k][..., -1:]
        middle = np.exp(np.mean(np.log(norms), axis=(0, 1)))[::-1]
        theory(axes, DEPTH - back, gain**back, which=k)
        label = f"{name.replace('relu', 'ReLU')}, $\\sigma_w^2$ = {variance:g}: {gain:.3g} per layer"
        marks(axes, DEPTH - back, middle, label, which=k)
    axes.set(
        xlabel="layer (the last is the outputs)", ylabel="gradient, relative to that of the outputs",
        yscale="log", xticks=range(0, DEPTH + 1, 5), ylim=(1e-14, 1e2),
    )  # fmt: skip
    axes.legend(loc="lower right")
    axes.set_title(f"lines: mean field, infinite width; marks: width {WIDTH}")
    return figure


def _gains(evidence: Evidence) -> np.ndarray:
    """Return the gradient gain of a layer [setting, network], the geometric mean over rows and layers."""
    logs = np.log(evidence["gradient"])
    return np.exp(np.mean(logs[..., 0] - logs[..., -1], axis=2) / DEPTH)


def _norms(name: str, params: Params, scale: float, x: np.ndarray, direction: np.ndarray) -> np.ndarray:
    """Return the norms of the gradient of <direction [row, N], outputs> at the sums of each layer.

    The result is [row, layer]. x [row, N] are the inputs. All weights are multiplied by `scale`.
    """
    return np.asarray(_backward(name)(params, jnp.asarray(scale), x, direction))


def _backward(name: str) -> Any:
    """Return the compiled function of `_norms` for one activation."""
    network = Network(SIZES, name)

    @jax.jit
    def norms(params: Params, scale: jax.Array, x: jax.Array, direction: jax.Array) -> jax.Array:
        weights = [scale * layer["weight"] for layer in params]

        def one(x: jax.Array, direction: jax.Array) -> jax.Array:
            def projected(biases: list[jax.Array]) -> jax.Array:
                layers: list[LayerArrays] = [
                    {"weight": w, "bias": b} for w, b in zip(weights, biases, strict=True)
                ]
                return jnp.vdot(direction, network.apply(layers, x[None])[0])

            gradients = jax.grad(projected)([layer["bias"] for layer in params])
            return jnp.stack([jnp.linalg.norm(gradient) for gradient in gradients])

        return jax.vmap(one)(x, direction)

    return norms


def _mean_field(name: str, variance: float) -> tuple[float, float]:
    """Return the fixed point q of (1), and sqrt(chi) of (2) at this point."""
    if name == "relu":
        return 1.0, float(np.sqrt(variance / 2))
    nodes, weights = np.polynomial.hermite_e.hermegauss(NODES)
    weights = weights / weights.sum()
    f, slope = _FUNCTIONS[name]
    q = 1.0
    for _ in range(500):
        q = variance * float(weights @ f(np.sqrt(q) * nodes) ** 2)  # (1)
    return q, float(np.sqrt(variance * (weights @ slope(np.sqrt(q) * nodes) ** 2)))  # (2)


def _sigmoid(x: np.ndarray) -> np.ndarray:
    """Return the logistic function of `x` [N]: [N]."""
    return 1 / (1 + np.exp(-x))


_FUNCTIONS: dict[str, tuple[Callable[..., Any], Callable[..., Any]]] = {
    "sigmoid": (_sigmoid, lambda x: _sigmoid(x) * (1 - _sigmoid(x))),
    "tanh": (np.tanh, lambda x: 1 / np.cosh(x) ** 2),
}
