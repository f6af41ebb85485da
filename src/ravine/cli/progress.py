"""The display of a command's progress on standard error, a bar or plain lines."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ravine.cli.console import Console, is_terminal

if TYPE_CHECKING:
    from ravine.execution.progress import Display

__all__ = ["progress_display"]


@contextmanager
def progress_display(console: Console) -> Iterator[Display]:
    """Yield the display of a command's progress: a bar if standard error is a terminal, else plain lines.

    With -q, nothing is shown. The bar is removed at the end of the `with` block.
    """
    from ravine.execution.progress import Bar, Lines, beating

    display: Display
    if is_terminal(sys.stderr) and os.environ.get("TERM") != "dumb" and not console.quiet:
        from rich.console import Console as RichConsole

        stderr = RichConsole(stderr=True, highlight=False, markup=False, emoji=False)
        display = Bar(stderr, console.width)
    else:
        display = Lines(lambda line: console.info(console.wrapped(line)))
    with beating(display):
        yield display
