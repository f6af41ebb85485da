"""Functions that print the result of a command to standard output, as text or as one JSON document."""

from __future__ import annotations

from ravine.cli.console import Console
from ravine.execution.registry import find_study
from ravine.execution.result import Document, Result

__all__ = ["show_document", "show_result"]


def show_document(document: Document, console: Console) -> None:
    """Print a result, or the plan of a dry run, as JSON if the user asked for it (--json), else as text.

    Raises DataError if it cannot be written.
    """
    if console.json:
        console.print_document(document.to_dict())
    else:
        console.print_view(document.view())


def show_result(result: Result, console: Console) -> None:
    """Print the result of a study to standard output. Raises DataError if it cannot be written.

    With -v, details come before the text. The files of the run and the next commands come after it. With
    --json, only the JSON document is printed.
    """
    study = find_study(result.study)
    if console.verbose and not console.json and (details := study.find("view", "details")):
        console.print_view(details(result))
        console.print()
    show_document(result, console)
    if not console.json and result.run_dir is not None:
        console.print()
        console.print_view(study.load("view", "next_steps")(result))
