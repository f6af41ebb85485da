"""Statistics of scores over seeds: intervals, paired comparisons, tiers of optimizers, times to a target.

The package also draws quasi-random learning rates and selects the best trial after tuning. All functions take
NumPy arrays and need no JAX. A NaN or infinite score belongs to a diverged run. Medians, rankings and
comparisons count this score as the worst possible value.
"""

from ravine.statistics.bootstrap import Interval, interval
from ravine.statistics.failed_seeds import failed_seeds
from ravine.statistics.final_trend import FinalTrend, final_trend
from ravine.statistics.paired_tests import Pair, PairedComparison, compare_paired, compare_pairs, holm
from ravine.statistics.quasirandom import extension_rates, learning_rates, log_uniform_points
from ravine.statistics.selection import at_edge, select
from ravine.statistics.sensitivity import Sensitivity, sensitivity, width_decades
from ravine.statistics.tiers import rank_names, tiers
from ravine.statistics.time_to_target import NEVER, TargetSummary, summarize_target, time_to_target
from ravine.statistics.tuning_interval import tuning_interval

__all__ = [
    "NEVER",
    "FinalTrend",
    "Interval",
    "Pair",
    "PairedComparison",
    "Sensitivity",
    "TargetSummary",
    "at_edge",
    "compare_paired",
    "compare_pairs",
    "extension_rates",
    "failed_seeds",
    "final_trend",
    "holm",
    "interval",
    "learning_rates",
    "log_uniform_points",
    "rank_names",
    "select",
    "sensitivity",
    "summarize_target",
    "tiers",
    "time_to_target",
    "tuning_interval",
    "width_decades",
]
