"""The initializations: distributions of the initial weights.  Lecture: "Consequences of nonconvexity".

    weight ~ N(0, scale^2 variance)          bias = 0

    he      variance = 2 / fan_in                  He et al. 2015
    glorot  variance = 2 / (fan_in + fan_out)      Glorot & Bengio 2010
    lecun   variance = 1 / fan_in                  LeCun et al. 1998
    zero    variance = 0
    scaled  variance = 1

The factor scale is the option `--init-scale`, 1 by default. This file imports neither NumPy nor JAX; the file
`initial_weights` draws the weights.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["INITIALIZATIONS", "Initialization"]


@dataclass(frozen=True)
class Initialization:
    """A normal distribution of the initial weights of a layer, with mean 0.

    variance   variance(fan_in, fan_out) -> variance of a weight
    random     whether the weights differ from each other
    """

    name: str
    variance: Callable[[int, int], float]
    random: bool = True


# The registry. To add an initialization, add a row here.
INITIALIZATIONS: dict[str, Initialization] = {
    row.name: row
    for row in (
        Initialization("he", lambda fan_in, fan_out: 2 / fan_in),
        Initialization("glorot", lambda fan_in, fan_out: 2 / (fan_in + fan_out)),
        Initialization("lecun", lambda fan_in, fan_out: 1 / fan_in),
        Initialization("zero", lambda fan_in, fan_out: 0.0, random=False),
        Initialization("scaled", lambda fan_in, fan_out: 1.0),
    )
}
