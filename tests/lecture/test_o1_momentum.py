"""O1: the closed form of momentum against its recurrence."""

import numpy as np

from ravine.lecture import o1_momentum


def test_momentum_theory_is_the_recurrence():
    root = np.sqrt(o1_momentum.KAPPA)
    rho, eta = ((root - 1) / (root + 1)) ** 2, 4 / (root + 1) ** 2
    h = eta * np.array([1.0, o1_momentum.KAPPA])
    w = [np.ones(2), 1 - h]
    for _ in range(60):
        w.append((1 + rho - h) * w[-1] - rho * w[-2])
    t = np.arange(len(w))
    closed = np.abs(o1_momentum._line(t)) * np.sqrt(rho) ** t[:, None]
    np.testing.assert_allclose(closed, np.abs(w), rtol=1e-9)
