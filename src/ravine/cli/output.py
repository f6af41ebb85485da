"""What is shown of a result: one JSON document, or the table, the paths, and what to type next."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ravine.cli.console import Screen

if TYPE_CHECKING:
    from ravine.render.blocks import View

__all__ = ["near", "next_commands", "show_plan", "show_result"]

BEST = "best.toml"


def show_result(document: Mapping[str, Any], screen: Screen) -> None:
    """Show what a study found; `document` is that of a comparison or of training."""
    if screen.json:
        screen.show_document(document)
        return
    screen.show(_text(document, screen))
    if "findings" in document:
        _show_after_diagnosis(document, screen)
        return
    if "study" in document:
        _show_after_study(document, screen)
        return
    if document.get("run_dir"):
        screen.show(f"\nRun    {document['run_dir']}\nModel  {document['model']}")
        screen.show("\nNext:")
        for about, command in next_commands(document):
            screen.show(f"  {about}:\n{_pasted(command, screen)}")


def _show_after_diagnosis(document: Mapping[str, Any], screen: Screen) -> None:
    if not document.get("run_dir"):
        return
    screen.show(f"\nRun    {document['run_dir']}\n\nNext:")
    if document.get("config"):
        command = shlex.join(["ravine", "train", "-c", str(document["config"])])
        screen.show(f"  Train as recommended:\n{_pasted(command, screen)}")
    again = shlex.join(["ravine", "resume", str(document["run_dir"])])
    screen.show(f"  Show this result again:\n{_pasted(again, screen)}")


def _show_after_study(document: Mapping[str, Any], screen: Screen) -> None:
    """Of `memorise` and `descent`, which have pictures and no model."""
    if not document.get("run_dir"):
        return
    screen.show(f"\nRun      {document['run_dir']}")
    for path in document["pictures"]:
        screen.show(f"Picture  {path}")
    again = shlex.join(["ravine", "resume", str(document["run_dir"])])
    screen.show(f"\nNext:\n  Show this result again:\n{_pasted(again, screen)}")


def _pasted(command: str, screen: Screen) -> str:
    """Return a command, indented; one too long for the terminal goes on below, as a shell takes it."""
    if not screen.seen:
        return f"    {command}"
    lines: list[str] = []
    for word in map(shlex.quote, shlex.split(command)):
        # with a blank before it, and room for a backslash
        if lines and len(lines[-1]) + len(word) + 3 <= screen.width:
            lines[-1] += f" {word}"
        else:
            lines.append(f"{'      ' if lines else '    '}{word}")
    return " \\\n".join(lines)


def _text(document: Mapping[str, Any], screen: Screen) -> str:
    if document.get("study") == "memorise":
        from ravine.studies.memorize.view import memorise_text

        return memorise_text(document, screen.width, screen.unicode)
    if document.get("study") == "descent":
        from ravine.studies.descent.view import descent_text

        return descent_text(document, screen.width, screen.unicode)
    if "findings" in document:
        from ravine.studies.diagnose.view import diagnosis_text

        return diagnosis_text(document, screen.width, screen.colour, screen.unicode)
    if "effects" in document:
        from ravine.studies.sweep.view import sweep_text

        return sweep_text(document, screen.width, screen.colour, screen.unicode)
    if "leaderboard" in document:
        from ravine.studies.compare.view import leaderboard_text

        return leaderboard_text(document, screen.width, screen.colour, screen.unicode)
    from ravine.studies.train.view import training_details, training_text

    text = training_text(document, screen.width, screen.unicode)
    if not screen.verbose or "layers" not in document["plan"]:
        return text
    return f"{training_details(document, _factors(document), screen.width, screen.unicode)}\n\n{text}"


def _factors(document: Mapping[str, Any]) -> Any:
    """The schedule of a train document, step by step; None if it follows training."""
    from ravine.optimizers import schedule

    plan, spec = document["plan"], schedule(document["result"]["schedule"])
    return None if spec.follows else spec.factors(plan["steps"], plan["steps"] / plan["epochs"])


def next_commands(document: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return what to type next, each with what it is for, quoted for a shell."""
    run = Path(document["run_dir"])
    config = _config(run)
    source = config.get("source") or "FILE.csv"
    commands = [("Predict with the best model", ["predict", str(run), near(source), "-o", "predictions.csv"])]
    if "leaderboard" in document:
        best, train = run / BEST, ["train", "-c", str(run / BEST)]
        if best.exists():
            commands.append(("Train the winner again, longer", [*train, "--epochs", _longer(document)]))
    else:
        commands.append(("Compare it with other optimizers", ["compare", "-c", str(run / "config.toml")]))
    commands.append(("Show this result again", ["resume", str(run)]))
    return [(about, shlex.join(["ravine", *words])) for about, words in commands]


def _config(run: Path) -> dict[str, Any]:
    from ravine.records.tomlfile import load

    return load(run / "config.toml")


def near(source: str) -> str:
    """Return a path relative to here where that is shorter, as a person would type it."""
    path = Path(source)
    if not path.is_absolute():
        return source
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return source


def _longer(document: Mapping[str, Any]) -> str:
    epochs = (document.get("plan") or {}).get("epochs") or 20
    return f"{max(1, round(5 * epochs))}"


def show_plan(document: Mapping[str, Any], screen: Screen) -> None:
    """Show the plan of a study: of a comparison, a diagnosis, a landscape, a study of memory or descent."""
    if screen.json:
        screen.show_document(document)
        return
    for note in document["data"].get("notes") or []:
        screen.say(screen.wrapped(note))
    screen.show_view(_plan_view(document))


def _plan_view(document: Mapping[str, Any]) -> View:
    if document.get("study") == "memorise":
        from ravine.studies.memorize.plan_view import plan_view
    elif document.get("study") == "descent":
        from ravine.studies.descent.plan_view import plan_view
    elif "evaluate" in document:
        from ravine.studies.compare.plan_view import plan_view
    elif "planes" in document["plan"]:
        from ravine.studies.landscape.plan_view import plan_view
    else:
        from ravine.studies.diagnose.plan_view import plan_view
    return plan_view(document)
