"""The display of progress while a Python function of Ravine runs, which depends on the place of output.

a notebook or another IPython kernel           a bar below the cell
standard error is a terminal                   a bar on standard error
elsewhere, for example in a batch job          a line on standard error every five seconds
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ravine.execution.events import Notify, ignore
from ravine.execution.progress import Bar, Display, Lines, NotebookBar, beating
from ravine.render.cells import printable

if TYPE_CHECKING:
    from ravine.execution.events import Event

__all__ = ["with_progress"]


@contextmanager
def with_progress(progress: bool, notify: Notify | None) -> Iterator[Notify]:
    """Yield a listener for the events of a study, which shows its progress and passes events to `notify`.

    progress: whether progress is shown. notify: listener of the user, or None.
    """
    if not progress:
        yield notify or ignore
        return
    with beating(_display()) as display:

        def listener(event: Event) -> None:
            display.show_event(event)
            if notify is not None:
                notify(event)

        yield listener


def _display() -> Display:
    """Return the display that suits the place where Python runs. It shows no messages of events."""
    if _in_notebook():
        return NotebookBar(messages=False)
    if sys.stderr is not None and sys.stderr.isatty() and os.environ.get("TERM") != "dumb":
        from rich.console import Console

        console = Console(stderr=True, highlight=False, markup=False, emoji=False)
        return Bar(console, console.width, messages=False)
    return Lines(_write, messages=False)


def _write(line: str) -> None:
    print(printable(line), file=sys.stderr, flush=True)


def _in_notebook() -> bool:
    """Return whether this process is an IPython kernel, as behind a notebook."""
    ipython = sys.modules.get("IPython")  # a kernel has imported it
    shell = ipython.get_ipython() if ipython is not None else None
    return shell is not None and hasattr(shell, "kernel")
