"""The execution of a study, for the command line, Python functions, `resume` and dry runs.

`settings → data → design → plan written → training → result written`

The run directory records the state: running, then finished, stopped or failed.
"""

from __future__ import annotations

import json
import time
from contextlib import suppress

from ravine.data import Dataset
from ravine.engines import THREADS, Devices, find_devices, open_engine, prepare
from ravine.errors import DataError, RavineError, Stopped, UsageError
from ravine.execution.base_settings import NetworkSettings
from ravine.execution.config_file import write_config
from ravine.execution.context import RunContext
from ravine.execution.describe import time_text
from ravine.execution.events import (
    ChunkDone,
    DataLoaded,
    Event,
    Noted,
    Notify,
    PlanReady,
    RunEnded,
    ShouldStop,
    ignore,
    never,
)
from ravine.execution.result import Result, StudyPlan
from ravine.execution.run_files import write_or_check_plan, write_result
from ravine.execution.runner import Runner
from ravine.execution.study import Design, Study
from ravine.records.clock import seconds_since_1970
from ravine.records.os_errors import is_full
from ravine.records.run_directory import CONFIG, PLAN, RunDirectory
from ravine.shell_words import quote_word
from ravine.training import drop_programs
from ravine.user_code.load import check_not_loading

__all__ = ["dry_run", "execute"]

EVENT_INTERVAL_S = 1.0  # between two lines of progress in events.jsonl


def execute(
    study: Study,
    settings: NetworkSettings,
    *,
    dataset: Dataset | None = None,
    run: RunDirectory | None = None,
    notify: Notify = ignore,
    should_stop: ShouldStop = never,
) -> Result:
    """Run a study, such as a comparison of optimizers, and return its result.

    With a run directory, write the files of the run there, and reuse finished trainings that it holds.
    dataset: data set, read from `settings.source` if None. run: run directory, whose lock the caller holds.

    Raises DataError for data or files that cannot be used, UsageError for settings that do not fit the study
    or the data, NothingTrained if every run diverged, and Stopped on a stop request. With a run directory,
    the state of the trainings is saved before Stopped is raised.
    """
    check_not_loading()
    started = time.perf_counter()
    before = None if run is None else run.metadata.state
    listener = notify if run is None else _also_to_file(run, notify)
    ended = "failed"
    try:
        result = _execute(study, settings, dataset, run, listener, should_stop, started)
        ended = "finished"
        return result
    except (Stopped, KeyboardInterrupt) as error:
        ended = "stopped"
        if run is None or not run.has(PLAN):
            raise
        run.update(state=ended)
        if isinstance(error, KeyboardInterrupt):
            raise
        engine = "" if settings.engine == THREADS else f" --engine {settings.engine}"
        fix = f"Type `ravine resume {quote_word(str(run.path))}{engine}` to go on."
        raise Stopped("Stopped on request; what was done is saved.", "", fix, error.status) from error
    except Exception as error:
        if run is not None and run.has(PLAN):
            _mark_failed(run, error, before)
        raise
    finally:
        if run is not None and run.has(PLAN):
            listener(RunEnded(ended, time.perf_counter() - started))


def _execute(
    study: Study,
    settings: NetworkSettings,
    dataset: Dataset | None,
    run: RunDirectory | None,
    notify: Notify,
    should_stop: ShouldStop,
    started: float,
) -> Result:
    if run is not None and not run.has(CONFIG):
        write_config(run, settings)
    dataset, devices = _prepare(study, settings, dataset, notify)
    design = study.design(settings, dataset, devices)
    _report_notes(design, notify)
    with open_engine(settings.engine, devices, lambda text: notify(Noted(text)), should_stop) as engine:
        runner = Runner(run, notify, should_stop, design.network_steps, engine=engine)
        if run is not None:
            write_or_check_plan(run, study.name, design.settings, dataset, design.plan_document())
        estimate = design.estimated_seconds
        text = f"{design.line()}, about {time_text(estimate)} on {devices}"
        notify(PlanReady(text, design.network_steps, None if run is None else str(run.path), estimate))
        context = RunContext(dataset, devices, run, notify, runner, started)
        result = study.run(design, context)
    if run is None:
        return result
    context.stage("save")
    return write_result(run, study, result, settings.picture_format)


def dry_run(
    study: Study, settings: NetworkSettings, *, dataset: Dataset | None = None, notify: Notify = ignore
) -> StudyPlan:
    """Return the plan of a study, as `--dry-run` shows it. Nothing is trained or written.

    dataset: data set, read from `settings.source` if None. Raises DataError for data that cannot be used, and
    UsageError for settings that do not fit the study or the data.
    """
    dataset, devices = _prepare(study, settings, dataset, notify)
    design = study.design(settings, dataset, devices)
    _report_notes(design, notify)
    plan: StudyPlan = study.load("design", "plan")(design)
    return plan


def _report_notes(design: Design, notify: Notify) -> None:
    for note in design.notes:
        notify(Noted(note))


def _prepare(
    study: Study, settings: NetworkSettings, dataset: Dataset | None, notify: Notify
) -> tuple[Dataset, Devices]:
    """Return data and devices, and report the data as events."""
    prepare(settings.device)
    drop_programs()
    if check := study.find("design", "check_settings"):
        check(settings)  # before the data are read, which may take long
    dataset = dataset if dataset is not None else study.load_data(settings)
    classes = None if dataset.classes is None else len(dataset.classes)
    features = len(dataset.features)
    notify(DataLoaded(dataset.name, len(dataset), features, dataset.task, dataset.target, classes))
    for note in dataset.notes:
        notify(Noted(note))
    return dataset, find_devices(settings.device)


def _also_to_file(run: RunDirectory, notify: Notify) -> Notify:
    """Return a listener that also appends events to events.jsonl, progress at most once per second."""
    last_progress, pending = 0.0, ""

    def listener(event: Event) -> None:
        nonlocal last_progress, pending
        notify(event)
        line = json.dumps({"time": seconds_since_1970()} | event.to_dict()) + "\n"
        now = time.monotonic()
        if isinstance(event, ChunkDone):
            if now - last_progress < EVENT_INTERVAL_S:
                pending = line  # written before the next event of another kind, unless newer progress comes
                return
            last_progress, pending = now, ""
        run.log_event(pending + line)
        pending = ""

    return listener


def _mark_failed(run: RunDirectory, error: Exception, before: str | None) -> None:
    """Mark the run as failed, unless only resuming was refused."""
    refused = isinstance(error, DataError | UsageError) and before in ("finished", "stopped")
    if not refused:
        with suppress(RavineError):  # a full disk: the error itself matters more
            run.update(state="failed", summary=getattr(error, "what", None) or type(error).__name__)
            run.log(str(error))
    if isinstance(error, DataError) and is_full(error):
        fix = f"Make space or raise the limit, then type `ravine resume {quote_word(str(run.path))}`."
        raise DataError(error.what, error.why, fix) from error
