"""Can it be told who was in the training set?  Lecture: "Data memorization" (a privacy risk).

    guess "member" where the loss <= threshold                      (1)
    advantage = P(guess | member) - P(guess | other)                (2)   0: nothing leaks, 1: everything

Source: Yeom et al. 2018. The best threshold on the rows it is judged on flatters the attack, so it is chosen
on one half and judged on the other, both ways. Interval of the difference: Newcombe 1998, method 10.
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
    """`advantage` (2) within `low` to `high`; `area` under the attack's curve with its `area_error`.

    The area is the chance that a member's loss is the lower one of a pair (half where equal); its error is
    one standard error (DeLong). `threshold`: mean of the two halves' thresholds on the loss.
    """

    advantage: float
    low: float
    high: float
    area: float
    area_error: float
    threshold: float

    @property
    def leaks(self) -> bool:
        """Whether the interval lies above zero."""
        return self.low > 0


def membership_inference(
    members: npt.ArrayLike, others: npt.ArrayLike, *, level: float = 0.95, seed: int = 0
) -> Membership:
    """Return how well losses tell training rows from unseen ones.

    `members` [N], `others` [M]: each row's loss; +inf is allowed (a hopeless row), NaN is not. Raises
    UsageError: fewer than 4 rows on a side, NaN, a level outside (0, 1).
    """
    if not 0 < level < 1:
        raise UsageError(f"The level {level} is no probability.", "", "Use 0.95.")
    inside, outside = (_losses(name, each) for name, each in (("members", members), ("others", others)))
    generator = np.random.default_rng(seed)
    hits = np.zeros(2)
    thresholds = []
    halves = [
        (generator.permutation(len(each)) % 2).astype(bool) for each in (inside, outside)
    ]  # which half each row is in
    for half in (False, True):
        threshold = _best(inside[halves[0] == half], outside[halves[1] == half])
        hits += [
            (inside[halves[0] != half] <= threshold).sum(),
            (outside[halves[1] != half] <= threshold).sum(),
        ]
        thresholds.append(threshold)
    true, false = hits[0] / len(inside), hits[1] / len(outside)
    z = float(ndtri((1 + level) / 2))
    low, high = _newcombe(true, len(inside), false, len(outside), z)
    area, error = _area(inside, outside)
    return Membership(float(true - false), low, high, area, error, float(np.mean(thresholds)))


def _best(inside: Vector, outside: Vector) -> float:
    """Return the threshold of the largest advantage; none beats zero: below all losses."""
    cuts = np.unique(np.concatenate([inside, outside]))
    rates = [np.searchsorted(np.sort(each), cuts, side="right") / len(each) for each in (inside, outside)]
    gain = rates[0] - rates[1]
    best = int(gain.argmax())
    if gain[best] <= 0:
        return float(np.nextafter(cuts[0], -np.inf))
    if best + 1 < len(cuts) and np.isfinite(cuts[best + 1]):
        return float(cuts[best] / 2 + cuts[best + 1] / 2)
    return float(cuts[best])


def _newcombe(p: float, n: int, q: float, m: int, z: float) -> tuple[float, float]:
    (p_low, p_high), (q_low, q_high) = _wilson(p, n, z), _wilson(q, m, z)
    below = float(np.hypot(p - p_low, q_high - q))
    above = float(np.hypot(p_high - p, q - q_low))
    return max(-1.0, float(p - q) - below), min(1.0, float(p - q) + above)


def _wilson(p: float, n: int, z: float) -> tuple[float, float]:
    centre = (p + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2)) / (1 + z**2 / n)
    return float(max(0.0, centre - half)), float(min(1.0, centre + half))


def _area(inside: Vector, outside: Vector) -> tuple[float, float]:
    n, m = len(inside), len(outside)
    together = rankdata(np.concatenate([inside, outside]))
    own, other = rankdata(inside), rankdata(outside)
    # the share of the other side that each row beats
    beaten_by_inside = 1 - (together[:n] - own) / m
    beaten_by_outside = (together[n:] - other) / n
    area = float(beaten_by_inside.mean())
    spread = beaten_by_inside.var(ddof=1) / n + beaten_by_outside.var(ddof=1) / m
    return area, float(np.sqrt(spread))


def _losses(name: str, values: npt.ArrayLike) -> Vector:
    found = np.asarray(values, np.float64)
    if found.ndim != 1 or len(found) < 4:
        raise UsageError(
            f"`{name}` has shape {found.shape}.",
            "Half of the rows choose a threshold.",
            "Give 4 losses or more, [N].",
        )
    if np.isnan(found).any():
        raise UsageError(
            f"{int(np.isnan(found).sum())} losses of `{name}` are NaN.",
            "The network has diverged.",
            "Leave it out.",
        )
    return found
