"""Where a landscape is looked at from: parameters, the loss that training descends, the rule's limit.

    L(w) = 1/N sum_i m_i loss(f(x_i, w), y_i)        (1)   over all training rows, m_i: weights of mean 1

It is a function of the parameters alone: no dropout, no augmentation, no penalties, no smoothing; batch
normalisation uses the statistics of all rows at every point, so none are stale where nobody trained.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt
import optax

from ravine.diagnostics import (
    Slice,
    StabilityLimit,
    SymmetricOperator,
    hessian_operator,
    landscape,
    to_vector,
)
from ravine.diagnostics.chunked_mean import chunked_mean
from ravine.engines import cores, precision_context
from ravine.networks import LOSSES, Network
from ravine.networks.parameters import Params
from ravine.optimizers import Rule
from ravine.studies.landscape.plane_loss import plane_losses
from ravine.training import Rows

__all__ = ["Viewpoint", "preconditioner_of", "rows_at_once", "training_loss"]

CACHED = 2**18  # bytes of activations of a point worked on at a time on a CPU: a few points stay in its cache
IN_PLANE = 2**20  # the same in a plane, whose products are of many rows or slow
FEWEST, MOST = 4, 8  # points of a plane worked on at a time
LINEARISED = 2**30  # bytes of activations kept for products with the Hessian

Vector = npt.NDArray[np.float64]
Loss = Callable[..., jax.Array]


@dataclass(frozen=True)
class Viewpoint:
    """Parameters and what is known of how they were reached.

    rate: of the last step, `asked`: what its schedule is a factor on. `state`: the optimizer's there, None
    where it was not kept.
    """

    network: Network
    params: Params
    loss_name: str
    rows: Rows
    numbers: Mapping[str, float]
    rule: Rule | None
    rate: float | None
    origin: str
    steps: int | None = None
    state: Any = field(default=None, repr=False)
    asked: float | None = None

    @cached_property
    def data(self) -> tuple[Any, ...]:
        """What the loss takes after the parameters, on the device."""
        with precision_context(self.precision):
            return tuple(jnp.asarray(each) for each in self.rows if each is not None)

    @property
    def precision(self) -> str:
        """Type of its parameters."""
        return str(jax.tree.leaves(self.params)[0].dtype)

    @property
    def loss(self) -> Loss:
        """Equation (1) as loss(params, *data), in parts that fit."""
        budget = CACHED if jax.default_backend() == "cpu" else LINEARISED // 8
        at_once = rows_at_once(self.network, len(self.rows.x), budget)
        return training_loss(self.network, self.loss_name, tuple(sorted(self.numbers.items())), at_once)

    def seen(self, along: Sequence[Params], x: Vector, y: Vector | None = None) -> Slice:
        """Return the loss on a line or a plane through here: `along` one or two trees, axes x [X], y [Y]."""
        on_cpu = jax.default_backend() == "cpu"
        budget = IN_PLANE if on_cpu else LINEARISED // 8
        at_once = rows_at_once(self.network, len(self.rows.x), budget)
        point = (at_once or len(self.rows.x)) * _row_bytes(self.network)  # bytes
        points = min(max(budget // point, FEWEST), MOST)
        numbers = tuple(sorted(self.numbers.items()))
        losses = plane_losses(self.network, self.loss_name, numbers, at_once, points)
        held = (points + 1 + len(along)) * point
        threads = max(1, min(cores(), LINEARISED // held)) if on_cpu else 1
        return landscape(self.loss, self.params, along, x, y, self.data, losses=losses, threads=threads)

    def hessian(self) -> SymmetricOperator:
        """Return the Hessian of the loss here."""
        whole = training_loss(self.network, self.loss_name, tuple(sorted(self.numbers.items())), None)
        chunk = rows_at_once(self.network, len(self.rows.x), LINEARISED)
        return hessian_operator(whole, self.params, self.data, chunk=chunk)

    def at(self, vectors: Vector) -> Vector:
        """Return the losses at parameters [K, D] or [D]: [K]."""
        from ravine.diagnostics import from_vector

        data, program = self.data, jax.jit(self.loss)
        with precision_context(self.precision):
            return np.array(
                [float(program(from_vector(self.params, each), *data)) for each in np.atleast_2d(vectors)]
            )

    @property
    def chance(self) -> float:
        """The loss of an output that does not depend on the inputs: of equal shares, of the mean."""
        return LOSSES[self.loss_name].constant(self.network.sizes[-1])

    def limit(self) -> StabilityLimit:
        """Return the largest curvature the rule bears at its last rate; None with a reason."""
        if self.rule is None or self.rate is None:
            return StabilityLimit(None, False, "", "It is not known which rule was used.")
        if not self.rate > 0:
            return StabilityLimit(None, False, "", "The rate of the last step is zero.")
        value = self.rule.stability_limit(self.rate)
        if value is None or self.rule.stability is None:
            reason = f"No stability limit is known for '{self.rule.base_name}'."
            return StabilityLimit(None, False, "", reason)
        return StabilityLimit(value, self.rule.preconditioned, self.rule.stability.formula)

    def diagonal(self) -> tuple[Vector | None, str]:
        """Return the rule's preconditioner P [D], ones for a rule without; None with a reason."""
        found = self.limit()
        if found.value is None:
            return None, found.reason
        if not found.preconditioned:
            return np.ones(self.network.parameters), ""
        if self.state is None:
            return None, "It is for the Hessian seen through the rule's running means, which no model keeps."
        assert self.rule is not None
        return preconditioner_of(self.rule, self.state), ""


def rows_at_once(network: Network, rows: int, budget: int) -> int | None:
    """Return how many rows fit a budget of bytes, None where all do.

    Batch normalisation needs all of them.
    """
    fitting = max(64, budget // _row_bytes(network))
    return None if fitting >= rows or network.norm_type.over_rows else fitting


def _row_bytes(network: Network) -> int:
    """Return the bytes of one row's activations."""
    return 4 * sum(places * units for places, _, units in network.products) + 4 * network.sizes[0]


@lru_cache(maxsize=32)
def training_loss(
    network: Network, loss: str, numbers: tuple[tuple[str, float], ...], at_once: int | None
) -> Loss:
    """Return equation (1) as loss(params, x, y[, weight]), `at_once` rows at a time.

    The same arguments give the same function, so that compiled programs are found again.
    """
    bare, given = replace(network, dropout=False), dict(numbers)

    def mean(params: Params, x: jax.Array, y: jax.Array, weight: jax.Array | None = None) -> jax.Array:
        outputs, _ = bare.apply_training(params, x, bare.statistics(str(x.dtype)), given)
        values = LOSSES[loss](outputs, y)
        return jnp.mean(values if weight is None else values * weight)  # (1)

    def whole(params: Params, *data: jax.Array) -> jax.Array:
        return chunked_mean(lambda *rows: mean(params, *rows), data, at_once)

    return mean if at_once is None else whole


def preconditioner_of(rule: Rule, state: optax.OptState) -> Vector:
    """Return the preconditioner P [D] of a rule from the state of one run, in float64."""

    def widened(leaf: npt.ArrayLike) -> jax.Array:
        array = jnp.asarray(leaf)
        return array.astype(jnp.float64) if jnp.issubdtype(array.dtype, jnp.floating) else array

    with precision_context("float64"):
        return to_vector(rule.preconditioner(jax.tree.map(widened, state)))
