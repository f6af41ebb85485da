"""A GPU gives what a CPU gives. With one: RAVINE_TEST_PLATFORMS=cuda,cpu pytest tests/training/test_gpu.py"""

from dataclasses import replace

import jax
import numpy as np
import pytest

from ravine.engines import find_devices
from ravine.optimizers import RULES
from ravine.training import run_cohort, shape_for


@pytest.fixture(scope="module")
def gpu():
    try:
        jax.devices("cuda")
    except RuntimeError:
        pytest.skip("there is no GPU here")
    return find_devices("gpu")


def on(devices, asked, width=None):
    """Record of a cohort on devices, parameters kept."""
    asked = replace(asked, keep_parameters=True)
    seeds = len(np.unique(asked.runs.seed))
    return run_cohort(
        asked, shape_for(asked.plan, asked.batches, width or len(asked.runs), seeds, devices), devices
    )


@pytest.mark.parametrize("rule", RULES)
def test_the_same_to_rounding_in_float64(rule, cohort, gpu):
    rates = RULES[rule].rate_center * np.geomspace(0.1, 3, 13)
    asked = cohort(rule, rates, precision="float64")
    there, here = on(gpu, asked), on(find_devices("cpu"), asked)
    assert there.counts() == here.counts() == {"finished": 13}
    for name, values in here.series.items():
        np.testing.assert_allclose(there.series[name], values, rtol=1e-9, err_msg=name)
    np.testing.assert_allclose(there.final["parameters"], here.final["parameters"], rtol=1e-7, atol=1e-10)


def test_float32_products_are_in_float32(cohort, gpu):
    """A product of 10-bit factors would be off by 1e-3; 20 steps of rounding are not."""
    asked = cohort("sgd", decays=np.zeros(13))
    there, here = on(gpu, asked), on(find_devices("cpu"), asked)
    np.testing.assert_allclose(there.series["train_loss"], here.series["train_loss"], rtol=2e-5)


def test_a_member_does_not_depend_on_its_companions(cohort, some, gpu):
    asked = cohort()
    alone = some(asked, [4])
    together, one = on(gpu, asked), on(gpu, alone, len(asked.runs))
    np.testing.assert_allclose(one.series["valid_loss"][0], together.series["valid_loss"][4], rtol=1e-5)


def test_twice_is_bit_for_bit_once(cohort, gpu):
    first, second = on(gpu, cohort()), on(gpu, cohort())
    np.testing.assert_array_equal(first.final["parameters"], second.final["parameters"])


def test_diverged_members_cost_nothing_and_are_marked(cohort, dataset, gpu):
    data = dataset("regress")
    record = on(gpu, cohort("sgd", [0.1, 1e6] * 20, [0, 1] * 20, np.zeros(40), data))
    assert record.counts() == {"finished": 20, "diverged": 20}


def test_a_second_cohort_compiles_nothing(cohort, gpu, new_programs):
    on(gpu, cohort())
    new_programs.clear()
    on(gpu, cohort(rates=np.geomspace(1e-4, 1, 13), root=3))
    assert new_programs == []
