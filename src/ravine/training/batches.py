"""The batches of each seed: split, standardized rows, and the order in which training meets them.

A seed fixes split, standardization and order, and the optimizer changes none of them. The training rows are
shuffled anew for each pass, and the passes follow one another without a gap. A batch is the next `batch_size`
rows of this sequence, so every row occurs once per pass for any batch size. Everything is drawn on the host
and keyed by (root seed, purpose, seed, pass), so that all devices get the same rows.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import jax
import numpy as np

from ravine.data import Dataset, Scaler, Split, split
from ravine.data.random_keys import keyed_generator
from ravine.data.scaling import raw_value_scaler
from ravine.training.loop import Rows
from ravine.training.plan import MIN_CURVE_ROWS, Plan
from ravine.training.row_sources import IndexedRows, RowSource

__all__ = ["Batches", "SeedData", "SeedScaling"]

DEVICE_CACHE_BYTES = 256 * 2**20  # of rows on devices, kept for the next cohort, which sees the same rows
HOST_CACHE_BYTES = 2**29  # of standardized data sets, one per seed
ORDER_CACHE_BYTES = 2**27  # of shuffled orders, one per seed and pass
SPLIT_CACHE_BYTES = 2**28  # of splits, one per seed
CACHES = ("scaling_of", "data", "_pass", "_tables", "_on_device", "_bytes", "_lock")
"""Attributes of `Batches` that hold what can be computed again."""
RARE_ROWS = 20  # of the rarest class in the sample for curves
INDEXED_BYTES = 2**24  # of inputs; programs read larger data from one table, see `row_sources`


@dataclass(frozen=True)
class SeedScaling:
    """The split of a seed, and the standardization of inputs and target by its training rows."""

    parts: Split
    scaler: Scaler
    target_mean: float
    target_scale: float


@dataclass(frozen=True)
class SeedData:
    """The training and validation rows of one seed, standardized by mean and deviation of its training rows.

    train, valid: x [N, D], y [N]. scaler: means and standard deviations of the inputs.
    target_scale, target_mean: standard deviation and mean of a regression target in its own unit; 1 and 0 for
    classes. A prediction in the target's unit is output x target_scale + target_mean.
    """

    train: Rows
    valid: Rows
    scaler: Scaler
    target_scale: float
    target_mean: float


class Batches:
    """The standardized rows and the batches of every seed of one data set. Threads may share the object.

    dataset: the rows, with test rows set apart. root: root seed. batch_size: rows per step, at most all
    training rows. validation: share of the rows that validate. scaling: "standard", or "none" for inputs as
    they are.
    sizes: numbers of training and validation rows, equal for all seeds. data(seed): the rows of a seed.
    """

    def __init__(
        self,
        dataset: Dataset,
        root: int,
        batch_size: int,
        precision: str = "float32",
        validation: float = 0.2,
        scaling: str = "standard",
    ) -> None:
        self.dataset, self.root, self.precision, self.validation = dataset, root, precision, validation
        self.scaling = scaling
        self.sizes = self._split(0).train.shape[0], self._split(0).valid.shape[0]
        self.batch_size = min(batch_size, self.sizes[0])
        self.indexed = dataset.x.nbytes > INDEXED_BYTES
        self._make_caches()

    def _make_caches(self) -> None:
        """Make the caches of rows, splits and orders, all empty."""
        dataset = self.dataset
        self.scaling_of = lru_cache(maxsize=max(4, min(256, SPLIT_CACHE_BYTES // (8 * len(dataset)))))(
            self._scaling_of
        )
        self.data = lru_cache(maxsize=self._cached_seeds())(self._data)
        passes = max(2, min(256, ORDER_CACHE_BYTES // (4 * self.sizes[0])))
        self._pass = lru_cache(maxsize=passes)(self._shuffled)
        self._tables: dict[jax.Device, jax.Array] = {}
        self._on_device: dict[tuple[Any, ...], Any] = {}
        self._bytes, self._lock = 0, threading.Lock()

    def __getstate__(self) -> dict[str, Any]:
        """Return all but the caches, for another process, which draws the same rows from the same seeds."""
        return {name: value for name, value in vars(self).items() if name not in CACHES}

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        vars(self).update(state)
        self._make_caches()

    def _split(self, seed: int) -> Split:
        """Return the training and validation rows of a seed; a subclass may choose others."""
        return split(self.dataset, seed, self.validation)

    @cached_property
    def has_gaps(self) -> bool:
        """Whether inputs of the data set are missing."""
        return bool(np.isnan(self.dataset.x).any())

    def _cached_seeds(self) -> int:
        """Return for how many seeds the host keeps the standardized rows."""
        return max(2, min(64, int(HOST_CACHE_BYTES // max(1, self.dataset.x.nbytes))))

    def _scaling_of(self, seed: int) -> SeedScaling:
        """Return the split of a seed, and the standardization by its training rows alone."""
        data, parts = self.dataset, self._split(seed)
        if self.scaling == "none":
            scaler = raw_value_scaler(data.encoder, data.x[parts.train])
        else:
            scaler = Scaler.fit(data.x, parts.train, together=data.shape is not None)
        if data.task != "regress":
            return SeedScaling(parts, scaler, 0.0, 1.0)
        y = data.y[parts.train]
        return SeedScaling(parts, scaler, float(np.mean(y)), float(np.std(y)) or 1.0)

    def _data(self, seed: int) -> SeedData:
        """Return the rows of a seed, standardized by the training rows alone."""
        of_seed = self.scaling_of(seed)
        parts, scaler = of_seed.parts, of_seed.scaler
        target_mean, target_scale = of_seed.target_mean, of_seed.target_scale
        train, valid = (
            self.standardized(index, scaler, target_mean, target_scale)
            for index in (parts.train, parts.valid)
        )
        return SeedData(train, valid, scaler, target_scale, target_mean)

    def standardized(
        self, index: np.ndarray, scaler: Scaler, target_mean: float, target_scale: float
    ) -> Rows:
        """Return the rows `index` [N] of the data set as a network sees them: x [N, D], y [N].

        Inputs are scaled by `scaler`, and a regression target by `target_mean` and `target_scale`. Row
        weights are divided by their mean absolute value over these rows.
        """
        x = scaler.apply(self.dataset.x, index).astype(self.precision, copy=False)
        return Rows(x, *self._targets(index, target_mean, target_scale))

    def _targets(
        self, index: np.ndarray, target_mean: float, target_scale: float
    ) -> tuple[np.ndarray, np.ndarray | None]:
        """Return target and row weight of the rows `index` [N] as a network sees them, [N] each."""
        data = self.dataset
        if data.task == "regress":
            y = ((data.y[index] - target_mean) / target_scale).astype(self.precision)
        else:
            y = data.y[index].astype(np.int32)
        weight = None
        if data.weights is not None:
            weight = data.weights[index]
            weight = (weight / np.mean(np.abs(weight))).astype(self.precision)
        return y, weight

    def with_batch_size(self, batch_size: int) -> Batches:
        """Return a copy of these batches with another batch size, which is at most all training rows."""
        other = object.__new__(type(self))
        vars(other).update(vars(self))  # with the caches, which `copy` leaves out
        other.batch_size = min(batch_size, self.sizes[0])
        other._on_device, other._bytes, other._lock = {}, 0, threading.Lock()
        return other

    def test(self, seed: int) -> Rows:
        """Return the test rows, x [N, D], standardized by mean and deviation of the seed's training rows."""
        data = self.scaling_of(seed)
        return self.standardized(self.dataset.test, data.scaler, data.target_mean, data.target_scale)

    def order(self, seed: int, first: int, last: int) -> np.ndarray:
        """Return the indices of the training rows in the batches of steps `first` to `last` - 1: [steps, B].

        seed: seed whose training rows and order are used. B is the batch size.
        """
        n, size = self.sizes[0], self.batch_size
        begin, end = first * size, last * size
        parts = []
        for number in range(begin // n, -(-end // n)):
            start = number * n
            parts.append(self._pass(seed, number)[max(begin - start, 0) : end - start])
        return np.concatenate(parts).reshape(last - first, size)

    def _shuffled(self, seed: int, number: int) -> np.ndarray:
        """Return the order of the training rows of a seed in one pass over them, numbered from 0."""
        order = keyed_generator(self.root, "batches", seed, number).permutation(self.sizes[0])
        return order.astype(np.int32)

    def draw(self, seed: int, first: int, steps: int) -> Rows:
        """Return the training rows of a seed for some steps, x [steps, B, D], on the host.

        first, steps: the first step, and the number of steps. B is the batch size.
        """
        order = self.order(seed, first, first + steps)
        rows = self.data(seed).train
        return Rows(rows.x[order], rows.y[order], None if rows.weight is None else rows.weight[order])

    def on_device(self, seed: int, first: int, steps: int, device: jax.Device) -> RowSource:
        """Return the training rows of a seed for some steps on a device: batches, or a table and an order.

        first, steps: the first step, and the number of steps. The rows stay on the device as long as there is
        room, for other cohorts.
        """
        if not self.indexed:
            return self.prepared(seed, first, steps, device)
        fixed: IndexedRows = self._put((seed, "table", device), lambda: self._table_of(seed))
        order = self._put(
            ("order", seed, first, steps, device), lambda: self._row_numbers(seed, first, steps)
        )
        return fixed._replace(x=self._shared_inputs(device), order=order)

    def prepared(self, seed: int, first: int, steps: int, device: jax.Device) -> Rows:
        """Return the training rows of a seed for some steps as batches on a device, x [steps, B, D].

        first, steps: the first step, and the number of steps. The rows stay on the device as long as there is
        room, for other cohorts.
        """
        batches: Rows = self._put((seed, first, steps, device), lambda: self.draw(seed, first, steps))
        return batches

    def _row_numbers(self, seed: int, first: int, steps: int) -> np.ndarray:
        """Return the order of the training rows of some steps, as indices of rows of the data set."""
        train = self.scaling_of(seed).parts.train.astype(np.int32)
        return train[self.order(seed, first, first + steps)]

    def _shared_inputs(self, device: jax.Device) -> jax.Array:
        """Return the inputs of the data set on a device, [N, D]."""
        with self._lock:
            if device not in self._tables:
                x = self.dataset.x.astype(self.precision, copy=False)
                self._tables[device] = jax.device_put(x, device)
            return self._tables[device]

    def _table_of(self, seed: int) -> IndexedRows:
        """Return targets, weights and standardization of the rows of the data set for a seed.

        The result lacks the inputs, which all seeds share, and the order.
        """
        of_seed, data = self.scaling_of(seed), self.dataset
        scaler, train = of_seed.scaler, of_seed.parts.train
        if data.task == "regress":
            y = ((data.y - of_seed.target_mean) / of_seed.target_scale).astype(self.precision)
        else:
            y = data.y.astype(np.int32)
        weight = None
        if data.weights is not None:
            weight = (data.weights / np.mean(np.abs(data.weights[train]))).astype(self.precision)
        fill = scaler.fill.astype(self.precision) if self.has_gaps else None
        factor = 1 / scaler.scale
        offset = (-scaler.mean * factor).astype(self.precision)
        return IndexedRows(None, y, weight, fill, factor.astype(self.precision), offset, None)

    def valid(self, seed: int, device: jax.Device, rows: int | None = None) -> Rows:
        """Return the validation rows of a seed on a device, x [m, D].

        rows: number m of rows that are drawn at random, the same for all cohorts; None = all rows. They stay
        on the device as long as there is room, for other cohorts.
        """
        return self._put((seed, rows, device), lambda: self._drawn_valid(seed, rows))

    def curve_rows(self, plan: Plan) -> int:
        """Return the number of validation rows on which the curves of a plan are measured.

        It is large enough for a rare class, and for row weights of which few are large.
        """
        rows = max(plan.curve_rows(self.sizes[1]), self._least_curve_rows)
        return min(rows, self.sizes[1])

    @cached_property
    def _least_curve_rows(self) -> int:
        """Number of rows that a sample needs for a rare class and for unequal row weights.

        It has 20 rows of the rarest class in the mean; for a target of numbers, 20 rows that differ from the
        most frequent value. Its weights count as those of 1,000 rows of equal weight (Kish 1965).
        """
        data = self.dataset
        y = data.y[data.development]
        counts = np.unique(y, return_counts=True)[1]
        rarest = counts.min() if data.task == "classify" else len(y) - counts.max()
        needed = RARE_ROWS * len(y) / max(1, rarest)
        if data.weights is not None:
            weights = data.weights[data.development]
            effective = np.sum(weights) ** 2 / np.sum(np.square(weights))
            needed = max(needed, MIN_CURVE_ROWS * len(y) / max(1.0, effective))
        return int(np.ceil(needed))

    def sampled_rows(self, plan: Plan) -> int | None:
        """Return the number of validation rows on which curves are measured; None if on all of them."""
        rows = self.curve_rows(plan)
        return rows if rows < self.sizes[1] else None

    def valid_rows(self, seed: int) -> Rows:
        """Return the validation rows of a seed on the host, x [m, D]."""
        return self._drawn_valid(seed, None) if self.indexed else self.data(seed).valid

    def train_targets(self, seed: int) -> Rows:
        """Return targets and row weights of the training rows of a seed, [n] each, and no inputs."""
        if not self.indexed:
            return self.data(seed).train._replace(x=None)
        of_seed = self.scaling_of(seed)
        return Rows(None, *self._targets(of_seed.parts.train, of_seed.target_mean, of_seed.target_scale))

    def _drawn_valid(self, seed: int, rows: int | None) -> Rows:
        drawn = np.arange(self.sizes[1])
        if rows is not None and rows < self.sizes[1]:
            drawn = keyed_generator(self.root, "curves", seed).permutation(self.sizes[1])[:rows]
        if not self.indexed:
            return Rows(*(None if array is None else array[drawn] for array in self.data(seed).valid))
        of_seed = self.scaling_of(seed)
        return self.standardized(
            of_seed.parts.valid[drawn], of_seed.scaler, of_seed.target_mean, of_seed.target_scale
        )

    def _put(self, key: tuple[Hashable, ...], make: Callable[[], Any]) -> Any:
        """Return the arrays of `key` on the device that ends `key`; drop the oldest beyond the limit."""
        with self._lock:
            arrays = self._on_device.get(key)
        if arrays is None:
            made = jax.device_put(make(), key[-1])
            with self._lock:
                if (arrays := self._on_device.get(key)) is not None:  # another thread was faster
                    return arrays
                arrays = self._on_device[key] = made
                self._bytes += _bytes(arrays)
                while self._bytes > DEVICE_CACHE_BYTES and len(self._on_device) > 1:
                    self._bytes -= _bytes(self._on_device.pop(next(iter(self._on_device))))
        return arrays


def _bytes(arrays: Any) -> int:
    return sum(array.nbytes for array in jax.tree.leaves(arrays))
