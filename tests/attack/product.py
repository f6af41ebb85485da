"""All that the suite knows of the product: its imports, its words, the files of a run directory.

After a change of the product, this file alone needs to change. Modules of the product are imported inside the
functions, so that the parent process stays free of them.
"""

from __future__ import annotations

import io
import os
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PACKAGE = "ravine"
CACHE = "RAVINE_CACHE"  # environment variable: the folder of compiled programs
VARIABLES = "RAVINE_"  # begin of the environment variables that set options

# ------------------------------------------------------------------------------------------------- its words

FINISHED, REFUSALS = (0, 5), (2, 3)  # exit statuses: a result; a refusal with a message
RESUMABLE, INTERRUPTED, TERMINATED = 75, 130, 143
BROKEN = re.compile(r"Internal error: (.*)")
TRACEBACK = re.compile(r"^(?:Traceback \(most recent|Fatal Python error)", re.M)  # -v shows one of a refusal
EXHAUSTED = "The memory is full"
NO_SPACE = "space"  # in the refusal where a disk is full
OTHER_WRITER = "Another process"
DAMAGED_STATES = ("unreadable", "newer version")  # states that `runs --json` tells of a run it cannot read
NOTHING_TO_RESUME = "before it had read its data"
PREDICT_SHOWN = "ravine predict"  # a finished training shows this command for its reader to type

# -------------------------------------------------------------------- commands, on the data of `undisturbed`

MEMORIZE = "memorize"
TINY, REGRESSION = "tiny.csv", "reg.csv"
COMMANDS = {
    "compare": ["compare", TINY, "-t", "y", "-O", "sgd,adam", "--effort", "quick", "--epochs", "4", "--seeds",
                "4"],
    "sweep": ["sweep", REGRESSION, "-t", "price", "--vary", "l2=0,1e-3", "--vary", "net=8,8-8", "--epochs",
              "4", "--seeds", "4"],
    "train": ["train", TINY, "-t", "y", "--epochs", "400", "--seeds", "6"],
    "diagnose": ["diagnose", TINY, "-t", "y", "--epochs", "3", "--seeds", "3", "--learning-rate", "30", "-O",
                 "sgd"],
    "landscape": ["landscape", TINY, "-t", "y", "-O", "sgd,adam", "--epochs", "4", "--grid", "9"],
    MEMORIZE: [MEMORIZE, TINY, "-t", "y", "--effort", "quick", "--seeds", "3", "--epochs", "5"],
    "descent": ["descent", TINY, "-t", "y", "--effort", "quick", "--seeds", "2", "--epochs", "5"],
}  # fmt: skip
LONG_TRAIN = ["train", TINY, "-t", "y", "--epochs", "4000", "--seeds", "6"]  # long enough to be stopped
QUICK_TRAIN = ["--epochs", "1", "--net", "4"]  # options of a training that ends at once
QUIET, VERBOSE, JSON, OUT = ["-q"], ["-v"], ["--json"], "-o"
VARIANTS = (
    ["--precision", "float64"], ["--net", "16 dropout=0.3"], ["--early-stop", "3"], ["--net", "16 batchnorm"],
    ["--schedule", "plateau"], ["--average", "ema=0.9"], ["--augment", "noise=0.1"], ["-O", "optax:lion"],
    ["--batch-size", "7"],
)  # fmt: skip
"""Options under which a training keeps more state than its weights."""

# ------------------------------------------------------------------------------------------- a run directory

RUN, CONFIG, PLAN, RESULT = "run.json", "config.toml", "plan.json", "result.json"
MODEL, WEIGHTS = "models/best/model.json", "models/best/model.safetensors"
COHORTS, STATE, LOCK, LOG, BEST = "cohorts", "state", ".lock", "log.txt", "best.toml"
MODELS, PICTURES, LATEST, MANIFEST = "models", "pictures", "latest", "MANIFEST"
EVENTS, TIMES_FILE = "events.jsonl", "times.json"
FREE = {LOCK, LOG, EVENTS, TIMES_FILE}
"""Files of a run that carry no result: they hold times, and differ from run to run."""
TEMPORARY = ".tmp"
TIMES = {
    "seconds", "cost", "seconds_to_target", "compile", "created", "run_dir", "model_dir", "model", "config",
    "observation", "predictions", "pictures", "picture", "evidence", "source",
}  # fmt: skip
"""Keys of a document that hold times of day, durations or places, which differ from run to run."""


def name_of_data(document: Mapping[str, Any]) -> str:
    """Return the name of the data in a document."""
    return document["data"]["name"]


