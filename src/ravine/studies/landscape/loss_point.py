"""The loss of a network at one parameter vector: value, Hessian, planes, and the optimizer's stability limit.

    L(w) = 1/N sum_i m_i loss(f(x_i, w), y_i)        (1)

The sum runs over N rows, usually all training rows. f is the network with parameters w, x_i and y_i are
inputs and target of row i, and m_i is its weight, 1 without row weights.

The loss depends on the parameters alone, without dropout, augmentation, penalties or label smoothing. Batch
normalization uses statistics of all N rows at every w, because running statistics of the training would be
wrong away from the trained parameters.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt
import optax

from ravine.cores import cores
from ravine.diagnostics import (
    Slice,
    StabilityLimit,
    SymmetricOperator,
    hessian_operator,
    landscape,
    to_vector,
)
from ravine.diagnostics.chunked_mean import chunked_mean
from ravine.engines import precision_context
from ravine.networks import AnyNetwork, find_loss
from ravine.networks.parameters import Params
from ravine.optimizers import Rule
from ravine.studies.landscape.plane_loss import plane_losses
from ravine.training import Rows

__all__ = ["LossPoint", "preconditioner_of", "rows_per_chunk", "training_loss"]

CACHE_BYTES = 2**18  # activations of one part of the rows on a CPU; a few parts stay in its cache
PLANE_CACHE_BYTES = 2**20  # the same for a plane, whose products have more rows
MIN_POINTS, MAX_POINTS = 4, 8  # points of a plane that are computed together
LINEARIZED_BYTES = 2**30  # activations kept for products with the Hessian

Vector = npt.NDArray[np.float64]
Loss = Callable[..., jax.Array]


@dataclass(frozen=True)
class LossPoint:
    """The loss of a network at one parameter vector, and the training that led there as far as it is known.

    A landscape study measures this loss around the vector. params: the parameter vector, as a tree. rows:
    rows that the loss is a mean of. numbers: hyperparameters of the network, such as the slope of a leaky
    activation. rule: the optimizer of the training, None if not known. rate: learning rate of the last step.
    initial_rate: learning rate that the schedule multiplies. state: the optimizer's state at the end, None if
    it was not saved. origin: "trained here", or the path of a model.
    """

    network: AnyNetwork
    params: Params
    loss_name: str
    rows: Rows
    numbers: Mapping[str, float]
    rule: Rule | None
    rate: float | None
    origin: str
    steps: int | None = None
    state: Any = field(default=None, repr=False)
    initial_rate: float | None = None

    @cached_property
    def data(self) -> tuple[Any, ...]:
        """The rows that the loss is a mean of, as arrays on the device: inputs, targets, row weights if any.

        They are the arguments of the loss function after the parameters.
        """
        with precision_context(self.precision):
            return tuple(jnp.asarray(array) for array in self.rows if array is not None)

    @property
    def precision(self) -> str:
        """Floating-point type of the parameters."""
        return str(jax.tree.leaves(self.params)[0].dtype)

    @property
    def loss(self) -> Loss:
        """The function loss(params, *data) -> [], the mean loss over all rows.

        It computes as many rows at a time as fit into the cache of a CPU, or into the memory of a GPU.
        """
        budget = CACHE_BYTES if jax.default_backend() == "cpu" else LINEARIZED_BYTES // 8
        chunk = rows_per_chunk(self.network, len(self.rows.x), budget)
        return training_loss(self.network, self.loss_name, tuple(sorted(self.numbers.items())), chunk)

    def loss_grid(self, along: Sequence[Params], x: Vector, y: Vector | None = None) -> Slice:
        """Return the mean loss on a line [X] or a plane [Y, X] in parameter space through `params`.

        `params` are the parameters of the network in this object. along: the direction of the line, or two
        directions that span the plane, as trees of parameters. x [X], y [Y]: positions, as multiples of the
        directions; y is None for a line.
        """
        on_cpu = jax.default_backend() == "cpu"
        budget = PLANE_CACHE_BYTES if on_cpu else LINEARIZED_BYTES // 8
        chunk = rows_per_chunk(self.network, len(self.rows.x), budget)
        point_bytes = (chunk or len(self.rows.x)) * _row_bytes(self.network)
        points = min(max(budget // point_bytes, MIN_POINTS), MAX_POINTS)
        numbers = tuple(sorted(self.numbers.items()))
        losses = plane_losses(self.network, self.loss_name, numbers, chunk, points)
        thread_bytes = (points + 1 + len(along)) * point_bytes
        threads = max(1, min(cores(), LINEARIZED_BYTES // thread_bytes)) if on_cpu else 1
        return landscape(self.loss, self.params, along, x, y, self.data, losses=losses, threads=threads)

    def hessian(self) -> SymmetricOperator:
        """Return the Hessian H of the loss at the parameters in `params`, as an operator v [D] -> H v [D]."""
        whole = training_loss(self.network, self.loss_name, tuple(sorted(self.numbers.items())), None)
        chunk = rows_per_chunk(self.network, len(self.rows.x), LINEARIZED_BYTES)
        return hessian_operator(whole, self.params, self.data, chunk=chunk)

    def at(self, vectors: Vector) -> Vector:
        """Return the mean loss of the network over the rows at K parameter vectors `vectors` [K, D]: [K].

        The vectors replace the parameters of this object. A single vector [D] counts as K = 1.
        """
        from ravine.diagnostics import from_vector

        data, program = self.data, jax.jit(self.loss)
        with precision_context(self.precision):
            return np.array(
                [float(program(from_vector(self.params, w), *data)) for w in np.atleast_2d(vectors)]
            )

    @property
    def chance(self) -> float:
        """The loss of a constant prediction: equal probabilities of all classes, or the mean target."""
        return find_loss(self.loss_name).constant(self.network.sizes[-1])

    def limit(self) -> StabilityLimit:
        """Return the stability limit: the largest curvature at which the optimizer of the training is stable.

        The limit belongs to the learning rate of the last step. Its `value` is None and its `reason` a
        sentence if no limit is known, for example because the optimizer is not known.
        """
        if self.rule is None or self.rate is None:
            return StabilityLimit(None, False, "", "It is not known which optimizer trained this network.")
        if not self.rate > 0:
            return StabilityLimit(None, False, "", "The learning rate of the last step is zero.")
        value = self.rule.stability_limit(self.rate)
        if value is None or self.rule.stability is None:
            reason = f"No stability limit is known for '{self.rule.base_name}'."
            return StabilityLimit(None, False, "", reason)
        return StabilityLimit(value, self.rule.preconditioned, self.rule.stability.formula)

    def diagonal(self) -> tuple[Vector | None, str]:
        """Return (P, ""), the diagonal P [D] of the optimizer's preconditioner at the end of training.

        All entries are 1 for an optimizer without preconditioner. If the optimizer's stability limit or its
        state is not known, return (None, reason), with the reason in words.
        """
        limit = self.limit()
        if limit.value is None:
            return None, limit.reason
        if not limit.preconditioned:
            return np.ones(self.network.parameters), ""
        if self.state is None:
            return None, (
                "The limit refers to the preconditioned Hessian, which needs the optimizer's state; "
                "saved models do not contain it."
            )
        assert self.rule is not None
        return preconditioner_of(self.rule, self.state), ""


def rows_per_chunk(network: AnyNetwork, rows: int, budget: int) -> int | None:
    """Return how many rows to pass through the network at a time, so that activations fit a budget of bytes.

    rows: number of all rows. budget: number of bytes. Returns None for all rows at once, if they fit or if
    the network has batch normalization, which needs all rows together. The smallest other number is 64.
    """
    fitting = max(64, budget // _row_bytes(network))
    return None if fitting >= rows or network.mixes_rows else fitting


def _row_bytes(network: AnyNetwork) -> int:
    """Return the number of bytes of one row's activations."""
    return 4 * sum(places * units for places, _, units in network.products) + 4 * network.sizes[0]


