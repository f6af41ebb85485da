"""What the numbers can carry: intervals, paired comparisons, tiers, selection, targets.

NumPy arrays in, numbers out; no JAX. NaN and infinite values are diverged runs and count as the worst.
"""

from ravine.statistics.bootstrap import Interval, interval
from ravine.statistics.pairs import Pair, Paired, compare_all, holm, paired
from ravine.statistics.quasirandom import extension, points, rates
from ravine.statistics.selection import at_edge, select
from ravine.statistics.sensitivity import Sensitivity, sensitivity, width_decades
from ravine.statistics.target import NEVER, TargetSummary, summarise_target, time_to_target
from ravine.statistics.tiers import ranked, tiers
from ravine.statistics.twolevel import tuning_interval

__all__ = [
    "NEVER",
    "Interval",
    "Pair",
    "Paired",
    "Sensitivity",
    "TargetSummary",
    "at_edge",
    "compare_all",
    "extension",
    "holm",
    "interval",
    "paired",
    "points",
    "ranked",
    "rates",
    "select",
    "sensitivity",
    "summarise_target",
    "tiers",
    "time_to_target",
    "tuning_interval",
    "width_decades",
]
