"""Measures of memorization, from many networks: each trains on one row of every pair of rows.

    memory of row i     m_i = P(right | i was trained on) - P(right | i was not)    (1)   Feldman & Zhang 2020
    memorized share     mean of m_i over the rows                                   (2)
    gap                 accuracy on trained rows - accuracy on held-out rows        (3)   of one network

Each probability is a share of networks. The networks differ in the trained row of each pair, the
initialization and the batches. (2) agrees with the mean of (3) over networks, but its interval is over rows.
A prediction is right if it equals the label of the training, even if this label is wrong. All rows have equal
weight.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from ravine.data import Dataset
from ravine.data.random_keys import keyed_generator
from ravine.data.splits import Split
from ravine.diagnostics import functional_information, membership_inference
from ravine.execution.evaluation import cross_entropies
from ravine.execution.measure_summary import SHARE, measure_summary, time_summary
from ravine.records.record import Record, Status
from ravine.statistics import interval
from ravine.studies.memorize.result import ArmResult, Information, Membership, MemorizedRows
from ravine.training import Batches, Plan, TrainedNetwork

__all__ = ["FITTED_ABOVE", "Predictions", "TrainHeldOutPairs", "arm_result", "pairs", "predict_pairs"]

FITTED_ABOVE = 0.99  # share of training labels that a network predicts once it has fitted them
DIFFERENCE = (-1.0, 1.0)  # bounds of a difference of shares
MEMORIZED_ABOVE = 0.5  # memory m_i of a row that counts as memorized
MIN_ATTACK_ROWS = 4  # training rows, and as many others
MIN_INFORMATION_NETWORKS = 8  # of an estimate of f-CMI


@dataclass(frozen=True)
class TrainHeldOutPairs:
    """Pairs of rows of the data. From each pair a seed draws the row to train on; the other row is held out.

    rows: indices of the rows of each pair, int64 [n, 2]. root: the root seed, which determines all draws.
    """

    rows: np.ndarray
    root: int

    def member(self, seed: int) -> np.ndarray:
        """Return, for a seed, the index (0 or 1) of the trained row in each pair of rows: [n]."""
        return keyed_generator(self.root, "members", seed).integers(0, 2, len(self.rows))

    def split(self, seed: int, watch: str = "train") -> Split:
        """Return the rows that networks of one seed are trained on, and the rows evaluated during training.

        Training rows are one row of each pair. watch: evaluated rows, "train" for the same rows, "held out"
        for the other row of each pair.
        """
        trained, pair = self.member(seed), np.arange(len(self.rows))
        train = self.rows[pair, trained]
        return Split(train, train if watch == "train" else self.rows[pair, 1 - trained])


def pairs(dataset: Dataset, root: int, max_pairs: int) -> TrainHeldOutPairs:
    """Return up to `max_pairs` random pairs of rows, to measure memorization.

    Each network will be trained on one row of every pair and hold out the other. The pairs are drawn from all
    rows except the test rows, and a row is in at most one pair. root: the root seed, which fixes the draw.
    """
    order = keyed_generator(root, "pairs").permutation(dataset.development)
    count = min(len(order) // 2, max_pairs)
    return TrainHeldOutPairs(order[: 2 * count].reshape(count, 2), root)


@dataclass(frozen=True)
class Predictions:
    """Predictions of k networks for both rows of n pairs, of which each network was trained on one.

    predicted [k, n, 2]: predicted classes. loss [k, n, 2]: cross-entropy of the labels in nats. test [k]:
    accuracy on test rows. member [k, n]: 0 or 1, the row of each pair that was trained on. labels [n, 2]:
    labels of the training, some of them random. true [n, 2]: labels of the data. fitted [k]: epochs until the
    network predicted 99 % of the training labels, inf if it never did.
    """

    predicted: np.ndarray
    loss: np.ndarray
    test: np.ndarray
    member: np.ndarray
    labels: np.ndarray
    true: np.ndarray
    fitted: np.ndarray = field(repr=False)

    def sides(self, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the values [k, n] of trained rows and those of held-out rows, from values [k, n, 2].

        The values belong to k networks and the rows of n pairs.
        """
        values = np.broadcast_to(values, self.predicted.shape)
        inside = np.take_along_axis(values, self.member[..., None], 2)[..., 0]
        return inside, np.take_along_axis(values, 1 - self.member[..., None], 2)[..., 0]


