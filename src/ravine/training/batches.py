"""The rows a seed sees, in order: its split, its standardization, its shuffles.

A seed fixes split, initialization and batch order, whatever the optimizer. Batches are cut from one unbroken
stream of shuffled passes, so every row is seen once per pass whatever the batch size.
Everything is drawn on the host and keyed by (root, purpose, seed, pass): the same rows on every device.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import jax
import numpy as np

from ravine.data import Dataset, Scaler, Split, split
from ravine.data.random_keys import keyed
from ravine.data.scaling import unscaled
from ravine.training.loop import Rows

__all__ = ["Batches", "SeedData"]

DEVICE_CACHE_BYTES = 256 * 2**20  # of rows, for the next cohort, which sees the same rows


@dataclass(frozen=True)
class SeedData:
    """Training and validation rows of one seed, standardized by its training rows.

    target_scale, target_mean: scale and mean of a regression target in its own unit (1, 0 for classes).
    """

    train: Rows
    valid: Rows
    scaler: Scaler
    target_scale: float
    target_mean: float


class Batches:
    """Standardized rows and batches of each seed of one data set."""

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
        self.scaling = scaling  # standard, or none: the numbers as they were given
        self.sizes = self._split(0).train.shape[0], self._split(0).valid.shape[0]
        self.batch_size = min(batch_size, self.sizes[0])
        self.data = lru_cache(maxsize=self._affordable())(self._data)
        self._kept: dict[tuple[Any, ...], Rows] = {}
        self._held, self._lock = 0, threading.Lock()

    def _split(self, seed: int) -> Split:
        return split(self.dataset, seed, self.validation)

    def _affordable(self) -> int:
        return max(2, min(64, int(2**29 // max(1, self.dataset.x.nbytes))))

    def _data(self, seed: int) -> SeedData:
        data, parts = self.dataset, self._split(seed)
        if self.scaling == "none":
            scaler = unscaled(data.encoder, data.x[parts.train])
        else:
            scaler = Scaler.fit(data.x[parts.train], together=data.shape is not None)
        target_mean, target_scale = 0.0, 1.0
        if data.task == "regress":
            y = data.y[parts.train]
            target_mean, target_scale = float(np.mean(y)), float(np.std(y)) or 1.0

        def part(index: np.ndarray) -> Rows:
            return self.standardized(index, scaler, target_mean, target_scale)

        return SeedData(part(parts.train), part(parts.valid), scaler, target_scale, target_mean)

    def standardized(
        self, index: np.ndarray, scaler: Scaler, target_mean: float, target_scale: float
    ) -> Rows:
        """Return the rows `index` of the data set as the network of that scaler sees them."""
        data = self.dataset
        x = scaler.apply(data.x[index]).astype(self.precision, copy=False)
        if data.task == "regress":
            y = ((data.y[index] - target_mean) / target_scale).astype(self.precision)
        else:
            y = data.y[index].astype(np.int32)
        weight = None
        if data.weights is not None:
            weight = data.weights[index]
            weight = (weight / np.mean(np.abs(weight))).astype(self.precision)
        return Rows(x, y, weight)

    def test(self, seed: int) -> Rows:
        """Return the test rows, standardized as the seed's training rows are."""
        rows = self.data(seed)
        return self.standardized(self.dataset.test, rows.scaler, rows.target_mean, rows.target_scale)

    def order(self, seed: int, first: int, last: int) -> np.ndarray:
        """Return the training rows of steps `first` to `last` (not included): [steps, B]."""
        n, size = self.sizes[0], self.batch_size
        begin, end = first * size, last * size
        passes = [
            keyed(self.root, "batches", seed, number).permutation(n)
            for number in range(begin // n, -(-end // n))
        ]
        stream = np.concatenate(passes)[begin % n :][: end - begin]
        return stream.reshape(last - first, size)

    def draw(self, seed: int, first: int, steps: int) -> Rows:
        """Return the batches of `steps` steps from step `first`: x [steps, B, D], on the host."""
        order = self.order(seed, first, first + steps)
        rows = self.data(seed).train
        return Rows(rows.x[order], rows.y[order], None if rows.weight is None else rows.weight[order])

    def on_device(self, seed: int, first: int, steps: int, device: jax.Device) -> Rows:
        """Return `draw` on a device; kept for the next cohort, which sees the same ones."""
        return self._placed((seed, first, steps, device), lambda: self.draw(seed, first, steps))

    def valid(self, seed: int, device: jax.Device) -> Rows:
        """Return the validation rows of a seed on a device: x [m, D]."""
        return self._placed((seed, device), lambda: self.data(seed).valid)

    def _placed(self, key: tuple[Hashable, ...], make: Callable[[], Rows]) -> Rows:
        with self._lock:
            rows = self._kept.get(key)
        if rows is None:
            rows = jax.device_put(make(), key[-1])
            with self._lock:
                self._kept[key] = rows
                self._held += rows.x.nbytes
                while self._held > DEVICE_CACHE_BYTES and len(self._kept) > 1:
                    self._held -= self._kept.pop(next(iter(self._kept))).x.nbytes
        return rows
