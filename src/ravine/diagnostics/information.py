"""Information that the weights hold about the data, and bounds on the gap.  Lecture: "Generalization bounds".

    Gaussian        I = 1/2 sum_i ln(1 + N g_i / alpha)                      (1)   nats; g: mean Gauss-Newton
    lecture         gap <= sqrt(I / N)                                       (2)
    Xu & Raginsky   gap <= range sqrt(I / 2N)                                (3)   range of the loss
    f-CMI           gap <= 1/n sum_i sqrt(2 I(F_i; U_i)) <= sqrt(2 mean I)   (4)
    jackknife       I = k I_plain - (k - 1) mean of I_plain without one      (5)   k repetitions

The gap is test loss minus training loss.

I is the information in nats, and N is the number of training rows. Equation (1) compares a Laplace posterior
of precision N G + alpha with a prior of precision alpha. The g_i are the eigenvalues of the Gauss-Newton
matrix G of the mean loss over N rows.

(2) and (3) bound the *expected* gap over data sets. The gap of a single data set may be larger. For a single
run, use a PAC-Bayes certificate.

In (4) the rows form n pairs. U_i draws the row of pair i that is trained on, and F_i are the predictions for
both rows. The plain estimate of I(F_i; U_i) from k repetitions is too large by about 3/(2k), so that (4)
could not fall below sqrt(3/k). The jackknife (5) removes this bias before the root is taken. The root is
taken of the mean, since a mean of roots would be biased again. The usual correction, by the number of cells,
would also reduce the estimate for memorized rows, where the plain estimate is right.

Source: Xu & Raginsky 2017 (3); Harutyunyan et al. 2021 (4); Quenouille 1956 (5).
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
    """Bounds on the expected gap, test loss minus training loss, from the information of the weights.

    With I the information in nats, N the training rows and r the range of the loss of a row:

    lecture, lecture_error    bound of the lecture, sqrt(I / N), and its error from the error of I
    proved, proved_error      bound of Xu & Raginsky, r sqrt(I / 2N), and its error from the error of I
    vacuous                   whether `proved` is at least the range of the loss, so that it excludes nothing
    """

    lecture: float
    lecture_error: float
    proved: float
    proved_error: float
    vacuous: bool


class FunctionalInformation(NamedTuple):
    """Information that predictions hold about the training rows, with a bound on the gap.

    The quantity is the functional conditional mutual information (f-CMI), in nats, as a mean over pairs of
    rows of which one was trained on. The gap is test loss minus training loss.

    information, error   information without bias (by the jackknife over repetitions), and its standard error
    plain                information with the bias of few repetitions
    bound                bound on the gap, sqrt(2 information), for a loss within [0, 1]; 0 if the information
                         is not positive
    bound_high           bound at the upper end of the 95 % interval of the information
    floor                bound that would result from the bias alone
    """

    information: float
    error: float
    plain: float
    bound: float
    bound_high: float
    floor: float

    @property
    def vacuous(self) -> bool:
        """Whether the upper end of the bound on the gap is at least 1, so that the bound excludes nothing."""
        return self.bound_high >= 1


def gaussian_information(spectrum: ExactSpectrum | Quadrature, rows: int, prior_precision: float) -> Estimate:
    """Return the information of the weights about the training data in nats, 1/2 sum_i ln(1 + N g_i / alpha).

    The result holds the error of the information too. g_i are the eigenvalues in `spectrum`.

    spectrum          eigenvalues of the Gauss-Newton matrix of the mean loss, exact or by quadrature
    rows              N, number of training rows
    prior_precision   alpha, precision of the Gaussian prior, for example N times the weight decay

    Raises UsageError for negative eigenvalues, and unless rows >= 1 and prior_precision > 0.
    """
    if rows < 1 or not (np.isfinite(prior_precision) and prior_precision > 0):
        raise UsageError(
            f"The information is not defined for {rows} rows and a prior precision of {prior_precision}.",
            "Both must be above zero and finite; without a prior the information is infinite.",
            "Pass for example the number of rows times the weight decay as prior_precision.",
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
            "A Laplace posterior needs eigenvalues of at least 0.",
            "Use the Gauss-Newton matrix instead of the Hessian.",
        )

    def nats(g: Vector) -> Vector:
        return 0.5 * np.log1p(ratio * np.maximum(g, 0.0))  # (1)

    if isinstance(spectrum, Quadrature):
        return spectrum.trace_of(nats)
    inside = np.maximum(values, 0.0)
    error = float(np.sum(nats(inside + floor) - nats(inside)))
    return Estimate(float(nats(values).sum()), error, products)


def gap_bound(information: float, rows: int, *, error: float = 0.0, loss_range: float = 1.0) -> GapBound:
    """Return bounds on the expected gap, test loss minus training loss, from the information of the weights.

    The bounds are sqrt(I / N) (lecture) and loss_range sqrt(I / 2N) (Xu & Raginsky).

    information, error   information I of the weights about the data in nats, and its error
    rows                 N, number of training rows
    loss_range           largest minus smallest possible loss of a row

    Raises UsageError for a negative information or error, for no rows, and for a range that is not above
    zero.
    """
    finite = np.isfinite((information, error, loss_range)).all()
    if not finite or information < 0 or error < 0 or rows < 1 or loss_range <= 0:
        raise UsageError(
            f"Test loss minus training loss has no bound for an information of {information} ± {error} nats, "
            f"{rows} rows and a range of the loss of {loss_range}.",
            "Information and error must be at least 0, rows at least 1, and the range above 0, all finite.",
            "Pass for example loss_range=4 for a cross-entropy that is limited to 4 nats.",
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
    """Return the information that predictions hold about the training rows (f-CMI), and a bound on the gap.

    The gap is test loss minus training loss. In every repetition, one row of each pair is trained on.

    predictions [k, n, 2]   predictions for both rows of n pairs in k repetitions of training: any
                            integers, such as the class, or 1 for a correct and 0 for a wrong answer
    member [k, n]           row of the pair that was trained on, 0 or 1

    Raises UsageError for other shapes or types, and for fewer than 8 repetitions or 2 pairs.
    """
    answers, drawn = np.asarray(predictions), np.asarray(member)
    if answers.ndim != 3 or answers.shape[2] != 2 or drawn.shape != answers.shape[:2]:
        raise UsageError(
            f"`predictions` has shape {answers.shape} and `member` has shape {drawn.shape}.",
            "They must be [k, n, 2] and [k, n], for k repetitions of training and n pairs of rows.",
            "Pass the predictions for both rows of every pair, and the row (0 or 1) that was trained on.",
        )
    if answers.dtype.kind not in "iub" or not np.isin(drawn, (0, 1)).all():
        raise UsageError(
            f"`predictions` has the type {answers.dtype}. "
            f"The lowest values in `member` are {np.unique(drawn)[:3].tolist()}.",
            "The type of `predictions` must be an integer type, and `member` may hold only 0 and 1.",
            "Pass classes as predictions, and the index of the training row in its pair as member.",
        )
    k, n = drawn.shape
    if k < 8 or n < 2:
        raise UsageError(
            f"{k} repetitions of {n} pairs are too few.",
            "At least 8 repetitions and 2 pairs are needed.",
            "Train more repetitions.",
        )
    plain, excess = np.empty(n), np.empty(n)
    for pair in range(n):
        _, state = np.unique(answers[:, pair].astype(np.int64), axis=0, return_inverse=True)
        table = np.zeros((int(state.max()) + 1, 2))
        np.add.at(table, (state.ravel(), drawn[:, pair].astype(np.int64)), 1.0)
        plain[pair] = _mutual(table)
        less = 0.0
        for cell in zip(*np.nonzero(table), strict=True):
            without = table.copy()
            without[cell] -= 1
            less += table[cell] * _mutual(without) / k
        excess[pair] = (k - 1) * (less - plain[pair])  # (5)
    corrected = plain - excess
    mean, error = float(corrected.mean()), float(corrected.std(ddof=1) / np.sqrt(n))
    return FunctionalInformation(
        mean,
        error,
        float(plain.mean()),
        sqrt(2 * max(mean, 0.0)),  # (4)
        sqrt(2 * max(mean + 1.959963984540054 * error, 0.0)),
        sqrt(2 * max(float(excess.mean()), 0.0)),
    )


def _mutual(table: Vector) -> float:
    """Return the mutual information of rows and columns in nats, from a table of counts [row, column]."""
    share = table / table.sum()
    independent = share.sum(axis=1, keepdims=True) * share.sum(axis=0, keepdims=True)
    positive = share > 0
    return float((share[positive] * np.log(share[positive] / independent[positive])).sum())
