"""Registry of the activation functions: facts about each, and the module that holds the function.

An activation saturates on a side (x -> -inf or x -> +inf) where its derivative goes to 0. The lecture calls
an activation saturating if it does so on both sides. This file does not import JAX.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Any

from ravine.errors import UsageError, did_you_mean

if TYPE_CHECKING:
    import jax

__all__ = ["ACTIVATIONS", "SLOPE", "Activation", "activation"]

SLOPE = 0.01  # default slope of the leaky ReLU for x < 0


@dataclass(frozen=True)
class Activation:
    """An activation function f, with facts about it that checks and diagnoses use.

    definition            "module:object" of f(x) -> y, elementwise; with `has_slope` of f(x, slope) -> y
    derivative_left       limit of the derivative for x -> -inf
    derivative_right      limit of the derivative for x -> +inf
    derivative_max        largest value of the derivative
    zero_at_zero          whether f(0) = 0
    derivative_definition "module:object" of y -> f'(x), the derivative as a function of y = f(x); "" if y
                          does not determine it
    has_slope             whether f has a slope for x < 0, a number that can differ between runs
    """

    name: str
    definition: str
    derivative_left: float
    derivative_right: float
    derivative_max: float
    zero_at_zero: bool = False
    derivative_definition: str = ""
    has_slope: bool = False

    @property
    def function(self) -> Callable[..., jax.Array]:
        """The function f(x) -> y."""
        function: Callable[..., Any] = resolve_name(self.definition)
        return function

    @property
    def derivative_of_output(self) -> Callable[[jax.Array], jax.Array] | None:
        """Function that computes the derivative f'(x) from y = f(x); None if y does not determine it."""
        if not self.derivative_definition:
            return None
        function: Callable[..., Any] = resolve_name(self.derivative_definition)
        return function

    @property
    def saturating(self) -> bool:
        """Whether the derivative of the activation goes to 0 both for x -> -inf and for x -> +inf."""
        return self.derivative_left == 0 and self.derivative_right == 0

    @property
    def has_flat_side(self) -> bool:
        """Whether the derivative goes to 0 for x -> -inf or x -> +inf, where a unit can lose its gradient."""
        return self.derivative_left == 0 or self.derivative_right == 0

    def __call__(self, x: jax.Array) -> jax.Array:
        return self.function(x)


_FUNCTIONS = "ravine.networks.activation_functions"

# The registry. To add an activation, add a row here. Its function can be in any library.
ACTIVATIONS: dict[str, Activation] = {
    row.name: row
    for row in (
        Activation(
            "sigmoid", "jax.nn:sigmoid", 0.0, 0.0, 0.25,
            derivative_definition=f"{_FUNCTIONS}:sigmoid_derivative",
        ),
        Activation(
            "tanh", "jax.numpy:tanh", 0.0, 0.0, 1.0, zero_at_zero=True,
            derivative_definition=f"{_FUNCTIONS}:tanh_derivative",
        ),
        Activation(
            "relu", f"{_FUNCTIONS}:relu", 0.0, 1.0, 1.0, zero_at_zero=True,
            derivative_definition=f"{_FUNCTIONS}:relu_derivative",
        ),
        Activation(
            "leaky_relu", f"{_FUNCTIONS}:leaky_relu", SLOPE, 1.0, 1.0, zero_at_zero=True,
            derivative_definition=f"{_FUNCTIONS}:leaky_relu_derivative", has_slope=True,
        ),
        Activation(
            "softplus", f"{_FUNCTIONS}:softplus", 0.0, 1.0, 1.0,
            derivative_definition=f"{_FUNCTIONS}:softplus_derivative",
        ),
        Activation(
            "elu", f"{_FUNCTIONS}:elu", 0.0, 1.0, 1.0, zero_at_zero=True,
            derivative_definition=f"{_FUNCTIONS}:elu_derivative",
        ),
    )
}  # fmt: skip


def activation(name: str) -> Activation:
    """Return the activation function with a name.

    The spellings `leaky_relu`, `leaky-relu` and `Leaky ReLU` are the same name.

    Raises UsageError for an unknown name, with the nearest known one.
    """
    key = name.strip().lower().replace("-", "_").replace(" ", "_")
    if key not in ACTIVATIONS:
        raise UsageError(
            f"There is no activation '{name}'.",
            "",
            did_you_mean(key, ACTIVATIONS),
            allowed=tuple(ACTIVATIONS),
        )
    return ACTIVATIONS[key]
