"""`ravine diagnose DATA`, `ravine diagnose RUN`, `ravine diagnose MODEL DATA`."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import click

from ravine.cli.console import Screen
from ravine.cli.help import Verb
from ravine.cli.options import config_flag, fields_of, flags_for, output_flags
from ravine.errors import UsageError
from ravine.execution.settings import DiagnoseSettings

__all__ = ["diagnose"]


@click.command(
    cls=Verb,
    short_help="Say what is wrong with a network, and prove the remedy.",
    help="Train a network on DATA as `train` would, measure it on the way, and say what is wrong with it: "
    "verdict, evidence, principle, remedy. Each remedy is tried on the same seeds as the original, and "
    "withdrawn where its own trial does not bear it out.\n\nDATA is a file or a built-in set. A RUN (its "
    "folder, its name, the start of its id, or 'latest') is diagnosed as it was configured. A MODEL is "
    "examined as it is, on the DATA it was trained on.",
    examples=(
        "ravine diagnose digits",
        "ravine diagnose titanic.csv -t Survived --optimizer sgd --rate 3",
        "ravine diagnose latest",
        "ravine diagnose runs/latest/models/best titanic.csv -t Survived",
    ),
)
@click.argument("source", metavar="DATA|RUN|MODEL", required=False)
@click.argument("data", metavar="[DATA]", required=False)
@flags_for(DiagnoseSettings)
@click.option("--no-proof", is_flag=True, help="Only measure; try no remedy.")
@config_flag
@output_flags(out="DIR:Folder of the run, in place of one in runs/.", dry_run=True)
@click.pass_obj
def diagnose(
    screen: Screen, config: str | None, out: str | None, json: bool, quiet: bool, verbose: bool,
    dry_run: bool, data: str | None, no_proof: bool, **flags: Any,
) -> int:  # fmt: skip
    """Resolve, say what is going to be done, do it."""
    from ravine.cli.configuration import resolve
    from ravine.cli.working import begin, name_of, planned, run_named

    screen.configure(json=json, quiet=quiet, verbose=verbose)
    if (folder := run_named(flags.get("source") or "")) is not None:
        flags["source"] = str(folder)
    named = flags.get("source")
    flags = _placed(flags, data, config)
    if no_proof:
        if flags.get("seeds") is not None:
            raise UsageError("--seeds and --no-proof contradict.", "Seeds prove remedies.", "Give one.")
        flags["seeds"] = 0
    resolved = resolve(DiagnoseSettings, flags, config)
    settings = resolved.settings
    if settings.source:
        what = f"the model {settings.model} on " if settings.model else ""
        doing = "Planning to diagnose" if dry_run else "Diagnosing"
        screen.say(f"{doing} {what}{name_of(settings.source)}.")
    screen.say_unused(resolved.unused, "diagnose")
    if dry_run:
        run = str(named) if named and (Path(named) / "run.json").exists() else None
        return planned(settings, screen, lambda: partial(_plan(), run=run))
    return begin("diagnose", settings, out, screen, _study)


def _placed(flags: dict[str, Any], data: str | None, config: str | None) -> dict[str, Any]:
    """Return the flags with the run or the model that was named in place of data."""
    source = flags.get("source")
    folder = Path(source) if source else None
    if folder is None or not (folder.is_dir() or _is_model(folder)):
        if data is not None:
            raise UsageError(
                f"'{data}' is one name too many.", f"'{source}' is no model.", "Name a model, then its data."
            )
        return flags
    if (folder / "run.json").exists():
        if config is not None or data is not None:
            raise UsageError("A run has its own configuration and data.", "", "Leave -c and DATA out.")
        return _of_run(folder, flags)
    if _is_model(folder) or (folder / "model.json").exists():
        above = _above(folder)
        if data is None and above is not None:
            flags = _of_run(above, flags)
        return {**flags, "source": data or _source(flags), "model": str(source)}
    raise UsageError(f"'{source}' is neither data, nor a run, nor a model.", "", "Name a file.")


def _is_model(path: Path) -> bool:
    return path.name in ("model.json", "model.safetensors") and path.is_file()


def _above(folder: Path) -> Path | None:
    """Return the run a model lies in, if it does."""
    return next((each for each in folder.resolve().parents if (each / "run.json").exists()), None)


def _source(flags: dict[str, Any]) -> str:
    found = flags.get("source")
    if not found or Path(str(found)).is_dir() or _is_model(Path(str(found))):
        raise UsageError(
            "The model's data were not named.", "What it has learned is judged on its own rows.",
            "Type `ravine diagnose MODEL DATA`.",
        )  # fmt: skip
    return str(found)


def _of_run(folder: Path, flags: dict[str, Any]) -> dict[str, Any]:
    """Return the flags over the configuration that the run ended with."""
    from ravine.records.toml_files import load

    best = folder / "best.toml"
    path = best if best.exists() else folder / "config.toml"
    if not path.exists():
        raise UsageError(f"The run '{folder}' has no configuration.", "It stopped too early.", "Name data.")
    known = fields_of(DiagnoseSettings)
    own = {key: value for key, value in load(path).items() if key in known and key not in ("seeds", "model")}
    given = {key: value for key, value in flags.items() if value not in (None, ()) and key != "source"}
    return {**own, **given}


def _study() -> Any:
    from ravine.studies.diagnose.study import diagnose_study

    return diagnose_study


def _plan() -> Any:
    from ravine.studies.diagnose.study import diagnose_plan

    return diagnose_plan
