"""Estimates of the running time of a study.

Reports and displays of progress show them. With `--budget`, a study also chooses its amount of work by them.
No other choice of a study depends on them.

    seconds = start + compilation + places x (steps x step time + evaluations x rows x row time)

Step time and row time are the seconds of a training step and of one validation row. They follow from a short
measurement of matrix products in the sizes of the network. Places are the runs that the busiest core or GPU
trains, with the empty places of groups that are not full. The last term is summed over all cohorts.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from threadpoolctl import threadpool_limits

from ravine.networks import Network
from ravine.training import Plan, ProgramShape

__all__ = ["Training", "estimated_seconds", "forward_seconds", "places", "training_seconds"]

START_S = 3.5  # until the first program can be compiled, and after the last training
COMPILE_S = 0.8  # one program
# A training step takes the matrix products of three forward passes, with transposed arrays a little faster in
# sum, and passes over the outputs of all layers and over the weights, gradient and state of the optimizer.
# Fitted to ten networks on one core of an AMD EPYC, each within 25 %.
STEP_PRODUCTS, STEP_OUTPUT_S, STEP_PARAMETER_S = 2.7, 2.4e-9, 0.8e-9
ROW_PRODUCTS, ROW_VALUE_S = 0.7, 0.9e-9  # the same for an evaluation, in its inputs and outputs
SEGMENT_S = 1e-4  # to draw the batches of one run until its next evaluation, and to start the programs
MEASURE_S = 0.1  # after which a measurement of large products ends
REPEATS = 8  # of a measurement, whose shortest time counts


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
    programs = {training.plan for training in listed}
    trained = sum(training.share * training_seconds(training, workers) for training in listed)
    return START_S + COMPILE_S * len(programs) + trained + other


def training_seconds(training: Training, workers: int) -> float:
    """Return the estimated seconds of all training steps and evaluations of a cohort, without compilation.

    workers: number of cores or GPUs that train.
    """
    plan, network, rows = training.plan, training.plan.network, training.shape.valid
    outputs = sum(count * units for count, _, units in network.products)
    step = STEP_PRODUCTS * forward_seconds(network, plan.batch_size)
    step += STEP_OUTPUT_S * plan.batch_size * outputs + STEP_PARAMETER_S * network.parameters
    evaluation = ROW_PRODUCTS * forward_seconds(network, rows)
    evaluation += ROW_VALUE_S * rows * (network.sizes[0] + outputs)
    return places(training, workers) * (plan.steps * step + plan.evaluations * (evaluation + SEGMENT_S))


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


@lru_cache(maxsize=256)
def forward_seconds(network: Network, rows: int) -> float:
    """Return the seconds of the matrix products of one forward pass on `rows` rows, measured on one core.

    At most 1,024 rows are measured; the seconds of more rows are proportional to their number.
    """
    measured = min(rows, 1_024)
    layers = [
        (np.ones((measured * count, i), np.float32), np.ones((i, o), np.float32))
        for count, i, o in network.products
    ]
    best = np.inf
    end = time.perf_counter() + MEASURE_S
    with threadpool_limits(1):  # a worker is one core; the processor time of its thread ignores other work
        for _ in range(REPEATS):
            clock = time.thread_time()
            for _ in range(REPEATS):
                for x, weight in layers:
                    x @ weight
            best = min(best, (time.thread_time() - clock) / REPEATS)
            if time.perf_counter() > end:
                break
    return best * rows / measured
