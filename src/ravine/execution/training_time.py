"""Estimates of the running time of a study.

Reports and displays of progress show them. With `--budget`, a study also chooses its amount of work by them.
No other choice of a study depends on them.

    seconds = start + compilation + sum over cohorts of the time of a cohort                            (1)
    time of a cohort = its start + places x (steps x step time + evaluations x evaluation time)         (2)

Step time and evaluation time follow from the matrix products of the network, and from a short measurement of
the speed of such products.
Places are the runs that the busiest core or GPU trains, with the empty places of groups that are not full.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from threadpoolctl import threadpool_limits

from ravine.networks import LOSSES, Network
from ravine.training import Plan, ProgramShape

__all__ = ["Training", "estimated_seconds", "forward_seconds", "places", "training_seconds"]

# Fitted to 16 commands of benchmarks/estimates.py on two cores of an AMD EPYC.
START_S = 3.8  # until the first program can be compiled, and after the last training
COMPILE_S, EVALUATION_COMPILE_S, RANDOM_COMPILE_S = 1.1, 0.8, 1.5  # one program
COHORT_S = 0.14  # to start a cohort
STEP_PRODUCTS, ROW_PRODUCTS = 5.1, 6.3  # a step and an evaluation, in forward passes of NumPy
CLASS_ROW_S = 1.45e-7  # loss and gradient of one row of a classification, in a step
RANDOM_VALUE_S = 5e-9  # random number for one output of a layer, in a step with dropout or noise
SEGMENT_S = 2.25e-4  # to draw the batches of one run until its next evaluation, and to start the programs
MEASURE_S = 0.2  # of a measurement, of whose rounds the shortest counts
MEASURED_ROWS, MEASURED_UNITS = 512, 256  # of the measured product, which stays in the cache of a core


@dataclass(frozen=True)
class Training:
    """A planned cohort whose training time is estimated: its plan, the sizes of its program, its runs.

    runs: number of runs. share: factor on the time, which is the probability that the cohort is trained, or
    the number of such cohorts.
    """

    plan: Plan
    shape: ProgramShape
    runs: int
    share: float = 1.0


def estimated_seconds(trainings: Iterable[Training], workers: int, other: float = 0.0) -> float:
    """Return the estimated wall-clock seconds of a study that trains some cohorts.

    trainings: the cohorts. workers: number of cores or GPUs that train. other: seconds of all other work,
    such as baselines.
    """
    listed = list(trainings)
    plans = {training.plan for training in listed}
    compiling = COMPILE_S * len(plans) + RANDOM_COMPILE_S * sum(plan.random for plan in plans)
    compiling += EVALUATION_COMPILE_S * len({plan.evaluation_key for plan in plans})
    trained = sum(training.share * training_seconds(training, workers) for training in listed)
    return START_S + compiling + trained + other


def training_seconds(training: Training, workers: int) -> float:
    """Return the estimated seconds of all training steps and evaluations of a cohort, without compilation.

    workers: number of cores or GPUs that train.
    """
    plan, network, rows = training.plan, training.plan.network, training.shape.valid
    step = STEP_PRODUCTS * forward_seconds(network, plan.batch_size)
    if LOSSES[plan.loss].integer_target:
        step += CLASS_ROW_S * plan.batch_size
    if plan.random:
        outputs = sum(count * units for count, _, units in network.products)
        step += RANDOM_VALUE_S * plan.batch_size * outputs
    evaluation = ROW_PRODUCTS * forward_seconds(network, rows) + SEGMENT_S
    return COHORT_S + places(training, workers) * (plan.steps * step + plan.evaluations * evaluation)


def places(training: Training, workers: int) -> int:
    """Return the number of places, with or without a run, in all groups that the busiest worker trains.

    A group holds the runs that one worker, a core or a GPU, advances at the same time. workers: number of
    cores or GPUs.
    """
    shape, total = training.shape, 0
    for begin in range(0, training.runs, shape.width):
        groups = -(-min(shape.width, training.runs - begin) // shape.size)
        total += -(-groups // workers) * shape.size
    return total


def forward_seconds(network: Network, rows: int) -> float:
    """Return the seconds of one forward pass on `rows` rows at the measured speed of matrix products."""
    return rows * sum(2 * count * i * o for count, i, o in network.products) / operations_per_second()


@lru_cache(maxsize=1)
def operations_per_second() -> float:
    """Return the operations per second of matrix products in NumPy on one core, measured once."""
    x = np.ones((MEASURED_ROWS, MEASURED_UNITS), np.float32)
    weight = np.ones((MEASURED_UNITS, MEASURED_UNITS), np.float32)
    best = np.inf
    end = time.perf_counter() + MEASURE_S
    with threadpool_limits(1):  # a worker is one core; the processor time of its thread ignores other work
        while True:
            clock = time.thread_time()
            x @ weight
            best = min(best, time.thread_time() - clock)
            if time.perf_counter() > end:
                return 2 * MEASURED_ROWS * MEASURED_UNITS**2 / best
