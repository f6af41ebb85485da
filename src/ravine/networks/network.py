"""A network: a sequence of weighted sums and non-linearities.  Lecture: "Neural networks".

h_0 = x,   h_l = f(h_(l-1) W_l + b_l),   output = h_(L-1) W_L + b_L
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np

from ravine.errors import UsageError
from ravine.networks.activations import activation
from ravine.networks.dense import dense
from ravine.networks.initialisation import INITIALISATIONS, initialise

__all__ = ["Network", "hidden_layers"]

WIDEST, DEEPEST = 100_000, 1_000


@dataclass(frozen=True)
class Network:
    """A multilayer perceptron: `sizes` = (inputs, hidden ..., outputs). Hashable: it is structure."""

    sizes: tuple[int, ...]
    activation: str = "relu"

    @property
    def parameters(self) -> int:
        """Number of weights and biases."""
        return sum((i + 1) * o for i, o in zip(self.sizes[:-1], self.sizes[1:], strict=True))

    @property
    def flops(self) -> int:
        """Floating-point operations of the matrix products of one training step, per row.

        Forward and weight gradient of every layer, input gradient of all but the first.
        """
        products = [2 * i * o for i, o in zip(self.sizes[:-1], self.sizes[1:], strict=True)]
        return 3 * sum(products) - products[0]

    def init(
        self, generator: np.random.Generator, scheme: str = "he", scale: float = 1.0, dtype: str = "float32"
    ) -> list[dict[str, np.ndarray]]:
        """Draw the first parameters; see `initialise`."""
        return initialise(self.sizes, generator, scheme, scale, dtype)

    def apply(self, params: Any, x: jax.Array) -> jax.Array:
        """Return the outputs: x [N, inputs] -> [N, outputs]."""
        f = activation(self.activation)
        for layer in params[:-1]:
            x = f(dense(layer, x))
        return dense(params[-1], x)

    def __str__(self) -> str:
        return "-".join(map(str, self.sizes)) + f" {self.activation}"


def hidden_layers(text: str) -> tuple[int, ...]:
    """Read `64-64`, `64,64` or `50`; `linear` or `0` is no hidden layer.

    Raises UsageError for anything else.
    """
    plain = str(text).strip().lower()
    if plain in ("linear", "0", "none"):
        return ()
    if not re.fullmatch(r"\d+(\s*[-,x ]\s*\d+)*", plain):
        raise UsageError(
            f"'{text}' is not a network.",
            "Hidden layers are numbers of units joined by '-'.",
            "Write for example --net 64-64, or --net linear.",
        )
    widths = tuple(int(each) for each in re.split(r"[-,x ]+", plain))
    if any(not 1 <= each <= WIDEST for each in widths) or len(widths) > DEEPEST:
        raise UsageError(
            f"The network '{text}' cannot be built.",
            f"A layer has 1 to {WIDEST:,} units, a network at most {DEEPEST:,} layers.",
            "Write for example --net 64-64.",
        )
    return widths


def check_initialisation(name: str) -> str:
    """Return the plain name of an initialisation. Raises UsageError with the nearest name."""
    plain = name.strip().lower()
    initialise((1, 1), np.random.default_rng(0), plain if plain in INITIALISATIONS else name)
    return plain
