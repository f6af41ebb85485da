"""Registry of the connections of a layer with its input: facts about each, and the module of its function.

This file does not import JAX. The equations are in `connection_functions`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import jax

__all__ = ["CONNECTIONS", "DEFAULT_CONNECTION", "GATE_BIAS", "Connection"]

DEFAULT_CONNECTION = "plain"  # of a network whose text names none

GATE_BIAS = -2.0  # initial bias of every transform gate of a highway network


@dataclass(frozen=True)
class Connection:
    """A connection: the function that makes the output of a layer from its input x and its result h.

    definition        "module:object" of connect(layer, x, h, stride, depth) -> output
    adds              whether the output is a sum with x, projected if the shapes differ
    concatenates      whether the output is x followed by h
    gated             whether a gate weighs x and h
    zero_stays_zero   whether a unit stays unused: if it is 0 in x and in h, and its weights are 0, then it is
                      0 in the output, and the gradients of its weights are 0
    label             word for the connection in the summary of a network; "" for no word
    """

    name: str
    definition: str
    adds: bool = False
    concatenates: bool = False
    gated: bool = False
    zero_stays_zero: bool = False
    label: str = ""

    @property
    def function(self) -> Callable[..., jax.Array]:
        """The function connect(layer, x, h, stride, depth) -> output of the layer."""
        function: Callable[..., Any] = resolve_name(self.definition)
        return function

    @property
    def skips(self) -> bool:
        """Whether the output of a layer contains its input, added or concatenated."""
        return self.adds or self.concatenates


_FUNCTIONS = "ravine.networks.connection_functions"

# The registry. To add a connection, add a row here and its function in `connection_functions`.
CONNECTIONS: dict[str, Connection] = {
    row.name: row
    for row in (
        Connection("plain", f"{_FUNCTIONS}:plain", zero_stays_zero=True),
        Connection("residual", f"{_FUNCTIONS}:residual", adds=True, zero_stays_zero=True, label="residual"),
        Connection("scaled-residual", f"{_FUNCTIONS}:scaled_residual", adds=True, label="scaled-residual"),
        Connection("highway", f"{_FUNCTIONS}:highway", adds=True, gated=True, label="highway"),
        Connection("dense", f"{_FUNCTIONS}:dense", concatenates=True, label="concatenated"),
    )
}
