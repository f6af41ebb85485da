"""Networks of many widths that share one program: units that are not there are zero and stay zero.

    h = f(0) = 0, its weights out 0   ->   all gradients of the unit are 0   ->   so are its updates      (1)

(1) holds for activations with f(0) = 0, unless a layer mixes its units before they are weighted (layer
normalisation) or is laid out by their number (concatenation). A narrow network then costs what the widest of
its program does, and saves its own compilation: which is worth more was measured, see `GROUPS`.
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
"""Widths up to which networks share a program; wider ones are one more group. Measured on digits, in seconds
of one core: 2.5 to compile a program; 40, 48, 66, 98, 150 us a step of a network 4, 16, 64, 128, 256 wide.
For 12 widths from 1 to 256 with 15 networks of 3,000 steps each that makes 62 s with a program a width, 84 s
with one for all, 44 s with these groups; 32, 81, 36 s where the programs are compiled already."""


@dataclass(frozen=True)
class NarrowNetwork(Network):
    """A network of which only the first `units` of every hidden layer are there; see (1).

    Two that differ in `units` alone are equal: they share a program, and start from other weights.
    """

    units: int = field(default=0, compare=False)

    @property
    def narrow(self) -> Network:
        """The network of the units that are there."""
        return of_width(self, self.units)

    def init(
        self,
        generator: np.random.Generator,
        scheme: str = "he",
        scale: float = 1.0,
        dtype: str = "float32",
        gate_bias: float = GATE_BIAS,
    ) -> list[LayerArrays]:
        """Draw what the narrow network would start from, zeros around it."""
        wide = super().init(np.random.default_rng(0), "zero", 1.0, dtype, gate_bias)
        drawn = self.narrow.init(generator, scheme, scale, dtype, gate_bias)
        return jax.tree.map(_padded, drawn, wide)


def of_width(network: Network, units: int) -> Network:
    """Return the network with `units` in every hidden layer."""
    sizes = (network.sizes[0], *[units] * (len(network.sizes) - 2), network.sizes[-1])
    plain = {name: getattr(network, name) for name in Network.__dataclass_fields__}
    return Network(**{**plain, "sizes": sizes})


def can_share(network: Network, rule: Rule) -> bool:
    """Return whether (1) holds. Rules of others may weigh a layer's weights together."""
    zero = activation(network.activation).zero_at_zero and network.connection_type.zero_stays_zero
    alone = not (network.norm_type.over_units or network.conv)
    return zero and alone and rule.elementwise


def narrowed(network: Network, units: int, widths: tuple[int, ...], share: bool) -> Network:
    """Return a network of `units` in every hidden layer; with `share` as part of the widest of its group."""
    if not share:
        return of_width(network, units)
    limits = [0, *GROUPS, max(widths)]
    low, high = next((a, b) for a, b in pairwise(limits) if units <= b)
    widest = max(each for each in widths if low < each <= high)
    wide = of_width(network, widest)
    return NarrowNetwork(**{name: getattr(wide, name) for name in Network.__dataclass_fields__}, units=units)


def _padded(narrow: np.ndarray, wide: np.ndarray) -> np.ndarray:
    return np.pad(narrow, [(0, b - a) for a, b in zip(narrow.shape, wide.shape, strict=True)])
