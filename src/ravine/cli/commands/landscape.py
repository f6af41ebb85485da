"""`ravine landscape DATA|RUN|MODEL [DATA]`: slices, planes, ways and barriers of the loss."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import click

from ravine.cli.console import Screen
from ravine.cli.help import Verb
from ravine.cli.options import config_flag, flags_for, output_flags
from ravine.errors import RavineError, UsageError, did_you_mean
from ravine.execution.settings import LandscapeSettings

__all__ = ["landscape"]

FOLDER = Path("runs") / "landscape"
PICTURES = ("png", "svg", "pdf")
SEEN = ("source", "target", "grid", "span", "seed", "device")  # what matters where nothing is trained


@click.command(
    cls=Verb,
    short_help="Look at the loss around solutions.",
    help="Train on DATA with each optimizer and look at the loss where the first one ends: slices and planes "
    "(random, sharpest, of the trajectories, through three solutions), sharpness against the rule's "
    "stability limit, barriers between solutions before and after aligning their units. With a RUN or "
    "MODEL, look around it, on the data of the run or on DATA.",
    examples=(
        "ravine landscape digits -O sgd,adam -o seen",
        "ravine landscape titanic.csv -t Survived -O momentum --rate 0.03 --format svg",
        "ravine landscape latest",
        "ravine landscape models/best new.csv",
    ),
)
@click.argument("source", metavar="DATA|RUN|MODEL", required=False)
@click.argument("beside", metavar="[DATA]", required=False)
@flags_for(LandscapeSettings)
@click.option("--format", "kind", metavar="png|svg|pdf", help="Kind of the pictures.  [png]")
@config_flag
@output_flags(out="DIR:Folder for numbers and pictures, in place of one in runs/landscape.", dry_run=True)
@click.pass_obj
def landscape(
    screen: Screen, source: str | None, beside: str | None, kind: str | None, config: str | None,
    out: str | None, json: bool, quiet: bool, verbose: bool, dry_run: bool, **flags: Any,
) -> int:  # fmt: skip
    """Resolve, look, write, show."""
    from ravine.cli.configuration import resolve
    from ravine.cli.progress import showing
    from ravine.cli.working import check_source, name_of, prepare_machine

    screen.configure(json=json, quiet=quiet, verbose=verbose)
    _check_kind(kind)
    model = source if source is not None and _is_model(source) else None
    if beside is not None and model is None:
        raise UsageError(
            f"'{source}' is no model, so '{beside}' cannot stand beside it.",
            "One DATA is trained on; a second stands beside a RUN or MODEL.",
            "Name one of them.",
        )
    resolved = resolve(LandscapeSettings, {**flags, "source": beside if model else source}, config)
    settings = resolved.settings
    if model is None or beside is not None:
        check_source(settings)
    folder = _folder(out, model or settings.source)
    made = [] if dry_run else _make(folder)
    doing = "Planning to look" if dry_run else "Looking"
    screen.say(f"{doing} at the loss around {name_of(model or settings.source)}.")
    screen.say_unused(resolved.unused, "landscape")
    if model is not None:
        _say_unused(flags, screen)
        with_source = settings.to_dict() | {"source": beside or ""}
        settings = LandscapeSettings.from_dict(with_source)
    if dry_run:
        return _plan(settings, model, screen)
    try:
        with showing(screen) as progress:
            prepare_machine(settings.device)
            from ravine.studies.landscape.study import landscape_study

            seen = landscape_study(settings, model=model, notify=progress.event)
            found = seen.save(folder, kind or PICTURES[0])
    except (RavineError, KeyboardInterrupt):
        with suppress(OSError):  # what holds something stays
            for each in made:
                each.rmdir()
        raise
    if json:
        screen.show_document(found.document)
        return 0
    from ravine.studies.landscape.view import landscape_text

    screen.show(landscape_text(found.document, screen.width, screen.colour, screen.unicode))
    return 0


def _check_kind(kind: str | None) -> None:
    """Find a kind that cannot be written before anything slow. Raises UsageError."""
    if kind is None:
        return
    if kind not in PICTURES:
        raise UsageError(f"Pictures are not written as '{kind}'.", "", did_you_mean(kind, PICTURES))


def _is_model(source: str) -> bool:
    """Whether a word means a run or a model rather than data."""
    from ravine.cli.working import run_named
    from ravine.records.listing import RUN_FILE

    path = Path(source)
    if path.is_dir():
        return True
    if path.is_file():
        beside = path.with_suffix(".json").is_file() and path.with_suffix(".safetensors").is_file()
        return path.name == RUN_FILE or (beside and path.suffix in (".json", ".safetensors"))
    return run_named(source) is not None


def _say_unused(flags: Mapping[str, Any], screen: Screen) -> None:
    given = [name for name, value in flags.items() if value not in (None, ()) and name not in SEEN]
    if given:
        said = ", ".join("--" + name.replace("_", "-") for name in given)
        screen.say(screen.wrapped(f"Not used with a model, which is trained already: {said}."))


def _plan(settings: LandscapeSettings, model: str | None, screen: Screen) -> int:
    from ravine.cli.output import show_plan
    from ravine.cli.working import prepare_machine

    prepare_machine(settings.device)
    from ravine.studies.landscape.study import landscape_plan

    show_plan(landscape_plan(settings, model=model), screen)
    return 0


def _folder(out: str | None, source: str) -> Path:
    """Return the folder to write to. Raises UsageError."""
    from ravine.records.placing import slug

    if out == "":
        raise UsageError("The folder has no name.", "-o was given nothing.", "Type -o DIR.")
    return FOLDER / slug(source) if out is None else Path(out)


def _make(folder: Path) -> list[Path]:
    """Make the folder before anything slow; return what was not there, deepest first. Raises DataError."""
    from ravine.records.speaking import speaking

    with speaking(folder):
        missing = [each for each in (folder, *folder.parents) if not each.exists()]
        folder.mkdir(parents=True, exist_ok=True)
    return missing
