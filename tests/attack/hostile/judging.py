"""The check of a command on a run made to harm: it may refuse, or give the result of the unchanged run."""

from __future__ import annotations

from pathlib import Path

from tests.attack import processes, product, undisturbed
from tests.attack.case import REFUSED, Failure

PRECIOUS = "precious\n" * 50
COMMANDS = ("runs", "resume", "predict")


def prepare() -> None:
    undisturbed.run("train"), undisturbed.predictions("train")


def victim(folder: Path) -> Path:
    """A file outside the run that nobody may write to."""
    path = folder / "victim.txt"
    path.write_text(PRECIOUS)
    return path


def used(command: str, run: Path, folder: Path, about: str) -> str | None:
    """List, resume or predict with the run; raise where that harms, or where another result is shown."""
    about = f"{about}: {command}"
    data = undisturbed.data_of("train")
    words = {"runs": [run], "resume": [run, *product.JSON], "predict": [run, data]}[command]
    status, out, said = product.command([command, *words, *product.VERBOSE], folder)
    harmed(folder, about)
    processes.must_not_break(status, said, about=about)
    if status in product.REFUSALS:
        if len(said.split()) < 5:
            raise Failure("unclear message", f"{about}: {said!r}")
        return REFUSED
    if status not in product.FINISHED:
        raise Failure("undocumented status", f"{about}: status {status}: {' '.join(said.split())[-100:]}")
    if command == "resume":
        try:
            undisturbed.same_document(undisturbed.run("train").document, out)
        except Failure as failure:
            raise Failure(failure.kind, f"{about}: {failure.detail}") from None
    elif command == "predict" and out != undisturbed.predictions("train"):
        raise Failure("changed result", f"{about}: other predictions")
    return None


def harmed(folder: Path, about: str) -> None:
    """Raise where code was run, or a file outside the run was changed or removed."""
    if list(folder.rglob("PWNED")) or Path("PWNED").exists():
        raise Failure("code executed", about)
    path = folder / "victim.txt"
    if path.exists() and path.read_text() != PRECIOUS:
        raise Failure("write outside", f"{about}: a file outside is now {path.read_text()[:20]!r}")
    mine = folder / "outside" / f"{product.TEMPORARY}mine"
    if mine.parent.exists() and not mine.exists():
        raise Failure("data lost", f"{about}: a file outside was removed")
