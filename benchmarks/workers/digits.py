"""The digits for all workers: standardized float32 rows [N, 64], labels [N]."""

from __future__ import annotations

import itertools

import numpy as np


def digits(rows: int, held: int = 288) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return training rows and labels, and `held` others to evaluate on, in one fixed random order."""
    from sklearn.datasets import load_digits

    x, y = load_digits(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(x))
    train, valid = order[:rows], order[rows : rows + held]
    x = ((x - x[train].mean()) / x[train].std()).astype(np.float32)
    return x[train], y[train].astype(np.int64), x[valid], y[valid].astype(np.int64)


def stream(rows: int, batch: int, steps: int, generator: np.random.Generator) -> np.ndarray:
    """Return the rows of each step [steps, batch], cut from one sequence of shuffled passes."""
    passes = [generator.permutation(rows) for _ in range(-(-steps * batch // rows))]
    return np.concatenate(passes)[: steps * batch].reshape(steps, batch)


def he(sizes: list[int], generator: np.random.Generator) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return He-initialised weights [fan_in, fan_out] and zero biases, float32."""
    pairs = itertools.pairwise(sizes)
    return [
        (
            (np.sqrt(2 / i) * generator.standard_normal((i, o))).astype(np.float32),
            np.zeros(o, np.float32),
        )
        for i, o in pairs
    ]


def biased(sizes: list[int]) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return He-initialised weights and small biases, none of them zero: some peers divide by each."""
    generator = np.random.default_rng(0)
    return [
        (weight, (0.01 * generator.standard_normal(bias.shape)).astype(np.float32))
        for weight, bias in he(sizes, generator)
    ]
