"""Narrow networks inside the compiled program of a wider network: missing units are zero and stay zero.

    h = f(0) = 0, outgoing weights 0   ->   all gradients of the unit are 0   ->   its updates are 0      (1)

h is the output of a missing unit, f the activation. (1) holds for activations with f(0) = 0, unless a layer
mixes its units before the weights (layer normalization) or its shape depends on their number (concatenation).
Only networks without convolutions, with plain or residual connections, are trained in this way.
A narrow network then costs as much as the widest network of its program and needs no compilation of its own.
`GROUPS` holds the fastest grouping of widths into programs.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

import jax
import numpy as np

from ravine.networks import Network, activation
from ravine.networks.connections import GATE_BIAS
from ravine.networks.parameters import LayerArrays
from ravine.optimizers import Rule

__all__ = ["GROUPS", "NarrowNetwork", "can_share", "narrowed", "of_width"]

GROUPS = (16, 64)
"""Largest width of each group of networks that share a program; wider networks are one more group.

Measured on the digits data and one core: compiling a program takes 2.5 s. A step of a network with 4, 16, 64,
128, 256 units takes 40, 48, 66, 98, 150 us. 12 widths from 1 to 256 with 15 networks of 3,000 steps each take
62 s with a program for each width, 84 s with one program for all, and 44 s with these groups. Without the
time to compile, the same three ways take 32, 81 and 36 s.
"""


@dataclass(frozen=True)
class NarrowNetwork(Network):
    """A wide network that uses only the first `units` units of every hidden layer; the other units stay zero.

    Networks that differ only in `units` compare as equal, so that they share a compiled program. Their
    initial weights differ.
    """

    units: int = field(default=0, compare=False)

    @property
    def narrow(self) -> Network:
        """The network of only the used units, without the units that stay zero."""
        return of_width(self, self.units)

    def init(
        self,
        generator: np.random.Generator,
        scheme: str = "he",
        scale: float = 1.0,
        dtype: str = "float32",
        gate_bias: float = GATE_BIAS,
    ) -> list[LayerArrays]:
        """Return random initial parameters of the used units in the arrays of the wide network.

        The parameters of all other units are zero.
        """
        wide = super().init(np.random.default_rng(0), "zero", 1.0, dtype, gate_bias)
        drawn = self.narrow.init(generator, scheme, scale, dtype, gate_bias)
        return jax.tree.map(_padded, drawn, wide)


def of_width(network: Network, units: int) -> Network:
    """Return a copy of a network that has `units` units in every hidden layer."""
    sizes = (network.sizes[0], *[units] * (len(network.sizes) - 2), network.sizes[-1])
    plain = {name: getattr(network, name) for name in Network.__dataclass_fields__}
    return Network(**{**plain, "sizes": sizes})


def can_share(network: Network, rule: Rule) -> bool:
    """Return whether narrow networks can train inside a wider one with unused units that stay zero.

    They then share a compiled program. This needs an activation that is 0 at 0, a plain or residual
    connection, no layer normalization, no convolutions, and an optimizer that is known to update each weight
    on its own.
    """
    zero = activation(network.activation).zero_at_zero and network.connection_type.zero_stays_zero
    separate = not (network.norm_type.over_units or network.conv)
    return zero and separate and rule.elementwise


def narrowed(network: Network, units: int, widths: tuple[int, ...], share: bool) -> Network:
    """Return a network with `units` units in every hidden layer, alone or as a part of a wider network.

    share: whether it becomes a part of a wider network, so that networks of several widths share a compiled
    program. The wider network has the largest of the `widths` in the same range; `GROUPS` holds the limits
    between the ranges. widths: widths of all networks.
    """
    if not share:
        return of_width(network, units)
    limits = [0, *GROUPS, max(widths)]
    low, high = next((a, b) for a, b in pairwise(limits) if units <= b)
    widest = max(width for width in widths if low < width <= high)
    wide = of_width(network, widest)
    return NarrowNetwork(**{name: getattr(wide, name) for name in Network.__dataclass_fields__}, units=units)


def _padded(narrow: np.ndarray, wide: np.ndarray) -> np.ndarray:
    return np.pad(narrow, [(0, b - a) for a, b in zip(narrow.shape, wide.shape, strict=True)])
