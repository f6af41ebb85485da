"""Terminal escapes, markup, formulas and bidirectional marks in columns, classes, names, words and files.

Nothing raw may reach a terminal: no control character, no mark that turns the direction of text.
"""

from __future__ import annotations

import json
import random
import re
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.attack import processes, product, undisturbed
from tests.attack.case import REFUSED, Failure, enumerated
from tests.attack.hostile.judging import prepare

EVIL = {
    "colour": "\x1b[31;1mRED\x1b[0m", "clear": "\x1b[2J\x1b[H", "title": "\x1b]0;owned\x07",
    "link": "\x1b]8;;http://evil\x1b\\x\x1b]8;;\x1b\\", "markup": "[bold red]x[/]", "unclosed": "[/]",
    "script": "<script>alert(1)</script>", "bidi": "\u202egnp.exe", "zero width": "a\u200bb",
    "csi of 8 bits": "\x9b31mx", "bell": "\x07\x08x", "carriage return": "fine\roverwritten",
    "formula": "=cmd|' /C calc'!A0", "braces": "{0}{path}%s%d%(x)s",
}  # fmt: skip
CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]|\r(?!\n)")
TRAIN = ["train", *product.QUICK_TRAIN]
WORDS = {
    "a target": lambda w: ["train", "tiny.csv", "-t", w], "a file": lambda w: ["train", w, "-t", "y"],
    "a command": lambda w: [w], "an option": lambda w: [f"--{w}"],
    "a net": lambda w: ["train", "tiny.csv", "-t", "y", "--net", w],
    "an optimizer": lambda w: ["train", "tiny.csv", "-t", "y", "-O", w], "a run": lambda w: ["resume", w],
    "a model": lambda w: ["predict", w, "tiny.csv"],
    "a metric": lambda w: ["train", "tiny.csv", "-t", "y", "--metric", w],
    "a schedule": lambda w: ["train", "tiny.csv", "-t", "y", "--schedule", w],
    "an effort": lambda w: ["compare", "tiny.csv", "-t", "y", "--effort", w],
}  # fmt: skip


def _shown(words: list, folder: Path, about: str, env: dict | None = None) -> int:
    """Run a command; raise where it breaks or lets something raw through."""
    status, out, said = product.command(words, folder, env)
    processes.must_not_break(status, said, about=about)
    for which, text in (("error", said), ("output", out.decode("utf-8", "replace"))):
        if CONTROL.search(text):
            raise Failure("control character", f"{about}: a control character reaches standard {which}")
        if "\u202e" in text:
            raise Failure("control character", f"{about}: a mark of direction reaches standard {which}")
    return status


def _rows(rng: random.Random, middle: Callable[[int], str], classes: Sequence[str] = "pq") -> str:
    return "".join(f"{rng.gauss(0, 1):.3f},{middle(i)},{classes[i % 2]}\n" for i in range(60))


def _table(rng: random.Random, where: str, evil: str) -> str:
    q = '"' + evil.replace('"', '""') + '"'
    plain = _rows(rng, lambda i: f"{i % 7}.5")
    tables = {
        "a column": lambda: f"{q},b,y\n{plain}",
        "a constant column": lambda: f"x,{q},y\n" + _rows(rng, lambda i: "1"),
        "a column of numbers 1, 2, ...": lambda: f"x,{q},y\n" + _rows(rng, str),
        "a level": lambda: "a,b,y\n" + _rows(rng, lambda i: q if i % 3 else "w"),
        "one cell": lambda: "a,b,y\n" + _rows(rng, lambda i: q if i == 5 else f"{i % 7}.5"),
        "the target's name": lambda: f"a,b,{q}\n{plain}",
        "a row too long": lambda: f"a,b,y\n{plain}{q},1,2,3,4\n1,2,3\n",
        "a header alone": lambda: f"{q},b,y\n", "two names": lambda: f"{q},{q},y\n{plain}",
        "a class": lambda: "a,b,y\n" + _rows(rng, lambda i: f"{i % 7}.5", [q, "p"]),
    }  # fmt: skip
    return tables[where]()


