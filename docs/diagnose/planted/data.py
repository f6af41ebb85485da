"""Constructed data sets, without a fault or with the fault that a case plants."""

from __future__ import annotations

import numpy as np

from ravine.data import Dataset, from_arrays


def classes(
    seed: int, rows: int = 800, noise: float = 0.0, offset: float = 0.0, spread: float = 1.0
) -> Dataset:
    """Return three classes of 8 inputs, without rows near a border; `noise`: share of random labels."""
    random = np.random.default_rng([7, seed])
    weights = random.normal(size=(8, 3))
    x = random.normal(size=(20 * rows, 8))
    z = x @ weights + 0.8 * np.tanh(x[:, :3] * x[:, 3:6])
    sums = np.sort(z, axis=1)
    clear, says = sums[:, 2] - sums[:, 1] > 1.0, z.argmax(axis=1)
    class_rows = [np.flatnonzero(clear & (says == k))[: -(-rows // 3)] for k in range(3)]
    chosen = random.permutation(np.concatenate(class_rows))[:rows]
    x, y = x[chosen], says[chosen]
    rows = len(y)
    wrong = random.random(rows) < noise
    y = np.where(wrong, random.integers(0, 3, rows), y)
    return from_arrays(x * np.geomspace(1, spread, 8) + offset, y, name="classes", seed=seed)


def curve(seed: int, rows: int = 800, noise: float = 0.05) -> Dataset:
    """Return a smooth function of 8 inputs with a little noise."""
    random = np.random.default_rng([8, seed])
    x = random.normal(size=(rows, 8))
    y = np.sin(x[:, 0]) + 0.5 * x[:, 1] + 0.3 * x[:, 2] * x[:, 3] + noise * random.normal(size=rows)
    return from_arrays(x, y, name="curve", seed=seed)


def alike(seed: int, rows: int = 400, part: float = 0.03, shared: bool = False) -> Dataset:
    """Return eight nearly equal inputs; the target depends on their differences (`shared`: mean)."""
    random = np.random.default_rng([9, seed])
    own = random.normal(size=(rows, 8))
    x = random.normal(size=(rows, 1)) + part * own
    y = np.sin(2 * x.mean(axis=1)) if shared else own @ random.normal(size=8) + 0.5 * x[:, 0]
    return from_arrays(x, y, name="alike", seed=seed)


def exclusive_or(seed: int, rows: int = 400) -> Dataset:
    """Return the XOR of the signs of two inputs."""
    random = np.random.default_rng([10, seed])
    x = random.choice([-1.0, 1.0], (rows, 2)) + 0.05 * random.normal(size=(rows, 2))
    return from_arrays(x, (x[:, 0] * x[:, 1] > 0).astype(int), name="xor", seed=seed)


def rare(seed: int, rows: int = 800) -> Dataset:
    """Return two classes; one has one row in forty, inside the cloud of the other."""
    random = np.random.default_rng([11, seed])
    y = (np.arange(rows) % 40 == 0).astype(int)
    return from_arrays(random.normal(size=(rows, 8)) + 0.5 * y[:, None], y, name="rare", seed=seed)


def leaky(seed: int) -> Dataset:
    """Return a table with the target as a column, with a little noise."""
    data = classes(seed)
    random = np.random.default_rng([12, seed])
    x = np.concatenate([data.x, data.y[:, None] + 0.01 * random.normal(size=(len(data.y), 1))], axis=1)
    return from_arrays(x, data.y, name="leaky", seed=seed)


def twice(seed: int) -> Dataset:
    """Return a table with an eighth of the rows two more times, once with another label."""
    data = classes(seed, rows=600)
    some = np.arange(0, len(data.y), 8)
    x = np.concatenate([data.x, data.x[some], data.x[some]])
    y = np.concatenate([data.y, (data.y[some] + 1) % 3, data.y[some]])
    return from_arrays(x, y, name="twice", seed=seed)


def idle(seed: int, columns: int) -> Dataset:
    """Return a table with some constant columns."""
    data = classes(seed)
    x = np.concatenate([data.x, np.full((len(data.y), columns), [0.0, 0.1, 7.0][seed % 3])], axis=1)
    return from_arrays(x, data.y, name="idle", seed=seed)


def square(seed: int, inputs: int = 60) -> Dataset:
    """Return as many inputs as training rows, and a noisy target."""
    random = np.random.default_rng([13, seed])
    x = random.normal(size=(round(inputs / 0.64), inputs))
    y = x @ random.normal(size=inputs) / np.sqrt(inputs) + 1.0 * random.normal(size=len(x))
    return from_arrays(x, y, name="square", seed=seed)


def overlapping(seed: int, rows: int = 1600) -> Dataset:
    """Return two classes of normal inputs that overlap, with a tenth of the rows beyond the border."""
    random = np.random.default_rng([14, seed])
    y = random.integers(0, 2, rows)
    x = random.normal(size=(rows, 8)) + 2.56 * (y[:, None] - 0.5) * np.eye(8)[0]
    return from_arrays(x, y, name="overlapping", seed=seed)


def guesses(seed: int, rows: int = 800, numbers: bool = False) -> Dataset:
    """Return a target that does not depend on the inputs: two classes, or numbers."""
    random = np.random.default_rng([15, seed])
    y = random.normal(size=rows) if numbers else random.integers(0, 2, rows)
    return from_arrays(random.normal(size=(rows, 8)), y, name="guesses", seed=seed)


def repeated(seed: int, rows: int = 800, distance: float = 1e-3) -> Dataset:
    """Return a table in which every row occurs twice, the second time shifted by `distance` deviations."""
    data = classes(seed, rows=rows)
    random = np.random.default_rng([16, seed])
    shifted = data.x + distance * data.x.std(axis=0) * random.choice([-1.0, 1.0], data.x.shape)
    order = random.permutation(2 * len(data.y))
    x, y = np.concatenate([data.x, shifted]), np.concatenate([data.y, data.y])
    return from_arrays(x[order], y[order], name="repeated", seed=seed)


def in_order(seed: int, rows: int = 1600, kind: str = "series") -> Dataset:
    """Return rows in an order: a time series, a drift, or independent rows sorted by class or target."""
    random = np.random.default_rng([17, seed])
    x = random.normal(size=(rows, 8))
    if kind == "series":
        for row in range(1, rows):
            x[row] = 0.8 * x[row - 1] + 0.6 * x[row]
    if kind == "drift":
        x[:, :2] += np.linspace(-1, 1, rows)[:, None]
    y = np.sin(x[:, 0]) + 0.5 * x[:, 1] + 0.3 * x[:, 2] * x[:, 3] + 0.05 * random.normal(size=rows)
    if kind == "class":
        y = (y > np.median(y)).astype(int)
    if kind in ("class", "target"):
        order = np.argsort(y, kind="stable")
        x, y = x[order], y[order]
    return from_arrays(x, y, name=kind, seed=seed)
