"""The level of the tests, the seeds that can reach it, and one place for each of these numbers."""

import ast
from pathlib import Path

import pytest

import ravine
from ravine.significance import MIN_TEST_SEEDS, SIGNIFICANCE_LEVEL
from ravine.statistics import compare_paired, interval

SOURCE = Path(ravine.__file__).parent


def test_fewer_seeds_cannot_reach_the_level():
    # all of n signs are equal by chance with probability 2 / 2^n
    assert 2 / 2**MIN_TEST_SEEDS <= SIGNIFICANCE_LEVEL < 2 / 2 ** (MIN_TEST_SEEDS - 1)


@pytest.mark.parametrize("seeds", range(3, 10))
def test_the_statistics_agree_with_the_number_of_seeds(seeds):
    better = [0.9 + k / 100 for k in range(seeds)]
    worse = [0.1 + k / 90 for k in range(seeds)]
    found = compare_paired(better, worse, True)
    enough = seeds >= MIN_TEST_SEEDS
    assert (found.p_value <= SIGNIFICANCE_LEVEL) is enough
    assert (found.interval is not None) is enough
    assert (interval(better, "median") is not None) is enough


@pytest.mark.parametrize("name", ["FEW_SEEDS", "MIN_DISTANCE", "MIN_TEST_SEEDS", "SIGNIFICANCE_LEVEL"])
def test_a_shared_number_has_one_place(name):
    places = [
        path.relative_to(SOURCE)
        for path in SOURCE.rglob("*.py")
        for node in ast.parse(path.read_text("utf-8")).body
        if isinstance(node, ast.Assign)
        and name in [target.id for target in node.targets if isinstance(target, ast.Name)]
    ]
    assert len(places) == 1, places
