"""Membership inference, which guesses from the loss of a row whether the row was in the training set.

    guess "member" if loss <= threshold                             (1)
    advantage = P(guess | member) - P(guess | other)                (2)   0: no leak, 1: complete leak

A threshold that is chosen and evaluated on the same rows would make the attack seem too good. The threshold
is therefore chosen on one half of the rows and evaluated on the other half, and vice versa.

Lecture: "Data memorization" (a privacy risk).  Source: Yeom et al. 2018; Newcombe 1998, method 10, for the
interval of the advantage; DeLong et al. 1988 for the error of the area.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri
from scipy.stats import rankdata

from ravine.diagnostics.flatten import Vector
from ravine.errors import UsageError

__all__ = ["Membership", "membership_inference"]


class Membership(NamedTuple):
    """Success of a membership inference, the guess that rows with a low loss were trained on.

    advantage          share of training rows guessed as such - share of other rows guessed as training rows
    low, high          confidence interval of the advantage
    area, area_error   area under the ROC curve, with its standard error: the probability that a training row
                       has a lower loss than another row (ties count half)
    threshold          loss at or below which a row is guessed to be a training row, mean over two halves of
                       rows
    """

    advantage: float
    low: float
    high: float
    area: float
    area_error: float
    threshold: float

    @property
    def leaks(self) -> bool:
        """Whether the interval of the advantage lies above zero, so that losses reveal training rows."""
        return self.low > 0


def membership_inference(
    members: npt.ArrayLike, others: npt.ArrayLike, *, level: float = 0.95, seed: int = 0
) -> Membership:
    """Return how well the losses distinguish training rows from other rows.

    A row is guessed to be a training row if its loss is at most a threshold. The threshold is chosen on one
    half of the rows and evaluated on the other half, and vice versa.

    members [N]   losses of training rows
    others [M]    losses of rows that were not trained on
    level         probability that the interval covers the true advantage
    seed          random seed of the halves

    A loss may be +inf. Raises UsageError for fewer than 4 rows, for NaN, and for a level outside (0, 1).
    """
    if not 0 < level < 1:
        raise UsageError(
            f"The confidence level {level} is not a probability.",
            "It must lie between 0 and 1.",
            "Use level=0.95.",
        )
    inside, outside = _losses("members", members), _losses("others", others)
    generator = np.random.default_rng(seed)
    hits = np.zeros(2)
    thresholds = []
    halves = [(generator.permutation(len(losses)) % 2).astype(bool) for losses in (inside, outside)]
    for half in (False, True):
        threshold = _best(inside[halves[0] == half], outside[halves[1] == half])
        hits += [
            (inside[halves[0] != half] <= threshold).sum(),  # (1)
            (outside[halves[1] != half] <= threshold).sum(),
        ]
        thresholds.append(threshold)
    true, false = hits[0] / len(inside), hits[1] / len(outside)
    z = float(ndtri((1 + level) / 2))
    low, high = _newcombe(true, len(inside), false, len(outside), z)
    area, error = _area(inside, outside)
    return Membership(float(true - false), low, high, area, error, float(np.mean(thresholds)))  # (2)


def _best(inside: Vector, outside: Vector) -> float:
    """Return the threshold with the largest advantage, or one below all losses if no advantage exceeds 0."""
    cuts = np.unique(np.concatenate([inside, outside]))
    rates = [np.searchsorted(np.sort(part), cuts, side="right") / len(part) for part in (inside, outside)]
    gain = rates[0] - rates[1]
    best = int(gain.argmax())
    if gain[best] <= 0:
        return float(np.nextafter(cuts[0], -np.inf))
    if best + 1 < len(cuts) and np.isfinite(cuts[best + 1]):
        return float(cuts[best] / 2 + cuts[best + 1] / 2)
    return float(cuts[best])


def _newcombe(p: float, n: int, q: float, m: int, z: float) -> tuple[float, float]:
    """Return the interval of p - q, shares of n and of m rows, for the normal quantile z."""
    (p_low, p_high), (q_low, q_high) = _wilson(p, n, z), _wilson(q, m, z)
    below = float(np.hypot(p - p_low, q_high - q))
    above = float(np.hypot(p_high - p, q - q_low))
    return max(-1.0, float(p - q) - below), min(1.0, float(p - q) + above)


def _wilson(p: float, n: int, z: float) -> tuple[float, float]:
    """Return Wilson's interval of a share p of n rows, for the normal quantile z."""
    center = (p + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2)) / (1 + z**2 / n)
    return float(max(0.0, center - half)), float(min(1.0, center + half))


def _area(inside: Vector, outside: Vector) -> tuple[float, float]:
    """Return the area under the ROC curve and its standard error by DeLong's method."""
    n, m = len(inside), len(outside)
    together = rankdata(np.concatenate([inside, outside]))
    own, other = rankdata(inside), rankdata(outside)
    # for every row the share of rows of the other set with a higher (lower) loss
    beaten_by_inside = 1 - (together[:n] - own) / m
    beaten_by_outside = (together[n:] - other) / n
    area = float(beaten_by_inside.mean())
    spread = beaten_by_inside.var(ddof=1) / n + beaten_by_outside.var(ddof=1) / m
    return area, float(np.sqrt(spread))


def _losses(name: str, values: npt.ArrayLike) -> Vector:
    """Return `values` as losses [N], or raise UsageError, which calls them `name`."""
    losses = np.asarray(values, np.float64)
    if losses.ndim != 1 or len(losses) < 4:
        raise UsageError(
            f"`{name}` has shape {losses.shape}.",
            "It must be [N] with N of at least 4, since half of the rows choose the threshold.",
            "Pass the losses of 4 or more rows.",
        )
    if np.isnan(losses).any():
        raise UsageError(
            f"{int(np.isnan(losses).sum())} losses of `{name}` are NaN.",
            "A loss must be a number or +inf; the network has probably diverged.",
            "Leave out networks that diverged.",
        )
    return losses
