"""Proof of a remedy: the original and each changed setting as cohorts on the same seeds, compared one by one.

A seed means the same split, initialisation and batch order for all. What differs only in numbers shares one
compiled program.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from ravine.data import Dataset
from ravine.engines import Devices
from ravine.execution.base_settings import FixedTrainingSettings
from ravine.execution.runner import Runner
from ravine.execution.training_spec import Recipe, alike, recipe
from ravine.optimizers import Rule, resolve, schedule
from ravine.records.record import Record, Status
from ravine.statistics import holm, paired
from ravine.studies.compare.design import streams_for
from ravine.studies.diagnose.settings import DiagnoseSettings
from ravine.studies.train.study import _steps as steps_of
from ravine.training import Cohort, Plan, Runs, Streams, shape_for, trained

__all__ = ["LEVEL", "Bench", "Made", "changed_to", "compared", "plain"]

LEVEL = 0.05  # of Holm's test over all remedies tried


@dataclass(frozen=True)
class Made:
    """Settings made into what is run."""

    settings: FixedTrainingSettings
    rule: Rule
    recipe: Recipe
    streams: Streams
    plan: Plan

    def runs(self, seeds: Sequence[int]) -> Runs:
        """Return one run a seed."""
        count = len(seeds)
        rate = self.settings.rate or self.rule.rate_centre
        text = str(schedule(self.settings.schedule))
        return self.recipe.runs(self.plan, np.full(count, rate), np.full(count, text), np.asarray(seeds), {})


class Bench:
    """Runs variants of one setting on one data set. Streams are shared, so that rows are made once."""

    def __init__(self, dataset: Dataset, devices: Devices, runner: Runner) -> None:
        self.dataset, self.devices, self.runner = dataset, devices, runner
        self._streams: dict[Any, Streams] = {}

    def make(self, settings: FixedTrainingSettings) -> Made:
        """Return a setting as plan and numbers. Raises UsageError for what does not fit."""
        return self._made(settings, recipe(settings, self.dataset))

    def _made(self, settings: FixedTrainingSettings, own: Recipe) -> Made:
        streams = self.streams(settings)
        rule = resolve(settings.optimizer)
        plan = own.plan(settings, self.dataset, rule, streams, steps_of(settings, streams))
        return Made(settings, rule, own, streams, plan)

    def streams(self, settings: FixedTrainingSettings) -> Streams:
        """Return the rows of every seed."""
        key = settings.batch_size, settings.scaling, settings.validation, settings.precision, settings.seed
        if key not in self._streams:
            self._streams[key] = streams_for(settings, self.dataset)
        return self._streams[key]

    def run(
        self,
        stage: str,
        variants: Mapping[str, FixedTrainingSettings],
        seeds: Sequence[int],
        keep: bool = False,
    ) -> dict[str, tuple[Made, Record]]:
        """Return the record of each variant, a run a seed; `keep` its parameters."""
        joined = alike([recipe(each, self.dataset) for each in variants.values()])
        made = {
            name: self._made(settings, own)
            for (name, settings), own in zip(variants.items(), joined, strict=True)
        }
        groups: dict[Any, list[str]] = {}
        for name, each in made.items():
            key = each.plan, each.recipe.initial, id(each.streams)
            groups.setdefault(key, []).append(name)
        self.runner.total += sum(each.plan.steps * len(seeds) for each in made.values())
        found: dict[str, tuple[Made, Record]] = {}
        for (plan, initial, _), names in groups.items():
            streams = made[names[0]].streams
            runs = Runs.together([made[name].runs(seeds) for name in names])
            shape = shape_for(plan, streams, len(runs), len(seeds), self.devices)
            cohort = Cohort(plan, runs, streams, initial, keep)
            record = self.runner.cohort(stage, ", ".join(names), cohort, shape, self.devices)
            for k, name in enumerate(names):
                part = np.arange(k * len(seeds), (k + 1) * len(seeds))
                found[name] = made[name], record.select(part)
        return {name: found[name] for name in variants}

    def tested(self, made: Made, record: Record) -> np.ndarray:
        """Return the metric on the test rows of every seed; NaN where it diverged."""
        scores = np.full(len(record), np.nan)
        for k in np.flatnonzero(record.status == Status.FINISHED).tolist():
            seed = int(record.hyper["seed"][k])
            network = trained(made.plan.network, record, k)
            unit = made.streams.rows(seed).unit
            scores[k] = network.score(made.plan.metric, made.streams.test(seed), unit)
        return scores


def plain(settings: DiagnoseSettings) -> FixedTrainingSettings:
    """Return what `train` would be told."""
    values = {each.name: getattr(settings, each.name) for each in fields(FixedTrainingSettings)}
    return FixedTrainingSettings(**{**values, "seeds": 1})


def changed_to(settings: FixedTrainingSettings, changes: Mapping[str, Any]) -> FixedTrainingSettings:
    """Return settings with some fields replaced."""
    return replace(settings, **changes)


def compared(
    before: np.ndarray, after: Mapping[str, np.ndarray], greater: bool, seed: int = 0
) -> dict[str, Any]:
    """Return the paired comparison of each setting with the original, values [seed], NaN where diverged.

    confirmed: better, and Holm's test over all that were tried says it is no luck.
    """
    results = {name: paired(values, before, greater, seed=seed) for name, values in after.items()}
    adjusted = holm([each.p_value for each in results.values()])
    found = {}
    for (name, each), p in zip(results.items(), adjusted, strict=True):
        count = len(before)
        found[name] = {
            "before": _middle(before, greater),
            "after": _middle(after[name], greater),
            "difference": each.difference,
            "interval": None if each.interval is None else list(each.interval),
            "better": round((each.p_better - each.p_equal / 2) * count),
            "equal": round(each.p_equal * count),
            "seeds": count,
            "diverged_before": int(np.sum(~np.isfinite(before))),
            "diverged_after": int(np.sum(~np.isfinite(after[name]))),
            "p_value": each.p_value,
            "p_holm": float(p),
            "confirmed": bool(p < LEVEL and each.p_better > 0.5),
        }
    return found


def _middle(values: np.ndarray, greater: bool) -> float | None:
    """The mean; the median where some diverged; None where half did."""
    if np.isfinite(values).all():
        return float(np.mean(values))
    worst = -np.inf if greater else np.inf
    middle = float(np.median(np.where(np.isfinite(values), values, worst)))
    return middle if np.isfinite(middle) else None
