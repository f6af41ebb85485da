"""O4: the memory of a burst against a plain loop."""

import numpy as np
import pytest

from ravine.lecture import o4_rmsprop


def test_what_is_remembered_of_a_burst():
    mean, total = 0.0, 0.0
    for gradient in [o4_rmsprop.HEIGHT] * o4_rmsprop.BURST + [1.0] * 5:
        mean = 0.9 * mean + 0.1 * gradient**2
        total += gradient**2
    rms, ada = o4_rmsprop._after_burst(np.array([5]))
    assert rms[0] == pytest.approx(mean**-0.5, rel=1e-12) and ada[0] == pytest.approx(total**-0.5, rel=1e-12)