def predict_pairs(
    record: Record, plan: Plan, batches: Batches, pairs: TrainHeldOutPairs, true: np.ndarray, watched: bool
) -> Predictions:
    """Return the predictions of trained networks for both rows of every pair, without networks that diverged.

    true [N]: labels of all rows of the data, before labels were replaced by random ones. watched: whether
    training rows were evaluated during training.
    """
    predicted, losses, tests, members, fitted = [], [], [], [], []
    rows = pairs.rows
    epochs = plan.steps_per_evaluation * batches.batch_size / batches.sizes[0]  # between two evaluations
    for run in np.flatnonzero(record.status == Status.FINISHED).tolist():
        seed = int(record.hyper["seed"][run])
        network, data = TrainedNetwork.from_record(plan.network, record, run), batches.data(seed)
        inputs = batches.standardized(rows.ravel(), data.scaler, data.target_mean, data.target_scale)
        outputs = network.outputs(inputs.x).astype(np.float64)
        predicted.append(outputs.argmax(axis=1).reshape(rows.shape))
        losses.append(cross_entropies(outputs, inputs.y).reshape(rows.shape))
        test = batches.standardized(batches.dataset.test, data.scaler, data.target_mean, data.target_scale)
        tests.append(np.mean(network.outputs(test.x).argmax(axis=1) == test.y))
        members.append(pairs.member(seed))
        right = record.series["score"][run] if watched else np.zeros(1)
        reached = np.flatnonzero(right >= FITTED_ABOVE)
        fitted.append((reached[0] + 1) * epochs if len(reached) else np.inf)
    return Predictions(
        np.array(predicted), np.array(losses), np.array(tests), np.array(members),
        batches.dataset.y[rows], true[rows], np.array(fitted),
    )  # fmt: skip


def arm_result(
    predictions: Predictions, watched: bool, *, share: float, limit: str | None, diverged: int
) -> ArmResult:
    """Return the measures of memorization of networks that differ in their seed alone.

    predictions: those of the networks that did not diverge; the measures are empty without any. watched:
    whether the training rows were evaluated during training, which gives the epochs to fit them. share: share
    of the training labels that are random. limit: name of the limit on memorization, such as an L2 penalty,
    None for none. diverged: number of networks that diverged.
    """
    if not len(predictions.test):
        return _empty(share, limit, diverged)
    right = predictions.predicted == predictions.labels
    (inside, outside), wrong = predictions.sides(right), predictions.labels != predictions.true
    attacks = [
        membership_inference(members, others)
        for members, others in zip(*predictions.sides(predictions.loss), strict=True)
        if len(members) >= MIN_ATTACK_ROWS
    ]
    wrong_learned = None
    if wrong.any():
        where, _ = predictions.sides(wrong)
        shares = (inside & where).sum(axis=1) / np.maximum(where.sum(axis=1), 1)
        wrong_learned = measure_summary(shares, SHARE)
    return ArmResult(
        share=share,
        limit=limit,
        diverged=diverged,
        networks=len(predictions.test),
        wrong=float(wrong.mean()),
        train=measure_summary(inside.mean(axis=1), SHARE),
        held_out=measure_summary(outside.mean(axis=1), SHARE),
        test=measure_summary(predictions.test, SHARE),
        gap=measure_summary(inside.mean(axis=1) - outside.mean(axis=1), DIFFERENCE),  # (3)
        memorized=_memorized(right, predictions.member),
        wrong_learned=wrong_learned,
        fit=time_summary(predictions.fitted) if watched else None,
        membership=Membership(
            advantage=measure_summary(np.array([attack.advantage for attack in attacks]), DIFFERENCE),
            area=measure_summary(np.array([attack.area for attack in attacks]), SHARE),
        ),
        information=_information(right, predictions.member),
    )


def _empty(share: float, limit: str | None, diverged: int) -> ArmResult:
    """Return empty measures, for a group of networks that all diverged."""
    empty = measure_summary(np.zeros(0))
    return ArmResult(
        share=share,
        limit=limit,
        diverged=diverged,
        networks=0,
        wrong=None,
        train=empty,
        held_out=empty,
        test=empty,
        gap=empty,
        memorized=MemorizedRows(mean=None, interval=None, memorized_share=None, rows=0),
        wrong_learned=None,
        fit=None,
        membership=Membership(advantage=empty, area=empty),
        information=None,
    )


def _information(right: np.ndarray, member: np.ndarray) -> Information | None:
    """Return the information that correct predictions hold about the trained row of a pair (f-CMI).

    right [k, n, 2]: whether a prediction is right. member [k, n]: the trained row of each pair. None with too
    few networks or pairs.
    """
    if len(right) < MIN_INFORMATION_NETWORKS or right.shape[1] < 2:
        return None
    estimate = functional_information(right, member)
    return Information(
        nats=estimate.information,
        error=estimate.error,
        plain=estimate.plain,
        floor=estimate.floor,
        bound=estimate.bound,
        bound_high=estimate.bound_high,
        vacuous=estimate.vacuous,
    )


def _memorized(right: np.ndarray, member: np.ndarray) -> MemorizedRows:
    """Return the mean memory (2) with its interval over rows, and the share of memorized rows."""
    inside = np.stack([member == 0, member == 1], axis=2)
    times_in, times_out = inside.sum(axis=0), (~inside).sum(axis=0)
    both = (times_in > 0) & (times_out > 0)
    if not both.any():
        return MemorizedRows(mean=None, interval=None, memorized_share=None, rows=0)
    memory = (right & inside).sum(axis=0)[both] / times_in[both]
    memory = memory - (right & ~inside).sum(axis=0)[both] / times_out[both]  # (1)
    ends = interval(memory)
    return MemorizedRows(
        mean=float(memory.mean()),
        interval=None if ends is None else list(ends),
        memorized_share=float(np.mean(memory > MEMORIZED_ABOVE)),
        rows=int(both.sum()),
    )
