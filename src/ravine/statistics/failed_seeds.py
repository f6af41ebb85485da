"""Failed seeds: runs that diverged, learned nothing, or ended far below the other seeds.

    lead_s = score of seed s - score of a constant prediction on the same rows    (1)   greater is better
    failed = diverged
             or lead_s <= 0, and the loss is no better than that of the constant  (2)
             or lead_s < median / 2 and median - lead_s > 4 * 1.4826 * MAD        (3)

The loss in (2) matters where one class is frequent. A network may then learn much and still have the accuracy
of a constant prediction. Without losses, (2) uses the scores alone.

The median and the MAD (median absolute deviation from the median) in (3) are those of the leads of all seeds.
A normal distribution has the standard deviation 1.4826 MAD. So (3) names outliers only, and only where more
than half of the usual lead over a constant prediction is lost.
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
    scores: npt.ArrayLike,
    constants: npt.ArrayLike | None,
    greater_is_better: bool,
    losses: npt.ArrayLike | None = None,
    constant_losses: npt.ArrayLike | None = None,
) -> npt.NDArray[np.bool_]:
    """Return whether the run of each seed failed, from the scores of these runs, `scores` [seed]: [seed].

    A run failed if it diverged, or if neither its score nor its loss is better than that of a constant
    prediction. A run also failed if it is an outlier that lost more than half of the median lead over the
    constant prediction.

    constants         scores of a constant prediction on the same rows [seed]; if None, only diverged runs
                      count as failed
    losses            losses of the runs on the same rows [seed]
    constant_losses   losses of the constant prediction [seed]; without both losses the score alone decides

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
    nothing = lead <= 0  # (2)
    if losses is not None and constant_losses is not None:
        better, _ = paired_differences(
            -as_floats(constant_losses, 1, "constant_losses"), orient(as_floats(losses, 1, "losses"), False)
        )
        nothing &= better >= 0
    middle = float(median(lead))
    if not np.isfinite(middle):
        return diverged | nothing
    spread = float(median(np.abs(lead - middle)))
    outlier = (lead < LOST_SHARE * middle) & (middle - lead > OUTLIER * spread)  # (3)
    failed: npt.NDArray[np.bool_] = diverged | nothing | outlier
    return failed
