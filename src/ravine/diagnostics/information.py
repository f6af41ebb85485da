"""How much the weights know of the data.  Lecture: "Generalization bounds".

    Gaussian        I = 1/2 sum_i ln(1 + N g_i / alpha)                      (1)   nats; g: mean Gauss-Newton
    lecture         gap <= sqrt(I / N)                                       (2)
    Xu & Raginsky   gap <= range sqrt(I / 2N)                                (3)   loss within a `range`
    f-CMI           gap <= 1/n sum_i sqrt(2 I(F_i; U_i)) <= sqrt(2 mean I)   (4)
    jackknife       I = k I_plain - (k - 1) mean of I_plain without one      (5)   k repetitions

(1): Laplace posterior of precision N G + alpha against the prior of precision alpha. (2) and (3) bound the
*expected* gap over data sets; a single one may exceed it (for one run use a PAC-Bayes certificate). (4): of
each pair of rows one, drawn by U_i, is trained on; F_i are the two predictions. The plain value is too large
by about 3/2k, which gives (4) a floor of sqrt(3/k): (5) takes it off before the root, and the root is taken
of the mean, since a mean of roots would bring a floor back. (The usual correction by the number of cells
takes off as much where rows are memorised and nothing is too large.) Sources: Xu & Raginsky 2017;
Harutyunyan et al. 2021; Quenouille 1956 for (5).
"""

from __future__ import annotations

from math import sqrt
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ravine.diagnostics.dense_hessian import ExactSpectrum
from ravine.diagnostics.flatten import Vector
from ravine.diagnostics.spectrum import Quadrature
from ravine.diagnostics.trace_estimation import Estimate
from ravine.errors import UsageError

__all__ = [
    "FunctionalInformation",
    "GapBound",
    "functional_information",
    "gap_bound",
    "gaussian_information",
]


class GapBound(NamedTuple):
    """Bounds on the expected gap of test and training loss: the `lecture`'s (2), and the proved one (3).

    `lecture_error`, `proved_error`: from the information's error. `vacuous`: (3) is no less than the loss's
    range.
    """

    lecture: float
    lecture_error: float
    proved: float
    proved_error: float
    vacuous: bool


class FunctionalInformation(NamedTuple):
    """f-CMI: `information`, mean over pairs in nats by (5), and its standard `error` over pairs.

    `plain`: without it; `bound`: (4), 0 where nothing was found; `bound_high`: (4) at the upper end of the
    95 % interval; `floor`: what (4) would show of the part that (5) takes off.
    """

    information: float
    error: float
    plain: float
    bound: float
    bound_high: float
    floor: float

    @property
    def vacuous(self) -> bool:
        """Whether the bound says nothing about a loss within [0, 1]."""
        return self.bound_high >= 1


def gaussian_information(spectrum: ExactSpectrum | Quadrature, rows: int, prior_precision: float) -> Estimate:
    """Return equation (1), nats, from the `spectrum` of the mean loss's Gauss-Newton matrix.

    `rows`: N; `prior_precision`: alpha. Raises UsageError: eigenvalues below zero, rows or precision not
    above zero.
    """
    if rows < 1 or not (np.isfinite(prior_precision) and prior_precision > 0):
        raise UsageError(
            f"No information for {rows} rows and a prior precision of {prior_precision}.",
            "Both are above zero: without a prior the information is infinite.",
            "Take the weight decay times N as precision.",
        )
    ratio = rows / prior_precision
    if isinstance(spectrum, Quadrature):
        values = np.concatenate([spectrum.nodes.ravel(), spectrum.spikes])
        floor = max(spectrum.size, 100) * spectrum.epsilon * float(np.abs(values).max())
        products = spectrum.products
    else:
        values, floor, products = spectrum.values, spectrum.tolerance, len(spectrum.values)
    if values.min() < -floor:
        raise UsageError(
            f"The spectrum has the eigenvalue {values.min():.6g}.",
            "A posterior needs a curvature that is nowhere negative.",
            "Use the Gauss-Newton matrix, not the Hessian.",
        )

    def nats(g: Vector) -> Vector:
        return 0.5 * np.log1p(ratio * np.maximum(g, 0.0))  # (1)

    if isinstance(spectrum, Quadrature):
        return spectrum.trace_of(nats)
    inside = np.maximum(values, 0.0)
    error = float(np.sum(nats(inside + floor) - nats(inside)))
    return Estimate(float(nats(values).sum()), error, products)


