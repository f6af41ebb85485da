"""A second descent: does a curve rise to a peak between two lower places, and fall from it again?

    rise_s = curve_s(top) - curve_s(lowest before),   fall_s = curve_s(top) - curve_s(lowest after)    (1)

top and both lowest places of seed s are those of the mean of the other seeds: chosen on the curve itself, (1)
would be above 0 on pure noise. Descended twice: the 95 % intervals of rise and fall both lie above 0.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ravine.statistics import interval

__all__ = ["clearest_peak", "double_descent"]


def clearest_peak(curve: np.ndarray) -> int | None:
    """Return the place that lies highest above the lowest before and after it; None if none does."""
    if len(curve) < 3 or not np.isfinite(curve).all():
        return None
    above = np.array(
        [min(curve[t] - curve[:t].min(), curve[t] - curve[t + 1 :].min()) for t in range(1, len(curve) - 1)]
    )
    return int(above.argmax()) + 1 if above.max() > 0 else None


def double_descent(curves: np.ndarray) -> dict[str, Any]:
    """Return (1) over seeds, curves [seed, place]: `peak` (place, or None), `rise`, `fall`, `twice`.

    rise, fall: `mean` and `interval`, None where there is no peak, or fewer than 3 seeds.
    """
    curves = np.asarray(curves, np.float64)
    curves = curves[np.isfinite(curves).all(axis=1)]
    top = clearest_peak(curves.mean(axis=0)) if len(curves) else None
    rises, falls = [], []
    for seed, curve in enumerate(curves if len(curves) > 1 else []):
        mean = np.delete(curves, seed, axis=0).mean(axis=0)
        here = clearest_peak(mean)
        if here is None:  # the others see none: nothing rises
            rises.append(0.0)
            falls.append(0.0)
            continue
        rises.append(float(curve[here] - curve[mean[:here].argmin()]))
        falls.append(float(curve[here] - curve[here + 1 + mean[here + 1 :].argmin()]))
    found: dict[str, Any] = {"peak": top}
    for name, values in (("rise", rises), ("fall", falls)):
        low_high = interval(np.array(values)) if top is not None and len(values) >= 3 else None
        found[name] = None
        if low_high is not None:
            found[name] = {"mean": float(np.mean(values)), "interval": [float(each) for each in low_high]}
    found["twice"] = all(
        found[name] is not None and found[name]["interval"][0] > 0 for name in ("rise", "fall")
    )
    return found
