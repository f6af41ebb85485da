"""Comparison trainings with one change each: another learning rate, no penalty, wider layers and others.

Some faults show only by comparison with a training without them. A penalty, for example, hides its own cost:
where training ends, its gradient and that of the loss cancel. A comparison training starts from the same seed
and sees the same rows as the diagnosed one, the original. It has a third of the steps of the original, but at
least 1,000, or as many as the original if the original has fewer than 1,000. With larger batches it has as
many passes over the rows as the original. A training of few epochs and steps is also compared with a longer
one.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, NamedTuple

import jax
import numpy as np

from ravine.execution.training_spec import OPTIONS
from ravine.networks import Network
from ravine.networks.parameters import Params
from ravine.studies.diagnose.probe_rows import ChosenRows
from ravine.studies.diagnose.probes import measure_rows, train_segment
from ravine.studies.diagnose.program_cache import Clock, programs
from ravine.training import Batches, Plan, Runs, initial_params, rng_key, start
from ravine.training.schedule_tables import ScheduleTables

__all__ = ["MANY_DEAD", "ChangedTraining", "Signs", "changed_trainings", "run_changed"]

SHORTER = 3  # a changed training has the steps of the original divided by this number
MIN_STEPS = 1000  # of a changed training, if the original has as many
EVALUATIONS = 10  # of a changed training, of which the one with the lowest validation loss counts
LONGER = 4  # a longer training has the steps of the original times this number
FEW_EPOCHS = 10  # passes over the rows; no training of more is compared with a longer one
HIGH_UPDATE = 0.1  # size of a step relative to the weights; above it a tenth of the learning rate is tried
LOW_UPDATE = 0.003  # the same; below it ten times the learning rate is tried
NARROW = 16  # units; a network with a narrower hidden layer is compared with a wider one
WIDE = 64  # units of the layers of the wider network, at least
SMALL_BATCH = 16  # rows; a smaller batch is compared with one of LARGE_BATCH rows
LARGE_BATCH = 64
MANY_DEAD = 0.4  # share of the units of a layer; above it units that always pass a gradient are tried
PENALTIES = tuple(key for key, option in OPTIONS.items() if option.plan_row == "penalties")


@dataclass(frozen=True)
class ChangedTraining:
    """A comparison training: the diagnosed training with one change and its own number of steps.

    name: name of the change in `CHANGES`, such as `without_dropout`. says: the new value, or the value that
    is removed, for a sentence. plan, runs, batches: compiled part, hyperparameters and rows of the training.
    """

    name: str
    says: str
    plan: Plan
    runs: Runs
    batches: Batches


class _Changed(NamedTuple):
    """A training with a change. steps: its steps; None for a third of the steps of the original."""

    plan: Plan
    runs: Runs
    batches: Batches
    says: str
    steps: int | None = None


class Signs(NamedTuple):
    """Measurements of the diagnosed run that suggest which comparison trainings to make.

    update: largest norm of a step relative to the weights of a layer; another learning rate is tried if it is
    unusually large or small. dead: share of units, in the layer with the largest share, that are flat for
    every validation row at the end; units that cannot die are tried if this share is large.
    """

    update: float
    dead: float = 0.0


Change = Callable[[Plan, Runs, Batches, Signs], _Changed | None]


def changed_trainings(plan: Plan, runs: Runs, batches: Batches, signs: Signs) -> list[ChangedTraining]:
    """Return the comparison trainings that make sense for a training, such as one without its penalty.

    plan, runs, batches: compiled part, hyperparameters and rows of the diagnosed training. signs:
    measurements that suggest changes.
    """
    made = []
    for name, change in CHANGES.items():
        changed = change(plan, runs, batches, signs)
        if changed is not None:
            made.append(_shortened(name, changed))
    return made


def run_changed(
    training: ChangedTraining, initial: tuple[str, float], chosen: ChosenRows, clock: Clock
) -> dict[str, Any]:
    """Run a comparison training on its single seed and return its losses where the validation loss is lowest.

    The result holds `valid_rows` [m], the loss of each validation row of `chosen`, and `train_loss`, the mean
    over the training rows of `chosen`. Both are infinite if the validation loss was never finite. initial:
    name of the initialization and factor on the weights. clock: adds up the seconds.
    """
    plan, runs, batches = training.plan, training.runs, training.batches
    seed = int(runs.seed[0])
    numbers = runs.numbers(plan.rule, np.array([batches.data(seed).target_scale]), plan.precision)
    if plan.random:
        numbers["key"] = rng_key(batches.root, seed)[None]
    numbers = jax.tree.map(lambda a: a[0], numbers)
    gate = float(runs.extra["gate_bias"][0]) if "gate_bias" in runs.extra else None
    params: Params = initial_params(plan.network, batches.root, seed, *initial, plan.precision, gate)
    state = jax.tree.map(jax.numpy.asarray, start(plan, params, numbers))
    tables = ScheduleTables(plan, runs, batches.sizes[0] / batches.batch_size)
    size = plan.steps_per_evaluation

    def inputs(e: int) -> tuple[dict[str, np.ndarray], Any]:
        factors = {name: values[:, 0] for name, values in tables.of(np.array([0]), e).items()}
        return factors, batches.draw(seed, e * size, size)

    functions: dict[str, tuple[Callable[..., Any], tuple[Any, ...]]] = {
        "segment": (partial(train_segment, plan), (state, numbers, *inputs(0), np.int32(0))),
        "rows": (partial(measure_rows, plan), (state, params, numbers, chosen.pieces, chosen.valid)),
    }
    begin = time.perf_counter()
    compiled = programs(functions)
    clock.seconds["compile"] = clock.seconds.get("compile", 0.0) + time.perf_counter() - begin
    best: dict[str, Any] = {"valid_rows": np.full(len(chosen.valid.y), np.inf), "train_loss": np.inf}
    lowest = np.inf
    for e in range(plan.evaluations):
        state, eval_params, _ = clock.run(
            "changed trainings", compiled["segment"], state, numbers, *inputs(e), np.int32(e * size)
        )
        rows = clock.run(
            "changed trainings", compiled["rows"], state, eval_params, numbers, chosen.pieces, chosen.valid
        )
        loss = float(rows["valid_loss"])
        if not np.isfinite(loss):
            break
        tables.update(np.array([0]), np.array([loss]))
        if loss < lowest:
            lowest = loss
            best = {name: np.asarray(rows[name], np.float64) for name in ("valid_rows", "train_loss")}
    return best


def _shortened(name: str, changed: _Changed) -> ChangedTraining:
    """Return a changed training with its own number of steps. The start of a tail average moves along."""
    plan, extra = changed.plan, dict(changed.runs.extra)
    steps = changed.steps or max(plan.steps // SHORTER, min(plan.steps, MIN_STEPS))
    per_evaluation = max(1, -(-steps // EVALUATIONS))
    short = replace(plan, steps_per_evaluation=per_evaluation, evaluations=min(EVALUATIONS, steps))
    if "tail" in extra:
        extra["tail"] = np.round(extra["tail"] * short.steps / plan.steps)
    return ChangedTraining(name, changed.says, short, replace(changed.runs, extra=extra), changed.batches)


def _without(runs: Runs, names: Sequence[str]) -> Runs:
    return replace(
        runs,
        extra={name: values for name, values in runs.extra.items() if name not in names},
        hyper_schedules={name: values for name, values in runs.hyper_schedules.items() if name not in names},
    )


def _without_penalty(plan: Plan, runs: Runs, batches: Batches, signs: Signs) -> _Changed | None:
    names = [name for name in PENALTIES if name in plan.transforms and float(runs.extra[name][0]) > 0]
    if not names:
        return None
    changed = replace(
        plan,
        transforms=tuple(name for name in plan.transforms if name not in names),
        hyper_schedules=tuple(name for name in plan.hyper_schedules if name not in names),
    )
    says = ", ".join(OPTIONS[name].plan_text.format(f"{float(runs.extra[name][0]):g}") for name in names)
    return _Changed(changed, _without(runs, names), batches, says)


def _without_dropout(plan: Plan, runs: Runs, batches: Batches, signs: Signs) -> _Changed | None:
    network = plan.network
    if not isinstance(network, Network) or not network.dropout or not float(runs.extra["dropout"][0]) > 0:
        return None
    changed = replace(
        plan,
        network=replace(network, dropout=False),
        hyper_schedules=tuple(name for name in plan.hyper_schedules if name != "dropout"),
    )
    return _Changed(changed, _without(runs, ["dropout"]), batches, f"{float(runs.extra['dropout'][0]):g}")


def _wider(plan: Plan, runs: Runs, batches: Batches, signs: Signs) -> _Changed | None:
    network = plan.network
    hidden = network.sizes[1:-1]
    if not isinstance(network, Network) or network.conv or min(hidden, default=0) >= NARROW:
        return None
    wide = tuple(max(width, WIDE) for width in hidden) or (WIDE,)
    changed = replace(network, sizes=(network.sizes[0], *wide, network.sizes[-1]))
    return _Changed(replace(plan, network=changed), runs, batches, "-".join(map(str, wide)))


def _larger_batch(plan: Plan, runs: Runs, batches: Batches, signs: Signs) -> _Changed | None:
    size = min(LARGE_BATCH, batches.sizes[0] // 2)
    if plan.batch_size >= SMALL_BATCH or size <= 2 * plan.batch_size:
        return None
    steps = max(1, plan.steps * plan.batch_size // size)  # as many passes over the rows
    changed = replace(plan, batch_size=size)
    return _Changed(changed, runs, batches.with_batch_size(size), str(size), steps)


def _lower_rate(plan: Plan, runs: Runs, batches: Batches, signs: Signs) -> _Changed | None:
    return _other_rate(plan, runs, batches, 0.1) if signs.update > HIGH_UPDATE else None


def _higher_rate(plan: Plan, runs: Runs, batches: Batches, signs: Signs) -> _Changed | None:
    return _other_rate(plan, runs, batches, 10.0) if signs.update < LOW_UPDATE else None


def _other_rate(plan: Plan, runs: Runs, batches: Batches, factor: float) -> _Changed:
    rate = runs.rate * factor
    return _Changed(plan, replace(runs, rate=rate), batches, f"{float(rate[0]):.3g}")


def _living_units(plan: Plan, runs: Runs, batches: Batches, signs: Signs) -> _Changed | None:
    network = plan.network
    if not isinstance(network, Network) or not signs.dead > MANY_DEAD:
        return None
    changed = replace(plan, network=replace(network, activation="leaky_relu"))
    return _Changed(changed, runs, batches, "leaky_relu")


def _longer(plan: Plan, runs: Runs, batches: Batches, signs: Signs) -> _Changed | None:
    epochs = plan.steps * plan.batch_size / batches.sizes[0]
    if plan.steps >= MIN_STEPS or epochs > FEW_EPOCHS:
        return None
    return _Changed(plan, runs, batches, f"{LONGER * epochs:.3g}", LONGER * plan.steps)


CHANGES: dict[str, Change] = {
    "lower_rate": _lower_rate,
    "higher_rate": _higher_rate,
    "longer": _longer,
    "without_penalty": _without_penalty,
    "without_dropout": _without_dropout,
    "wider": _wider,
    "larger_batch": _larger_batch,
    "living_units": _living_units,
}