PLACES = (
    "a column", "a constant column", "a column of numbers 1, 2, ...", "a level", "one cell",
    "the target's name", "a row too long", "a header alone", "two names", "a class",
)  # fmt: skip


def in_data(rng: random.Random, case: tuple[str, str], folder: Path) -> str | None:
    """Train on data that hold the text, show the run again, and use the data as test rows."""
    kind, where = case
    about = f"text in {where}"
    (folder / "e.csv").write_text(_table(rng, where, EVIL[kind]), newline="")
    target = "-1" if where == "the target's name" else "y"
    status = _shown([*TRAIN, "e.csv", "-t", target, product.OUT, "run"], folder, about)
    if status in product.FINISHED:
        _shown(["resume", "run"], folder, f"{about}: resume")
    if where == "a class":
        data = undisturbed.data_of("train")
        _shown(
            [*TRAIN, data, "-t", "y", "--test", "e.csv", product.OUT, "other"], folder, f"{about}: test rows"
        )
    return REFUSED if status else None


def typed(rng: random.Random, case: tuple[str, str], folder: Path) -> str | None:
    """The text typed in place of a word."""
    kind, where = case
    status = _shown([*WORDS[where](EVIL[kind])], undisturbed.data(), f"text typed as {where}")
    return REFUSED if status else None


def in_file_name(rng: random.Random, kind: str, folder: Path) -> str | None:
    name = EVIL[kind].replace("/", "_")[:60]
    shutil.copy(undisturbed.data_of("train"), folder / f"{name}.csv")
    status = _shown(
        [*TRAIN, f"./{name}.csv", "-t", "y", product.OUT, "run"], folder, "text in the name of a file"
    )
    return REFUSED if status else None


def in_run(rng: random.Random, kind: str, folder: Path) -> None:
    """The text in the name of a run and in its record; then the record broken."""
    evil, root = EVIL[kind], folder / "runs"
    run = undisturbed.copy("train", root / evil.replace("/", "_")[:60])
    about = json.loads((run / product.RUN).read_text())
    about.update(
        id=evil,
        verb=evil,
        data={**about["data"], "name": evil},
        summary={"winner": evil, "tied": [], "metric": evil, "score": 0.5},
    )
    (run / product.RUN).write_text(json.dumps(about))
    for words in (["runs", root], ["runs", *product.JSON, root], ["resume", run]):
        _shown(words, folder, f"text in {product.RUN}: {words[0]}")
    (run / product.RUN).write_text("{")
    _shown(["runs", root], folder, "text in the name of a broken run: runs")


def in_settings(rng: random.Random, kind: str, folder: Path) -> str | None:
    """The text in the environment and in a configuration file."""
    evil, train = EVIL[kind], ["train", undisturbed.data_of("train"), "-t", "y"]
    _shown(train, folder, "text in the environment", env={f"{product.VARIABLES}NET": evil})
    _shown(
        train,
        folder,
        "text as a name in the environment",
        env={f"{product.VARIABLES}{evil.replace('=', '')}": "1"},
    )
    (folder / "c.toml").write_text(f"{json.dumps(evil)} = 1\nnet = {json.dumps(evil)}\n")
    return REFUSED if _shown([*train, "-c", "c.toml"], folder, "text in a configuration file") else None


FAMILIES = [
    enumerated(
        "texts_in_data", [(kind, where) for kind in EVIL for where in PLACES], in_data, prepare=prepare
    ),
    enumerated("texts_typed", [(kind, where) for kind in EVIL for where in WORDS], typed, prepare=prepare),
    enumerated("texts_in_file_names", list(EVIL), in_file_name, prepare=prepare),
    enumerated("texts_in_runs", list(EVIL), in_run, prepare=prepare),
    enumerated("texts_in_settings", list(EVIL), in_settings, prepare=prepare),
]
