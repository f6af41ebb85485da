"""Construction of the commands of the studies, such as `ravine compare`, from the settings of each study.

A command determines its settings from flags and configuration file. It then runs the study or, in a dry run,
shows the plan.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from ravine.cli.console import Console
from ravine.cli.flags import all_keys, config_flag, flags_for, output_flags
from ravine.cli.help import Command
from ravine.execution.study import Study

if TYPE_CHECKING:
    from ravine.execution.base_settings import NetworkSettings

__all__ = ["study_command"]

METAVARS = {"data": "DATA", "run": "RUN", "model": "MODEL"}


def study_command(study: Study) -> click.Command:
    """Return the command of a study, such as `ravine compare`, with the flags of its settings."""

    def callback(**arguments: Any) -> int:
        return _run(study, click.get_current_context().find_object(Console) or Console(), **arguments)

    # the decorator that is applied last comes first in the help
    out = "DIR:Folder of the run; if not given, a new folder in runs/."
    callback = output_flags(out=out, dry_run=True)(callback)
    callback = flags_for(study.settings)(config_flag(callback))
    if len(study.accepts) > 1:
        callback = click.argument("data", metavar="[DATA]", required=False)(callback)
    metavar = "|".join(METAVARS[kind] for kind in study.accepts)
    callback = click.argument("source", metavar=metavar, required=False)(callback)
    return click.command(
        study.name, cls=Command, short_help=study.title, help=study.help_text, examples=study.examples
    )(callback)


def _run(
    study: Study,
    console: Console,
    *,
    source: str | None,
    config: str | None,
    out: str | None,
    dry_run: bool,
    json: bool,
    quiet: bool,
    verbose: bool,
    data: str | None = None,
    **flags: Any,
) -> int:
    """Resolve the settings, then plan or run the study. Returns the exit status."""
    from ravine.engines.limits import check_limits
    from ravine.execution.named_run import resolve_source
    from ravine.execution.own_code import typed_options, with_code_admitted
    from ravine.execution.source import check_source
    from ravine.options.resolve import resolve
    from ravine.records.run_paths import check_run_folder

    console.configure(json=json, quiet=quiet, verbose=verbose)
    check_limits()
    with_run = resolve_source(study, {**flags, "source": source}, data, config)
    typed, flags = typed_options(study.settings, flags, with_run), with_run
    resolved = resolve(study.settings, flags, config, others=all_keys)
    settings = with_code_admitted(resolved.settings, typed)
    if settings.source or not settings.needs_source:
        console.info(settings.headline(dry_run))
    console.info_unused(resolved.unused, study.name)
    check_source(settings, study.name)  # before a progress bar appears
    check_run_folder(out)
    only_plan = dry_run or settings.plans_only
    return _show_plan(study, settings, console) if only_plan else _execute(study, settings, out, console)


def _show_plan(study: Study, settings: NetworkSettings, console: Console) -> int:
    """Print what the study would do. Returns the exit status."""
    from ravine.cli.output import show_document
    from ravine.cli.progress import progress_display
    from ravine.execution.execute import dry_run

    with progress_display(console) as progress:
        plan = dry_run(study, settings, notify=progress.show_event)
    show_document(plan, console)
    return 0


def _execute(study: Study, settings: NetworkSettings, out: str | None, console: Console) -> int:
    """Run the study in a new folder and print its result. Returns the exit status."""
    from ravine.cli.exit_status import INCOMPLETE
    from ravine.cli.output import show_result
    from ravine.cli.progress import progress_display
    from ravine.cli.signals import stop_on_signals
    from ravine.execution.new_run import execute_in_new_run

    with progress_display(console) as progress, stop_on_signals(progress.show_line) as should_stop:
        result = execute_in_new_run(
            study,
            settings,
            out=out,
            command=["ravine", *sys.argv[1:]],
            notify=progress.show_event,
            should_stop=should_stop,
        )
    show_result(result, console)
    return INCOMPLETE if result.incomplete() else 0
