"""N1: counts of steps to a small error."""

import numpy as np

from ravine.lecture import find
from ravine.lecture.registry import load


def test_counts_of_steps():
    """Error 2^-t: at most 1e-6 from step 20 on. Never there: -1, as is an error that comes back."""
    first = load(find("N1"))._first
    errors = 0.5 ** np.tile(np.arange(30.0)[:, None], 2)
    assert first(errors) == 20
    assert first(np.ones((30, 2))) == first(np.full((30, 2), np.nan)) == -1
    errors[25, 0] = 1.0
    assert first(errors) == 26
