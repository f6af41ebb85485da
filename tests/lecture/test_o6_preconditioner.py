"""O6: findings that know a target that was not reached."""

import numpy as np

from ravine.lecture import o6_preconditioner


def wrong(findings):
    return [each.what for each in findings if each.holds is False]


def test_a_target_that_was_not_reached_does_not_hold():
    evidence = {
        "aligned_steps": np.full(o6_preconditioner.DRAWS, 293.0),
        "rotated_steps": np.full(o6_preconditioner.DRAWS, 7170.0),
        "flat": np.zeros((3, 2)),
        "steep": np.zeros((3, 2)),
        "descent": np.ones((3, 2)),
        "after": np.full(o6_preconditioner.DRAWS, 8000.0),
    }
    assert not wrong(o6_preconditioner.read(evidence))
    evidence["rotated_steps"][3] = np.nan
    assert len(wrong(o6_preconditioner.read(evidence))) == 3
    evidence["rotated_steps"] = np.full(o6_preconditioner.DRAWS, 300.0)
    assert len(wrong(o6_preconditioner.read(evidence))) == 2
