"""Networks of several widths in one program train as alone."""

import jax
import numpy as np

from ravine.engines import precision_context
from ravine.lecture.width_ensemble import Setting, train_widths
from ravine.optimizers import adam


def test_widths_in_one_net_train_as_alone():
    """All widths share one program: the narrow net's curve must not depend on its neighbours."""
    how = Setting(rows=60, clear=4, faint=0, useless=0, noise=0.15, steps=30, seeds=1)

    def curves(widths, generator):
        with precision_context("float64"), jax.default_matmul_precision("highest"):
            return train_widths(how, widths, adam(0.01), generator).loss

    # the same first weights for the net of 3 units: it comes first, and one column of draws is its own
    class Repeats:
        """A generator whose weights do not depend on how many are drawn."""

        def __init__(self):
            self.rows = np.random.default_rng(0)

        def __getattr__(self, name):
            return getattr(self.rows, name)

        def standard_normal(self, shape):
            value = np.random.default_rng(7).standard_normal((*shape[:-1], 64))
            return value[..., : shape[-1]]

    alone, beside = curves((3,), Repeats()), curves((3, 5), Repeats())
    np.testing.assert_allclose(alone[:, 0], beside[:, 0], rtol=1e-4)
    assert not np.allclose(beside[:, 0], beside[:, 1])
