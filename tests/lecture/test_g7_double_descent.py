"""G7: a peak is found where other seeds have it, and none in noise."""

import numpy as np
import pytest

from ravine.lecture import g7_double_descent as g7


def test_a_peak_is_found_where_other_seeds_have_it():
    time = np.arange(40)
    curve = np.exp(-time / 3) + np.exp(-((time - 20) ** 2) / 20)
    rise, fall = g7._peak(np.stack([curve] * 4))
    assert rise == pytest.approx(1 - curve[:20].min(), abs=0.01)
    assert fall == pytest.approx(1, abs=0.01)
    flat, down = g7._peak(np.random.default_rng(0).standard_normal((200, 30)))
    # no peak in noise: what others name is no peak here
    assert abs(flat.mean()) < 4 * flat.std() / np.sqrt(200) and abs(down.mean()) < 4 * down.std() / np.sqrt(
        200
    )
