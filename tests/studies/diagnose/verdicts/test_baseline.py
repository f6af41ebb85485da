"""The verdict that a network is no better than a constant or another simple model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from ravine.records.record import Record
from ravine.studies.diagnose.observation import Observation, with_smallest_difference
from ravine.studies.diagnose.verdicts.baseline import no_better_than_baseline

RecordWith = Callable[..., Record]

ACCURACY = {"metric": "accuracy", "task": "classify", "valid": 1000}
ONES, SIGNS = np.ones(8), np.tile([1.0, -1.0], 4)


def _record(
    record_with: RecordWith,
    score: float,
    constant: float | None,
    lowest: float,
    final: float | None = None,
    scores: dict[str, Any] | None = None,
    **metadata: Any,
) -> Record:
    """A record with a score, that of a constant, and the shares by which the losses lie below its 1.0.

    lowest, final: shares at the lowest loss and at the end. scores: scores [seed] of baselines or seeds.
    """
    noise = 0.01 * np.tile([1.0, -1.0], 25)[None]
    end = lowest if final is None else final
    losses = {"constant_rows": 1 + noise, "best_rows": 1 - lowest - noise, "valid_rows": 1 - end - noise}
    arrays = {name: np.array([values]) for name, values in (scores or {}).items()}
    return record_with(
        final=losses | arrays,
        series={"score": np.full((1, 11), score)},
        metadata={"constant_score": constant, **metadata},
    )


@pytest.mark.parametrize(
    ("gain", "score", "fires"),
    [
        (0.0, -0.01, True),
        (-0.5, -0.5, True),  # worse than a constant
        (0.01, 0.0, True),
        (0.1, 0.1, False),
        (-0.5, 0.3, False),  # overconfident, but with a score well above that of a constant
    ],
)
def test_a_network_must_beat_a_constant_in_loss_or_score(
    record_with: RecordWith, gain: float, score: float, fires: bool
) -> None:
    found = no_better_than_baseline(Observation(_record(record_with, score, 0.0, gain)))
    assert found is not None
    assert found.fires == fires


@pytest.mark.parametrize(
    ("lowest", "final", "score", "constant", "fires"),
    [
        (0.14, 0.0, 0.615, 0.615, True),  # it learned something, and lost it
        (0.14, 0.0, 0.625, 0.615, False),  # a point more than a constant matters
        (0.14, 0.0, 0.617, 0.615, True),  # a fifth of a point does not
        (0.3, 0.3, 0.89, 0.89, False),  # a rare class: the loss shows that the network learned
        (0.3, -0.5, 0.89, 0.89, True),
        (0.14, 0.0, 0.615, None, False),  # a constant has no score
    ],
)
def test_the_end_of_training_counts_and_not_only_its_lowest_loss(
    record_with: RecordWith, lowest: float, final: float, score: float, constant: float | None, fires: bool
) -> None:
    record = _record(record_with, score, constant, lowest, final, **ACCURACY)
    found = no_better_than_baseline(Observation(record))
    assert found is not None
    assert (found.fires, found.severity) == (fires, 3)
    assert ("ends no better than a constant" in found.sentence) == fires
    assert found.evidence[0].value == pytest.approx(final)


def test_it_does_not_apply_without_the_losses_of_a_constant(record_with: RecordWith) -> None:
    assert no_better_than_baseline(Observation(record_with())) is None


@pytest.mark.parametrize(
    ("linear", "fires", "severity"),
    [(0.90, False, 3), (0.952, False, 3), (0.962, False, 3), (0.968, True, 2), (0.99, True, 2)],
)
def test_a_network_below_a_linear_model_is_a_fault_and_one_at_its_level_is_none(
    record_with: RecordWith, linear: float, fires: bool, severity: int
) -> None:
    """Three smallest differences are 0.015. An accuracy of 0.95 on 1,000 rows has an error of 0.0069."""
    scores = {
        "baseline_linear model": [linear, 0.5],  # the second seed is another one
        "baseline_boosted trees": [0.999],  # a flexible model is no simple one
    }
    found = no_better_than_baseline(
        Observation(_record(record_with, 0.95, 0.5, 0.9, scores=scores, **ACCURACY))
    )
    assert found is not None
    assert found.fires == fires
    assert found.severity == severity


@pytest.mark.parametrize(
    ("lowest", "constant", "linear", "severity", "words"),
    [
        (0.9, 0.97, 0.99, 2, "worse than a constant"),  # both are better, and a constant is the simpler one
        (0.9, 0.97, 0.5, 2, "worse than a constant"),
        (0.9, 0.5, 0.99, 2, "worse than a linear model"),
        (0.0, 0.95, 0.99, 3, "no better than a constant"),
    ],
)
def test_the_most_severe_case_is_reported(
    record_with: RecordWith, lowest: float, constant: float, linear: float, severity: int, words: str
) -> None:
    scores = {"baseline_constant": [constant], "baseline_linear model": [linear]}
    record = _record(record_with, 0.95, constant, lowest, scores=scores, **ACCURACY)
    found = no_better_than_baseline(Observation(record))
    assert found is not None
    assert (found.fires, found.severity) == (True, severity)
    assert words in found.sentence
    if severity == 2:
        assert words.removeprefix("worse than a ") in found.evidence[0].what


@pytest.mark.parametrize("others", [0.8, 0.5])
def test_a_fault_of_the_measured_seed_alone_is_named_as_such(record_with: RecordWith, others: float) -> None:
    scores = {"baseline_constant": np.full(9, 0.5), "seed_scores": others + 0.004 * SIGNS}
    found = no_better_than_baseline(
        Observation(_record(record_with, 0.5, 0.5, 0.0, scores=scores, **ACCURACY))
    )
    assert found is not None
    assert found.fires
    said = "This holds on the measured seed. The means over 8 seeds are accuracy 0.8 and 0.5."
    assert (said in found.sentence) == (others == 0.8)


@pytest.mark.parametrize(
    ("first", "lead", "fires", "seeds"),
    [
        (0.95, 0.02 * ONES + 0.008 * SIGNS, True, 8),  # 0.02 is 3.8 standard errors of 0.0052
        (0.95, 0.02 * ONES + 0.018 * SIGNS, False, 8),  # 1.7 standard errors; 2.9 if seeds shared no rows
        (0.95, 0.014 * ONES, False, 8),  # less than three smallest differences
        (0.99, 0.0 * ONES, False, 8),  # the seed of the run alone says more, and eight others say no
        (0.99, 0.0 * ONES[:5], True, 1),  # too few seeds, so that of the run decides
        (0.99, np.append(np.full(3, np.nan), 0.0 * ONES[:5]), True, 1),  # diverged runs are no pairs
    ],
)
def test_several_seeds_are_compared_in_pairs(
    record_with: RecordWith, first: float, lead: np.ndarray, fires: bool, seeds: int
) -> None:
    """Scores differ by ten points from seed to seed; the linear model has `lead` more on each.

    The standard error of a lead that varies by s is s sqrt(8 / 7) sqrt(1 / 8 + 1 / 4), for 4 times as many
    training as validation rows.
    """
    ours = 0.85 + 0.05 * SIGNS[: len(lead)]
    scores = {
        "baseline_linear model": [first, *np.where(np.isnan(lead), 0.9, ours + lead)],
        "seed_scores": [*np.where(np.isnan(lead), np.nan, ours), 0.1],  # the last has no baseline
    }
    record = _record(record_with, 0.95, 0.5, 0.9, scores=scores, train=4000, **ACCURACY)
    found = no_better_than_baseline(Observation(record))
    assert found is not None
    assert found.fires == fires
    (row,) = [item for item in found.evidence if item.what.startswith("lead of the linear model")]
    assert row.value == pytest.approx(np.mean(lead) if seeds > 1 else first - 0.95)
    assert (f"{seeds} seeds" in row.where) == (seeds > 1)
    if fires and seeds > 1:
        assert "means over 8 seeds" in found.sentence


def test_an_error_is_better_if_it_is_smaller(record_with: RecordWith) -> None:
    scores = {"baseline_linear model": np.full(9, 0.8), "seed_scores": 0.9 + 0.001 * SIGNS}
    for greater, fires in ((False, True), (True, False)):
        metric = "r2" if greater else "rmse"
        record = _record(
            record_with, 0.9, 0.5 if greater else 1.5, 0.9, scores=scores, metric=metric,
            greater_is_better=greater,
        )  # fmt: skip
        found = no_better_than_baseline(Observation(record))
        assert found is not None
        assert found.fires == fires


@pytest.mark.parametrize(("smallest", "fires"), [(None, True), (0.01, True), (0.2, False)])
def test_the_smallest_difference_of_the_user_counts(
    record_with: RecordWith, smallest: float | None, fires: bool
) -> None:
    """A linear model is a tenth better, far beyond 1.5 errors of about 0.01 on 1,000 rows."""
    scores = {"baseline_linear model": [0.9]}
    record = _record(record_with, 0.8, 0.5, 0.5, scores=scores, **ACCURACY)
    found = no_better_than_baseline(Observation(with_smallest_difference(record, smallest)))
    assert found is not None
    assert found.fires == fires
