"""G8: penalised weights against the conditions of an optimum."""

import numpy as np

from ravine.lecture import g8_penalties as g8


def test_penalised_weights_cannot_be_improved():
    """The derivative of the objective is zero, or its two sides at a kink point inwards."""
    free = g8.FREE
    for alpha, l2, l1 in zip(g8.ALPHAS, g8._shrunk(free, g8.ALPHAS), g8._cut(free, g8.ALPHAS), strict=True):
        np.testing.assert_allclose(l2 - free + alpha * l2, 0, atol=1e-12)
        slope = l1 - free
        at_zero = l1 == 0
        np.testing.assert_allclose(slope[~at_zero] + alpha * np.sign(l1[~at_zero]), 0, atol=1e-12)
        assert (np.abs(slope[at_zero]) <= alpha + 1e-12).all()