def gap_bound(information: float, rows: int, *, error: float = 0.0, loss_range: float = 1.0) -> GapBound:
    """Return (2) beside (3).

    `information` I(w; D) in nats with its `error`; `rows`: N; the loss lies within `loss_range`. Raises
    UsageError: a negative information, no rows, a range that is not above zero.
    """
    given = (information, error, loss_range)
    if not np.isfinite(given).all() or information < 0 or error < 0 or rows < 1 or loss_range <= 0:
        raise UsageError(
            f"No bound from {information} ± {error} nats, {rows} rows and a loss range of {loss_range}.",
            "Information is never below zero.",
        )

    def high(value: float, scale: float) -> float:
        return scale * (sqrt(value + error) - sqrt(value))

    lecture, proved = 1 / sqrt(rows), loss_range / sqrt(2 * rows)
    return GapBound(
        lecture * sqrt(information),  # (2)
        high(information, lecture),
        proved * sqrt(information),  # (3)
        high(information, proved),
        proved * sqrt(information) >= loss_range,
    )


def functional_information(predictions: npt.ArrayLike, member: npt.ArrayLike) -> FunctionalInformation:
    """Return f-CMI, equation (4), from `predictions` [k, n, 2] and `member` [k, n].

    In repetition k of training, of pair n the row `member` (0 or 1) was trained on; `predictions` are the
    network's answers for both rows (any integers: 1 for right and 0 for wrong will do). Raises UsageError:
    other shapes, fewer than 8 repetitions or 2 pairs.
    """
    answers, drawn = np.asarray(predictions), np.asarray(member)
    if answers.ndim != 3 or answers.shape[2] != 2 or drawn.shape != answers.shape[:2]:
        raise UsageError(
            f"Predictions of shape {answers.shape} and members of shape {drawn.shape}.",
            "",
            "Pass [k, n, 2] and [k, n].",
        )
    if answers.dtype.kind not in "iub" or not np.isin(drawn, (0, 1)).all():
        raise UsageError("Predictions are integers and members 0 or 1.", f"Predictions are {answers.dtype}.")
    k, n = drawn.shape
    if k < 8 or n < 2:
        raise UsageError(
            f"{k} repetitions of {n} pairs are too few.", "", "Take 8 or more, of 2 pairs or more."
        )
    found, excess = np.empty(n), np.empty(n)
    for pair in range(n):
        _, state = np.unique(answers[:, pair].astype(np.int64), axis=0, return_inverse=True)
        table = np.zeros((int(state.max()) + 1, 2))
        np.add.at(table, (state.ravel(), drawn[:, pair].astype(np.int64)), 1.0)
        found[pair] = _mutual(table)
        less = 0.0
        for cell in zip(*np.nonzero(table), strict=True):
            without = table.copy()
            without[cell] -= 1
            less += table[cell] * _mutual(without) / k
        excess[pair] = (k - 1) * (less - found[pair])  # (5)
    each = found - excess
    mean, error = float(each.mean()), float(each.std(ddof=1) / np.sqrt(n))
    return FunctionalInformation(
        mean,
        error,
        float(found.mean()),
        sqrt(2 * max(mean, 0.0)),  # (4)
        sqrt(2 * max(mean + 1.959963984540054 * error, 0.0)),
        sqrt(2 * max(float(excess.mean()), 0.0)),
    )


def _mutual(table: Vector) -> float:
    share = table / table.sum()
    apart = share.sum(axis=1, keepdims=True) * share.sum(axis=0, keepdims=True)
    seen = share > 0
    return float((share[seen] * np.log(share[seen] / apart[seen])).sum())
