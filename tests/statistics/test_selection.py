"""Selection after tuning and the warning about the edge of the range."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ravine.errors import UsageError
from ravine.statistics import at_edge, select

NAN, INF = math.nan, math.inf


def test_the_best_median_wins_not_the_best_run_nor_the_best_mean():
    values = [[0.1, 0.2, 9.0], [0.3, 0.3, 0.3], [0.4, 0.29, 0.0]]
    assert select(values, True) == 1
    assert select(values, False) == 0


@pytest.mark.parametrize("bad", [NAN, INF, -INF])
@pytest.mark.parametrize("greater_is_better", [True, False])
def test_divergence_is_worst(bad, greater_is_better):
    assert select([[bad, bad, 1.0], [5.0, 5.0, 5.0]], greater_is_better) == 1
    assert select([[bad] * 3] * 4, greater_is_better) is None
    assert select([[bad] * 3, [bad, bad, 1.0]], greater_is_better) == 1


def test_ties_go_to_the_smaller_rate_unless_it_diverged_more():
    assert select([[1.0, 1.0], [1.0, 1.0]], True) == 0
    assert select([[1.0, 1.0, NAN], [1.0, 1.0, 1.0]], False) == 1


@given(st.permutations(range(5)), st.integers(0, 1000))
def test_order_of_seeds_and_sign(order, key):
    values = np.random.default_rng(key).integers(0, 6, (7, 5)).astype(float)
    chosen = select(values, True)
    assert select(values[:, order], True) == chosen == select(-values, False)


def test_edges_are_on_the_log_scale():
    # four decades: the outer tenth is 0.4 decades
    assert at_edge(10**-3.61, 1e-4, 1.0) == "low"
    assert at_edge(10**-3.59, 1e-4, 1.0) is None
    assert at_edge(10**-0.41, 1e-4, 1.0) is None
    assert at_edge(10**-0.39, 1e-4, 1.0) == "high"
    assert at_edge(5.0, 1e-4, 1.0) == "high"


@pytest.mark.parametrize(
    "bad", [(0.1, 1, 1), (0.1, 0, 1), (NAN, 0.1, 1), (-1, 0.1, 1), (0.1, 0.1, INF), (0.1, 0.01, 1, 0.6)]
)
def test_what_is_no_rate_or_range_is_refused(bad):
    with pytest.raises(UsageError):
        at_edge(*bad)


def test_an_empty_table_is_refused():
    with pytest.raises(UsageError):
        select(np.empty((0, 5)), True)