def with_name(document: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return the document of the same run on data of another name."""
    return {**document, "data": {**document["data"], "name": name}}


# ---------------------------------------------------------------------------------------------------- errors


def refusal() -> type[Exception]:
    """Return the class of the errors that are meant for the user."""
    from ravine.errors import RavineError

    return RavineError


def what(error: Exception) -> str:
    """Return the first sentence of a refusal."""
    return str(getattr(error, "what", error) or "")


# ------------------------------------------------------------------------------------------ the command line


def command(words: list[Any], cwd: Path, env: dict[str, str] | None = None) -> tuple[int, bytes, str]:
    """Run a command in this process; return exit status, standard output and standard error.

    The result is that of `python -m ravine WORDS`, without the seconds in which a process starts.
    """
    from ravine.cli.app import run

    streams, folder, environment = (sys.stdout, sys.stderr), Path.cwd(), dict(os.environ)
    out, err = io.BytesIO(), io.BytesIO()
    sys.stdout = io.TextIOWrapper(out, "utf-8", errors="surrogateescape")
    sys.stderr = io.TextIOWrapper(err, "utf-8", errors="surrogateescape")
    written = sys.stdout, sys.stderr
    os.environ.update(env or {})
    os.chdir(cwd)
    try:
        status = run([str(word) for word in words])
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 0
    finally:
        for stream in written:
            stream.flush()
        sys.stdout, sys.stderr = streams
        os.environ.clear()
        os.environ.update(environment)
        os.chdir(folder)
    return status, out.getvalue(), err.getvalue().decode("utf-8", "replace")


# ------------------------------------------------------------------------------------------------ data files


def read_table(path: Path) -> Any:
    """Read a data file: an object with `frame` (pandas), `notes` (sentences) and `target` (name or None)."""
    from ravine.data import read

    return read(path)


@dataclass
class Dialect:
    """The dialect in which a text was read, as the product reports it."""

    separator: str
    decimal: str
    header: bool


def dialect(table: Any) -> Dialect | None:
    """Return the dialect that the notes of a table report; None if Python's csv cannot read such a text."""
    said = next((note for note in table.notes if note.startswith("separator ")), None)
    if said is None or any("comment" in note or "UTF-16" in note for note in table.notes):
        return None
    names = {"comma": ",", "semicolon": ";", "tab": "\t", "bar": "|"}
    separator = names.get(said.split()[1].rstrip(","))
    if separator is None:
        return None
    return Dialect(separator, "," if "decimal comma" in said else ".", "no header" not in said)


def read_gzip(table: Any) -> bool:
    """Return whether the product took the file for gzip."""
    return "gzip" in table.notes


def load_dataset(path: Path, target: str, **options: Any) -> Any:
    """Read and prepare a file as `train` does: an object with inputs `x` and target `y`."""
    from ravine.execution.loading import load
    from ravine.studies.train.settings import TrainSettings

    return load(TrainSettings.from_dict({"source": str(path), "target": target, **options}))


# ---------------------------------------------------------------------------------------------------- Python


@dataclass
class Fitted:
    """The result of `train`, as far as the suite looks at it."""

    document: dict[str, Any]  # what --json prints
    model: Any  # outputs(rows), predict(rows), predict_proba(rows), table(rows), classes
    score: float | None
    diverged: int
    features: int
    rows: int
    notes: list[str]


def fit(x: Any, y: Any, **options: Any) -> Fitted:
    """Train one small network on arrays."""
    import ravine

    found = ravine.train(x, y, **{"epochs": 2.0, "net": "8", "progress": False, **options})
    result, data = found.result, found.data
    return Fitted(
        found.to_dict(), found.model, result.mean, result.diverged or 0, data.features, data.rows, data.notes
    )


def json_of(document: dict[str, Any]) -> str:
    """Return the document as `--json` would print it."""
    from ravine.records.atomic_files import json_text

    return json_text(document)


def paired_test(a: list[float], b: list[float]) -> tuple[float, float, float | None]:
    """Compare two rules seed by seed, more is better: p value, share of seeds won, difference."""
    from ravine.statistics.paired_tests import compare_paired

    found = compare_paired(a, b, True)
    return found.p_value, found.p_better, found.difference


CALL_REFUSED = "refused: "
CALLED = f"""
import ravine

def call():
    try:
        found = ravine.train("{TINY}", "y", epochs=3, seeds=2, progress=False)
        return repr(found.result.values)
    except ravine.RavineError as error:
        return "{CALL_REFUSED}" + " ".join(str(error).split())
"""
"""A Python program with the function `call`, which trains and returns the scores or a refusal as one line."""

# --------------------------------------------------------------------------------------------------- fuzzing


def import_readers() -> None:
    """Import the modules that are fuzzed, so that a fuzzer can watch them."""
    import importlib

    for name in ("delimited_text", "text_encoding", "delimited_dialect", "npz", "idx"):
        importlib.import_module(f"ravine.data.readers.{name}")
    loaders()


def loaders() -> list[Callable[[bytes], object]]:
    """Return functions that load the bytes of a JSON document, one for each kind that is read back."""
    from ravine.execution.model_description import ModelDescription
    from ravine.execution.registry import find_study, study_names
    from ravine.records.documents import check_document
    from ravine.records.run_file import RunFile
    from ravine.records.strict_json import parse_json

    kinds = [RunFile, ModelDescription, *(find_study(name).result_type for name in study_names())]
    return [lambda blob, kind=kind: check_document(parse_json(blob, "it"), kind, "it") for kind in kinds]
