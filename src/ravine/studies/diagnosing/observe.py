"""Train one network as it is asked for, and measure on the way. What it costs is measured too.

The run is that of `train`: same rows, same first weights, same batches, the same step. Between stretches
three further programs look at it: one pass over some rows, and at a few points the ends of the spectrum.
How many rows they see follows from how long training is, so that they stay a share of its cost.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import jax
import numpy as np
from jax.flatten_util import ravel_pytree

from ravine.data import Dataset, leaks
from ravine.diagnostics import expected_sign_agreement, stability_limit
from ravine.engines import working_in
from ravine.networks import METRICS
from ravine.records.record import Record, Status
from ravine.studies.diagnosing.measuring import bend, look, stretch
from ravine.training import Plan, Rows, Runs, Streams, first_key, first_parameters, start
from ravine.training.factors import Factors

__all__ = ["BENDS", "Observed", "observe"]

PRODUCTS = 6  # with the Hessian, each time
BENDS = (0, 1, 3, 6, 10, 15, 20)  # points where the spectrum is looked at
LAST = 4  # further times at the end, for the smallest eigenvalue
KEPT = 2_000_000  # parameters beyond which no mean of the weights is taken
AVERAGED = 10  # points at the end whose weights are averaged
PROBED = 200  # rows trained on for each row the gradient is looked at, per point
CURVED = 400  # and for the spectrum


@dataclass
class Clock:
    """Seconds by what they were spent on."""

    seconds: dict[str, float] = field(default_factory=dict)

    def run(self, name: str, function: Callable[..., Any], *arguments: Any) -> Any:
        """Call, wait for the result, add the time."""
        begin = time.perf_counter()
        found = jax.block_until_ready(function(*arguments))
        self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - begin
        return found


@dataclass(frozen=True)
class Observed:
    """The record of the run, and the parameters and statistics it ended with."""

    record: Record
    params: Any
    stats: Any


_compiled: dict[Any, Any] = {}


def _programs(wanted: dict[str, tuple[Callable[..., Any], tuple[Any, ...]]]) -> dict[str, Any]:
    """Return the compiled programs for such arguments, made side by side where they are not there yet."""

    def make(item: tuple[Callable[..., Any], tuple[Any, ...]]) -> Any:
        function, arguments = item
        leaves, tree = jax.tree.flatten(arguments)
        shapes = tuple((np.shape(leaf), str(np.asarray(leaf).dtype)) for leaf in leaves)
        inner: Any = function
        key = inner.func, inner.args, tree, shapes
        if key not in _compiled:
            with working_in(inner.args[0].precision):
                _compiled[key] = jax.jit(function).lower(*arguments).compile()
        return _compiled[key]

    with ThreadPoolExecutor(len(wanted)) as pool:
        return dict(zip(wanted, pool.map(make, wanted.values()), strict=True))


def observe(
    plan: Plan,
    runs: Runs,
    streams: Streams,
    initial: tuple[str, float],
    params: Any = None,
    stats: Any = None,
) -> Observed:
    """Train the one run and measure it; with `params`, measure that trained network only.

    A run whose loss becomes infinite is measured up to there.
    """
    with working_in(plan.precision):
        return _Observer(plan, runs, streams, initial, params, stats).observed()


class _Observer:
    """The moving parts of one observation."""

    def __init__(
        self, plan: Plan, runs: Runs, streams: Streams, initial: tuple[str, float], params: Any, stats: Any
    ) -> None:
        self.plan, self.runs, self.streams = plan, runs, streams
        self.clock, self.seed = Clock(), int(runs.seed[0])
        rows = streams.rows(self.seed)
        self.rows, self.trains = rows, params is None
        numbers = runs.numbers(plan.rule, np.array([rows.unit]), plan.precision)
        if plan.random:
            numbers["key"] = first_key(streams.root, self.seed)[None]
        self.numbers = jax.tree.map(lambda a: a[0], numbers)
        self.factors = Factors(plan, runs, streams.sizes[0] / streams.batch_size)
        gate = float(runs.extra["gate_bias"][0]) if "gate_bias" in runs.extra else None
        if params is None:
            params = first_parameters(plan.network, streams.root, self.seed, *initial, plan.precision, gate)
        self.state = jax.tree.map(jax.numpy.asarray, start(plan, params, self.numbers))
        if stats is not None:
            self.state = self.state._replace(stats=jax.tree.map(jax.numpy.asarray, stats))
        self.judged = self.state.params
        self.points: list[dict[str, Any]] = []
        self.curve: list[np.ndarray] = []
        self.kept: list[np.ndarray] = []  # the last judged weights, flat
        self._choose_rows()

    def _choose_rows(self) -> None:
        """Choose the training rows that are looked at: as many as the length of training can pay for."""
        plan, n = self.plan, self.streams.sizes[0]
        work = plan.steps * plan.batch_size
        most = min(n, int(np.clip(work / PROBED, 128, 4096)))
        piece = max(1, min(plan.batch_size, most // 2))
        if plan.network.norm == "batchnorm":
            piece = max(piece, min(2, most))
        count = max(1, most // piece)
        order = self.streams.order(self.seed, 0, -(-n // self.streams.batch_size)).ravel()[:n]
        order = np.resize(order, max(len(order), piece * count))
        train = self.rows.train

        def part(index: np.ndarray) -> Rows:
            return Rows(train.x[index], train.y[index], None if train.weight is None else train.weight[index])

        self.pieces = part(order[: piece * count].reshape(count, piece))
        self.curved = part(order[: min(n, int(np.clip(work / CURVED, 64, 2048)))])
        valid = self.rows.valid
        self.valid = Rows(*(None if each is None else each[:4096] for each in valid))

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
            self.factors.follow(np.array([0]), np.array([loss]))
            best, waited = (loss, 0) if loss < best - change else (best, waited + 1)
            if patience and waited >= patience:
                break
        return Observed(self._record(status, bool(patience)), self.judged, self.state.stats)

    def _compile(self) -> None:
        factors = self._factors(0)
        last = {name: each[-1] for name, each in factors.items()}
        batches = self.streams.batches(self.seed, 0, self.plan.stride)
        size = self.plan.network.parameters
        vector = np.zeros(size, self.plan.precision)
        at = np.zeros((), self.plan.precision)
        wanted: dict[str, Any] = {
            "look": (
                partial(look, self.plan),
                (self.state, self.judged, self.numbers, last, self.pieces, self.valid),
            ),
            "bend": (
                partial(bend, self.plan, min(PRODUCTS, size)),
                (self.state, self.numbers, last, self.curved, vector, at),
            ),
        }
        if self.trains:
            wanted["stretch"] = (
                partial(stretch, self.plan),
                (self.state, self.numbers, factors, batches, np.int32(0)),
            )
        self.programs = _programs(wanted)
        for name in ("look", "bend"):  # the first call of a program also links it
            jax.block_until_ready(self.programs[name](*wanted[name][1]))

    def _factors(self, e: int) -> dict[str, np.ndarray]:
        return {name: each[:, 0] for name, each in self.factors.of(np.array([0]), e).items()}

    def _advance(self, e: int) -> bool:
        """Train one stretch and measure; return whether everything is finite."""
        plan, at = self.plan, e * self.plan.stride
        batches = self.streams.stretch(self.seed, at, plan.stride, jax.devices()[0])
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
            self.state, self.judged, self.numbers, factors, self.pieces, self.valid,
        )  # fmt: skip
        found: dict[str, Any] = {name: np.asarray(each, np.float64) for name, each in seen.items()}
        found |= {"step": point * self.plan.stride, "batch_loss": batch_loss}
        found["rate"] = float(self.runs.rate[0]) * float(factors["rate"])
        found["limit"], found["preconditioned"] = self._limit(found["rate"])
        found["sharpness"] = found["sharpness_error"] = np.nan
        finite = bool(np.isfinite(found["train_loss"]) and np.isfinite(found["valid_loss"]))
        finite = finite and bool(np.isfinite(found["signal"]))
        if finite and (point in BENDS or not self.trains) and self._curvature_known(point):
            self._bend(found, factors)
        if finite and self.plan.network.parameters <= KEPT:
            self.kept = [*self.kept, np.asarray(ravel_pytree(self.judged)[0], np.float64)][-AVERAGED:]
        if finite or not self.points:
            self.points.append(found)
        return finite

    def _curvature_known(self, point: int) -> bool:
        """Rules that divide by past gradients have no curvature of their own before the first step."""
        return point > 0 or not self._limit(1.0)[1] or not self.trains

    def _limit(self, rate: float) -> tuple[float, bool]:
        name = self.plan.rule.name.split("(")[0]
        defaults = self.plan.rule.defaults
        if not rate > 0:
            return np.inf, False
        given = {key: float(defaults[key]) for key in ("rho", "b1") if key in defaults}
        found = stability_limit(name, rate, **given)
        return (np.nan if found.value is None else found.value), found.preconditioned

    def _bend(self, found: dict[str, Any], factors: dict[str, Any]) -> None:
        random = np.random.default_rng(found["step"])
        for _ in range(1 if found["step"] else 2):  # the first start knows nothing
            own = self.vector / max(float(np.linalg.norm(self.vector)), 1e-30)
            noise = random.standard_normal(len(own))
            mixed = own + 0.1 * noise / np.linalg.norm(noise)  # another direction may have overtaken
            bent = self._products(factors, mixed, found["step"])
            self.vector = np.asarray(bent.high_vector, np.float64)
        if np.isfinite(float(bent.high)):
            found["sharpness"], found["sharpness_error"] = float(bent.high), float(bent.high_residual)

    def _products(self, factors: dict[str, Any], begin: np.ndarray, at: int) -> Any:
        return self.clock.run(
            "curvature", self.programs["bend"], self.state, self.numbers, factors, self.curved,
            begin.astype(self.plan.precision), np.asarray(at, self.plan.precision),
        )  # fmt: skip

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
        data = self.streams.dataset
        final |= self.clock.run("inputs", self._of_inputs)
        final |= self.clock.run("classes", self._of_classes, points[end]["outputs"])
        suspected = self.clock.run("leaks", self._leaks, data)
        name = plan.rule.name.split("(")[0]
        meta = {
            "optimizer": plan.rule.name,
            "rule": name,
            "formula": self._formula(name),
            "preconditioned": bool(points[0]["preconditioned"]),
            "rate": float(self.runs.rate[0]),
            "schedule": str(self.runs.schedule[0]),
            "batch_size": plan.batch_size,
            "stride": plan.stride,
            "steps": plan.steps,
            "network": str(plan.network),
            "hidden": len(plan.network.layout) - 1,
            "activation": plan.network.activation,
            "connection": plan.network.connection,
            "norm": plan.network.norm,
            "parameters": plan.network.parameters,
            "outputs": plan.network.sizes[-1],
            "train": self.streams.sizes[0],
            "valid": len(self.valid.y),
            "task": data.task,
            "metric": plan.metric,
            "greater_is_better": METRICS[plan.metric].greater_is_better,
            "scaling": self.streams.scaling,
            "image": data.shape is not None,
            "features": list(data.features),
            "classes": None if data.classes is None else [str(each) for each in data.classes],
            "constant_loss": self._constant_loss(),
            "piece": int(self.pieces.y.shape[1]),
            "pieces": int(self.pieces.y.shape[0]),
            "curved": len(self.curved.y),
            "end": end,
            "best": best,
            "stops": stops,
            "trained_here": self.trains,
            "leaks": suspected,
            "seconds": dict(self.clock.seconds),
        }
        hyper = {"seed": self.runs.seed, "rate": self.runs.rate}
        packed = {key: np.asarray(value)[None] for key, value in final.items()}
        return Record(hyper, series, np.array([status], np.int8), packed, meta)

    def _formula(self, name: str) -> str:
        return stability_limit(name, 1.0).formula

    def _lowest(self) -> tuple[float, float, float, float]:
        """Return the smallest eigenvalue, its residual, the largest one, and its vector's largest entry."""
        e = self.plan.evaluations - 1
        factors = {name: each[-1] for name, each in self._factors(e).items()}
        at = int(self.points[-1]["step"])
        vector = np.random.default_rng(1).standard_normal(self.plan.network.parameters)
        low, high = (np.nan, np.nan), np.nan
        if not self._curvature_known(at):
            return np.nan, np.nan, np.nan, np.nan
        for _ in range(LAST):
            bent = self._products(factors, vector, at)
            vector = np.asarray(bent.low_vector, np.float64)
            low, high = (float(bent.low), float(bent.low_residual)), max(high, float(bent.high), key=_or_low)
        return *low, high, float(np.max(np.abs(vector)))

    def _averaged(self) -> tuple[float, float, float]:
        """Return the training loss of the mean of the last weights, and mean and last of their own losses."""
        flat = np.mean(self.kept, axis=0).astype(self.plan.precision)
        params = ravel_pytree(self.judged)[1](jax.numpy.asarray(flat))
        e = self.plan.evaluations - 1
        factors = {name: each[-1] for name, each in self._factors(e).items()}
        seen = self.clock.run(
            "gradients, units and rows", self.programs["look"],
            self.state, params, self.numbers, factors, self.pieces, self.valid,
        )  # fmt: skip
        own = [float(each["train_loss"]) for each in self.points[-AVERAGED:]]
        return float(seen["train_loss"]), float(np.mean(own)), own[-1]

    def _constant_loss(self) -> float:
        train = self.rows.train
        weight = np.ones(len(train.y)) if train.weight is None else np.asarray(train.weight, np.float64)
        y = np.asarray(train.y)
        if self.streams.dataset.task == "classify":
            share = np.bincount(y, weight, minlength=self.plan.network.sizes[-1]) / weight.sum()
            share = share[share > 0]
            return float(-np.sum(share * np.log(share)))
        mean = np.average(y, weights=weight)
        return float(np.average((y - mean) ** 2, weights=weight))

    def _of_inputs(self) -> dict[str, np.ndarray]:
        x = np.asarray(self.rows.train.x[:4096], np.float64)
        spread = np.where(np.ptp(x, axis=0) > 0, x.std(axis=0), 0.0)  # of equal values it may be rounding
        found = {"column_mean": x.mean(axis=0), "column_sd": spread}
        used = x[:, spread > 0]
        agreement = expected_sign_agreement(used) if used.shape[1] > 1 else np.nan
        values = np.linalg.eigvalsh(x.T @ x / len(x)) if x.shape[1] <= 2000 else np.array([np.nan])
        top = float(values[-1])
        above = values[values > 1e-6 * top] if top > 0 else np.array([np.nan])
        return found | {"agreement": np.array(agreement), "column_condition": np.array(top / above[0])}

    def _of_classes(self, outputs: np.ndarray) -> dict[str, np.ndarray]:
        if self.streams.dataset.task != "classify":
            return {}
        k = self.plan.network.sizes[-1]
        y, says = np.asarray(self.valid.y), np.argmax(outputs, axis=1)
        right = np.bincount(y[says == y], minlength=k)
        there = np.bincount(y, minlength=k)
        return {
            "counts": np.bincount(np.asarray(self.rows.train.y), minlength=k),
            "valid_counts": there,
            "recall": right / np.maximum(there, 1),
            "contradicting": np.array(_contradicting(self.rows.train)),
        }

    def _leaks(self, data: Dataset) -> list[str]:
        import pandas as pd

        if len(data.features) > 2000:
            return []
        columns = {
            name: pd.Series(data.x[data.development, j].astype(np.float64))
            for j, name in enumerate(data.features)
        }
        alone, together = leaks.suspects(columns, data.y[data.development], data.task == "classify")
        return [*alone, *together]


def _or_low(value: float) -> float:
    return value if np.isfinite(value) else -np.inf


def _contradicting(rows: Rows) -> float:
    """Return the share of training rows with equal inputs of which most have another label."""
    _, place = np.unique(np.asarray(rows.x), axis=0, return_inverse=True)
    table = np.zeros((place.max() + 1, int(np.max(rows.y)) + 1))
    np.add.at(table, (place.ravel(), np.asarray(rows.y)), 1)
    return float(1 - table.max(axis=1).sum() / len(place))
