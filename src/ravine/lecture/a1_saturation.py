"""Claim A1 of the lecture: sigmoid and tanh saturate on both sides.

In the lecture: "Nonlinearities", "saturation". The derivatives of six activation functions of x are, with
sigma for the sigmoid:

    sigma' = sigma (1 - sigma)          at most 1/4, at 0               (1)
    tanh'  = 1 - tanh^2                 at most 1, at 0                 (2)
    relu'  = [x > 0]                                                    (3)
    leaky' = 1 for x > 0, 0.01 otherwise                                (4)
    softplus' = sigma                                                   (5)
    elu'   = 1 for x > 0, e^x otherwise                                 (6)

The experiment measures the derivatives by automatic differentiation and compares them with (1) to (6),
written with NumPy.
"""

from __future__ import annotations

from typing import Any

import jax
import numpy as np

from ravine.lecture.claim import Claim, Evidence, Finding
from ravine.networks import ACTIVATIONS

__all__ = ["CLAIM", "draw", "read", "run"]

CLAIM = Claim(
    "A1",
    title="Sigmoid and tanh saturate on both sides",
    section="Networks and activations",
    says="The derivative of sigmoid and tanh goes to zero on both sides. The derivative of ReLU, leaky "
    "ReLU, softplus and ELU stays away from zero on at least one side.",
    run="The derivatives of all six activations, by automatic differentiation, at 1,203 inputs from -40 to "
    "40.",
    caveat="An activation that does not saturate on one side can still have no gradient on the other: a "
    "ReLU whose input is always negative has no gradient at all.",
    try_it="ravine sweep digits --vary activation=sigmoid,tanh,relu,leaky_relu,softplus,elu",
)

FAR = 40.0  # input at which a derivative has reached its limit: exp(-40) is 4e-18
SLOPE = 0.01  # of the leaky ReLU
KINKED = ("relu", "leaky_relu")  # no derivative at 0; that of ELU is 1 from both sides


def run() -> Evidence:
    """Measure the derivatives of six activation functions by automatic differentiation; return arrays.

    x [N]: inputs from -40 to 40. Each other array has the name of an activation and holds its derivative at
    x, [N].
    """
    x = np.concatenate([[-FAR], np.linspace(-6, 6, 1201), [FAR]])
    slopes = {name: jax.vmap(jax.grad(activation.function))(x) for name, activation in ACTIVATIONS.items()}
    return {"x": x, **{name: np.asarray(slope) for name, slope in slopes.items()}}


def read(evidence: Evidence) -> list[Finding]:
    """Return measured numbers with expected values for claim A1, on the saturation of activation functions.

    They are derivatives at -40, 40 and other inputs, largest derivatives, and the largest error of each
    derivative against its closed form.
    """
    at = {round(float(x), 6): k for k, x in enumerate(evidence["x"])}

    def slope(name: str, x: float) -> float:
        return evidence[name][at[x]] if x in at else np.nan

    def worst(name: str) -> float:
        keep = (evidence["x"] != 0) | (name not in KINKED)
        return np.max(np.abs(evidence[name] - _theory(name, evidence["x"]))[keep])

    findings = [
        Finding("sigmoid', largest", np.max(evidence["sigmoid"]), 1 / 4, 1e-12),
        Finding("sigmoid' at -5", slope("sigmoid", -5.0), 0.00665, 5e-6),
        Finding("sigmoid' at +5", slope("sigmoid", 5.0), 0.00665, 5e-6),
        Finding("tanh', largest", np.max(evidence["tanh"]), 1.0, 1e-12),
        Finding("tanh' at -2.5", slope("tanh", -2.5), 0.0266, 5e-5),
        Finding("tanh' at +2.5", slope("tanh", 2.5), 0.0266, 5e-5),
        Finding("leaky ReLU' at -40", slope("leaky_relu", -FAR), SLOPE, 1e-12),
    ]
    for name in ("sigmoid", "tanh"):
        both = max(slope(name, -FAR), slope(name, FAR))
        findings.append(Finding(f"{name}' at -40 and 40, the larger", both, 0.0, 1e-15))
    for name in ("relu", "leaky_relu", "softplus", "elu"):
        findings.append(Finding(f"{name}' at 40", slope(name, FAR), 1.0, 1e-12))
    for name in ACTIVATIONS:
        findings.append(Finding(f"{name}', largest error of the curve", worst(name), 0.0, 1e-13))
    return findings


def draw(evidence: Evidence) -> Any:
    """Draw the derivatives of six activation functions over their input; return the figure.

    Left: sigmoid and tanh, which saturate on both sides. Right: the others, which do not.
    """
    from ravine.lecture.plot_style import canvas, marks, theory

    figure, both = canvas(CLAIM.title, columns=2, key=True)
    for axes, names in zip(
        both, (("sigmoid", "tanh"), ("relu", "leaky_relu", "softplus", "elu")), strict=True
    ):
        x = np.linspace(-6, 6, 600)
        for k, name in enumerate(names):
            some = slice(1 + 15 * k, -1, 80)  # shifted, so that marks of equal curves do not cover each other
            theory(axes, x, _theory(name, x), which=k)
            marks(axes, evidence["x"][some], evidence[name][some], name.replace("_", " "), which=k)
        axes.set(xlabel="input x", ylabel="derivative", ylim=(-0.05, 1.1))
        axes.legend(loc="upper left" if len(names) > 2 else "upper right")
    both[0].set_title("zero on both sides: saturating")
    both[1].set_title("not zero on the right")
    return figure


def _theory(name: str, x: np.ndarray) -> np.ndarray:
    """Return the derivative (1) to (6) of an activation at `x` [N]: [N]."""
    sigmoid = 1 / (1 + np.exp(-x))
    return {
        "sigmoid": sigmoid * (1 - sigmoid),  # (1)
        "tanh": 1 / np.cosh(x) ** 2,  # (2)
        "relu": np.where(x > 0, 1.0, 0.0),  # (3)
        "leaky_relu": np.where(x > 0, 1.0, SLOPE),  # (4)
        "softplus": sigmoid,  # (5)
        "elu": np.where(x > 0, 1.0, np.exp(np.minimum(x, 0))),  # (6)
    }[name]
