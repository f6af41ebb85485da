"""What a diagnosis is going to look at and to train, fixed before it begins."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ravine.data import Dataset
from ravine.data.metric_checks import check_metric_defined
from ravine.engines import Devices
from ravine.errors import DataError
from ravine.execution.base_settings import FixedTrainingSettings
from ravine.execution.run_files import data_document, split_document
from ravine.execution.runner import Runner
from ravine.execution.saved_model import Model
from ravine.execution.training_spec import check_moving, check_patience
from ravine.networks import METRICS
from ravine.studies.diagnose.settings import DiagnoseSettings
from ravine.studies.diagnose.trial_runner import Bench, Made, plain
from ravine.studies.train.study import FIRST_SEED

__all__ = ["SCHEMA_VERSION", "DiagnosisDesign", "diagnosis_design"]

SCHEMA_VERSION = 1
TOLD = ("optimizer", "learning_rate", "schedule", "steps", "batch_size")  # by a model, of its training
PROOF_SEED, FRESH_SEED = 3_000, 4_000  # remedies are proved on the first, what is recommended on the second


@dataclass(frozen=True)
class DiagnosisDesign:
    """One network as it is asked for (`original`, `made`), or a trained `model`, and what proves remedies."""

    settings: DiagnoseSettings
    dataset: Dataset
    bench: Bench
    original: FixedTrainingSettings
    made: Made
    model: Model | None
    seed: int

    @property
    def proves(self) -> bool:
        """Whether remedies are tried: a trained model is looked at only."""
        return self.settings.seeds >= 2 and self.model is None

    @property
    def seeds(self) -> list[int]:
        """Seeds on which remedies are proved."""
        return np.arange(PROOF_SEED, PROOF_SEED + self.settings.seeds).tolist()

    @property
    def fresh(self) -> list[int]:
        """Seeds on which the recommendation is tried."""
        return np.arange(FRESH_SEED, FRESH_SEED + self.settings.seeds).tolist()

    @property
    def rate(self) -> float:
        return self.original.rate or self.made.rule.rate_centre

    @property
    def line(self) -> str:
        """Say what is going to be measured."""
        plan = self.made.plan
        if self.model is not None:
            return f"{plan.network}, measured"
        return f"{self.made.rule.title}, {plan.network}, {plan.steps:,} steps, measured"

    def head(self) -> dict[str, Any]:
        """Return what the document says before anything is found."""
        made = self.made
        metric = made.plan.metric
        return {
            "schema_version": SCHEMA_VERSION,
            "data": data_document(self.dataset),
            "split": split_document(self.dataset, made.streams),
            "metric": {"name": metric, "greater_is_better": METRICS[metric].greater_is_better},
            "plan": {
                "optimizer": made.plan.rule.name,
                "learning_rate": self.rate,
                "schedule": self.original.schedule,
                "steps": made.plan.steps,
                "batch_size": made.plan.batch_size,
                **({} if self.model is None else {name: self.model.about.get(name) for name in TOLD}),
                "network": str(made.plan.network),
                "parameters": made.plan.network.parameters,
                "seeds": self.settings.seeds if self.proves else 0,
            },
        }


def diagnosis_design(
    settings: DiagnoseSettings, dataset: Dataset, devices: Devices, runner: Runner
) -> DiagnosisDesign:
    """Return the design. Raises DataError, UsageError for what does not fit."""
    _refuse_one_class(dataset)
    bench = Bench(dataset, devices, runner)
    original = plain(settings)
    made, model, seed = bench.make(original), None, FIRST_SEED
    check_patience(original)
    check_moving(made.recipe, [made.rule])
    if settings.model is not None:
        model = Model.load(settings.model)
        made, seed = _of_model(model, made, dataset, settings)
    found = DiagnosisDesign(settings, dataset, bench, original, made, model, seed)
    asked = [FIRST_SEED, *found.seeds, *found.fresh] if found.proves else [seed]
    check_metric_defined(dataset, METRICS[made.plan.metric], asked, settings.validation)
    return found


def _refuse_one_class(dataset: Dataset) -> None:
    if dataset.task == "classify" and len(np.unique(dataset.y[dataset.development])) < 2:
        raise DataError(
            "All training rows have one class.",
            "There is nothing to tell apart, so no verdict on a network means anything.",
            "Give rows of at least two classes.",
        )


def _of_model(model: Model, made: Made, dataset: Dataset, settings: DiagnoseSettings) -> tuple[Made, int]:
    """Return the plan of a trained model, and its seed. Raises DataError where its rows are not known."""
    about = model.about
    if (about.get("data") or {}).get("sha256") != dataset.sha256:
        raise DataError(
            f"The model '{settings.model}' was trained on other data.",
            f"It knew {(about.get('data') or {}).get('name', 'data of its own')}; which rows of "
            f"{dataset.name} it has seen is not known.",
            "Name the data it was trained on.",
        )
    seed = int(about.get("seed", FIRST_SEED))
    same = made.streams.rows(seed).scaler
    for name in ("mean", "scale", "fill"):
        mine, theirs = getattr(same, name), np.asarray(getattr(model.scaler, name))
        if mine.shape != theirs.shape or not np.allclose(mine, theirs, rtol=1e-9):
            raise DataError(
                f"The training rows of the model '{settings.model}' cannot be told.",
                "Its inputs were standardised by other rows than these settings give.",
                "Give the --seed, --test, --validation, --drop and --scaling it was trained with.",
            )
    own = replace(made.recipe, network=model.network, numbers=dict(model.trained.numbers))
    own = replace(own, around=(), smoothing=False, augment=(), tail=None)
    plan = replace(
        made.plan, network=model.network, precision=model.trained.precision, around=(), smoothing=False,
        augment=(), image=None,
    )  # fmt: skip
    return replace(made, recipe=own, plan=plan), seed
