"""G10: ridge regression against scikit-learn."""

import numpy as np
import pytest

from ravine.lecture import g10_augmentation as g10


def test_ridge_is_scikit_learn_s():
    from sklearn.linear_model import Ridge

    generator = np.random.default_rng(3)
    evidence = {
        "x": generator.standard_normal((g10.ROWS, g10.INPUTS)),
        "y": generator.standard_normal(g10.ROWS),
    }
    for penalty in (0.1, 1.0, 40.0):
        peer = Ridge(penalty, fit_intercept=False).fit(evidence["x"], evidence["y"]).coef_
        mine = g10.ridge(evidence, penalty)
        np.testing.assert_allclose(mine, peer, rtol=1e-9)
        assert g10._penalty(evidence, mine[None]) == pytest.approx([penalty], rel=1e-9)
