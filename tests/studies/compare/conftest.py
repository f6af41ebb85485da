"""Results of comparisons: one made by hand, six optimizers in three tiers, and a short one of two."""

import math

import pytest

from ravine.execution.execute import execute
from ravine.execution.length_advice import LossTrend
from ravine.execution.registry import find_study
from ravine.execution.result_parts import DataFacts, MetricFacts, Seconds, SplitSizes
from ravine.studies.compare.result import (
    CompareResult,
    ComparisonFacts,
    LeaderboardRow,
    Pair,
    RateSensitivity,
    Recommendation,
    WinnerScores,
)
from ravine.studies.compare.settings import CompareSettings

QUICK = CompareSettings(optimizers=["sgd", "adam"], effort="quick", net="8", epochs=4)

TREND = LossTrend(
    direction="falling", change=-0.031, agreeing=1.0, rise=0.0, lowest_step=1000, lowest_epochs=20.0,
    score_improves=True, seeds=20,
)  # fmt: skip


def make_curve(rates, scores):
    """Return a sensitivity whose quartiles are the medians."""
    diverged = [float(score is None) for score in scores]
    return RateSensitivity(learning_rate=rates, score=scores, lower=scores, upper=scores, diverged=diverged)


def make_row(optimizer, tier, score, half, **more):
    """Return a row whose score is best at the rate 10^-2.5 and diverges above 0.04."""
    rates = [10 ** (-4.9 + 0.2 * place) for place in range(20)]
    scores = [None if rate > 0.04 else score - 0.05 * (math.log10(rate) + 2.5) ** 2 for rate in rates]
    fields = {
        "optimizer": optimizer, "learning_rate": 0.00312, "hyperparameters": {}, "schedule": "decay",
        "mean": score, "median": score, "sd": 0.004, "interval": [score - half, score + half],
        "tuning_interval": [score - 2 * half, score + half], "tier": tier, "n_seeds": 20, "diverged": 0,
        "values": [score] * 20, "reached_target": 1.0, "steps_to_target": 420.0, "seconds_to_target": 0.1,
        "at_edge": False, "sensitivity": make_curve(rates, scores), "sensitivity_width": 1.4,
        "median_interval": [score - half, score + half],
    }  # fmt: skip
    return LeaderboardRow(**fields | more)


@pytest.fixture(scope="session")
def falling():
    """A validation loss that still falls at the end."""
    return TREND


def make_pair(a, b, difference, interval):
    """Return a pair with p values of no meaning here."""
    return Pair(a=a, b=b, difference=difference, interval=interval, p_better=0.9, p_value=0.01, p_holm=0.02)


def make_result(rows, pairs=(), metric="accuracy", **more):
    """Return a result with this leaderboard."""
    greater = metric == "accuracy"
    fields = {
        "study": "compare",
        "data": DataFacts(
            name="digits", sha256="ab", rows=1797, features=64, task="classify", target="digit",
            classes=["0", "1"], notes=[],
        ),
        "split": SplitSizes(train=1150, validation=287, test=360),
        "metric": MetricFacts(
            name=metric, greater_is_better=greater, smallest_difference=0.005 if greater else 0.01,
            relative_difference=not greater,
        ),
        "plan": ComparisonFacts(
            effort="standard", tuning_scope="learning-rate", runs=900, network_steps=900_000, steps=1000,
            epochs=20.0,
            batch_size=32, network="64-8-10 relu", training_options={}, cohorts=12, extended_ends=["high"],
        ),
        "seconds": Seconds(total=60.0, compile=10.0, train=45.0),
        "leaderboard": list(rows),
        "pairs": list(pairs),
        "schedules": [],
        "test": WinnerScores(
            optimizer=rows[0].optimizer, model=0.97, mean=0.965, median=0.965, sd=0.01,
            interval=[0.955, 0.97], n_seeds=20, diverged=0, values=[0.965] * 20,
            median_interval=[0.955, 0.97],
        ),
        "recommendation": Recommendation(
            optimizer=rows[0].optimizer, learning_rate=0.00312, hyperparameters={}, schedule="decay",
            tied=[row.optimizer for row in rows[1:] if row.tier == rows[0].tier], reason="best_median",
            failing=[],
        ),
        "reference": "sgd", "target_score": 0.972,
    }  # fmt: skip
    return CompareResult(**fields | more)


@pytest.fixture(scope="session")
def curve_of():
    """The function that makes a sensitivity."""
    return make_curve


@pytest.fixture(scope="session")
def row_of():
    """The function that makes a row."""
    return make_row


@pytest.fixture(scope="session")
def result_of():
    """The function that makes a result."""
    return make_result


@pytest.fixture
def rows():
    """Return six rows in three tiers."""
    return [
        make_row("nesterov", 1, 0.983, 0.002),
        make_row("adam", 1, 0.982, 0.002, reached_target=0.85),
        make_row("rmsprop", 1, 0.981, 0.003, at_edge="high"),
        make_row("sgd", 2, 0.975, 0.003, schedule="constant"),
        make_row("adadelta", 3, 0.950, 0.006, reached_target=0.0, steps_to_target=None),
        make_row(
            "adagrad",
            3,
            0.9,
            0.01,
            mean=None,
            sd=None,
            interval=None,
            tuning_interval=None,
            diverged=3,
            failed=4,
        ),
    ]


@pytest.fixture
def pairs():
    """Return some of their pairs."""
    return [
        make_pair("nesterov", "sgd", 0.008, [0.005, 0.011]),
        make_pair("adadelta", "nesterov", -0.033, [-0.04, -0.03]),
        make_pair("nesterov", "adagrad", None, None),
        make_pair("nesterov", "adam", 0.001, [-0.001, 0.003]),
    ]


@pytest.fixture
def result(rows, pairs):
    """Return the result of these rows and pairs."""
    return make_result(rows, pairs)


@pytest.fixture(scope="session")
def compare():
    """Return the function that runs a comparison, with the arguments of `execute`."""

    def run_comparison(settings, dataset=None, run=None, **listeners):
        result = execute(find_study("compare"), settings, dataset=dataset, run=run, **listeners)
        assert isinstance(result, CompareResult)
        return result

    return run_comparison


@pytest.fixture(scope="session")
def found(compare, blobs):
    """Return the result of a comparison of two optimizers."""
    return compare(QUICK, blobs)
