"""Records to judge, of a small training and made by hand; a result and a plan made by hand."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from ravine.data import Dataset
from ravine.engines import find_devices
from ravine.execution.context import RunContext
from ravine.execution.events import ignore, never
from ravine.execution.result_parts import DataFacts, MetricFacts, SplitSizes
from ravine.execution.runner import Runner
from ravine.records.record import Record, Status
from ravine.studies.diagnose.design import DiagnoseDesign, design
from ravine.studies.diagnose.instrumented_run import measure_run
from ravine.studies.diagnose.judgement import Outcomes
from ravine.studies.diagnose.metadata import RunMetadata
from ravine.studies.diagnose.result import (
    CheckRow,
    ConstantComparison,
    DiagnosedTraining,
    DiagnosePlan,
    DiagnoseResult,
    DiagnosisSeconds,
    EvidenceRow,
    FindingRow,
    MeasuringCost,
    ObservedCurves,
    PairedComparison,
    PlannedDiagnosis,
    PlannedRuns,
    Principle,
    Recommendation,
    RemedyTrial,
)
from ravine.studies.diagnose.settings import DiagnoseSettings
from ravine.studies.diagnose.trial_runner import Trained, TrialRunner

SMALL = {"net": "8", "epochs": 10.0, "batch_size": 32}


@pytest.fixture(scope="session")
def small() -> dict[str, Any]:
    """Settings of a training that takes a moment."""
    return dict(SMALL)


@pytest.fixture(scope="session")
def designed() -> Callable[..., DiagnoseDesign]:
    """The design of a small diagnosis: of a data set and further settings."""

    def make(dataset: Dataset, **settings: Any) -> DiagnoseDesign:
        return design(DiagnoseSettings.from_dict({**SMALL, **settings}), dataset, find_devices())

    return make


@pytest.fixture(scope="session")
def measured(designed: Callable[..., DiagnoseDesign]) -> Callable[..., Record]:
    """The record of a small training that was measured: of a data set and further settings."""

    def make(dataset: Dataset, **settings: Any) -> Record:
        made = designed(dataset, **settings).prepared
        return measure_run(made.plan, made.runs([2_000]), made.batches, made.spec.initial).record

    return make


class HandMadeTrials(TrialRunner):
    """A runner that trains nothing: functions of the settings give losses and scores.

    loss: validation loss at the end, NaN for a run that diverges. lowest: lowest validation loss. score,
    test: scores on validation and test rows. fresh: loss on fresh seeds; None = as `loss`. If `score` or
    `test` is None, the score is 1 - loss. All values vary over seeds by the same small amounts.
    """

    loss: Callable[[Any], float]
    lowest: Callable[[Any], float] | None = None
    score: Callable[[Any], float] | None = None
    test: Callable[[Any], float] | None = None
    fresh: Callable[[Any], float] | None = None

    def outcomes(self, settings: Any, seeds: Sequence[int] = range(20), fresh: bool = False) -> Outcomes:
        """Return the outcomes of a training on seeds."""
        spread = np.linspace(-0.02, 0.02, len(seeds))
        function = self.fresh if fresh and self.fresh is not None else self.loss
        loss = function(settings) + spread
        lowest = loss if self.lowest is None else self.lowest(settings) + spread
        score = 1 - loss if self.score is None else self.score(settings) + spread
        return Outcomes(loss, lowest, score)

    def run(
        self, stage: str, variants: Any, seeds: Sequence[int], keep_parameters: bool = False
    ) -> dict[str, Trained]:
        trained = {}
        for name, settings in variants.items():
            own = self.outcomes(settings, seeds, stage == "confirm")
            status = np.where(np.isfinite(own.loss), Status.FINISHED, Status.DIVERGED).astype(np.int8)
            record = Record(
                {"seed": np.asarray(seeds)}, {"valid_loss": np.stack([own.lowest_loss, own.loss], axis=1)},
                status, {"valid_loss": own.loss, "score": own.score}, {},
            )  # fmt: skip
            trained[name] = Trained(self.prepare(settings), record, stage, name, 0)
        return trained

    def test_scores(self, trained: Trained) -> np.ndarray:
        score = np.asarray(trained.record.final["score"])
        if self.test is None:
            return score
        return self.test(trained.prepared.settings) + np.linspace(-0.02, 0.02, len(score))


@pytest.fixture
def made_by_hand(blobs: Dataset, designed: Callable[..., DiagnoseDesign]) -> Callable[..., HandMadeTrials]:
    """A runner whose trainings have the losses that a function of the settings gives."""

    def make(
        loss: Callable[[Any], float], dataset: Dataset = blobs, score: Any = None, **settings: Any
    ) -> HandMadeTrials:
        made = designed(dataset, seeds=20, **settings)
        work = Runner(None, ignore, never, made.network_steps)
        context = RunContext(dataset, made.devices, None, ignore, work, time.perf_counter())
        trials = HandMadeTrials(made.prepared, context)
        trials.loss, trials.score = loss, score
        return trials

    return make


@pytest.fixture(scope="session")
def record_with() -> Callable[..., Record]:
    """A record by hand: a network whose loss fell from 1 to 0.1 in ten points; changes of its parts."""
    return _record


def _record(**changes: Any) -> Record:
    points = 11
    ones = np.ones((1, points))
    loss = np.geomspace(1, 0.1, points)[None]
    series = {name: ones.copy() for name in (
        "rate", "batch_loss", "score", "squares", "signal", "raised", "agreeing", "pairs", "weight_norm",
        "sharpness", "sharpness_error", "gradient_norm",
    )}  # fmt: skip
    series |= {"step": np.arange(points)[None] * 10.0, "limit": 20 * ones, "train_loss": loss,
               "objective": loss, "valid_loss": loss}  # fmt: skip
    final = {
        "curve": np.ones((1, 100)),
        "train_rows": np.full((1, 50), 0.1),
        "valid_rows": np.full((1, 50), 0.1),
        "best_rows": np.full((1, 50), 0.1),
        "column_mean": np.zeros((1, 3)),
        "column_sd": np.ones((1, 3)),
        "agreement": np.array([0.5]),
        "column_condition": np.array([2.0]),
        "lowest": np.ones((1, 4)),
        "averaged": np.full((1, 3), 0.1),
        "flow": np.ones((1, points, 3)),
        "dead": np.zeros((1, points, 3)),
        "saturated": np.zeros((1, points, 3)),
    }
    metadata = RunMetadata(
        optimizer="sgd", rule="sgd", formula="2 / eta", preconditioned=False, rate=0.1, schedule="constant",
        batch_size=10, stride=10, steps=100, network="3-8-1 tanh", hidden=1, activation="tanh",
        connection="plain", norm="none", parameters=10_000, outputs=1, train=100, valid=50, task="regress",
        metric="r2", greater_is_better=True, scaling="standard", image=False, features=["a", "b", "c"],
        classes=None, constant_loss=1.0, piece=10, pieces=5, curved=50, end=points - 1, best=points - 1,
        stops=False, trained_here=True, leaks=[],
    )  # fmt: skip
    series |= changes.get("series", {})
    final |= changes.get("final", {})
    metadata = replace(metadata, **changes.get("metadata", {}))
    return Record(
        {"seed": np.zeros(1)}, series, np.array([Status.FINISHED], np.int8), final, metadata.to_dict()
    )


DATA = DataFacts(
    name="a\x1b[31m.csv", sha256="ab", rows=500, features=4, task="classify", target="y", classes=["0", "1"],
    notes=[],
)  # fmt: skip
SPLIT = SplitSizes(train=320, validation=80, test=100)
METRIC = MetricFacts(name="accuracy", greater_is_better=True, smallest_difference=0.005)
TRAINING = DiagnosedTraining(
    optimizer="sgd", learning_rate=0.1, schedule="decay", steps=1000, epochs=100.0, batch_size=32,
    network="4-8-2 relu",
    parameters=58, seeds=20,
)  # fmt: skip
PAIR = PairedComparison(
    before=0.41, after=0.22, difference=-0.19, interval=[-0.2, -0.18],
    smallest_difference=0.01, better=20, equal=0, seeds=20, diverged_before=0, diverged_after=0,
    p_value=1e-6, p_holm=2e-6, confirmed=True, worse=False,
)  # fmt: skip
SCORE = replace(
    PAIR, before=0.732, after=0.75, difference=0.018, interval=[0.014, 0.022], smallest_difference=0.005,
    better=19,
)  # fmt: skip


@pytest.fixture(scope="session")
def found() -> DiagnoseResult:
    """A result: a fault with a proved remedy, a fact that is no fault, and a check."""
    principle = Principle(claim="P2", says="standardising fixes the geometry")
    evidence = [
        EvidenceRow(what="size", value=1e9, error=None, threshold=3.0, where="inputs"),
        EvidenceRow(what="ratio", value=None, error=None, threshold=1.0, where=""),
        EvidenceRow(what="share", value=0.5, error=0.02, threshold=None, where=""),
    ]
    trial = RemedyTrial(
        remedy="standardize", says="inputs standardised", changes={"scaling": None}, loss=PAIR,
        lowest_loss=PAIR, score=SCORE, outcome="confirmed", confirmed=True,
    )  # fmt: skip
    fault = FindingRow(
        code="RAV401", verdict="not_standardized", fault="inputs not standardized",
        sentence=f"The inputs are not standardised: {'words ' * 20}",
        evidence=evidence, principle=principle, severity=2, muted=False, remedies=[trial], untried=False,
        withdrawn=False,
    )  # fmt: skip
    fact = FindingRow(
        code="RAV406", verdict="constant_columns", fault="constant columns", sentence="1 column is constant.",
        evidence=evidence[:1], principle=None, severity=0, muted=False, remedies=[], untried=False,
        withdrawn=False,
    )  # fmt: skip
    check = CheckRow(
        code="RAV402", verdict="leaking", fault="columns that give the target away",
        sentence="No column leaks the target.", evidence=evidence[:1], principle=principle,
    )  # fmt: skip
    return DiagnoseResult(
        study="diagnose",
        data=DATA,
        split=SPLIT,
        metric=METRIC,
        plan=TRAINING,
        no_fault_found=False,
        history=True,
        notes=["80 steps are few."],
        findings=[fault, fact],
        checks=[check],
        recommendation=Recommendation(
            changes={"scaling": None}, remedies=["standardize"], validation=PAIR, score=SCORE, test=SCORE,
            unchanged=False,
            constant=ConstantComparison(score=0.75, constant=0.51, seeds=20, test=True, beaten=True),
        ),
        score=0.9,
        constant_score=0.5,
        curves=ObservedCurves(
            step=[0.0, 10.0], learning_rate=[0.1, 0.1], train_loss=[1.0, 0.5], valid_loss=[1.0, 0.6],
            score=[0.5, 0.9],
            sharpness=[None, 3.0], sharpness_error=[None, 0.1], limit=[20.0, 20.0], raised=[0.0, 0.1],
            gradient_norm=[1.0, 0.5],
        ),
        cost=MeasuringCost(train=0.1, compile=2.0, measurements={"curvature": 0.05}, overhead=1.5),
        seconds=DiagnosisSeconds(total=9.0, prove=3.0),
    )  # fmt: skip


@pytest.fixture(scope="session")
def planned() -> DiagnosePlan:
    """The plan of a diagnosis with proof."""
    runs = PlannedRuns(measured=1, original=20, each_remedy=20, confirm=40)
    return DiagnosePlan(
        study="diagnose",
        estimated_seconds=65.2,
        data=DATA,
        split=SPLIT,
        metric=METRIC,
        plan=PlannedDiagnosis(
            **vars(TRAINING), training_options={"l2": 0.01}, points=21, spectra=7, few_seeds=None, runs=runs
        ),
    )
