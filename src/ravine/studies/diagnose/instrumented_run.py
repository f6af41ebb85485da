"""Train one network as it is asked for, and measure on the way. What it costs is measured too.

The run is that of `train`: same rows, same first weights, same batches, the same step. Between stretches
three further programs look at it: one pass over some rows, and at a few points the ends of the spectrum.
How many rows they see follows from how long training is, so that they stay a share of its cost.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import numpy as np
from jax.flatten_util import ravel_pytree

from ravine.diagnostics import ExtremeEigenvalues
from ravine.engines import precision_context
from ravine.networks.parameters import Params, Statistics
from ravine.records.record import Record, Status
from ravine.studies.diagnose.data_facts import constant_loss, of_classes, of_inputs, suspected_leaks
from ravine.studies.diagnose.metadata import RunMetadata
from ravine.studies.diagnose.probe_rows import chosen_rows
from ravine.studies.diagnose.probes import hessian_ends, look, stretch
from ravine.studies.diagnose.program_cache import Clock, programs
from ravine.training import Batches, Plan, Runs, initial_params, rng_key, start
from ravine.training.schedule_tables import ScheduleTables

__all__ = ["SPECTRUM_POINTS", "Observed", "observe"]

PRODUCTS = 6  # with the Hessian, each time
SPECTRUM_POINTS = (0, 1, 3, 6, 10, 15, 20)  # points where the spectrum is looked at
LAST = 4  # further times at the end, for the smallest eigenvalue
KEPT = 2_000_000  # parameters beyond which no mean of the weights is taken
AVERAGED = 10  # points at the end whose weights are averaged


@dataclass(frozen=True)
class Observed:
    """The record of the run, and the parameters and statistics it ended with."""

    record: Record
    params: Params
    stats: Statistics


def observe(
    plan: Plan,
    runs: Runs,
    batches: Batches,
    initial: tuple[str, float],
    params: Params | None = None,
    stats: Statistics | None = None,
) -> Observed:
    """Train the one run and measure it; with `params`, measure that trained network only.

    A run whose loss becomes infinite is measured up to there.
    """
    with precision_context(plan.precision):
        return _Observer(plan, runs, batches, initial, params, stats).observed()


class _Observer:
    """The moving parts of one observation."""

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
        self.judged = self.state.params
        self.points: list[dict[str, Any]] = []
        self.curve: list[np.ndarray] = []
        self.kept: list[np.ndarray] = []  # the last judged weights, flat
        self.chosen = chosen_rows(plan, batches, self.seed, rows)

    # ---------------------------------------------------------------------------------------------- the run

    def observed(self) -> Observed:
        """Go through the run."""
        begin = time.perf_counter()
        self._compile()
        self.clock.seconds["compile"] = time.perf_counter() - begin
        self.vector = np.random.default_rng(0).standard_normal(self.plan.network.parameters)
        self.vector = self.vector.astype(self.plan.precision)
        self._look(0, np.nan)
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
        return Observed(self._record(status, bool(patience)), self.judged, self.state.stats)

    def _compile(self) -> None:
        factors = self._factors(0)
        last = {name: each[-1] for name, each in factors.items()}
        batches = self.batches.draw(self.seed, 0, self.plan.steps_per_evaluation)
        size = self.plan.network.parameters
        vector = np.ones(size, self.plan.precision)
        wanted: dict[str, Any] = {
            "look": (
                partial(look, self.plan),
                (self.state, self.judged, self.numbers, last, self.chosen.pieces, self.chosen.valid),
            ),
            "spectrum": (
                partial(hessian_ends, self.plan, PRODUCTS),
                (self.state, self.numbers, self.chosen.curved, vector),
            ),
        }
        if self.trains:
            wanted["stretch"] = (
                partial(stretch, self.plan),
                (self.state, self.numbers, factors, batches, np.int32(0)),
            )
        self.programs = programs(wanted)
        for name in ("look", "spectrum"):  # the first call of a program also links it
            jax.block_until_ready(self.programs[name](*wanted[name][1]))

    def _factors(self, e: int) -> dict[str, np.ndarray]:
        return {name: each[:, 0] for name, each in self.schedule_tables.of(np.array([0]), e).items()}

    def _advance(self, e: int) -> bool:
        """Train one stretch and measure; return whether everything is finite."""
        plan, at = self.plan, e * self.plan.steps_per_evaluation
        batches = self.batches.on_device(self.seed, at, plan.steps_per_evaluation, jax.devices()[0])
        factors = self._factors(e)
        before = self.state, self.judged
        state, judged, losses = self.clock.run(
            "train", self.programs["stretch"], self.state, self.numbers, factors, batches, np.int32(at)
        )
        self.curve.append(np.asarray(losses, np.float64))
        self.state, self.judged = state, judged
        if not np.isfinite(self.curve[-1]).all():
            self.state, self.judged = before
            return False
        return self._look(e + 1, float(np.mean(self.curve[-1])))

    def _look(self, point: int, batch_loss: float) -> bool:
        e = min(max(point - 1, 0), self.plan.evaluations - 1)
        factors = {name: each[-1] for name, each in self._factors(e).items()}
        seen = self.clock.run(
            "gradients, units and rows", self.programs["look"],
            self.state, self.judged, self.numbers, factors, self.chosen.pieces, self.chosen.valid,
        )  # fmt: skip
        found: dict[str, Any] = {name: np.asarray(each, np.float64) for name, each in seen.items()}
        found |= {"step": point * self.plan.steps_per_evaluation, "batch_loss": batch_loss}
        found["rate"] = float(self.runs.rate[0]) * float(factors["rate"])
        found["limit"], found["preconditioned"] = self._limit(found["rate"])
        found["sharpness"] = found["sharpness_error"] = np.nan
        finite = bool(np.isfinite(found["train_loss"]) and np.isfinite(found["valid_loss"]))
        finite = finite and bool(np.isfinite(found["signal"]))
        if finite and (point in SPECTRUM_POINTS or not self.trains) and self._curvature_known(point):
            self._sharpness(found)
        if finite and self.plan.network.parameters <= KEPT:
            self.kept = [*self.kept, np.asarray(ravel_pytree(self.judged)[0], np.float64)][-AVERAGED:]
        if finite or not self.points:
            self.points.append(found)
        return finite

    def _curvature_known(self, point: int) -> bool:
        """Rules that divide by past gradients have no curvature of their own before the first step."""
        return point > 0 or not self.plan.rule.preconditioned or not self.trains

    def _limit(self, rate: float) -> tuple[float, bool]:
        rule = self.plan.rule
        if not rate > 0:
            return np.inf, False
        limit = rule.stability_limit(rate)
        return (np.nan if limit is None else limit), rule.preconditioned

    def _sharpness(self, found: dict[str, Any]) -> None:
        random = np.random.default_rng(found["step"])
        for _ in range(1 if found["step"] else 2):  # the first start knows nothing
            own = self.vector / max(float(np.linalg.norm(self.vector)), 1e-30)
            noise = random.standard_normal(len(own))
            mixed = own + 0.1 * noise / np.linalg.norm(noise)  # another direction may have overtaken
            ends = self._spectrum(mixed)
            self.vector = np.asarray(ends.largest_vector, np.float64)
        if np.isfinite(float(ends.largest)):
            found["sharpness"] = float(ends.largest)
            found["sharpness_error"] = float(ends.largest_residual)

    def _spectrum(self, start: np.ndarray) -> ExtremeEigenvalues:
        ends: ExtremeEigenvalues = self.clock.run(
            "curvature", self.programs["spectrum"], self.state, self.numbers, self.chosen.curved,
            start.astype(self.plan.precision),
        )  # fmt: skip
        return ends

    # ------------------------------------------------------------------------------------------- what is kept

    def _record(self, status: Status, stops: bool) -> Record:
        points, plan = self.points, self.plan
        scalars = (
            "step", "rate", "limit", "batch_loss", "train_loss", "objective", "valid_loss", "score", 
            "squares", "signal", "raised", "agreeing", "pairs", "weight_norm", "sharpness", "sharpness_error",
        )  # fmt: skip
        series = {name: np.array([[float(each[name]) for each in points]]) for name in scalars}
        series["gradient_norm"] = np.sqrt(series["signal"])
        valid = series["valid_loss"][0]
        usable = np.where(np.isfinite(valid), valid, np.inf)
        best = int(np.argmin(usable))
        end = best if stops else len(points) - 1
        final: dict[str, Any] = {
            "gradient": np.stack([each["gradient"] for each in points]),
            "train_rows": points[end]["train_rows"],
            "valid_rows": points[end]["valid_rows"],
            "best_rows": points[best]["valid_rows"],
            "curve": np.concatenate(self.curve) if self.curve else np.zeros(0),
        }
        for name in ("saturated", "dead", "flow"):
            if name in points[0]:
                final[name] = np.stack([each[name] for each in points])
        finite = bool(np.isfinite(series["signal"][0, end]))
        if finite and status == Status.FINISHED:
            final["lowest"] = np.array(self._lowest())
            if len(self.kept) == AVERAGED and self.trains:
                final["averaged"] = np.array(self._averaged())
        data = self.batches.dataset
        final |= self.clock.run("inputs", of_inputs, self.rows.train)
        outputs = points[end]["outputs"]
        final |= self.clock.run("classes", of_classes, data.task, self.rows.train, self.chosen.valid, outputs)
        suspected = self.clock.run("leaks", suspected_leaks, data)
        metadata = RunMetadata.of_run(
            plan,
            self.runs,
            self.batches,
            self.chosen,
            preconditioned=bool(points[0]["preconditioned"]),
            constant_loss=constant_loss(self.rows.train, data.task, plan.network.sizes[-1]),
            end=end,
            best=best,
            stops=stops,
            trained_here=self.trains,
            leaks=suspected,
            seconds=self.clock.seconds,
        )
        hyper = {"seed": self.runs.seed, "rate": self.runs.rate}
        packed = {key: np.asarray(value)[None] for key, value in final.items()}
        return Record(hyper, series, np.array([status], np.int8), packed, metadata.to_dict())

    def _lowest(self) -> tuple[float, float, float, float]:
        """Return the smallest eigenvalue, its residual, the largest one, and its vector's largest entry."""
        vector = np.random.default_rng(1).standard_normal(self.plan.network.parameters)
        low, high = (np.nan, np.nan), np.nan
        if not self._curvature_known(int(self.points[-1]["step"])):
            return np.nan, np.nan, np.nan, np.nan
        for _ in range(LAST):
            ends = self._spectrum(vector)
            vector = np.asarray(ends.smallest_vector, np.float64)
            low = float(ends.smallest), float(ends.smallest_residual)
            high = max(high, float(ends.largest), key=_or_low)
        return *low, high, float(np.max(np.abs(vector)))

    def _averaged(self) -> tuple[float, float, float]:
        """Return the training loss of the mean of the last weights, and mean and last of their own losses."""
        flat = np.mean(self.kept, axis=0).astype(self.plan.precision)
        params = ravel_pytree(self.judged)[1](jax.numpy.asarray(flat))
        e = self.plan.evaluations - 1
        factors = {name: each[-1] for name, each in self._factors(e).items()}
        seen = self.clock.run(
            "gradients, units and rows", self.programs["look"],
            self.state, params, self.numbers, factors, self.chosen.pieces, self.chosen.valid,
        )  # fmt: skip
        own = [float(each["train_loss"]) for each in self.points[-AVERAGED:]]
        return float(seen["train_loss"]), float(np.mean(own)), own[-1]


def _or_low(value: float) -> float:
    return value if np.isfinite(value) else -np.inf
