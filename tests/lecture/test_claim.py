"""A finding: what holds and what does not."""

import math

import numpy as np
import pytest

from ravine.errors import UsageError
from ravine.lecture import Finding

NAN, INF = math.nan, math.inf


@pytest.mark.parametrize(
    ("measured", "expected", "how", "holds"),
    [
        (1.05, 1.0, {"tolerance": 0.1}, True),
        (1.25, 1.0, {"tolerance": 0.25}, True),
        (1.26, 1.0, {"tolerance": 0.25}, False),
        (0.0, 0.0, {}, True),
        (1e-300, 0.0, {}, False),
        (-104.0, -100.0, {"tolerance": 0.05, "relative": True}, True),
        (-106.0, -100.0, {"tolerance": 0.05, "relative": True}, False),
        (5.0, 1.0, {"bound": "above"}, True),
        (0.9, 1.0, {"bound": "above"}, False),
        (0.9, 1.0, {"bound": "above", "tolerance": 0.2}, True),
        (-5.0, 1.0, {"bound": "below"}, True),
        (1.1, 1.0, {"bound": "below"}, False),
        (INF, 1.0, {"bound": "above"}, True),
        (INF, 1.0, {"tolerance": 1e300}, False),
        (INF, INF, {}, True),
        (1.0, INF, {"tolerance": 1.0}, False),
        (3.0, None, {}, None),
        (NAN, None, {}, False),
        (NAN, 1.0, {"bound": "below"}, False),
        (NAN, NAN, {}, False),
        (1.0, NAN, {"tolerance": 1.0}, False),
    ],
)
def test_what_holds(measured, expected, how, holds):
    found = Finding("x", np.float64(measured), expected, **how)
    assert found.holds is holds
    assert type(found.measured) is float


@pytest.mark.parametrize(
    "how", [{"tolerance": -1}, {"tolerance": NAN}, {"tolerance": INF}, {"bound": "over"}]
)
def test_what_could_not_judge_is_refused(how):
    with pytest.raises(UsageError):
        Finding("x", 1.0, 1.0, **how)
