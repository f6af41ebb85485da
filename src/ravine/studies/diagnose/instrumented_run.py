"""Training of one run with measurements of its loss, gradients, units and curvature, and their time.

The run has the same rows, initial weights, batches and steps as a run of `ravine train`. Before the first
step and after each segment (the steps between two evaluations), a compiled program measures the network on
some rows. At a few of these points of measurement, another program computes the smallest and the largest
eigenvalue of the Hessian, or of the preconditioned Hessian if the optimizer has a preconditioner. More rows
are used for longer trainings, so that measurements take about a fixed share of the time.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import numpy as np
from jax.flatten_util import ravel_pytree

from ravine.diagnostics import ExtremeEigenvalues
from ravine.engines import precision_context
from ravine.networks import METRICS, Network
from ravine.networks.parameters import Params, Statistics
from ravine.records.record import Record, Status
from ravine.studies.diagnose.changed_runs import Signs, changed_trainings, run_changed
from ravine.studies.diagnose.data_facts import (
    constant_loss,
    constant_rows,
    of_classes,
    of_inputs,
    suspected_leaks,
    unlike_test_rows,
)
from ravine.studies.diagnose.metadata import RunMetadata
from ravine.studies.diagnose.probe_rows import chosen_rows
from ravine.studies.diagnose.probes import hessian_ends, measure_point, train_segment
from ravine.studies.diagnose.program_cache import Clock, programs
from ravine.studies.diagnose.row_facts import (
    near_duplicates,
    of_order,
    unrelated_targets,
    wrong_where_confident,
)
from ravine.studies.diagnose.weight_facts import alike_units
from ravine.training import Batches, Plan, Runs, initial_params, rng_key, start
from ravine.training.schedule_tables import ScheduleTables

__all__ = ["SPECTRUM_POINTS", "MeasuredRun", "measure_run"]

HESSIAN_PRODUCTS = 6  # of one measurement of the spectrum
SPECTRUM_POINTS = (0, 1, 3, 6, 10, 15, 20)  # points at which the spectrum is measured
LAST_REPEATS = 4  # of the measurement at the end, for the smallest eigenvalue
MAX_AVERAGED_PARAMETERS = 2_000_000  # of a network whose last weights are averaged
AVERAGED_POINTS = 10  # last points whose weights are averaged


@dataclass(frozen=True)
class MeasuredRun:
    """The measurements of one run as a record, and the network at its end.

    params: parameters at which the network is evaluated. stats: running statistics of batch normalization.
    seconds: seconds of training, compiling and each kind of measurement, by name.
    """

    record: Record
    params: Params
    stats: Statistics
    seconds: Mapping[str, float]


def measure_run(
    plan: Plan,
    runs: Runs,
    batches: Batches,
    initial: tuple[str, float],
    params: Params | None = None,
    stats: Statistics | None = None,
) -> MeasuredRun:
    """Train the single run of `runs`, measure it during training, and return measurements and final network.

    The run is measured before the first step and after each segment of steps. If its loss or gradient becomes
    infinite, the measurements end at the last finite point. Otherwise further, mostly shorter trainings with
    one change each, such as no dropout, are made for comparison.

    plan, runs, batches: compiled part, hyperparameters and rows of the training. initial: name of the
    initialization and factor on the weights. params, stats: parameters and batch statistics of a trained
    network, which is then measured once, without any training.
    """
    with precision_context(plan.precision):
        return _InstrumentedRun(plan, runs, batches, initial, params, stats).measure()


@dataclass(frozen=True)
class _ChangedRuns:
    """Losses of trainings with one change, and the changed value of each in words, by name."""

    arrays: dict[str, np.ndarray]
    says: dict[str, str]


class _InstrumentedRun:
    """The state of one run and its measurements so far."""

    def __init__(
        self,
        plan: Plan,
        runs: Runs,
        batches: Batches,
        initial: tuple[str, float],
        params: Params | None,
        stats: Statistics | None,
    ) -> None:
        self.plan, self.runs, self.batches = plan, runs, batches
        self.clock, self.seed = Clock(), int(runs.seed[0])
        rows = batches.data(self.seed)
        self.rows, self.trains = rows, params is None
        numbers = runs.numbers(plan.rule, np.array([rows.target_scale]), plan.precision)
        if plan.random:
            numbers["key"] = rng_key(batches.root, self.seed)[None]
        self.numbers = jax.tree.map(lambda a: a[0], numbers)
        self.schedule_tables = ScheduleTables(plan, runs, batches.sizes[0] / batches.batch_size)
        gate = float(runs.extra["gate_bias"][0]) if "gate_bias" in runs.extra else None
        if params is None:
            params = initial_params(plan.network, batches.root, self.seed, *initial, plan.precision, gate)
        self.state = jax.tree.map(jax.numpy.asarray, start(plan, params, self.numbers))
        if stats is not None:
            self.state = self.state._replace(stats=jax.tree.map(jax.numpy.asarray, stats))
        self.eval_params = self.state.params
        self.initial, self.alike = initial, alike_units(params if isinstance(plan.network, Network) else [])
        self.points: list[dict[str, Any]] = []
        self.curve: list[np.ndarray] = []
        self.last_weights: list[np.ndarray] = []  # the last evaluated weights, flat
        self.chosen = chosen_rows(plan, batches, self.seed, rows)

    # ---------------------------------------------------------------------------------------------- the run

    def measure(self) -> MeasuredRun:
        """Train the run to its end with measurements at every point, and return the measured run.

        A trained network is measured once.
        """
        begin = time.perf_counter()
        self._compile()
        self.clock.seconds["compile"] = time.perf_counter() - begin
        self.vector = np.random.default_rng(0).standard_normal(self.plan.network.parameters)
        self.vector = self.vector.astype(self.plan.precision)
        self._measure(0, np.nan)
        status = Status.FINISHED
        patience = 0 if self.runs.patience is None else int(self.runs.patience[0])
        change = 0.0 if self.runs.min_change is None else float(self.runs.min_change[0])
        best, waited = np.inf, 0
        for e in range(self.plan.evaluations if self.trains else 0):
            if not self._advance(e):
                status = Status.DIVERGED
                break
            loss = float(self.points[-1]["valid_loss"])
            self.schedule_tables.update(np.array([0]), np.array([loss]))
            best, waited = (loss, 0) if loss < best - change else (best, waited + 1)
            if patience and waited >= patience:
                break
        record = self._record(status, bool(patience))
        return MeasuredRun(record, self.eval_params, self.state.stats, self.clock.seconds)

    def _compile(self) -> None:
        factors = self._factors(0)
        last = {name: values[-1] for name, values in factors.items()}
        batches = self.batches.draw(self.seed, 0, self.plan.steps_per_evaluation)
        size = self.plan.network.parameters
        vector = np.ones(size, self.plan.precision)
        functions: dict[str, Any] = {
            "point": (
                partial(measure_point, self.plan),
                (self.state, self.eval_params, self.numbers, last, self.chosen.pieces, self.chosen.valid),
            ),
            "spectrum": (
                partial(hessian_ends, self.plan, HESSIAN_PRODUCTS),
                (self.state, self.numbers, self.chosen.curved, vector),
            ),
        }
        if self.trains:
            functions["segment"] = (
                partial(train_segment, self.plan),
                (self.state, self.numbers, factors, batches, np.int32(0)),
            )
        self.programs = programs(functions)
        for name in ("point", "spectrum"):  # the first call also links a program, which takes time
            jax.block_until_ready(self.programs[name](*functions[name][1]))

    def _factors(self, e: int) -> dict[str, np.ndarray]:
        return {name: values[:, 0] for name, values in self.schedule_tables.of(np.array([0]), e).items()}

    def _advance(self, e: int) -> bool:
        """Train the steps until the next point and measure; return whether loss and gradient are finite."""
        plan, at = self.plan, e * self.plan.steps_per_evaluation
        batches = self.batches.prepared(self.seed, at, plan.steps_per_evaluation, jax.devices()[0])
        factors = self._factors(e)
        before = self.state, self.eval_params
        state, eval_params, losses = self.clock.run(
            "train", self.programs["segment"], self.state, self.numbers, factors, batches, np.int32(at)
        )
        self.curve.append(np.asarray(losses, np.float64))
        self.state, self.eval_params = state, eval_params
        if not np.isfinite(self.curve[-1]).all():
            self.state, self.eval_params = before
            return False
        return self._measure(e + 1, float(np.mean(self.curve[-1])))

    def _measure(self, point: int, batch_loss: float) -> bool:
        e = min(max(point - 1, 0), self.plan.evaluations - 1)
        factors = {name: values[-1] for name, values in self._factors(e).items()}
        measured = self.clock.run(
            "gradients, units and rows", self.programs["point"],
            self.state, self.eval_params, self.numbers, factors, self.chosen.pieces, self.chosen.valid,
        )  # fmt: skip
        point_data: dict[str, Any] = {name: np.asarray(value, np.float64) for name, value in measured.items()}
        point_data |= {"step": point * self.plan.steps_per_evaluation, "batch_loss": batch_loss}
        point_data["rate"] = float(self.runs.rate[0]) * float(factors["rate"])
        point_data["limit"], point_data["preconditioned"] = self._limit(point_data["rate"])
        point_data["sharpness"] = point_data["sharpness_error"] = np.nan
        finite = bool(np.isfinite(point_data["train_loss"]) and np.isfinite(point_data["valid_loss"]))
        finite = finite and bool(np.isfinite(point_data["signal"]))
        if finite and (point in SPECTRUM_POINTS or not self.trains) and self._curvature_known(point):
            self._sharpness(point_data)
        if finite and self.plan.network.parameters <= MAX_AVERAGED_PARAMETERS:
            self.last_weights = [
                *self.last_weights,
                np.asarray(ravel_pytree(self.eval_params)[0], np.float64),
            ][-AVERAGED_POINTS:]
        if finite or not self.points:
            self.points.append(point_data)
        return finite

    def _curvature_known(self, point: int) -> bool:
        """Return whether curvature is defined at a point.

        It is not defined at the start if the preconditioner consists of past gradients.
        """
        return point > 0 or not self.plan.rule.preconditioned or not self.trains

    def _limit(self, rate: float) -> tuple[float, bool]:
        rule = self.plan.rule
        if not rate > 0:
            return np.inf, False
        limit = rule.stability_limit(rate)
        return (np.nan if limit is None else limit), rule.preconditioned

    def _sharpness(self, point_data: dict[str, Any]) -> None:
        random = np.random.default_rng(point_data["step"])
        for _ in range(1 if point_data["step"] else 2):  # the first start is a random vector
            direction = self.vector / max(float(np.linalg.norm(self.vector)), 1e-30)
            noise = random.standard_normal(len(direction))
            mixed = direction + 0.1 * noise / np.linalg.norm(
                noise
            )  # the largest eigenvalue may be another one now
            ends = self._spectrum(mixed)
            self.vector = np.asarray(ends.largest_vector, np.float64)
        if np.isfinite(float(ends.largest)):
            point_data["sharpness"] = float(ends.largest)
            point_data["sharpness_error"] = float(ends.largest_residual)

    def _spectrum(self, start: np.ndarray) -> ExtremeEigenvalues:
        ends: ExtremeEigenvalues = self.clock.run(
            "curvature", self.programs["spectrum"], self.state, self.numbers, self.chosen.curved,
            start.astype(self.plan.precision),
        )  # fmt: skip
        return ends

    # -------------------------------------------------------------------------------------------- the record

    def _record(self, status: Status, stops: bool) -> Record:
        points, plan = self.points, self.plan
        scalars = (
            "step", "rate", "limit", "batch_loss", "train_loss", "objective", "valid_loss", "score", 
            "squares", "signal", "raised", "agreeing", "pairs", "weight_norm", "sharpness", "sharpness_error",
        )  # fmt: skip
        series = {name: np.array([[float(values[name]) for values in points]]) for name in scalars}
        series["gradient_norm"] = np.sqrt(series["signal"])
        valid = series["valid_loss"][0]
        usable = np.where(np.isfinite(valid), valid, np.inf)
        best = int(np.argmin(usable))
        end = best if stops else len(points) - 1
        final: dict[str, Any] = {
            "alike": self.alike,
            "gradient": np.stack([values["gradient"] for values in points]),
            "train_rows": points[end]["train_rows"],
            "valid_rows": points[end]["valid_rows"],
            "best_rows": points[best]["valid_rows"],
            "curve": np.concatenate(self.curve) if self.curve else np.zeros(0),
        }
        for name in ("saturated", "dead", "flow", "relative_update"):
            if name in points[0]:
                final[name] = np.stack([values[name] for values in points])
        finite = bool(np.isfinite(series["signal"][0, end]))
        if finite and status == Status.FINISHED:
            final["lowest"] = np.array(self._lowest())
            if len(self.last_weights) == AVERAGED_POINTS and self.trains:
                final["averaged"] = np.array(self._averaged())
        data = self.batches.dataset
        final |= self._weights()
        final |= self.clock.run("inputs", of_inputs, self.rows.train)
        outputs = points[end]["outputs"]
        final |= self.clock.run("classes", of_classes, data.task, self.rows.train, self.chosen.valid, outputs)
        final |= self.clock.run("rows", self._of_rows, points[best]["outputs"])
        leaks = self.clock.run("leaks", suspected_leaks, data)
        unlike = self.clock.run("test rows", unlike_test_rows, data)
        changed = self._changed(status, end)
        final |= changed.arrays
        constant_score, final["constant_rows"] = self._constant()
        metadata = RunMetadata.of_run(
            plan,
            self.runs,
            self.batches,
            self.chosen,
            preconditioned=bool(points[0]["preconditioned"]),
            constant_loss=constant_loss(self.rows.train, data.task, plan.network.sizes[-1], plan.loss),
            end=end,
            best=best,
            stops=stops,
            trained_here=self.trains,
            leaks=leaks,
            unlike=unlike,
            changed=changed.says,
            constant_score=constant_score,
        )
        hyper = {"seed": self.runs.seed, "rate": self.runs.rate}
        packed = {key: np.asarray(value)[None] for key, value in final.items()}
        return Record(hyper, series, np.array([status], np.int8), packed, metadata.to_dict())

    def _weights(self) -> dict[str, np.ndarray]:
        """Return the weights of the measured training and validation rows, [row]; empty without weights."""
        pieces, valid = self.chosen.pieces.weight, self.chosen.valid.weight
        if pieces is None or valid is None:
            return {}
        return {
            "train_weights": np.asarray(pieces, np.float64).ravel(),
            "valid_weights": np.asarray(valid, np.float64),
        }

    def _of_rows(self, outputs: np.ndarray) -> dict[str, np.ndarray]:
        """Return measurements of rows. outputs: those on validation rows, where their loss is lowest."""
        data, train = self.batches.dataset, self.rows.train
        share, looked_up = near_duplicates(train.x, self.rows.valid.x)
        facts = of_order(data) | {"near_duplicates": np.array([share, looked_up])}
        if data.task == "classify":
            facts |= wrong_where_confident(self.chosen.valid, outputs)
        else:
            facts |= unrelated_targets(self.chosen.valid, outputs)
        return facts

    def _constant(self) -> tuple[float | None, np.ndarray]:
        """Return score and row losses [m] of the best constant prediction on the validation rows."""
        data, valid, plan = self.batches.dataset, self.chosen.valid, self.plan
        outputs, losses = constant_rows(self.rows.train, valid, data.task, plan.network.sizes[-1], plan.loss)
        constant = jax.numpy.asarray(outputs.astype(plan.precision))
        score = float(METRICS[plan.metric](constant, valid.y, valid.weight, self.numbers["target_scale"]))
        return (score if np.isfinite(score) else None), losses

    def _changed(self, status: Status, end: int) -> _ChangedRuns:
        """Return the losses of trainings with one change; none for a model or a diverged run.

        end: index of the point that verdicts refer to.
        """
        if not self.trains or status == Status.DIVERGED:
            return _ChangedRuns({}, {})
        arrays, says = {}, {}
        update = max(float(np.max(values["relative_update"])) for values in self.points)
        dead = float(np.max(self.points[end].get("dead", 0.0)))
        for training in changed_trainings(self.plan, self.runs, self.batches, Signs(update, dead)):
            losses = run_changed(training, self.initial, self.chosen, self.clock)
            arrays[training.name] = losses["valid_rows"]
            arrays[f"{training.name}_train"] = np.array(losses["train_loss"])
            says[training.name] = training.says
        return _ChangedRuns(arrays, says)

    def _lowest(self) -> tuple[float, float, float, float]:
        """Return smallest eigenvalue, its residual, largest eigenvalue, and largest entry of the vector."""
        vector = np.random.default_rng(1).standard_normal(self.plan.network.parameters)
        low, high = (np.nan, np.nan), np.nan
        if not self._curvature_known(int(self.points[-1]["step"])):
            return np.nan, np.nan, np.nan, np.nan
        for _ in range(LAST_REPEATS):
            ends = self._spectrum(vector)
            vector = np.asarray(ends.smallest_vector, np.float64)
            low = float(ends.smallest), float(ends.smallest_residual)
            high = max(high, float(ends.largest), key=_or_minus_inf)
        return *low, high, float(np.max(np.abs(vector)))

    def _averaged(self) -> tuple[float, float, float]:
        """Return three training losses of the last measured weights.

        They are the loss at the mean of these weights, the mean of their losses, and the loss of the last.
        """
        flat = np.mean(self.last_weights, axis=0).astype(self.plan.precision)
        params = ravel_pytree(self.eval_params)[1](jax.numpy.asarray(flat))
        e = self.plan.evaluations - 1
        factors = {name: values[-1] for name, values in self._factors(e).items()}
        measured = self.clock.run(
            "gradients, units and rows", self.programs["point"],
            self.state, params, self.numbers, factors, self.chosen.pieces, self.chosen.valid,
        )  # fmt: skip
        losses = [float(values["train_loss"]) for values in self.points[-AVERAGED_POINTS:]]
        return float(measured["train_loss"]), float(np.mean(losses)), losses[-1]


def _or_minus_inf(value: float) -> float:
    return value if np.isfinite(value) else -np.inf
