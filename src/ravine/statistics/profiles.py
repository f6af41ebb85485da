"""Several data sets at once: performance profiles, and the geometric-mean ratio to a reference.

    r(p, s) = cost of rule s on data set p / least cost of any rule on p             (1)
    rho_s(tau) = share of the data sets with r(p, s) <= tau                          (2)   Dolan & More 2002
    ratio_s = exp(mean over p of log(cost_s / cost_reference))                       (3)

Costs are errors, losses or times: positive, smaller is better (an accuracy enters as 1 - accuracy). Diverged
runs cost +inf. Profiles depend on which rules take part, so they are no ranking of all but the first (Gould
& Scott 2016).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ravine.errors import UsageError, did_you_mean
from ravine.statistics.bootstrap import Interval, interval
from ravine.statistics.diverged import FloatArray, as_floats, median, worst_for

__all__ = ["Profile", "Ratio", "geometric_mean_ratio", "performance_profiles"]


@dataclass(frozen=True)
class Profile:
    """rho of (2) at `tau` [tau] with the pointwise bootstrap band `lower`, `upper` [tau]."""

    tau: FloatArray
    rho: FloatArray
    lower: FloatArray
    upper: FloatArray


@dataclass(frozen=True)
class Ratio:
    """Geometric-mean ratio (3); both None if one of the two diverged (or was perfect) on a data set."""

    ratio: float | None
    interval: Interval | None


def performance_profiles(
    costs: Mapping[str, npt.ArrayLike],
    tau: npt.ArrayLike | None = None,
    level: float = 0.95,
    seed: int = 0,
    resamples: int = 1000,
) -> dict[str, Profile]:
    """Return a profile for every rule of `costs` (name -> [dataset, seed], the same shape for all).

    A data set's cost is the median over seeds. `tau` defaults to 61 points from 1 to 4, evenly on the log
    scale. The band resamples data sets, and within them seeds (the same for all rules, which share them).
    Raises UsageError on negative costs.
    """
    names = list(costs)
    table = _table(costs)
    at = np.geomspace(1.0, 4.0, 61) if tau is None else as_floats(tau, 1, "tau")
    if not (at >= 1).all():
        raise UsageError("A tau is below 1.", "No rule costs less than the best.", "Use values from 1 to 4.")
    rules, sets, seeds = table.shape
    generator = np.random.default_rng(seed)
    rho = _rho(median(table), at)
    again = np.empty((resamples, rules, at.size))
    for each in range(resamples):  # one at a time: memory stays small for many data sets
        which_sets = generator.integers(0, sets, (sets, 1))
        which_seeds = generator.integers(0, seeds, (sets, seeds))
        again[each] = _rho(median(table[:, which_sets, which_seeds]), at)
    low, high = np.quantile(again, [(1 - level) / 2, (1 + level) / 2], axis=0)
    return {name: Profile(at, rho[i], low[i], high[i]) for i, name in enumerate(names)}


def geometric_mean_ratio(
    costs: Mapping[str, npt.ArrayLike], reference: str, level: float = 0.95, seed: int = 0
) -> dict[str, Ratio]:
    """Return (3) for every rule of `costs` (name -> [dataset, seed]) against the rule `reference`.

    The interval is over data sets (None for fewer than 3). A ratio below 1 is better than the reference.
    """
    if reference not in costs:
        raise UsageError(f"No rule '{reference}' to compare with.", "", did_you_mean(reference, costs))
    centres = dict(zip(costs, median(_table(costs)), strict=True))
    return {name: _ratio(cost, centres[reference], level, seed) for name, cost in centres.items()}


def _ratio(cost: FloatArray, reference: FloatArray, level: float, seed: int) -> Ratio:
    if not (np.isfinite(cost) & np.isfinite(reference) & (cost > 0) & (reference > 0)).all():
        return Ratio(None, None)
    logs = np.log(cost) - np.log(reference)
    around = interval(logs, level=level, seed=seed)
    return Ratio(
        ratio=float(np.exp(logs.mean())),
        interval=None if around is None else (float(np.exp(around[0])), float(np.exp(around[1]))),
    )


def _rho(centres: FloatArray, tau: FloatArray) -> FloatArray:
    """Return (2) for costs [rule, dataset] at tau: [rule, tau]."""
    best = centres.min(axis=0)
    with np.errstate(invalid="ignore"):
        # products, not ratios: a best cost of 0 needs no special case; 1e-12: ties up to rounding
        solved = centres[:, None, :] <= tau[None, :, None] * best * (1 + 1e-12)
    return (solved & np.isfinite(centres)[:, None, :]).mean(axis=-1)


def _table(costs: Mapping[str, npt.ArrayLike]) -> FloatArray:
    """Return costs [rule, dataset, seed], diverged runs +inf."""
    if not costs:
        raise UsageError("There are no rules to profile.", "No names were given.", "Pass name -> costs.")
    rows = {name: as_floats(cost, 2, name) for name, cost in costs.items()}
    if len({row.shape for row in rows.values()}) > 1:
        raise UsageError(
            "The rules have costs of different shapes.",
            "; ".join(f"{name}: {row.shape}" for name, row in rows.items()) + ".",
            "Pass [dataset, seed] of the same data sets and seeds.",
        )
    table = np.stack(list(rows.values()))
    if (table[np.isfinite(table)] < 0).any():
        raise UsageError(
            "A cost is negative.",
            "Ratios need costs where smaller is better and 0 is perfect.",
            "Pass errors or losses; an accuracy as 1 - accuracy.",
        )
    return worst_for(table, False)
