"""N4: the wells against a random walk."""

import numpy as np

from ravine.lecture import find
from ravine.lecture.registry import load


def test_the_wells_of_n4_are_worked_out_as_a_random_walk_does():
    """The grid of (3) against a plain loop of 8,000 walkers with noise of its own."""
    module = load(find("N4"))
    share, loss = module._expected_wells()
    generator = np.random.default_rng(3)
    worse, top, _ = module._critical_points()
    x = np.full(8000, worse)
    when = module.WELL_WHEN[2]
    for t in range(module.WELL_STEPS):
        rate = module.WELL_RATES[0] if t < when else module.WELL_RATES[1]
        x = x - rate * (x * x * x - x - module.TILT + module.NOISE * generator.standard_normal(len(x)))
    assert abs(np.mean(x < top) - share[2]) < 4 * 0.5 / np.sqrt(len(x))
    assert abs(np.mean(x**4 / 4 - x**2 / 2 - module.TILT * x) - loss[2]) < 0.005  # four standard errors
