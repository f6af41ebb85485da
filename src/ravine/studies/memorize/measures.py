"""What networks have memorised, when of each pair of rows one was trained on.

    memory of row i     m_i = P(right | i was trained on) - P(right | i was not)    (1)   Feldman & Zhang 2020
    memorised share     mean of m_i over the rows                                   (2)
    gap                 right among trained rows - right among the others           (3)   of one network

Probabilities are over which row of each pair is trained on, initialisations and batches: one network each.
(2) is the mean of (3), with the interval over rows in place of networks. "Right" is as the labels given say,
wrong ones included. Rows count alike, whatever their weights.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ravine.data import Dataset
from ravine.data.random_keys import keyed
from ravine.data.splits import Split
from ravine.diagnostics import functional_information, membership_inference
from ravine.records.record import Record, Status
from ravine.statistics import interval
from ravine.studies.compare.leaderboard import UNBOUNDED, within
from ravine.training import Plan, Streams, trained

__all__ = ["AMOUNT", "FITTED", "Answers", "Pairs", "answers", "measured", "pairs", "summary_of"]

FITTED = 0.99  # share of the training labels a network must give to have fitted them
SHARE, DIFFERENCE, AMOUNT = (0.0, 1.0), (-1.0, 1.0), (0.0, np.inf)  # what a measure can be
KEPT_BY_HEART = 0.5  # a row with more memory than this is counted as memorised


@dataclass(frozen=True)
class Pairs:
    """`rows` int64 [n, 2]: of each pair the seed draws one to train on."""

    rows: np.ndarray
    root: int

    def member(self, seed: int) -> np.ndarray:
        """Return which of each pair is trained on, 0 or 1: [n]."""
        return keyed(self.root, "members", seed).integers(0, 2, len(self.rows))

    def split(self, seed: int, watch: str = "train") -> Split:
        """Return the rows trained on, and those evaluated: the same ("train"), or the others ("held out")."""
        which, place = self.member(seed), np.arange(len(self.rows))
        train = self.rows[place, which]
        return Split(train, train if watch == "train" else self.rows[place, 1 - which])


def pairs(dataset: Dataset, root: int, most: int) -> Pairs:
    """Return up to `most` pairs of development rows, drawn once."""
    order = keyed(root, "pairs").permutation(dataset.development)
    count = min(len(order) // 2, most)
    return Pairs(order[: 2 * count].reshape(count, 2), root)


@dataclass(frozen=True)
class Answers:
    """What k networks say: `predicted` and `loss` [k, n, 2] of the pairs' rows, `test` [k]: share right.

    member [k, n]: which was trained on; given, true [n, 2]: labels they were trained with, those of the data;
    fitted [k]: epochs until FITTED of the training labels were right, inf where that was never.
    """

    predicted: np.ndarray
    loss: np.ndarray
    test: np.ndarray
    member: np.ndarray
    given: np.ndarray
    true: np.ndarray
    fitted: np.ndarray = field(repr=False)

    def sides(self, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return those of the trained rows and those of the others, [k, n] each, from [k, n, 2]."""
        values = np.broadcast_to(values, self.predicted.shape)
        inside = np.take_along_axis(values, self.member[..., None], 2)[..., 0]
        return inside, np.take_along_axis(values, 1 - self.member[..., None], 2)[..., 0]


def answers(
    record: Record, plan: Plan, streams: Streams, chosen: Pairs, true: np.ndarray, watched: bool
) -> Answers:
    """Return the answers of the runs that did not diverge. watched: training rows were evaluated."""
    found, losses, tests, members, fitted = [], [], [], [], []
    rows = chosen.rows
    for k in np.flatnonzero(record.status == Status.FINISHED).tolist():
        seed = int(record.hyper["seed"][k])
        network, own = trained(plan.network, record, k), streams.rows(seed)
        seen = streams.standardised(rows.ravel(), own.scaler, own.origin, own.unit)
        z = network.outputs(seen.x).astype(np.float64)
        top = z.max(axis=1)
        loss = top + np.log(np.exp(z - top[:, None]).sum(axis=1)) - z[np.arange(len(z)), seen.y]
        found.append(z.argmax(axis=1).reshape(rows.shape))
        losses.append(loss.reshape(rows.shape))
        test = streams.standardised(streams.dataset.test, own.scaler, own.origin, own.unit)
        tests.append(np.mean(network.outputs(test.x).argmax(axis=1) == test.y))
        members.append(chosen.member(seed))
        right = record.series["score"][k] if watched else np.zeros(1)
        reached = np.flatnonzero(right >= FITTED)
        epoch = plan.stride * streams.batch_size / streams.sizes[0]
        fitted.append((reached[0] + 1) * epoch if len(reached) else np.inf)
    return Answers(
        np.array(found), np.array(losses), np.array(tests), np.array(members),
        streams.dataset.y[rows], true[rows], np.array(fitted),
    )  # fmt: skip


