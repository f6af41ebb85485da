"""Training of many runs that differ only in numbers, side by side in one compiled program, on all devices.

Plan, Runs, Batches  ->  Cohort  ->  run_cohort  ->  Record

A plan is the structure for which the program is compiled. Runs are the hyperparameters and seeds, and batches
the rows. A cohort joins the three, and a record holds curves and final values of its runs.
"""

from ravine.training.batches import Batches
from ravine.training.checkpoint import Check, CheckpointStore
from ravine.training.cohort import ChunkProgress, Cohort, run_cohort
from ravine.training.cohort_record import check_record, check_runs
from ravine.training.initial_state import initial_params, parameters_of, rng_key, statistics_of
from ravine.training.loop import Rows, RunState, advance, start
from ravine.training.plan import TRANSFORMS, Plan
from ravine.training.program import Program, clear_with_programs, drop_programs, program
from ravine.training.program_shape import ProgramShape, shape_for, shape_of_repeated_seeds
from ravine.training.runs import Runs
from ravine.training.trained_network import TrainedNetwork, score_of

__all__ = [
    "TRANSFORMS",
    "Batches",
    "Check",
    "CheckpointStore",
    "ChunkProgress",
    "Cohort",
    "Plan",
    "Program",
    "ProgramShape",
    "Rows",
    "RunState",
    "Runs",
    "TrainedNetwork",
    "advance",
    "check_record",
    "check_runs",
    "clear_with_programs",
    "drop_programs",
    "initial_params",
    "parameters_of",
    "program",
    "rng_key",
    "run_cohort",
    "score_of",
    "shape_for",
    "shape_of_repeated_seeds",
    "start",
    "statistics_of",
]
