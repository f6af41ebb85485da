"""The command `ravine lecture [CLAIM]...`: list, measure or animate the claims of the lecture."""

from __future__ import annotations

import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ravine.cli.console import Console
from ravine.cli.exit_status import INCOMPLETE
from ravine.cli.flags import output_flags
from ravine.cli.help import Command
from ravine.cli.progress import progress_display
from ravine.errors import DataError, UsageError

if TYPE_CHECKING:
    from ravine.execution.events import Event
    from ravine.execution.progress import Display
    from ravine.lecture import Claim, Measurement
    from ravine.lecture.results import LectureResult, MeasuredClaim

__all__ = ["lecture"]

PICTURES, ANIMATIONS = ("png", "svg", "pdf"), ("html", "gif")
FOLDER = Path("runs") / "lecture"  # for pictures and animations if no folder is named


@click.command(
    cls=Command,
    help="List the claims of the lecture on neural-network optimization. With the id of a CLAIM, measure it: "
    "the statement of the lecture, the measured and the expected numbers, and whether the claim holds. The "
    "exit status is 5 if a claim does not hold.",
    examples=("ravine lecture", "ravine lecture L4", "ravine lecture --all -o claims --format svg"),
)
@click.argument("words", metavar="[CLAIM]...", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Measure all claims, and print one line for each.")
@click.option(
    "--animate", is_flag=True,
    help="Write the animation of CLAIM, one of O1 to O5, to one file; with --all, every animation.",
)  # fmt: skip
@click.option(
    "--format", "kind", metavar="KIND",
    help="Format: png, svg or pdf of pictures, html or gif of animations; if not given, png or html.",
)  # fmt: skip
@click.option("--device", metavar="cpu|gpu", help="Device to measure on; if not given, the fastest.")
@output_flags(out="DIR:Folder for results, evidence and pictures; if not given, pictures go to runs/lecture.")
@click.pass_obj
def lecture(
    console: Console, words: tuple[str, ...], everything: bool, animate: bool, kind: str | None,
    device: str | None, out: str | None, json: bool, quiet: bool, verbose: bool,
) -> int:  # fmt: skip
    """List, measure or animate claims of the lecture. Returns the exit status, 5 if a claim does not hold."""
    console.configure(json=json, quiet=quiet, verbose=verbose)
    kind = _kind(kind, animate)
    chosen = _chosen(words, everything)
    _check_device(device)
    if not chosen:
        if animate or out is not None:
            raise UsageError(
                "No claim is named.",
                "--animate and -o write the files of a claim.",
                "Type for example `ravine lecture O1 --animate`.",
            )
        return _list(console)
    if animate:
        if everything:
            from ravine.lecture.registry import has_animation

            chosen = [claim for claim in chosen if has_animation(claim)]
        return _animate(chosen, _folder(out), kind, device, console)
    folder = None if out is None else _folder(out)
    named = f"{len(chosen)} claims" if len(chosen) > 1 else f"{chosen[0].id}: {chosen[0].title}"
    console.info(f"Measuring {named}.")
    return _measure(chosen, everything, folder, kind, device, console)


def _chosen(words: tuple[str, ...], everything: bool) -> list[Claim]:
    """Return the claims to measure, each once. Raises UsageError for an unknown one."""
    from ravine.lecture.registry import claims, find

    if everything and words:
        raise UsageError(
            f"--all and '{words[0]}' cannot be used together.",
            "--all measures every claim.",
            f"Type `ravine lecture --all` or `ravine lecture {words[0]}`.",
        )
    if everything:
        return list(claims().values())
    return list({find(word).id: find(word) for word in words}.values())


def _kind(text: str | None, animate: bool) -> str:
    """Return the format of the files to draw, by default the first one allowed. Raises UsageError."""
    allowed = ANIMATIONS if animate else PICTURES
    if text is None:
        return allowed[0]
    kind = text.lower().removeprefix(".")
    if kind not in allowed:
        drawn = "Animations" if animate else "Pictures"
        raise UsageError(
            f"--format {text} cannot be used.",
            f"{drawn} are {', '.join(allowed[:-1])} or {allowed[-1]}.",
            f"Add --animate, or type --format {allowed[0]}."
            if kind in ANIMATIONS
            else f"Type --format {allowed[0]}.",
            option="format", value=text, allowed=allowed,
        )  # fmt: skip
    return kind


def _check_device(device: str | None) -> None:
    """Raise UsageError for a device that the option `--device` of studies does not allow."""
    from ravine.execution.base_settings import NetworkSettings
    from ravine.options.fields import options_of
    from ravine.options.validate import refusal

    if device is not None and (error := refusal(options_of(NetworkSettings)["device"], device)):
        raise error


def _folder(out: str | None) -> Path:
    """Create the folder to write to and return it. Raises UsageError, DataError before anything slow."""
    from ravine.records.os_errors import os_errors_as_data_errors

    if out == "":
        raise UsageError("The folder has no name.", "Option -o takes the name of a folder.", "Type -o DIR.")
    folder = FOLDER if out is None else Path(out)
    with os_errors_as_data_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
    return folder


def _list(console: Console) -> int:
    """Print the list of all claims. Returns the exit status."""
    from ravine.lecture.results import claim_list
    from ravine.lecture.view import list_view

    listed = claim_list()
    if console.json:
        console.print_document(listed.to_dict())
    else:
        console.print_view(list_view(listed))
    return 0


def _animate(chosen: list[Claim], folder: Path, kind: str, device: str | None, console: Console) -> int:
    """Write the animations of claims. Returns the exit status. Raises UsageError for a claim without one."""
    from ravine.engines import prepare
    from ravine.lecture.measurement import animate
    from ravine.lecture.registry import claims, has_animation
    from ravine.lecture.results import Animation, AnimationList

    for claim in chosen:
        if not has_animation(claim):
            animated = [other.id for other in claims().values() if has_animation(other)]
            raise UsageError(
                f"The claim {claim.id} has no animation.",
                f"These claims have one: {', '.join(animated)}.",
                f"Type for example `ravine lecture {animated[0]} --animate`.",
            )
    console.info(f"Animating {', '.join(claim.id for claim in chosen)}.")
    prepare(device)
    files = {claim.id: folder / f"{claim.id}.{kind}" for claim in chosen}
    with progress_display(console) as progress:
        for number, claim in enumerate(chosen, 1):
            progress.show_event(_stage("animate", claim, number, len(chosen)))
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
    """Measure claims one after another and print them. Returns the exit status.

    A claim that raises an exception is shown as failed, and the others are measured.
    """
    from ravine.engines import prepare
    from ravine.lecture.measurement import FailedClaim, attempt
    from ravine.lecture.results import lecture_result, measured_claim, write_claim
    from ravine.records.atomic_files import write_json

    start = time.monotonic()
    prepare(device)
    rows: list[MeasuredClaim] = []
    with ExitStack() as displays:
        progress: Display | None = None
        for number, claim in enumerate(chosen, 1):
            progress = progress or displays.enter_context(progress_display(console))
            progress.show_event(_stage("measure", claim, number, len(chosen)))
            result = attempt(claim)
            if isinstance(result, FailedClaim) and console.verbose:
                progress.show_line(result.traceback)
            rows.append(measured_claim(result) if folder is None else write_claim(result, folder, kind))
            if not table and not console.json:
                displays.close()  # the claim is printed where the bar was
                progress = None
                _show(rows[-1], console, None if isinstance(result, FailedClaim) or folder else result, kind)
    summary = lecture_result(rows, time.monotonic() - start)
    if folder and len(rows) > 1:
        write_json(folder / "lecture.json", summary.to_dict(), sort=False)
    if console.json:
        console.print_document(summary.to_dict())
    elif table:
        _show_table(summary, folder, console)
    return 0 if all(row.holds is not False for row in rows) else INCOMPLETE


def _stage(stage: str, claim: Claim, number: int, count: int) -> Event:
    """Return the event that the work on a claim has begun."""
    from ravine.execution.events import StageStarted

    place, total = (number, count) if count > 1 else (None, None)
    return StageStarted(stage, f"{claim.id}: {claim.title}", place, total)


def _show(row: MeasuredClaim, console: Console, undrawn: Measurement | None, kind: str) -> None:
    """Print one claim. undrawn: the measurement, if its picture is still to be drawn."""
    from ravine.lecture.view import claim_view

    picture = _draw(undrawn, kind) if undrawn else row.picture
    console.print_view(claim_view(row, picture or ""))
    console.print("")


def _draw(result: Measurement, kind: str) -> str:
    """Draw a claim into the usual folder. Returns the path, or the reason why there is no picture."""
    from ravine.lecture.plot_style import save

    path = FOLDER / f"{result.claim.id}.{kind}"
    try:
        _folder(None)
        save(result.figure(), path)
    except DataError as error:  # the numbers are printed without the picture
        return f"not drawn: {error}"
    return str(path)


def _show_table(result: LectureResult, folder: Path | None, console: Console) -> None:
    """Print one line for each claim."""
    from ravine.lecture.view import claims_view

    console.print_view(claims_view(result, str(folder or "")))
