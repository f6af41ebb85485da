"""The protocol of a network, which names all that training needs, and the question for more than that.

`Network`, which a text such as `64-64 residual` describes, and `FileNetwork`, two functions of the user, are
its implementations. A study that needs layers asks `layered` for them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

from ravine.errors import UsageError

if TYPE_CHECKING:
    import jax
    import numpy as np

    from ravine.networks.network import LayerRow, Network

__all__ = ["AnyNetwork", "layered"]


class AnyNetwork(Protocol):
    """The architecture of a network, without its parameters. Equal networks share compiled programs."""

    @property
    def sizes(self) -> tuple[int, ...]:
        """Number of inputs first, number of outputs last."""

    @property
    def parameters(self) -> int:
        """Number of parameters."""

    @property
    def products(self) -> list[tuple[int, int, int]]:
        """Matrix products of the forward pass of one row, for estimates of time: (rows, fan-in, fan-out)."""

    @property
    def flops(self) -> int:
        """Floating-point operations of a training step, per row."""

    @property
    def hyper_names(self) -> tuple[str, ...]:
        """Names of the hyperparameters whose values training needs."""

    @property
    def random(self) -> bool:
        """Whether training draws random numbers."""

    @property
    def mixes_rows(self) -> bool:
        """Whether the outputs of a row in training depend on the other rows, as with batch normalization."""

    def __hash__(self) -> int: ...

    def init(
        self,
        generator: np.random.Generator,
        scheme: str = "he",
        scale: float = 1.0,
        dtype: str = "float32",
        gate_bias: float = 0.0,
    ) -> Any:
        """Return the initial parameters, a tree of arrays on the host."""

    def statistics(self, dtype: str = "float32") -> Any:
        """Return the running statistics at step 0, a tree of arrays; () without any."""

    def apply(
        self, params: Any, x: jax.Array, stats: Any = (), hyper: Mapping[str, Any] | None = None
    ) -> jax.Array:
        """Return the outputs in inference: x [N, inputs] -> [N, outputs]."""

    def apply_training(
        self,
        params: Any,
        x: jax.Array,
        stats: Any = (),
        hyper: Mapping[str, Any] | None = None,
        key: jax.Array | None = None,
    ) -> tuple[jax.Array, Any]:
        """Return the outputs in training, [N, outputs], and the new running statistics."""

    def apply_to_all(self, params: Any, x: jax.Array, hyper: Mapping[str, Any] | None = None) -> jax.Array:
        """Return the outputs in training without random numbers, for x [N, inputs], all rows in one batch."""

    def decay_mask(self, params: Any) -> Any:
        """Return a tree of bools like `params`: True for the arrays that penalties act on."""

    def check(self, batch_size: int) -> None:
        """Raise UsageError if the network cannot train with a batch size."""

    def layers(self) -> list[LayerRow]:
        """Return the rows of a summary of the network."""

    def describe(self) -> dict[str, Any]:
        """Return the architecture as plain values by name."""


def layered(network: AnyNetwork, what: str) -> Network:
    """Return a network that consists of known layers. what: the measurement that needs them, for the message.

    Raises UsageError for a network of a Python file, whose layers are not known.
    """
    from ravine.networks.network import Network

    if isinstance(network, Network):
        return network
    raise UsageError(
        f"{what} needs the layers of the network.",
        f"The layers of '{network}', a network of a Python file, are not known.",
        "Choose a network such as --net 64-64.",
        option="net",
    )
