"""The trend of losses in a record: lowest loss, progress by the learning rate, change of the score."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from ravine.execution.loss_trend import loss_trend
from ravine.execution.result_parts import MetricFacts

TIMES = np.arange(1, 21) / 20
PLAN = SimpleNamespace(steps=400, steps_per_evaluation=20, batch_size=16)
BATCHES = SimpleNamespace(sizes=(320, 80), batch_size=16)
ACCURACY = MetricFacts(name="accuracy", greater_is_better=True, smallest_difference=0.005)
LEVELS = np.linspace(0.9, 1.1, 8)[:, None]


def trend_of(losses, scores=None, schedule="constant", metric=ACCURACY):
    scores = np.full(losses.shape, 0.9) if scores is None else scores
    return loss_trend(losses, scores, metric, PLAN, BATCHES, schedule)


def test_the_lowest_loss_has_its_step_and_epochs():
    trend = trend_of(LEVELS * (1 + 2 * np.abs(TIMES - TIMES[7])))
    assert (trend.direction, trend.lowest_step, trend.lowest_epochs) == (
        "rising",
        160,
        8.0,
    )  # 20 steps = 1 epoch
    assert trend.seeds == 8 and not trend.score_improves


@pytest.mark.parametrize(("end", "improves"), [(0.95, True), (0.904, False), (0.85, False)])
def test_a_score_improves_by_what_matters(end, improves):
    losses = LEVELS * (1 + 2 * np.abs(TIMES - TIMES[7]))
    scores = np.broadcast_to(np.where(TIMES > 0.4, end, 0.9), losses.shape)
    assert trend_of(losses, scores).score_improves == improves
    less = replace(ACCURACY, greater_is_better=False)
    assert trend_of(losses, 1 - scores, metric=less).score_improves == improves


def test_a_decaying_rate_measures_progress_by_its_sum():
    progress = TIMES + np.sin(np.pi * TIMES) / np.pi
    losses = LEVELS * (2 - progress)
    trend = trend_of(losses, schedule="cosine")
    assert trend.direction == "falling" and trend.change == pytest.approx(-0.1 / 1.1, rel=0.02)
    assert trend.window == pytest.approx(0.4, abs=0.02)
    assert trend_of(LEVELS * (2 - TIMES)).window == pytest.approx(0.1)
    assert trend_of(LEVELS * (2 - TIMES), schedule="plateau").window == pytest.approx(0.1)


def test_diverged_runs_have_no_trend():
    losses = LEVELS * (2 - TIMES)
    losses[:5, 3:] = np.nan
    assert trend_of(losses) is None
