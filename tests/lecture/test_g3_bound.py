"""G3: the finite class by counting every outcome."""

import numpy as np
import pytest

from ravine.lecture import g3_bound as g3


def test_the_finite_class_by_counting_every_outcome():
    rules, rows = 3, 2
    outcomes = range(2 ** (rules * rows))  # every rule right or wrong on every row
    gap = information = 0.0
    for code in outcomes:
        errors = [bin(code >> (rows * k) & (2**rows - 1)).count("1") for k in range(rules)]
        gap += 0.5 - min(errors) / rows
        information += np.log(rules) - np.log(errors.count(min(errors)))
    exact = g3.exact(rules, rows)
    assert exact[0] == pytest.approx(gap / len(outcomes), rel=1e-12)
    assert exact[1] == pytest.approx(information / len(outcomes), rel=1e-12)


def test_one_rule_has_nothing_to_choose():
    gap, information, _ = g3.exact(1, 10)
    assert gap == pytest.approx(0, abs=1e-12) and information == pytest.approx(0, abs=1e-12)
