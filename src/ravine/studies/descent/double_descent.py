"""The test for a second descent: an error curve rises from a minimum to a peak and falls to a second minimum.

    rise_s = curve_s(top) - curve_s(lowest before),   fall_s = curve_s(top) - curve_s(lowest after)    (1)

curve_s is the loss or error of seed s against width, steps or training rows. The places of the peak ("top")
and of both minima come from the mean curve of the other seeds. With places from curve_s, (1) would be
positive even for random numbers. A curve descends twice if the 95 % intervals of the means of rise and fall
over seeds both lie above 0.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ravine.statistics import interval
from ravine.studies.descent.result import Change, SecondDescent

__all__ = ["clearest_peak", "double_descent"]


def clearest_peak(curve: np.ndarray) -> int | None:
    """Return the index of the peak of a curve that stands out most; None without a peak.

    curve [place]: one value for each width, step or number of rows. A peak stands out by the smaller one of
    its heights above the lowest values before and after it. None too for a value that is not finite.
    """
    if len(curve) < 3 or not np.isfinite(curve).all():
        return None
    heights = np.array(
        [min(curve[t] - curve[:t].min(), curve[t] - curve[t + 1 :].min()) for t in range(1, len(curve) - 1)]
    )
    return int(heights.argmax()) + 1 if heights.max() > 0 else None


def double_descent(curves: np.ndarray, places: Sequence[int]) -> SecondDescent:
    """Test whether error curves [seed, place] rise to a peak and fall from it; return peak, rise and fall.

    Rise and fall are means over seeds with 95 % intervals. For each seed, the mean curve of the other seeds
    chooses the places of the peak and of the minima. Seeds with a value that is not finite are left out.
    places [place]: the widths, steps or numbers of rows at which the curves are given.
    """
    curves = np.asarray(curves, np.float64)
    curves = curves[np.isfinite(curves).all(axis=1)]
    top = clearest_peak(curves.mean(axis=0)) if len(curves) else None
    rises, falls = [], []
    for seed, curve in enumerate(curves if len(curves) > 1 else []):
        mean = np.delete(curves, seed, axis=0).mean(axis=0)
        peak = clearest_peak(mean)
        if peak is None:  # the other seeds have no peak: neither rise nor fall
            rises.append(0.0)
            falls.append(0.0)
            continue
        rises.append(float(curve[peak] - curve[mean[:peak].argmin()]))
        falls.append(float(curve[peak] - curve[peak + 1 + mean[peak + 1 :].argmin()]))
    if top is None:
        return SecondDescent(peak=None, rise=None, fall=None, double_descent=False)
    rise, fall = _change(rises), _change(falls)
    is_double = rise is not None and fall is not None and rise.interval[0] > 0 and fall.interval[0] > 0
    return SecondDescent(peak=int(places[top]), rise=rise, fall=fall, double_descent=is_double)


def _change(values: Sequence[float]) -> Change | None:
    """Return mean and 95 % interval over seeds; None with fewer than 3 seeds."""
    ends = interval(np.array(values)) if len(values) >= 3 else None
    return None if ends is None else Change(mean=float(np.mean(values)), interval=list(ends))
