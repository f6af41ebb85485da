"""The verdict names length, ties, differences, and evaluations too small to say more."""

from dataclasses import replace

import pytest

from ravine.studies.compare.verdict import verdict
from ravine.studies.compare.view import style_of


@pytest.fixture
def said(result_of):
    """The verdict on some rows."""

    def of(rows, pairs=(), metric="accuracy"):
        result = result_of(rows, pairs, metric)
        return verdict(result, style_of(result))

    return of


def test_ties_and_differences(rows, pairs, said):
    assert said(rows, pairs) == (
        "Within 1,000 steps (20 epochs), adam and rmsprop are not distinguishable from the best, nesterov "
        "(accuracy 98.3 ± 0.2 %): they tie. "
        "sgd is worse by 0.8 points (0.5 to 1.1) and adadelta by 3.3 (3.0 to 4.0)."
        " adagrad is worse, with runs that diverged."
    )


def test_one_winner_all_tied_one_alone(rows, pairs, said):
    start = "Within 1,000 steps (20 epochs), nesterov"
    assert said([rows[0], rows[3]], pairs).startswith(
        f"{start} is best (accuracy 98.3 ± 0.2 %), and distinguishable from all"
    )
    assert said(rows[:3]).endswith("all 3 tie.")
    assert said(rows[:2]).endswith("a tie.") and "worse" not in said(rows[:2])
    assert said(rows[:1]) == f"{start} reaches accuracy 98.3 ± 0.2 %; nothing was compared with it."


def test_too_few_seeds_for_a_test_state_no_tie(rows, said):
    text = said([replace(row, n_seeds=5, values=row.values[:5]) for row in rows[:3]])
    assert "from the best, nesterov (accuracy 98.3 ± 0.2 %). " in text
    assert " tie" not in text
    assert text.endswith("With 5 seeds no difference can be distinguished from chance.")


@pytest.mark.parametrize(
    ("failed", "sentences"),
    [
        (
            (0, 0, 2),
            "adam is not distinguishable from the best, nesterov (accuracy 98.3 ± 0.2 %): they tie. "
            "rmsprop is not distinguishable from nesterov, but failed on more seeds.",
        ),
        (
            (0, 1, 2),
            "nesterov is best (accuracy 98.3 ± 0.2 %). "
            "adam and rmsprop are not distinguishable from nesterov, but failed on more seeds.",
        ),
        (
            (1, 0, 2),
            "nesterov has the best median (accuracy 98.3 ± 0.2 %). "
            "adam is not distinguishable from nesterov, and failed on fewer seeds. "
            "rmsprop is not distinguishable from nesterov, but failed on more seeds.",
        ),
        (
            (1, 1, 0),
            "adam is not distinguishable from the best median, nesterov (accuracy 98.3 ± 0.2 %): they tie. "
            "rmsprop is not distinguishable from nesterov, and failed on fewer seeds.",
        ),
    ],
)
def test_an_optimizer_that_failed_on_other_seeds_does_not_tie(rows, said, failed, sentences):
    some = [replace(row, failed=count) for row, count in zip(rows[:3], failed, strict=True)]
    assert said(some) == f"Within 1,000 steps (20 epochs), {sentences}"


def test_without_pairs_no_difference_is_made_up(rows, said):
    assert "sgd and adadelta are worse." in said(rows) and " by " not in said(rows)


def test_a_difference_never_contradicts_its_interval(rows, pairs, said):
    unsure = [replace(pairs[0], interval=[-0.002, 0.016]), *pairs[1:]]
    text = said(rows, unsure)
    assert "sgd is worse." in text and "sgd is worse by" not in text
    ends = [replace(pairs[0], interval=[0.002, None]), *pairs[1:]]
    assert "sgd is worse by 0.8 points (at least 0.2)" in said(rows, ends)


def test_a_small_difference_does_not_matter(rows, pairs, said, result_of):
    small = [replace(pairs[0], difference=0.003, interval=[0.001, 0.004]), *pairs[1:]]
    text = said(rows, small)
    assert "sgd is worse by 0.3 points (0.1 to 0.4): significant, but too small to matter." in text
    assert "adadelta is worse by 3.3 points" in text
    result = result_of(rows, small)
    finer = result.replace(metric=result.metric.with_smallest_difference(0.002))
    assert "too small" not in verdict(finer, style_of(finer))


def test_a_best_with_a_diverged_run_has_a_median(rows, said):
    assert "adagrad reaches accuracy 90" in said([rows[5]])


@pytest.mark.parametrize(
    ("seeds", "sentence"),
    [
        (1, "With 1 seed no difference can be distinguished from chance."),
        (5, "With 5 seeds no difference can be distinguished from chance."),
        (6, "With 6 seeds only large differences are visible."),
    ],
)
def test_too_few_seeds(rows, seeds, sentence, said):
    few = [replace(row, n_seeds=seeds, values=row.values[:seeds], diverged=0, failed=0) for row in rows]
    assert said(few).endswith(sentence)
    assert "With 20" not in said(rows) and "visible" not in said(rows)


def test_an_error_metric_has_no_points(rows, pairs, said):
    text = said(rows, [replace(pairs[0], difference=-0.016, interval=[-0.02, -0.011])], "rmse")
    assert "(rmse 0.983 ± 0.002): they tie" in text
    assert "sgd is worse by 0.016 in rmse (0.011 to 0.020)" in text
    assert "%" not in text and "points" not in text


def test_the_number_that_still_improved_is_named(rows, falling, said):
    rows = [replace(row, trend=falling if k < 4 else replace(falling, direction="flat")) for k, row in
            enumerate(rows)]  # fmt: skip
    assert said(rows).endswith("The validation loss still fell at the end for 4 of 6 optimizers.")
