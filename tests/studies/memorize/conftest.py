"""A result of every kind of arm, written by hand; and a level of effort that takes seconds."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ravine.execution import effort
from ravine.execution.effort import MemorizeEffort
from ravine.execution.result_parts import DataFacts, DivergedRuns, Measure, MetricFacts, Seconds, TimeMeasure
from ravine.studies.memorize.result import (
    ArmResult,
    Bound,
    Information,
    LearningCurve,
    Membership,
    MemorizedRows,
    MemorizeResult,
    MemorizeTraining,
    PairRows,
    RandomLabelsResult,
)

EMPTY = Measure(mean=None, interval=None, values=[])


def measure(mean: float) -> Measure:
    return Measure(mean=mean, interval=[mean - 0.0344, mean + 0.0344], values=[mean, mean])


def arm(share: float, limit: str | None) -> ArmResult:
    return ArmResult(
        share=share,
        limit=limit,
        diverged=0,
        networks=2,
        wrong=share / 2,
        train=measure(0.95),
        held_out=measure(0.69),
        test=measure(0.72),
        gap=measure(0.31),
        memorized=MemorizedRows(mean=0.26, interval=[0.2, 0.32], memorized_share=0.11, rows=70),
        wrong_learned=measure(0.5 if limit else 0.9) if share else None,
        fit=TimeMeasure(median=12.5 * (1 + share), interval=[11.0, None], values=[12.0, None], reached=1),
        membership=Membership(advantage=measure(0.14), area=measure(0.6)),
        information=Information(
            nats=0.1, error=0.04, plain=0.2, floor=0.5, bound=1.02, bound_high=1.0634, vacuous=True
        ),
    )


def random_labels(share: float) -> RandomLabelsResult:
    bounds = [
        Bound(name="pac_bayes", of="error", value=0.998, error=None, vacuous=True, delta=0.05),
        Bound(name="held_out", of="error", value=0.4, error=None, vacuous=False, delta=0.05, rows=36),
        Bound(name="lecture", of="gap", value=0.35, error=0.01, vacuous=False, nats=2.0),
        Bound(name="xu_raginsky", of="gap", value=0.24, error=0.01, vacuous=False, nats=2.0),
    ]
    curve = LearningCurve(epoch=[0.5, 1.0, 2.0, 4.0], train=[0.3, 0.5, None, 0.97])
    return RandomLabelsResult(**vars(arm(share, None)), curve=curve, bounds=bounds)


def without_networks(found: ArmResult) -> ArmResult:
    """Return the arm as it is if all its networks diverged."""
    return replace(
        found,
        diverged=2,
        networks=0,
        wrong=None,
        train=EMPTY,
        held_out=EMPTY,
        test=EMPTY,
        gap=EMPTY,
        memorized=MemorizedRows(mean=None, interval=None, memorized_share=None, rows=0),
        wrong_learned=None,
        fit=None,
        membership=Membership(advantage=EMPTY, area=EMPTY),
        information=None,
    )


@pytest.fixture
def result() -> MemorizeResult:
    """Three shares, limits on two of them; one arm diverged."""
    return MemorizeResult(
        study="memorize",
        data=DataFacts(
            name="a\x1b[2Jtable", sha256="0" * 64, rows=90, features=6, task="classify", target="kind",
            classes=["high", "low", "middle"], notes=[],
        ),
        rows=PairRows(train=36, held_out=36, test=18),
        metric=MetricFacts(name="accuracy", greater_is_better=True),
        plan=MemorizeTraining(
            effort="quick", optimizer="adam", learning_rate=0.003, schedule="constant", network="6-4-3 relu",
            steps=46, epochs=20.4, batch_size=16, seeds=[3000, 3001], parameters=43, fitted=0.99,
        ),
        shares=[random_labels(0.0), random_labels(0.25), random_labels(1.0)],
        limits=[
            arm(0.0, "L2 0.01"), arm(0.0, "dropout 0.5"), arm(0.25, "L2 0.01"),
            without_networks(arm(0.25, "dropout 0.5")),
        ],
        result=DivergedRuns(diverged=2),
        seconds=Seconds(total=3.0, compile=1.0, train=1.0),
        pictures=[],
    )  # fmt: skip


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the effort "quick" a matter of seconds."""
    level = MemorizeEffort("quick", 8, 1, 300, shares=(0.0, 1.0), pairs=40)
    monkeypatch.setitem(effort.MEMORIZE, "quick", level)
