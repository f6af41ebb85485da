"""The connections of a layer with what entered it: facts about each, and where its function is.

Known without importing JAX. The formulas stand in `connection_functions`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import jax

__all__ = ["CONNECTIONS", "DEFAULT_CONNECTION", "GATE_BIAS", "Connection"]

DEFAULT_CONNECTION = "plain"

GATE_BIAS = -2.0  # of every transform gate at first


@dataclass(frozen=True)
class Connection:
    """How the result of a layer joins what entered it.

    definition: "module:object" of join(layer, x, h, stride, depth) -> what leaves the layer.
    adds: what entered is added, by a projection where the shapes differ. concatenates: it is kept beside the
    new units. gated: a gate weighs the two. zero_stays_zero: a unit that is zero in x and in h, with zero
    weights, is zero in the result and so are the gradients of its weights (as tested).
    shown: the word of the summary; "" for none.
    """

    name: str
    definition: str
    adds: bool = False
    concatenates: bool = False
    gated: bool = False
    zero_stays_zero: bool = False
    shown: str = ""

    @property
    def function(self) -> Callable[..., jax.Array]:
        """The function join(layer, x, h, stride, depth)."""
        function: Callable[..., Any] = resolve_name(self.definition)
        return function

    @property
    def skips(self) -> bool:
        """Whether what entered a layer is part of what leaves it."""
        return self.adds or self.concatenates


_FUNCTIONS = "ravine.networks.connection_functions"

# The registry. To add a connection, add its row, and its function where the row says.
CONNECTIONS: dict[str, Connection] = {
    row.name: row
    for row in (
        Connection("plain", f"{_FUNCTIONS}:plain", zero_stays_zero=True),
        Connection("residual", f"{_FUNCTIONS}:residual", adds=True, zero_stays_zero=True, shown="residual"),
        Connection("scaled-residual", f"{_FUNCTIONS}:scaled_residual", adds=True, shown="scaled-residual"),
        Connection("highway", f"{_FUNCTIONS}:highway", adds=True, gated=True, shown="highway"),
        # a dense layer whose connection is dense
        Connection("dense", f"{_FUNCTIONS}:dense", concatenates=True, shown="concatenated"),
    )
}
