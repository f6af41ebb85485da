"""Double descent: the error on new rows against width, epochs, examples; early stopping and ridge beside it.

Source: Belkin, Hsu, Ma & Mandal 2019; Nakkiran et al. 2020, Deep double descent.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ravine.data import Dataset
from ravine.engines import find_devices
from ravine.errors import NothingTrained
from ravine.execution.documents import keep_document
from ravine.execution.events import Event, Notify, StopAsked
from ravine.execution.loading import data_line, load
from ravine.execution.run_files import keep_plan
from ravine.execution.runner import Runner
from ravine.execution.training_spec import around_of
from ravine.records.record import Record
from ravine.records.run_directory import RunDirectory
from ravine.studies.descent.design import DescentDesign
from ravine.studies.descent.plots import descent_pictures
from ravine.studies.descent.settings import DescentSettings
from ravine.studies.descent.sweeps import Sweeps
from ravine.studies.descent.view import descent_text

__all__ = ["Descent", "descent_plan", "descent_study"]


@dataclass(frozen=True)
class Descent:
    """What was found. `document`: all of it as plain values, as `ravine descent --json` prints it."""

    document: dict[str, Any]
    records: dict[str, Record] = field(repr=False)

    @property
    def run_dir(self) -> Path | None:
        """Where the run is kept, if it is."""
        where = self.document["run_dir"]
        return None if where is None else Path(where)

    def __repr__(self) -> str:
        return descent_text(self.document, 100)


def descent_study(
    settings: DescentSettings,
    *,
    dataset: Dataset | None = None,
    run: RunDirectory | None = None,
    notify: Notify | None = None,
    stop: StopAsked | None = None,
) -> Descent:
    """Run the sweeps as the settings say (data read from `settings.source` if not given).

    Raises DataError, UsageError, Stopped (after saving, if there is a run directory), NothingTrained.
    """
    clock = time.perf_counter()
    notify, stop = notify or (lambda _: None), stop or (lambda: None)
    dataset = dataset if dataset is not None else load(settings)
    for note in (data_line(dataset), *dataset.notes):
        notify(Event("data", note))
    design = DescentDesign(settings, dataset, find_devices(settings.device))
    keep_plan(run, "descent", settings, dataset, design.plan_document())
    notify(Event("plan", design.line()))
    runner = Runner(run, notify, stop, design.network_steps)
    sweeps = Sweeps(design, runner)
    widths, epochs = sweeps.widths()
    if not any(each["mean"] is not None for arm in widths["arms"] for each in arm["test_loss"]):
        raise NothingTrained(
            "Training diverged at every width.",
            f"The learning rate was {design.rate:.3g}.",
            "Give a lower --rate.",
        )
    examples = sweeps.examples(widths["threshold"]["units"] or widths["units"][-1])
    document = {
        **design.document(),
        "widths": widths,
        "epochs": epochs,
        "examples": examples,
        "seconds": {
            "total": time.perf_counter() - clock,
            "compile": sum(
                runner.compile_seconds([plan], shape, design.devices) for plan, shape in sweeps.used.items()
            ),
            "programs": len(sweeps.used),
            "train": runner.train_seconds,
        },
        "result": {"diverged": sweeps.diverged},
        "run_dir": None if run is None else str(run.path),
        "pictures": [],
    }
    keep_document(run, document, descent_pictures, _told(document))
    return Descent(document, sweeps.records)


def descent_plan(settings: DescentSettings, dataset: Dataset | None = None) -> dict[str, Any]:
    """Return what the sweeps would do: what `--dry-run` prints."""
    dataset = dataset if dataset is not None else load(settings)
    design = DescentDesign(settings, dataset, find_devices(settings.device))
    asked, document = design.plan_document(), design.document()
    document["plan"] |= {
        "around": around_of(settings),
        **{name: asked[name] for name in ("widths", "arms", "examples")},
        "runs": design.runs,
        "network_steps": design.network_steps,
    }
    return document


def _told(document: dict[str, Any]) -> str:
    """What `ravine runs` shows."""
    seen = [
        name
        for name, part in (("width", document["widths"]), ("examples", document["examples"]))
        if part["descent"]["loss"]["twice"]
    ]
    if any(each["descent"]["loss"]["twice"] for each in document["epochs"]["curves"]):
        seen.append("epochs")
    return f"double descent in {', '.join(seen)}" if seen else "no double descent"
