"""The result of a command on standard output: one JSON document, or the view as text."""

from __future__ import annotations

from ravine.cli.console import Console
from ravine.execution.registry import find_study
from ravine.execution.result import Document, Result

__all__ = ["show_document", "show_result"]


def show_document(document: Document, console: Console) -> None:
    """Show a result or a plan."""
    if console.json:
        console.print_document(document.to_dict())
    else:
        console.print_view(document.view())


def show_result(result: Result, console: Console) -> None:
    """Show a result; as text also its details with -v, its files and the commands to type next."""
    study = find_study(result.study)
    if console.verbose and not console.json and (details := study.find("view", "details")):
        console.print_view(details(result))
        console.print()
    show_document(result, console)
    if not console.json and result.run_dir is not None:
        console.print()
        console.print_view(study.load("view", "next_steps")(result))
