"""`src/ravine/api/functions.py`: one function for each study, with the fields of its settings as keywords.

python scripts/generate_api.py            write the file
python scripts/generate_api.py --check    exit with 1 if it is out of date
"""

from __future__ import annotations

import json
import sys
import textwrap
import types
import typing
from pathlib import Path

from ravine.errors import in_python
from ravine.execution.registry import STUDIES, find_study
from ravine.execution.study import Study
from ravine.options.fields import Option, options_of

FILE = Path(__file__).resolve().parents[1] / "src" / "ravine" / "api" / "functions.py"
ARGUMENTS = (
    "source",
    "target",
    "weights",
    "groups",
    "test",
)  # of every function, in other types than in settings
HEAD = '''"""Python functions: arrays, tables or files in, results out. Written by `scripts/generate_api.py`.

result = compare(X, y)              X [N, D], y [N]: arrays, or a DataFrame and a Series
result = compare(frame, "price")    a DataFrame and the name of its target
result = compare("data.csv", "price")
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from ravine.api.arguments import Columns, Table, TestRows
from ravine.api.renamed_keywords import with_renamed_keywords
from ravine.api.run import run_study
from ravine.execution.events import Notify

if TYPE_CHECKING:
    from ravine.execution.saved_model import Model
{imports}

__all__ = [
{names}
]


def load_model(path: str | PathLike[str], *, trust: bool = False) -> Model:
    """Return a trained model from its folder, one of its files, or a run.

    trust: whether a Python file of the model's network may run, also if it was never named on this machine.
    Raises DataError if the model is missing, damaged or not complete, UsageError for such a file without
    trust.
    """
    from ravine.execution.saved_model import Model

    return Model.load(Path(path), trust)
'''
COMMON = """    X: Table,
    y: Columns = None,
    *,
    target: str | None = None,
    weights: Columns = None,
    groups: Columns = None,
    test: TestRows = None,
    out: str | PathLike[str] | None = None,
    notify: Notify | None = None,
    progress: bool = True,
"""
ABOUT = (
    "X: Inputs: an array [N, D] or of images [N, H, W], a DataFrame, a file, or the name of a built-in set.",
    "y: Target: an array [N], or the name or index of the target column.",
    "target: Name of the target column, in place of y.",
    "weights: Row weights for loss and metric: an array [N], or the name of a column.",
    "groups: Group of each row: an array [N], or the name of a column; random splits into training, "
    "validation and test rows never divide a group. Test rows from a file may share groups with other rows.",
    "test: Test rows: a share of the rows; a file where X is a file or a DataFrame; (X, y) where X is an "
    "array or a DataFrame; a DataFrame where X is one. [default: 0.2, or the test rows of the data]",
    "out: Folder of the run; without it, nothing is written.",
    "notify: Function that is called with every event.",
    "progress: Whether progress is shown: a bar on a terminal or in a notebook, elsewhere a line on standard "
    "error every 5 s. [default: True]",
)
RUN = " Or a run (its folder, its name or 'latest') or a folder of a model, with the settings of the run."
CALLABLE = "Callable[..., object]"
LIST = "str | Sequence[str]"


def main() -> int:
    """Write the file, or compare it with what would be written."""
    text = source()
    if "--check" not in sys.argv:
        FILE.write_text(text)
        return 0
    return int(FILE.read_text() != text)


def source() -> str:
    """Return the text of the module."""
    studies = [find_study(name) for name in STUDIES]
    imports = sorted(f"    from {study.package}.result import {study.result}" for study in studies)
    names = sorted([*(study.name for study in studies), "load_model"])
    head = HEAD.format(imports="\n".join(imports), names="\n".join(f'    "{name}",' for name in names))
    return "\n\n\n".join([head.rstrip(), *map(function, studies)]) + "\n"


def function(study: Study) -> str:
    """Return the text of one function."""
    hints = typing.get_type_hints(study.settings)
    options = {key: known for key, known in options_of(study.settings).items() if key not in ARGUMENTS}
    common = COMMON.replace("X: Table,", "X: Table = None,") if "model" in options else COMMON
    lines = ["@with_renamed_keywords", f"def {study.name}(", common.rstrip("\n")]
    lines += [
        f"    {key}: {annotation(study, key, hints[key])} = {default(known)},"
        for key, known in options.items()
    ]
    lines.append(f") -> {study.result}:")
    lines.append(docstring(study, options))
    lines.append("    return run_study(")
    lines.append(f'        "{study.name}", X, y, target, weights, groups, test, out, notify, progress,')
    lines.append("        {")
    lines += [f'            "{key}": {key},' for key in options]
    lines.append("        },")
    lines.append("    )  # type: ignore[return-value]  # fmt: skip")
    return "\n".join(lines)


def annotation(study: Study, key: str, hint: object) -> str:
    """Return the type of a keyword: that of its field, and what is read as such a value."""
    wider = getattr(study.settings, "python_types", {}).get(key)
    if wider is not None:
        return f"{wider} | None"
    if options_of(study.settings)[key].code:  # a function in a Python file stands for its text
        several = f"Sequence[str | {CALLABLE}] | str | None"
        return several if hint == list[str] else f"str | {CALLABLE}" + (" | None" if hint is not str else "")
    parts = typing.get_args(hint) if isinstance(hint, types.UnionType) else (hint,)
    names = [
        LIST if part == list[str] else "None" if part is types.NoneType else part.__name__ for part in parts
    ]
    if LIST in names and "None" not in names:
        names.append("None")
    return " | ".join(names)


def default(known: Option) -> str:
    """Return the default of a keyword; a list stands as None."""
    if isinstance(known.default, str):
        return json.dumps(known.default)
    return "None" if isinstance(known.default, list) else repr(known.default)


def docstring(study: Study, options: typing.Mapping[str, Option]) -> str:
    """Return title, errors and one entry for each keyword."""
    lines = [f'    """{study.title}', ""]
    about = [ABOUT[0] + RUN, *ABOUT[1:]] if "run" in study.accepts else ABOUT
    for text in (*about, *(f"{key}: {entry(known)}" for key, known in options.items())):
        lines += textwrap.wrap(text, 106, initial_indent="    ", subsequent_indent="        ")
    lines += [
        "",
        "    Raises DataError for data or files that cannot be used, UsageError for unsuitable arguments,",
        "    NothingTrained if every run that the result needs diverged, and Stopped on a stop request.",
    ]
    return "\n".join([*lines, '    """'])


def entry(known: Option) -> str:
    """Return the help of a keyword, with the allowed words or bounds and the default in brackets."""
    notes = [", ".join(known.choices) or known.bounds]
    if known.default not in (None, ""):
        shown = ", ".join(known.default) if isinstance(known.default, list) else known.default
        notes.append(f"default: {shown}")
    shown_notes = "; ".join(note for note in notes if note)
    return in_python(known.help) + (f" [{shown_notes}]" if shown_notes else "")


if __name__ == "__main__":
    sys.exit(main())