def summary_of(
    values: np.ndarray, statistic: Any = "mean", seed: int = 0, bounds: tuple[float, float] = UNBOUNDED
) -> dict[str, Any]:
    """Return a mean or median over networks, its 95 % interval where there is one, and the values.

    A time that was never reached (infinite) is later than all others, and is null. The interval is cut at
    `bounds`, those of the measure.
    """
    found = values[np.isfinite(values)]
    middle = float(np.median(values) if statistic == "median" else np.mean(values)) if len(values) else np.inf
    low_high = interval(values, statistic, seed=seed, greater_is_better=False) if len(values) else None
    return {
        statistic: middle if np.isfinite(middle) else None,
        "interval": within(low_high, values, bounds),
        "values": [float(each) if np.isfinite(each) else None for each in values],
        **({"reached": len(found)} if statistic == "median" else {}),
    }


def measured(seen: Answers, watched: bool) -> dict[str, Any]:
    """Return everything counted of one arm, as plain values."""
    right = seen.predicted == seen.given
    (inside, outside), wrong = seen.sides(right), seen.given != seen.true
    gap = inside.mean(axis=1) - outside.mean(axis=1)  # (3)
    attack = [
        membership_inference(members, others)
        for members, others in zip(*seen.sides(seen.loss), strict=True)
        if len(members) >= 4
    ]
    facts: dict[str, Any] = {
        "networks": len(seen.test),
        "wrong": float(wrong.mean()),
        "train": summary_of(inside.mean(axis=1), bounds=SHARE),
        "held_out": summary_of(outside.mean(axis=1), bounds=SHARE),
        "test": summary_of(seen.test, bounds=SHARE),
        "gap": summary_of(gap, bounds=DIFFERENCE),
        "memorised": _memorised(right, seen.member),
        "wrong_learned": None,
        "fit": summary_of(seen.fitted, "median", bounds=AMOUNT) if watched else None,
        "membership": {
            "advantage": summary_of(np.array([each.advantage for each in attack]), bounds=DIFFERENCE),
            "area": summary_of(np.array([each.area for each in attack]), bounds=SHARE),
        },
        "information": None,
    }
    if wrong.any():
        where, _ = seen.sides(wrong)
        learned = (inside & where).sum(axis=1) / np.maximum(where.sum(axis=1), 1)
        facts["wrong_learned"] = summary_of(learned, bounds=SHARE)
    if len(right) >= 8 and right.shape[1] >= 2:
        found = functional_information(right, seen.member)
        facts["information"] = {
            "nats": found.information, "error": found.error, "plain": found.plain, "floor": found.floor,
            "bound": found.bound, "bound_high": found.bound_high, "vacuous": found.vacuous,
        }  # fmt: skip
    return facts


def _memorised(right: np.ndarray, member: np.ndarray) -> dict[str, Any]:
    """Return (2) with its interval over rows, and the share of rows learned by heart."""
    inside = np.stack([member == 0, member == 1], axis=2)
    times_in, times_out = inside.sum(axis=0), (~inside).sum(axis=0)
    both = (times_in > 0) & (times_out > 0)
    if not both.any():
        return {"mean": None, "interval": None, "by_heart": None, "rows": 0}
    memory = (right & inside).sum(axis=0)[both] / times_in[both]
    memory = memory - (right & ~inside).sum(axis=0)[both] / times_out[both]  # (1)
    found = interval(memory)
    return {
        "mean": float(memory.mean()),
        "interval": None if found is None else [float(each) for each in found],
        "by_heart": float(np.mean(memory > KEPT_BY_HEART)),
        "rows": int(both.sum()),
    }
