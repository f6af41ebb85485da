"""The ratio of curvature and limit, and the doubt that the residual leaves."""

import numpy as np
import pytest

from ravine.diagnostics import StabilityLimit, stability_ratio
from ravine.errors import UsageError

LIMIT = StabilityLimit(20.0, False, "2 / eta")


def test_ratio_leaves_open_what_its_error_leaves_open():
    assert stability_ratio(10.0, 0.1, LIMIT).stable is True
    assert stability_ratio(30.0, 0.1, LIMIT).stable is False
    assert stability_ratio(20.05, 0.1, LIMIT).stable is None
    assert stability_ratio(10.0, 0.1, LIMIT)[:2] == (pytest.approx(0.5), pytest.approx(0.005))


def test_without_a_limit_the_reason_is_given():
    with pytest.raises(UsageError, match="no limit") as caught:
        stability_ratio(3.0, 0.0, StabilityLimit(None, False, "", "No limit is known for lion."))
    assert "lion" in str(caught.value)


@pytest.mark.parametrize(("value", "residual"), [(np.nan, 0.0), (1.0, np.inf), (1.0, -1.0)])
def test_misuse(value, residual):
    with pytest.raises(UsageError, match="cannot be compared"):
        stability_ratio(value, residual, LIMIT)
