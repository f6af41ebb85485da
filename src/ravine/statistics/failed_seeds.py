"""Failed seeds: runs that diverged, learned nothing, or ended far below the other seeds.

    lead_s = score of seed s - score of a constant prediction on the same rows    (1)   greater is better
    failed = diverged
             or lead_s <= 0                                                       (2)
             or lead_s < median / 2 and median - lead_s > 4 * 1.4826 * MAD        (3)

median and MAD (median absolute deviation from the median) are those of all leads. A normal distribution has
the standard deviation 1.4826 MAD. So (3) names outliers only, and only where half of what the other seeds
learned is lost.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ravine.errors import UsageError
from ravine.statistics.diverged import as_floats, median, orient
from ravine.statistics.paired_tests import paired_differences

__all__ = ["failed_seeds"]

LOST_SHARE = 0.5
"""Share of the median lead over a constant prediction that an outlier lost."""
OUTLIER = 4.0 * 1.4826
"""Distance of an outlier from the median, in median absolute deviations."""


def failed_seeds(
    scores: npt.ArrayLike, constants: npt.ArrayLike | None, greater_is_better: bool
) -> npt.NDArray[np.bool_]:
    """Return whether each of `scores` [seed] belongs to a failed run, by (2) and (3): [seed].

    constants   scores of a constant prediction on the same rows [seed]; None if they are not known, so that
                only diverged runs failed

    Raises UsageError if the numbers of seeds differ.
    """
    values = orient(as_floats(scores, 1, "scores"), greater_is_better)
    diverged = ~np.isfinite(values)
    if constants is None:
        return diverged
    floor = orient(as_floats(constants, 1, "constants"), greater_is_better)
    if floor.shape != values.shape:
        raise UsageError(
            f"There are {values.size} scores and {floor.size} scores of a constant prediction.",
            "Every seed needs both.",
            "Pass arrays of the same length.",
        )
    lead, _ = paired_differences(values, floor)  # (1); 0 within rounding
    middle = float(median(lead))
    if not np.isfinite(middle):
        return diverged | (lead <= 0)
    spread = float(median(np.abs(lead - middle)))
    outlier = (lead < LOST_SHARE * middle) & (middle - lead > OUTLIER * spread)  # (3)
    failed: npt.NDArray[np.bool_] = diverged | (lead <= 0) | outlier  # (2)
    return failed
