"""Working in float64 where asked, and only there."""

from concurrent.futures import ThreadPoolExecutor

import jax
import numpy as np
import pytest

from ravine.precision import precision_context


def kind():
    return jax.device_put(np.ones(2)).dtype


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_arrays_are_placed_in_that_precision(precision):
    with precision_context("float64" if precision == "float32" else "float32"), precision_context(precision):
        assert kind() == precision


def test_it_ends_with_the_context_and_holds_for_one_thread():
    before = kind()
    with ThreadPoolExecutor(1) as other, precision_context("float64"):
        assert kind() == np.float64
        assert other.submit(kind).result() == before == np.float32
    assert kind() == before
