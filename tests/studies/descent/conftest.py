"""A result written by hand; and a level of effort that takes seconds."""

from __future__ import annotations

import pytest

from ravine.execution import effort
from ravine.execution.effort import DescentEffort
from ravine.execution.result_parts import DataFacts, DivergedRuns, Measure, MetricFacts
from ravine.studies.descent.result import (
    Arm,
    Change,
    DescentResult,
    DescentTraining,
    EpochCurve,
    EpochSweep,
    ExampleSweep,
    ProgramSeconds,
    RowCounts,
    RowThreshold,
    SecondDescent,
    SecondDescents,
    WidthSweep,
    WidthThreshold,
)

EMPTY = Measure(mean=None, interval=None, values=[None, None, None])
NO_PEAK = SecondDescent(peak=None, rise=None, fall=None, double_descent=False)
ONCE = SecondDescents(loss=NO_PEAK, error=NO_PEAK)
TWICE = SecondDescents(
    loss=SecondDescent(
        peak=8,
        rise=Change(mean=0.31, interval=[0.2, 0.42]),
        fall=Change(mean=0.12, interval=[0.05, 0.19]),
        double_descent=True,
    ),
    error=NO_PEAK,
)
WIDTHS = [1, 2, 4, 8, 16, 32, 64, 128, 256]
SIZES = [38, 75, 150, 225, 300]


def measures(count: int, diverged: int = 0) -> list[Measure]:
    """Errors with an interval that ends below 0; the last ones diverged."""
    found = [
        Measure(mean=0.1 + 0.01 * k, interval=[-0.3, 0.5 + 0.01 * k], values=[0.0, 0.2]) for k in range(count)
    ]
    return found[: count - diverged] + [EMPTY] * diverged


def curves(count: int, diverged: int = 0) -> dict[str, list[Measure]]:
    names = ("train_loss", "train_error", "test_loss", "test_error")
    return {name: measures(count, diverged) for name in names}


def epoch_curve(units: int) -> EpochCurve:
    return EpochCurve(
        units=units,
        train_loss=measures(4),
        valid_loss=measures(4),
        valid_error=measures(4),
        descent=ONCE,
    )


@pytest.fixture
def result() -> DescentResult:
    """Nine widths, the widest of which diverged; double descent of the loss in width."""
    arms = [
        Arm(name="plain", **curves(9, 1)),
        Arm(name="ridge", **curves(9)),
        Arm(name="early stopping", **curves(9)),
    ]
    return DescentResult(
        study="descent",
        data=DataFacts(
            name="a\x1b[2Jtable", sha256="0" * 64, rows=400, features=6, task="classify", target="kind",
            classes=["high", "low"], notes=[],
        ),
        rows=RowCounts(train=300, validation=60, test=40, available=300),
        metric=MetricFacts(name="share wrong", greater_is_better=False),
        plan=DescentTraining(
            effort="quick", optimizer="adam", learning_rate=0.009, schedule="constant", network="6-64-2 relu",
            steps=944, epochs=100.7, batch_size=32, seeds=[4000, 4001, 4002], label_noise=0.2, ridge=0.01,
            patience=8,
        ),
        widths=WidthSweep(
            units=WIDTHS,
            parameters=[10 * units for units in WIDTHS],
            arms=arms,
            threshold=WidthThreshold(units=32, parameters=320, by_count=600),
            descent=TWICE,
        ),
        epochs=EpochSweep(
            step=[16, 32, 64, 944],
            epoch=[1.7, 3.4, 6.8, 100.7],
            curves=[epoch_curve(units) for units in (4, 32, 256)],
        ),
        examples=ExampleSweep(
            rows=SIZES,
            units=32,
            parameters=320,
            threshold=RowThreshold(rows=150, by_count=160.0),
            descent=ONCE,
            **curves(5),
        ),
        seconds=ProgramSeconds(total=3.0, compile=1.0, train=1.0, programs=3),
        result=DivergedRuns(diverged=3),
        pictures=[],
    )  # fmt: skip


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the effort "quick" a matter of seconds."""
    level = DescentEffort("quick", 3, 0, 200, 200, widths=(1, 4, 24), rows=60)
    monkeypatch.setitem(effort.DESCENT, "quick", level)
