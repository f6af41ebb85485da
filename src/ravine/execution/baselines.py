"""Scores of baselines on the splits of a study: a constant, a linear model and boosted trees.

`baseline_scores` tunes each baseline on the validation rows of a few tuning seeds, and a constant on training
rows. It then fits the baseline to the training rows of several evaluation seeds, and scores it on their
validation rows and on the test rows. The metric, the splits and the row weights are those of the networks.
The numbers of looks (settings tried) and of tuning seeds, and the largest number of evaluation seeds, depend
only on the numbers of rows, inputs and classes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache

import msgspec
import numpy as np
from threadpoolctl import threadpool_limits

from ravine.baselines import BASELINES, Baseline, Inputs, Look, Size, TrainingRows, find_baseline
from ravine.data import Dataset, Scaler, split
from ravine.execution.base_settings import NetworkSettings
from ravine.execution.baseline_rows import BaselineDifference, BaselineRow
from ravine.execution.context import RunContext
from ravine.execution.result_parts import values_of
from ravine.execution.score_summary import finite_or_none, score_summary
from ravine.execution.seeds import seeds as seeds_of
from ravine.networks import METRICS
from ravine.records.content_hash import content_hash
from ravine.records.documents import check_document
from ravine.records.os_errors import DamagedFile
from ravine.render.numbers import count
from ravine.statistics import compare_paired, select
from ravine.training import Rows, score_of

__all__ = ["BASELINE_FILE", "baseline_scores", "run_baselines", "with_differences"]

BASELINE_FILE = "baselines.json"  # in the folder of a run
VERSION = 1  # of the models and their looks; part of the key of saved rows
PARALLEL_CELLS = 1_000_000  # values of the training rows below which threads cost more than they save


@dataclass(frozen=True, kw_only=True)
class _SavedRows:
    """The content of the file `baselines.json`.

    key: hash of data, seeds and settings. checksum: hash of the rows. rows: results of the first baselines.
    """

    key: str
    checksum: str
    rows: list[BaselineRow]


def run_baselines(
    context: RunContext, settings: NetworkSettings, metric: str, seeds: Sequence[int]
) -> list[BaselineRow]:
    """Return the result of each baseline for the data of a run, computed or read from the run directory.

    Each result is saved when it is complete, so that a resumed run does not compute it again.

    settings: settings with the share of validation rows and the precision. metric: name of the metric that
    scores. seeds: seeds of the network's scores, in their order. Raises Stopped on a stop request, after the
    fits of a seed.
    """
    data = context.dataset
    key = content_hash(
        {
            "version": VERSION, "data": data.sha256, "inputs": data.features, "root": data.seed,
            "test": [data.x[data.test], data.y[data.test]], "metric": metric, "seeds": list(seeds),
            "validation": settings.validation, "precision": settings.precision,
        }
    )  # fmt: skip
    known = _saved(context, key)
    rows: list[BaselineRow] = []
    for name in BASELINES:
        row = known.get(name)
        if row is None:
            context.stage("baselines", name)
            row = baseline_scores(
                data, metric, seeds, settings.validation, precision=settings.precision, names=[name],
                after_fit=context.check_stop,
            )[0]  # fmt: skip
        rows.append(row)
        if context.run is not None and name not in known:
            plain = msgspec.to_builtins(rows)
            document = {"key": key, "checksum": _checksum(plain), "rows": plain}
            context.run.write_json(BASELINE_FILE, document)
    return rows


def _saved(context: RunContext, key: str) -> dict[str, BaselineRow]:
    """Return the rows that were saved for the same data and seeds, by name of the baseline."""
    if context.run is None or not context.run.has(BASELINE_FILE):
        return {}
    try:
        plain = context.run.read_json(BASELINE_FILE)
        saved = check_document(plain, _SavedRows, f"'{context.run.path / BASELINE_FILE}'")
    except DamagedFile as error:
        context.run.log(f"{BASELINE_FILE} is damaged and counts as absent: {error}")
        return {}
    if saved.key != key or saved.checksum != _checksum(plain["rows"]):
        return {}
    return {row.model: row for row in saved.rows}


def _checksum(plain: object) -> str:
    return content_hash(json.dumps(plain, sort_keys=True))


def baseline_scores(
    dataset: Dataset,
    metric: str,
    seeds: Sequence[int],
    validation: float = 0.2,
    *,
    precision: str = "float32",
    names: Sequence[str] = tuple(BASELINES),
    after_fit: Callable[[], None] = lambda: None,
) -> list[BaselineRow]:
    """Return the result of each baseline in `names`: its scores on the splits of the first few of `seeds`.

    metric: name of the metric. validation: share of validation rows. precision: precision of the networks, in
    which scores are computed. after_fit: function called after the fits of every seed; it may raise Stopped.
    """
    splits = _Splits(dataset, metric, validation, precision)
    return [_row(find_baseline(name), splits, seeds, after_fit) for name in names]


@dataclass(frozen=True)
class _SeedRows:
    """Rows of one seed: to fit, and inputs and targets of validation and test rows.

    scale: standard deviation of a regression target in its own unit; 1 for classes.
    """

    train: TrainingRows
    inputs: tuple[Inputs, Inputs]
    targets: tuple[Rows, Rows]
    scale: float


class _Splits:
    """The splits of a data set in the form that baselines take, and the score of their outputs."""

    def __init__(self, dataset: Dataset, metric: str, validation: float, precision: str) -> None:
        self.dataset, self.metric = dataset, METRICS[metric]
        self.validation, self.precision = validation, precision
        self.classes = len(dataset.classes or ())
        self.size = Size(len(split(dataset, 0, validation).train), dataset.x.shape[1], self.classes)
        self.rows = lru_cache(maxsize=1)(self._rows)

    def _rows(self, seed: int) -> _SeedRows:
        """Return the rows of a seed. Numbers are standardized by the training rows, as for the network."""
        data, parts = self.dataset, split(self.dataset, seed, self.validation)
        mean, scale = 0.0, 1.0
        if data.task == "regress":
            y = data.y[parts.train]
            mean, scale = float(np.mean(y)), float(np.std(y)) or 1.0

        @cache
        def scaler() -> Scaler:
            return Scaler.fit(data.x, parts.train, together=data.shape is not None)

        def inputs(rows: np.ndarray) -> Inputs:
            return Inputs(data.x, rows, lambda x: scaler().apply(x))

        def target(rows: np.ndarray) -> Rows:
            y = data.y[rows].astype(np.int32) if self.classes else (data.y[rows] - mean) / scale
            if data.weights is None:
                return Rows(data.x[:0], y, None)
            weight = data.weights[rows]
            return Rows(data.x[:0], y, weight / np.mean(np.abs(weight)))

        learned = target(parts.train)
        train = TrainingRows(inputs(parts.train), learned.y, learned.weight, self.classes)
        return _SeedRows(
            train,
            (inputs(parts.valid), inputs(data.test)),
            (target(parts.valid), target(data.test)),
            scale,
        )

    def score(self, outputs: np.ndarray, target: Rows, scale: float) -> float:
        """Return the score of a baseline's outputs [N, K], computed in the precision of the networks.

        target: targets and weights of the rows. scale: standard deviation of a regression target.
        """
        y = target.y if self.classes else target.y.astype(self.precision)
        weight = None if target.weight is None else target.weight.astype(self.precision)
        return score_of(self.metric.name, outputs.astype(self.precision), y, weight, scale)


def _row(
    baseline: Baseline, splits: _Splits, seeds: Sequence[int], after_fit: Callable[[], None]
) -> BaselineRow:
    """Return the row of one baseline."""
    size, metric, dataset = splits.size, splits.metric, splits.dataset
    plan, reason = baseline.plan(size), ""
    rows, looks = plan.rows, plan.looks
    if not rows:
        reason = f"left out: {size.rows:,} rows x {count(size.features, 'feature')} take too long"
    elif dataset.weights is not None and (dataset.weights < 0).any() and not baseline.signed_weights:
        reason = "left out: it cannot be fitted with negative weights"
    elif rows < size.rows:
        reason = f"fitted to {rows:,} of {size.rows:,} training rows"
    if reason.startswith("left out"):
        return _empty(baseline, reason)
    trial_seeds = seeds_of("baselines.tune", plan.tuning_seeds)
    chosen = list(seeds[: plan.seeds])
    with threadpool_limits(1 if rows * size.columns < PARALLEL_CELLS else None):
        look = _tuned(baseline, splits, looks, trial_seeds or chosen[:1], rows, after_fit)
        scores = np.full((2, len(chosen)), np.nan)  # [part, seed]
        for place, seed in enumerate(chosen):
            of_seed = splits.rows(seed)
            found = baseline.outputs(of_seed.train.take(slice(rows)), of_seed.inputs, [look])[0]
            scores[:, place] = [
                splits.score(z, target, of_seed.scale)
                for z, target in zip(found, of_seed.targets, strict=True)
            ]
            after_fit()
    valid, test = (score_summary(part, metric.greater_is_better, 0, metric.bounds) for part in scores)
    return BaselineRow(
        model=baseline.name,
        seeds=chosen,
        looks=len(looks),
        tuning_seeds=trial_seeds,
        hyperparameters={name: float(value) for name, value in look.items()},
        rows=rows,
        note=reason,
        test=test,
        **values_of(valid),
    )


def _tuned(
    baseline: Baseline,
    splits: _Splits,
    looks: Sequence[Look],
    seeds: Sequence[int],
    rows: int,
    after_fit: Callable[[], None],
) -> Look:
    """Return the look with the best median score over some seeds, among equals the first.

    The scores are those of the validation rows, or of the training rows if the baseline cannot overfit.
    """
    if len(looks) == 1:
        return looks[0]
    scores = np.full((len(looks), len(seeds)), np.nan)
    for place, seed in enumerate(seeds):
        of_seed = splits.rows(seed)
        train = of_seed.train.take(slice(rows))
        inputs, target = of_seed.inputs[0], of_seed.targets[0]
        if baseline.cannot_overfit:
            inputs, target = train.inputs, Rows(target.x, train.y, train.weight)
        found = baseline.outputs(train, [inputs], looks)
        scores[:, place] = [splits.score(z[0], target, of_seed.scale) for z in found]
        after_fit()
    best = select(scores, splits.metric.greater_is_better)
    return looks[0 if best is None else best]  # no score is defined on these rows: the usual setting


def _empty(baseline: Baseline, reason: str) -> BaselineRow:
    """Return the row of a baseline that was left out."""
    return BaselineRow(
        model=baseline.name, seeds=[], looks=0, tuning_seeds=[], hyperparameters={}, rows=0, note=reason,
        test=None, mean=None, median=None, sd=None, interval=None, n_seeds=0, diverged=0, values=[],
    )  # fmt: skip


def with_differences(
    rows: Sequence[BaselineRow], network: str, scores: Mapping[int, float | None], metric: str
) -> list[BaselineRow]:
    """Return results of baselines, each completed by its score difference to a network on the same seeds.

    rows: results of the baselines; one without a seed in common with the network stays as it is. network: the
    network in words. scores: validation score of the network by seed, None where it diverged. metric: name of
    the metric.
    """
    greater, found = METRICS[metric].greater_is_better, []
    for row in rows:
        shared = [place for place, known in enumerate(row.seeds) if known in scores]
        if not shared:
            found.append(row)
            continue
        ours = np.array([row.values[place] for place in shared], np.float64)  # None is NaN
        theirs = np.array([scores[row.seeds[place]] for place in shared], np.float64)
        pair = compare_paired(ours, theirs, greater)
        difference = BaselineDifference(
            network=network,
            difference=pair.difference,
            interval=None if pair.interval is None else [finite_or_none(end) for end in pair.interval],
            p_better=pair.p_better,
            p_value=pair.p_value,
            n_seeds=len(shared),
        )
        found.append(replace(row, against_network=difference))
    return found
