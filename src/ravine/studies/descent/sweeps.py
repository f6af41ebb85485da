"""The sweeps of `descent`: train, judge on training and test rows, find where the rows are fitted.

widths     every hidden layer with H units, on `rows` training rows; threshold: the narrowest that fits them
epochs     the same networks on the way: the narrowest, that at the threshold, the widest
examples   the network at the threshold, on fewer and more rows
By count the threshold lies where parameters = rows x outputs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ravine.execution.runner import Runner
from ravine.execution.training_spec import Recipe
from ravine.records.record import Record, Status
from ravine.studies.descent.design import DescentDesign
from ravine.studies.descent.peak_test import double_descent
from ravine.studies.descent.width_groups import of_width
from ravine.studies.memorize.measures import AMOUNT, summary_of
from ravine.training import Cohort, Plan, Rows, Streams, Trained, shape_for, trained

__all__ = ["Sweeps"]

FITTED = 0.01  # share of training labels wrong, or mean squared error of standardised targets, that is a fit


class Sweeps:
    """The sweeps as they are run. used: {plan: shape} of the programs; diverged: how many runs did."""

    def __init__(self, design: DescentDesign, runner: Runner) -> None:
        self.design, self.runner = design, runner
        self.used: dict[Plan, Any] = {}
        self.records: dict[str, Record] = {}
        self.diverged = 0

    def widths(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Sweep the width; return it, and the same networks by epoch."""
        arms, units = self.design.arms(), list(self.design.level.widths)
        found, curves = [], {}
        for each in units:
            record, plan, judged = self._trained("width", each, self.design.rows, list(arms.values()))
            found.append(judged)
            curves[each] = (record, plan)
        fit = [np.mean(self._misfit(judged[0])) for judged in found]
        fitted = [k for k, misfit in enumerate(fit) if misfit <= FITTED]
        sized = [of_width(self.design.plain.network, each).parameters for each in units]
        document = {
            "units": units,
            "parameters": sized,
            "arms": [
                {"name": name, **_columns([each[k] for each in found])} for k, name in enumerate(arms)
            ],
            "threshold": {
                "units": units[fitted[0]] if fitted else None,
                "parameters": sized[fitted[0]] if fitted else None,
                "by_count": self.design.rows * self.design.outputs,
            },
            "descent": _descents([each[0] for each in found], units),
        }  # fmt: skip
        middle = units[fitted[0]] if fitted else units[len(units) // 2]
        shown = dict.fromkeys((units[len(units) // 4], middle, units[-1]))
        return document, self._by_epoch({each: curves[each] for each in shown})

    def examples(self, units: int) -> dict[str, Any]:
        """Sweep the number of training rows at one width."""
        arm = [self.design.arms()["plain"]]
        found = [self._trained(f"{rows} rows", units, rows, arm)[2][0] for rows in self.design.sizes]
        fitted = [
            rows
            for rows, each in zip(self.design.sizes, found, strict=True)
            if np.mean(self._misfit(each)) <= FITTED
        ]
        parameters = of_width(self.design.plain.network, units).parameters
        return {
            "rows": self.design.sizes,
            "units": units,
            "parameters": parameters,
            **_columns(found),
            "threshold": {
                "rows": max(fitted) if fitted else None,
                "by_count": parameters / self.design.outputs,
            },
            "descent": _descents(found, self.design.sizes),
        }

    def _trained(
        self, stage: str, units: int, rows: int, arms: Sequence[Recipe]
    ) -> tuple[Record, Plan, list[dict[str, np.ndarray]]]:
        """Return the record of one width on that many rows, and what was judged of each arm: [seed]."""
        made, streams = self.design.at_width(units), self.design.streams(rows)
        plan = self.design.plan(made)
        runs = self.design.runs_of(plan, arms)
        # one shape for both sweeps, so that they share programs
        most = len(self.design.seeds) * len(self.design.arms())
        shape = shape_for(plan, streams, most, len(self.design.seeds), self.design.devices)
        self.used[plan] = shape
        cohort = Cohort(plan, runs, streams, made.initial, True)
        record = self.runner.cohort(stage, f"{units} units", cohort, shape, self.design.devices)
        self.records[f"{stage} {units}"] = record
        self.diverged += int(np.sum(record.status == Status.DIVERGED))
        judged = self._judged(record, plan, streams)
        count = len(self.design.seeds)
        parts = [slice(k * count, (k + 1) * count) for k in range(len(arms))]
        return record, plan, [{name: each[part] for name, each in judged.items()} for part in parts]

    def _judged(self, record: Record, plan: Plan, streams: Streams) -> dict[str, np.ndarray]:
        """Return loss and error on training rows (their labels) and test rows, NaN where diverged: [run]."""
        found = {
            name: np.full(len(record), np.nan)
            for name in ("train_loss", "train_error", "test_loss", "test_error")
        }
        for k in np.flatnonzero(record.status == Status.FINISHED).tolist():
            seed = int(record.hyper["seed"][k])
            network, own = trained(plan.network, record, k), streams.rows(seed)
            for name, rows in (("train", own.train), ("test", streams.test(seed))):
                loss, error = _loss_and_error(network, rows, self.design.dataset.task, own.unit)
                found[f"{name}_loss"][k], found[f"{name}_error"][k] = loss, error
        return found

    def _misfit(self, judged: dict[str, np.ndarray]) -> np.ndarray:
        return judged["train_error" if self.design.dataset.task == "classify" else "train_loss"]

    def _by_epoch(self, curves: dict[int, tuple[Record, Plan]]) -> dict[str, Any]:
        """Return losses and errors on validation rows of the plain networks, over the steps."""
        plan = next(iter(curves.values()))[1]
        steps = plan.stride * (1 + np.arange(plan.evaluations))
        lines = []
        for units, (record, _) in curves.items():
            part = slice(0, len(self.design.seeds))
            loss = record.series["valid_loss"][part].astype(np.float64)
            score = record.series["score"][part].astype(np.float64)
            error = 1 - score if self.design.dataset.task == "classify" else score
            train = record.series["train_loss"][part].astype(np.float64)
            lines.append(
                {
                    "units": units,
                    "train_loss": [summary_of(each, bounds=AMOUNT) for each in train.T],
                    "valid_loss": [summary_of(each, bounds=AMOUNT) for each in loss.T],
                    "valid_error": [summary_of(each, bounds=AMOUNT) for each in error.T],
                    "descent": {"loss": _placed(loss, steps), "error": _placed(error, steps)},
                }
            )
        epochs = steps * self.design.batch_size / self.design.rows
        return {"step": steps.tolist(), "epoch": epochs.tolist(), "curves": lines}


def _loss_and_error(network: Trained, rows: Rows, task: str, unit: float) -> tuple[float, float]:
    """Return cross-entropy and share wrong, or mean squared error, standardised, and its root, in units."""
    z = network.outputs(rows.x).astype(np.float64)
    weight = None if rows.weight is None else rows.weight.astype(np.float64)
    if task == "regress":
        loss = float(np.average((z[:, 0] - rows.y) ** 2, weights=weight))
        return loss, float(np.sqrt(max(loss, 0.0)) * unit)
    top = z.max(axis=1)
    each = top + np.log(np.exp(z - top[:, None]).sum(axis=1)) - z[np.arange(len(z)), rows.y]
    return float(np.average(each, weights=weight)), float(
        np.average(z.argmax(axis=1) != rows.y, weights=weight)
    )


def _columns(found: Sequence[dict[str, np.ndarray]]) -> dict[str, Any]:
    """Return {measure: [place] of means with intervals}."""
    return {name: [summary_of(each[name], bounds=AMOUNT) for each in found] for name in found[0]}


def _descents(found: Sequence[dict[str, np.ndarray]], places: Sequence[int]) -> dict[str, Any]:
    return {
        name: _placed(np.stack([each[f"test_{name}"] for each in found], axis=1), places)
        for name in ("loss", "error")
    }


def _placed(curves: np.ndarray, places: Sequence[int] | np.ndarray) -> dict[str, Any]:
    """Return the second descent of curves [seed, place], its peak as a width, a number of rows or a step."""
    found = double_descent(curves)
    return {**found, "peak": None if found["peak"] is None else int(places[found["peak"]])}
