"""`ravine lecture [CLAIM]...`: the claims of the lecture, each measured and held against its truth."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ravine.cli.console import Console, is_terminal
from ravine.cli.exit_status import SOME_FAILED
from ravine.cli.flags import output_flags
from ravine.cli.help import Command, SectionedOption
from ravine.cli.progress import LINE_INTERVAL_S
from ravine.errors import DataError, UsageError, did_you_mean

if TYPE_CHECKING:
    from ravine.lecture import Claim, Measurement
    from ravine.lecture.results import LectureResult, MeasuredClaim

__all__ = ["lecture"]

PICTURES, ANIMATIONS = ("png", "svg", "pdf"), ("html", "gif")
FOLDER = Path("runs") / "lecture"  # of the picture of a claim, where no folder is named


@click.command(
    cls=Command,
    short_help="Measure the claims of the lecture.",
    help="List the claims of the lecture on neural-network optimization. With the id of a CLAIM, run it: "
    "what the lecture says, what was measured against what theory expects, and whether it holds. The exit "
    "status is 5 where something does not hold.",
    examples=("ravine lecture", "ravine lecture L4", "ravine lecture --all -o claims --format svg"),
)
@click.argument("words", metavar="[CLAIM]...", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Run all claims, and print one line each.")
@click.option("--animate", is_flag=True, help="Write the animation of CLAIM, in one file.")
@click.option(
    "--format", "kind", metavar="KIND",
    help="Of pictures: png, svg or pdf  [png]; of animations: html or gif  [html].",
)  # fmt: skip
@click.option("--device", cls=SectionedOption, section="Machine", metavar="cpu|gpu", help="Where to measure.")
@output_flags(out="DIR:Write documents, evidence and pictures there.")
@click.pass_obj
def lecture(
    console: Console, words: tuple[str, ...], everything: bool, animate: bool, kind: str | None,
    device: str | None, out: str | None, json: bool, quiet: bool, verbose: bool,
) -> int:  # fmt: skip
    """List, animate or measure."""
    console.configure(json=json, quiet=quiet, verbose=verbose)
    kind = _kind(kind, animate)
    chosen = _chosen(words, everything)
    _check_device(device)
    if not chosen:
        if animate or out is not None:
            raise UsageError("No claim was named.", "There is nothing to write.", "Type `ravine lecture L4`.")
        return _list(console)
    if animate:
        return _animate(chosen, _folder(out), kind, device, console)
    folder = None if out is None else _folder(out)
    named = f"{len(chosen)} claims" if len(chosen) > 1 else f"{chosen[0].id}: {chosen[0].title}"
    console.info(f"Measuring {named}.")
    return _measure(chosen, everything, folder, kind, device, console)


def _chosen(words: tuple[str, ...], everything: bool) -> list[Claim]:
    from ravine.lecture.registry import claims, find

    if everything and words:
        raise UsageError(
            f"--all and '{words[0]}' contradict.", "--all is every claim.", "Leave one of them out."
        )
    return (
        list(claims().values())
        if everything
        else list({find(word).id: find(word) for word in words}.values())
    )


def _kind(given: str | None, animate: bool) -> str:
    """Return the ending of files to draw, the first of those allowed if none is given."""
    allowed = ANIMATIONS if animate else PICTURES
    if given is None:
        return allowed[0]
    kind = given.lower().removeprefix(".")
    if kind not in allowed:
        what = "Animations" if animate else "Pictures"
        only = "Animations are made with --animate." if kind in ANIMATIONS else ""
        raise UsageError(f"{what} are not written as '{given}'.", only, did_you_mean(kind, allowed))
    return kind


def _check_device(device: str | None) -> None:
    from ravine.execution.base_settings import NetworkSettings
    from ravine.options.fields import options_of
    from ravine.options.validate import refusal

    if device is not None and (error := refusal(options_of(NetworkSettings)["device"], device)):
        raise error


def _folder(out: str | None) -> Path:
    """Return the folder to write to, made. Raises UsageError, DataError before anything slow."""
    from ravine.records.os_errors import os_errors_as_data_errors

    if out == "":
        raise UsageError("The folder has no name.", "-o was given nothing.", "Type -o DIR.")
    folder = FOLDER if out is None else Path(out)
    with os_errors_as_data_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
    return folder


def _list(console: Console) -> int:
    from ravine.lecture.results import claim_list
    from ravine.lecture.view import list_view

    found = claim_list()
    if console.json:
        console.print_document(found.to_dict())
    else:
        console.print_view(list_view(found))
    return 0


def _animate(chosen: list[Claim], folder: Path, kind: str, device: str | None, console: Console) -> int:
    from ravine.engines import prepare
    from ravine.lecture.measurement import animate
    from ravine.lecture.registry import claims, has_animation
    from ravine.lecture.results import Animation, AnimationList

    for claim in chosen:
        if not has_animation(claim):
            moving = [each.id for each in claims().values() if has_animation(each)]
            raise UsageError(f"{claim.id} has no animation.", "", f"These have: {', '.join(moving)}.")
    console.info(f"Animating {', '.join(each.id for each in chosen)}.")
    prepare(device)
    files = {claim.id: folder / f"{claim.id}.{kind}" for claim in chosen}
    for claim in chosen:
        animate(claim, files[claim.id])
    if console.json:
        rows = [Animation(id=name, animation=str(path)) for name, path in files.items()]
        console.print_document(AnimationList(claims=rows).to_dict())
    else:
        for path in files.values():
            console.print(f"Animation  {path}")
    return 0


def _measure(
    chosen: list[Claim], table: bool, folder: Path | None, kind: str, device: str | None, console: Console
) -> int:
    """Run the claims one after another; one that raises is told of, and the others go on."""
    from ravine.engines import prepare
    from ravine.lecture.measurement import FailedClaim, attempt
    from ravine.lecture.results import lecture_result, measured_claim, write_claim
    from ravine.records.atomic_files import write_json

    start = told = time.monotonic()
    prepare(device)
    rows: list[MeasuredClaim] = []
    for number, claim in enumerate(chosen):
        if number and (is_terminal(sys.stderr) or time.monotonic() - told >= LINE_INTERVAL_S):
            told = time.monotonic()
            console.info(f"{number} of {len(chosen)} measured; now {claim.id}: {claim.title}.")
        result = attempt(claim)
        if isinstance(result, FailedClaim) and console.verbose:
            console.error(result.traceback)
        rows.append(measured_claim(result) if folder is None else write_claim(result, folder, kind))
        if not table and not console.json:
            _show(rows[-1], console, None if isinstance(result, FailedClaim) or folder else result, kind)
    found = lecture_result(rows, time.monotonic() - start)
    if folder and len(rows) > 1:
        write_json(folder / "lecture.json", found.to_dict(), sort=False)
    if console.json:
        console.print_document(found.to_dict())
    elif table:
        _show_table(found, folder, console)
    return 0 if all(row.holds for row in rows) else SOME_FAILED


def _show(row: MeasuredClaim, console: Console, undrawn: Measurement | None, kind: str) -> None:
    """Show one claim. `undrawn`: what still has no picture."""
    from ravine.lecture.view import claim_view

    picture = _draw(undrawn, kind) if undrawn else row.picture
    console.print_view(claim_view(row, picture or ""))
    console.print("")


def _draw(result: Measurement, kind: str) -> str:
    """Draw a claim where no folder was named; returns the path, or why there is no picture."""
    from ravine.lecture.plot_style import save

    path = FOLDER / f"{result.claim.id}.{kind}"
    try:
        _folder(None)
        save(result.figure(), path)
    except DataError as error:  # the numbers, which were asked for, are on the screen
        return f"none: {error}"
    return str(path)


def _show_table(result: LectureResult, folder: Path | None, console: Console) -> None:
    from ravine.lecture.view import claims_view

    console.print_view(claims_view(result, str(folder or "")))