@lru_cache(maxsize=32)
def training_loss(
    network: AnyNetwork, loss: str, numbers: tuple[tuple[str, float], ...], chunk: int | None
) -> Loss:
    """Return the function loss(params, x, y[, weight]) -> [], the mean loss of a network over all rows.

    loss: name of the loss of one row. numbers: hyperparameters of the network, such as the slope of a leaky
    activation. chunk: number of rows to compute at a time, None for all rows. The same arguments return the
    same function, so that JAX finds its compiled program again.
    """
    hyper = dict(numbers)

    def mean(params: Params, x: jax.Array, y: jax.Array, weight: jax.Array | None = None) -> jax.Array:
        outputs = network.apply_to_all(params, x, hyper)
        values = find_loss(loss)(outputs, y)
        return jnp.mean(values if weight is None else values * weight)  # (1)

    def whole(params: Params, *data: jax.Array) -> jax.Array:
        return chunked_mean(lambda *rows: mean(params, *rows), data, chunk)

    return mean if chunk is None else whole


def preconditioner_of(rule: Rule, state: optax.OptState) -> Vector:
    """Return the diagonal of an optimizer's preconditioner P [D] in float64.

    rule: the optimizer, which must have a preconditioner. state: its state at one step of one run.
    """

    def widened(leaf: npt.ArrayLike) -> jax.Array:
        array = jnp.asarray(leaf)
        return array.astype(jnp.float64) if jnp.issubdtype(array.dtype, jnp.floating) else array

    with precision_context("float64"):
        return to_vector(rule.preconditioner(jax.tree.map(widened, state)))
