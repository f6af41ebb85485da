"""Evaluation of trained runs: scores on the test rows, the best run by validation, and its model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from ravine.data import Dataset
from ravine.execution.model_metadata import ModelMetadata, TrainingData
from ravine.execution.saved_model import Model
from ravine.networks import LOSSES, METRICS
from ravine.records.record import Record, Status
from ravine.training import Batches, Plan, TrainedNetwork

__all__ = ["ScoredModel", "best_model", "best_run", "cross_entropies", "test_scores"]


def test_scores(plan: Plan, batches: Batches, record: Record, runs: Sequence[int] | np.ndarray) -> np.ndarray:
    """Return the scores of networks on the test rows, [run]; NaN for a run that diverged or did not end.

    plan: plan of the runs, with the metric. record: record of a cohort with the parameters of its runs. runs:
    indices [run] of the runs of this record that are scored.
    """
    scores = np.full(len(runs), np.nan)
    for k, run in enumerate(np.asarray(runs).tolist()):
        if record.status[run] == Status.FINISHED:
            seed = int(record.hyper["seed"][run])
            network = TrainedNetwork.from_record(plan.network, record, run)
            scores[k] = network.score(plan.metric, batches.test(seed), batches.scaling_of(seed).target_scale)
    return scores


test_scores.__test__ = False  # type: ignore[attr-defined]  # a name that pytest would collect


def cross_entropies(outputs: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return the cross-entropy of each row in nats, [N].

    outputs: values before the softmax, [N, classes]. labels: class indices, [N].
    """
    top = outputs.max(axis=1)
    total = top + np.log(np.exp(outputs - top[:, None]).sum(axis=1))
    return np.asarray(total - outputs[np.arange(len(outputs)), labels])


def best_run(scores: np.ndarray, greater: bool) -> int:
    """Return the index of the run with the best finite score; 0 if no score is finite.

    scores: [run]. greater: whether a greater score is better.
    """
    return int(np.argmax(np.where(np.isfinite(scores), scores if greater else -scores, -np.inf)))


class ScoredModel(NamedTuple):
    """The network with the best validation score as a model, and scores on the test rows.

    score: test score of the model. scores: test scores [run] of all networks from which it was chosen.
    """

    model: Model
    score: float
    scores: np.ndarray


def best_model(
    dataset: Dataset,
    plan: Plan,
    batches: Batches,
    record: Record,
    runs: Sequence[int] | np.ndarray,
    metadata: ModelMetadata,
) -> ScoredModel:
    """Return the network with the best validation score as a model, and the test scores [run] of all runs.

    runs: indices [run] of the runs to choose from, in a record with the parameters of its runs. metadata:
    optimizer, learning rate and schedule; this function adds steps, seed, metric, both scores and data.
    """
    greater = METRICS[plan.metric].greater_is_better
    tests = test_scores(plan, batches, record, runs)
    valid = record.final["score"][np.asarray(runs)].astype(np.float64)
    best = best_run(valid, greater)
    run = int(np.asarray(runs)[best])
    seed = int(record.hyper["seed"][run])
    complete = replace(
        metadata,
        loss=None if plan.loss in LOSSES else plan.loss,
        steps=plan.steps,
        seed=seed,
        metric=plan.metric,
        validation=float(valid[best]),
        test=float(tests[best]),
        data=TrainingData(name=dataset.name, sha256=dataset.sha256, weights=dataset.weights_name),
    )
    model = Model.of(
        dataset, TrainedNetwork.from_record(plan.network, record, run), batches.scaling_of(seed), complete
    )
    return ScoredModel(model, float(tests[best]), tests)
