"""`ravine lecture [CLAIM]...`: the claims of the lecture, each measured and held against its truth."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ravine.cli.console import Screen, is_terminal
from ravine.cli.exit_status import SOME_FAILED
from ravine.cli.help import Verb
from ravine.cli.options import SectionedOption, output_flags
from ravine.cli.progress import EVERY
from ravine.errors import DataError, UsageError, did_you_mean

if TYPE_CHECKING:
    from ravine.lecture import Claim, Measured

__all__ = ["lecture"]

PICTURES, ANIMATIONS = ("png", "svg", "pdf"), ("html", "gif")
FOLDER = Path("runs") / "lecture"  # of the picture of a claim, where no folder is named


@click.command(
    cls=Verb,
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
    screen: Screen, words: tuple[str, ...], everything: bool, animate: bool, kind: str | None,
    device: str | None, out: str | None, json: bool, quiet: bool, verbose: bool,
) -> int:  # fmt: skip
    """List, animate or measure."""
    screen.configure(json=json, quiet=quiet, verbose=verbose)
    kind = _kind(kind, animate)
    chosen = _chosen(words, everything)
    _check_device(device)
    if not chosen:
        if animate or out is not None:
            raise UsageError("No claim was named.", "There is nothing to write.", "Type `ravine lecture L4`.")
        return _list(screen)
    if animate:
        return _animate(chosen, _folder(out), kind, device, screen)
    folder = None if out is None else _folder(out)
    named = f"{len(chosen)} claims" if len(chosen) > 1 else f"{chosen[0].id}: {chosen[0].title}"
    screen.say(f"Measuring {named}.")
    return _measure(chosen, everything, folder, kind, device, screen)


def _chosen(words: tuple[str, ...], everything: bool) -> list[Claim]:
    from ravine.lecture.finding_files import claims, find

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
    from ravine.cli.words import mistakes

    if device is not None:
        for sentence in mistakes({"device": device}):
            raise UsageError(sentence)


def _folder(out: str | None) -> Path:
    """Return the folder to write to, made. Raises UsageError, DataError before anything slow."""
    from ravine.records.speaking import speaking

    if out == "":
        raise UsageError("The folder has no name.", "-o was given nothing.", "Type -o DIR.")
    folder = FOLDER if out is None else Path(out)
    with speaking(folder):
        folder.mkdir(parents=True, exist_ok=True)
    return folder


def _list(screen: Screen) -> int:
    from ravine.lecture.documents import listing
    from ravine.lecture.view import list_view

    document = listing()
    if screen.json:
        screen.show_document(document)
    else:
        screen.show_view(list_view(document))
    return 0


def _animate(chosen: list[Claim], folder: Path, kind: str, device: str | None, screen: Screen) -> int:
    from ravine.cli.working import prepare_machine
    from ravine.lecture.finding_files import claims, has_animation
    from ravine.lecture.measuring import animate

    for claim in chosen:
        if not has_animation(claim):
            moving = [each.id for each in claims().values() if has_animation(each)]
            raise UsageError(f"{claim.id} has no animation.", "", f"These have: {', '.join(moving)}.")
    screen.say(f"Animating {', '.join(each.id for each in chosen)}.")
    prepare_machine(device)
    files = {claim.id: folder / f"{claim.id}.{kind}" for claim in chosen}
    for claim in chosen:
        animate(claim, files[claim.id])
    if screen.json:
        rows = [{"id": name, "animation": str(path)} for name, path in files.items()]
        screen.show_document({"schema_version": 1, "claims": rows})
    else:
        for path in files.values():
            screen.show(f"Animation  {path}")
    return 0


def _measure(
    chosen: list[Claim], table: bool, folder: Path | None, kind: str, device: str | None, screen: Screen
) -> int:
    """Run the claims one after another; one that raises is told of, and the others go on."""
    from ravine.cli.working import prepare_machine
    from ravine.lecture.documents import document, entry, keep
    from ravine.lecture.measuring import Broken, attempt
    from ravine.records.files import write_json

    start = told = time.monotonic()
    prepare_machine(device)
    rows: list[dict[str, Any]] = []
    for number, claim in enumerate(chosen):
        if number and (is_terminal(sys.stderr) or time.monotonic() - told >= EVERY):
            told = time.monotonic()
            screen.say(f"{number} of {len(chosen)} measured; now {claim.id}: {claim.title}.")
        result = attempt(claim)
        if isinstance(result, Broken) and screen.verbose:
            screen.complain(result.traceback)
        rows.append(entry(result) if folder is None else keep(result, folder, kind))
        if not table and not screen.json:
            _show(rows[-1], screen, None if isinstance(result, Broken) or folder else result, kind)
    found = document(rows, time.monotonic() - start)
    if folder and len(rows) > 1:
        write_json(folder / "lecture.json", found, sort=False)
    if screen.json:
        screen.show_document(found)
    elif table:
        _show_table(found, folder, screen)
    return 0 if all(each["holds"] for each in rows) else SOME_FAILED


def _show(row: dict[str, Any], screen: Screen, undrawn: Measured | None, kind: str) -> None:
    """Show one claim. `undrawn`: what still has no picture."""
    from ravine.lecture.view import claim_view

    picture = _draw(undrawn, kind) if undrawn else row["picture"]
    screen.show_view(claim_view(row, picture or ""))
    screen.show("")


def _draw(result: Measured, kind: str) -> str:
    """Draw a claim where no folder was named; returns the path, or why there is no picture."""
    from ravine.lecture.drawing import save

    path = FOLDER / f"{result.claim.id}.{kind}"
    try:
        _folder(None)
        save(result.figure(), path)
    except DataError as error:  # the numbers, which were asked for, are on the screen
        return f"none: {error}"
    return str(path)


def _show_table(document: dict[str, Any], folder: Path | None, screen: Screen) -> None:
    from ravine.lecture.view import claims_view

    screen.show_view(claims_view(document, str(folder or "")))
