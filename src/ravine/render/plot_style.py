"""The common style of all matplotlib figures of Ravine.

The k-th curve has the k-th color, line style and mark. Curves can thus be distinguished with any color
vision, and in black and white. Matplotlib is imported only when something is drawn.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ravine.errors import UsageError
from ravine.records.atomic_files import writing

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["COLORS", "FORMATS", "LINES", "MARKS", "save", "style"]

# Okabe & Ito 2008
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
# line styles in the order of the colors
LINES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (8, 2)), (0, (1, 1)))
MARKS = ("o", "s", "^", "D", "v", "P", "X")  # in the same order
FORMATS = ("png", "svg", "pdf")  # of figures
DOTS_PER_INCH = 160


def style(size: float = 12, **more: object) -> AbstractContextManager[None]:
    """Return a context for `with` in which matplotlib draws figures in the common style of Ravine.

    size: font size in points. more: further settings of matplotlib by name.
    """
    import matplotlib

    settings: Any = {
        "font.size": size,
        "axes.titlesize": size,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.grid": True,
        "axes.axisbelow": True,
        "grid.color": "#dddddd",
        "grid.linewidth": 0.6,
        "lines.linewidth": 2.0,
        "lines.markersize": 7.0,
        "legend.frameon": False,
        "legend.fontsize": size - 2,
        "svg.hashsalt": "ravine",  # the same figure gives the same bytes
        **more,
    }
    return matplotlib.rc_context(settings)


def save(figure: Figure, path: Path, formats: Sequence[str] = FORMATS) -> Path:
    """Write a figure in the format that the suffix of `path` names, and return `path`.

    The file is written completely or not at all. Raises UsageError for a suffix that is not in `formats`, and
    DataError if the file cannot be written.
    """
    import matplotlib

    kind = path.suffix.removeprefix(".")
    if kind not in formats:
        raise UsageError(f"'{kind}' is not a format of figures.", "", f"Use one of {', '.join(formats)}.")
    metadata: dict[str, dict[str, None]] = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}
    with writing(path) as file, matplotlib.rc_context({"svg.hashsalt": "ravine"}):
        figure.savefig(file, format=kind, dpi=DOTS_PER_INCH, metadata=metadata.get(kind))
    return path
