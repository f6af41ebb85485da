"""Training: plans, one run as one loop, cohorts of runs on the devices there are."""

from ravine.training.cohort import Cohort, Keeper, Seam, run_cohort, shape_for
from ravine.training.loop import Rows, RunState, advance, start
from ravine.training.plan import AROUND, Plan
from ravine.training.program import Program, Shape, program, programs_made
from ravine.training.runs import Runs
from ravine.training.scoring import Trained, trained
from ravine.training.starting import first_key, first_parameters, parameters_of, statistics_of
from ravine.training.stream import Streams

__all__ = [
    "AROUND",
    "Cohort",
    "Keeper",
    "Plan",
    "Program",
    "Rows",
    "RunState",
    "Runs",
    "Seam",
    "Shape",
    "Streams",
    "Trained",
    "advance",
    "first_key",
    "first_parameters",
    "parameters_of",
    "program",
    "programs_made",
    "run_cohort",
    "shape_for",
    "start",
    "statistics_of",
    "trained",
]
