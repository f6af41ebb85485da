"""Units of a layer with equal incoming weights."""

from __future__ import annotations

import numpy as np

from ravine.studies.diagnose.weight_facts import alike_units


def _layer(units: list[list[float]]) -> dict[str, np.ndarray]:
    return {"weight": np.array(units, np.float32).T, "bias": np.zeros(len(units), np.float32)}


def test_the_share_counts_all_copies_of_each_hidden_layer() -> None:
    first = _layer([[1, 2], [1, 2], [3, 4], [3, 4], [5, 6]])
    second = _layer([[1, 0, 0, 0, 0], [0, 1, 0, 0, 0]])
    output = _layer([[1, 1], [1, 1]])
    assert np.allclose(alike_units([first, second, output]), [4 / 5, 0])


def test_weights_of_zero_are_alike_and_tiny_random_weights_are_not() -> None:
    random = np.random.default_rng(0).normal(size=(8, 3)) * 1e-12
    assert np.allclose(alike_units([_layer(np.zeros((8, 3)).tolist()), _layer([[1.0] * 8])]), [1])
    assert np.allclose(alike_units([_layer(random.tolist()), _layer([[1.0] * 8])]), [0])


def test_a_linear_network_has_no_hidden_layer() -> None:
    assert not len(alike_units([_layer([[1, 2]])]))
