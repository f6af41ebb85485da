"""Estimates of the running time of a study.

Reports and displays of progress show them. With `--budget`, a study also chooses its amount of work by them.
No other choice of a study depends on them.

    seconds = start + compilation + sum over cohorts of the time of a cohort                            (1)
    time of a cohort = its start + places x (steps x step time + evaluations x evaluation time)         (2)
                       with one evaluation more on all validation rows, where curves use a sample of them

Step time and evaluation time follow from the numbers of operations of a network, and from two short
measurements of the speed of this machine.
Places are the runs that the busiest core or GPU trains, with the empty places of groups that are not full.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ravine.execution.machine_speed import at_this_speed, operations_per_second
from ravine.networks import AnyNetwork
from ravine.training import Plan, ProgramShape

__all__ = ["Training", "estimated_seconds", "forward_seconds", "places", "training_seconds"]

# Fitted to the commands of benchmarks/estimates.py and to single trainings, on two cores of an AMD EPYC.
START_S = 3.5  # until the first program can be compiled, and after the last training
COMPILE_S, EVALUATION_COMPILE_S, RANDOM_COMPILE_S = 0.35, 0.5, 0.7  # one program
COHORT_S = 0.045  # to start a cohort
STEP_PRODUCTS, ROW_PRODUCTS = 3.6, 1.4  # a step and an evaluation, in forward passes of NumPy
CLASS_ROW_S = 6.4e-8  # loss and gradient of one row of a classification, in a step
INPUT_S = 4e-9  # to read one number of the inputs of a prepared batch
TABLE_INPUT_S = 1.2e-9  # the same from a table, in which the program finds the rows
PARAMETER_S = 7.2e-10  # to update one parameter
RANDOM_VALUE_S = 3.2e-9  # random number for one output of a layer, in a step with dropout or noise
SEGMENT_S = 9e-5  # to draw the batches of one run until its next evaluation, and to start the programs


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
    return at_this_speed(START_S + compiling) + trained + other


def training_seconds(training: Training, workers: int) -> float:
    """Return the estimated seconds of all training steps and evaluations of a cohort, without compilation.

    workers: number of cores or GPUs that train.
    """
    plan, network, rows = training.plan, training.plan.network, training.shape.valid
    products = STEP_PRODUCTS * forward_seconds(network, plan.batch_size)
    values = network.sizes[0] * plan.batch_size
    other = _input_seconds(training.shape) * values + PARAMETER_S * network.parameters
    if plan.integer_target:
        other += CLASS_ROW_S * plan.batch_size
    if plan.random:
        outputs = sum(count * units for count, _, units in network.products)
        other += RANDOM_VALUE_S * plan.batch_size * outputs
    step = products + at_this_speed(other)
    evaluation = ROW_PRODUCTS * forward_seconds(network, rows) + at_this_speed(SEGMENT_S)
    final = ROW_PRODUCTS * forward_seconds(network, training.shape.final)
    run = plan.steps * step + plan.evaluations * evaluation + final
    return at_this_speed(COHORT_S) + places(training, workers) * run


def _input_seconds(shape: ProgramShape) -> float:
    """Return the seconds in which a run reads one number of its inputs; several runs may share a table."""
    if not shape.rows:
        return INPUT_S
    return TABLE_INPUT_S / (shape.size if shape.tables == 1 else 1)


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


def forward_seconds(network: AnyNetwork, rows: int) -> float:
    """Return the seconds of one forward pass on `rows` rows at the measured speed of matrix products."""
    return rows * sum(2 * count * i * o for count, i, o in network.products) / operations_per_second()
