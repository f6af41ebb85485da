"""O8: findings of the comparison on constructed scores."""

import jax
import numpy as np

from ravine.lecture import o1_momentum, o2_nesterov, o3_adagrad, o4_rmsprop, o6_preconditioner, o7_failure
from ravine.lecture import o8_in_practice as o8


def wrong(findings):
    return [each.what for each in findings if each.holds is False]


def practice(behind=0.005, sgd_behind=0.0, seeds=len(o8.FRESH)):
    """Evidence by construction: Adam as it comes is `behind`, scheduled SGD `sgd_behind`, on every seed."""
    noise = 0.004 * np.random.default_rng(0).standard_normal(seeds)
    found = {}
    for data in o8.DATA:
        jitter = 0.002 * np.random.default_rng(1).standard_normal((len(o8.NAMES), seeds))
        scores = 0.97 + noise + jitter
        scores[o8.NAMES.index(o8.PLAIN)] = scores[o8.NAMES.index("Adam, constant learning rate")] - behind
        for name in o8.SCHEDULED:
            scores[o8.NAMES.index(name)] -= sgd_behind
        scores = np.rint(scores * o8.ROWS[data]) / o8.ROWS[data]
        found |= {f"{data}_scores": scores, f"{data}_rates": np.full(len(o8.NAMES), 0.01)}
    return found


def test_practice_holds_where_it_should():
    findings = o8.read(practice())
    assert not wrong(findings)
    assert all(each.error is not None for each in findings if each.unit)


def test_adam_far_behind_is_not_great():
    failed = wrong(o8.read(practice(behind=0.03)))
    assert len(failed) == len(o8.DATA) and all("behind the best tuned" in each for each in failed)


def test_sgd_that_is_worse_everywhere_is_not_best():
    (failed,) = wrong(o8.read(practice(sgd_behind=0.02)))
    assert "best tier" in failed


def test_a_rule_that_diverged_is_said_to_and_is_not_the_best():
    evidence = practice()
    row = o8.NAMES.index("Adam, decaying learning rate")
    evidence["digits_scores"][row, 2] = np.nan
    findings = o8.read(evidence)
    failed = wrong(findings)
    assert (
        len(failed) == 2 and failed[0] == "digits: Adam, decaying learning rate" and "288 rows" in failed[1]
    )
    assert all("Adam, decaying" not in each.note for each in findings if each.what.startswith("digits"))


def test_scores_of_other_rows_are_not_taken():
    evidence = practice()
    evidence["digits_scores"] = evidence["digits_scores"] * 0.999
    (failed,) = wrong(o8.read(evidence))
    assert "288 rows" in failed


def test_seeds_for_tuning_and_judging_never_meet():
    assert not set(o8.TUNING) & set(o8.FRESH)
    assert len(o8.ADAM_RATES) == len(o8.SGD_RATES) == o8.RATES


def test_nothing_is_made_on_a_device_at_import():
    for module in (o1_momentum, o2_nesterov, o3_adagrad, o4_rmsprop, o6_preconditioner, o7_failure, o8):
        assert not any(isinstance(each, jax.Array) for each in vars(module).values())
