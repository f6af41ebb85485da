"""Bounds of the theory, of a network that is right on every row."""

from __future__ import annotations

import numpy as np
import pytest

from ravine.networks import Network
from ravine.studies.memorize.bounds import DELTA, bounds
from ravine.studies.memorize.result import Bound
from ravine.training import Rows, TrainedNetwork


@pytest.fixture(scope="module")
def found() -> dict[str, Bound]:
    random = np.random.default_rng(0)
    y = random.integers(0, 2, 400).astype(np.int32)
    x = np.stack([2.0 * y - 1, random.normal(size=400)], axis=1).astype(np.float32)
    network = Network((2, 2))
    params = [{"weight": np.array([[-9.0, 9.0], [0, 0]], np.float32), "bias": np.zeros(2, np.float32)}]
    first = [{"weight": np.array([[-8.0, 8.0], [0, 0]], np.float32), "bias": np.zeros(2, np.float32)}]
    return {
        one.name: one for one in bounds(TrainedNetwork(network, params), first, Rows(x, y), 0.0, 300, 0.5)
    }


def test_held_out_bound_is_the_closed_form(found: dict[str, Bound]) -> None:
    assert found["held_out"].value == pytest.approx(1 - DELTA ** (1 / 300), rel=1e-9)


def test_certificate_covers_the_noisy_network(found: dict[str, Bound]) -> None:
    made = found["pac_bayes"]
    assert 0 < made.value < 0.5 and not made.vacuous
    assert made.noisy_error is not None and made.value >= made.noisy_error


def test_bound_of_the_lecture_is_root_two_wider(found: dict[str, Bound]) -> None:
    lecture = found["lecture"]
    assert lecture.value == pytest.approx(np.sqrt(2) * found["xu_raginsky"].value)
    assert lecture.nats is not None
    assert lecture.value == pytest.approx(np.sqrt(lecture.nats / 400))
