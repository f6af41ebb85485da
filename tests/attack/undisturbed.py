"""The start of the attacks: small data, undisturbed runs of every command, and the comparison with them.

Each run is made once for a whole campaign, in the folder that the environment variable ATTACK_WORK names.
"""

from __future__ import annotations

import fcntl
import functools
import io
import json
import math
import os
import random
import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.attack import processes, product
from tests.attack.case import Failure

WORK = Path(os.environ.get(processes.WORK, "."))


@contextmanager
def one_maker() -> Iterator[None]:
    """Let one child at a time make what all children of a campaign share."""
    WORK.mkdir(parents=True, exist_ok=True)
    with (WORK / "making").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@dataclass
class Undisturbed:
    """A run that nothing disturbed: its folder, its document, the seconds it took with a warm cache."""

    folder: Path
    document: dict
    seconds: float


@functools.cache
def data() -> Path:
    """Return the folder with a table of two classes and a table with numbers as the target."""
    folder = WORK / "data"
    with one_maker():
        if not (folder / product.REGRESSION).exists():
            folder.mkdir(parents=True, exist_ok=True)
            rng = random.Random(1)
            lines = ["a,b,c,y"]
            for _ in range(120):
                a, b = rng.gauss(0, 1), rng.gauss(0, 1)
                lines.append(f"{a:.4f},{b:.4f},{rng.choice('uvw')},{'p' if a + b > 0 else 'q'}")
            (folder / product.TINY).write_text("\n".join(lines) + "\n")
            lines = ["a,b,price"]
            for _ in range(120):
                a, b = rng.gauss(0, 1), rng.gauss(0, 1)
                lines.append(f"{a:.4f},{b:.4f},{a * 2 - b + rng.gauss(0, 0.1):.4f}")
            (folder / product.REGRESSION).write_text("\n".join(lines) + "\n")
    return folder


def data_of(name: str) -> Path:
    """Return the file that the run of a command was made from."""
    return data() / (product.REGRESSION if name == "sweep" else product.TINY)


@functools.cache
def run(name: str) -> Undisturbed:
    """Return the undisturbed run of a command; `long` is a training that takes longer."""
    document, folder, where = WORK / f"{name}.json", WORK / "undisturbed" / name, data()
    with one_maker():
        if not document.exists():
            words = product.LONG_TRAIN if name == "long" else product.COMMANDS[name]
            for _ in range(2):  # the second time with compiled programs from the cache
                shutil.rmtree(folder, ignore_errors=True)
                done = processes.ravine(
                    [*words, *product.JSON, *product.QUIET, product.OUT, folder], where, wall=300
                )
                processes.must_finish(done)
            document.write_text(json.dumps([done.seconds, json.loads(done.out)]))
    seconds, printed = json.loads(document.read_text())
    return Undisturbed(folder, printed, seconds)


@functools.cache
def half(name: str) -> Path:
    """Return a run of a command that was stopped half way and left the state to go on from."""
    folder, where = WORK / "half" / name, data()
    with one_maker():
        if list(folder.glob(f"{product.STATE}/*")):
            return folder
        words = product.LONG_TRAIN if name == "train" else product.COMMANDS[name]
        sign = product.PLAN if name == "train" else f"{product.COHORTS}/*.npz"
        rng = random.Random(name)
        for attempt in range(30):
            shutil.rmtree(folder, ignore_errors=True)
            longer = 1 + attempt / 4  # on a loaded machine the first state comes late
            process = processes.start([*words, *product.JSON, *product.QUIET, product.OUT, folder], where)
            while process.poll() is None:
                if list(folder.glob(sign)):
                    time.sleep(longer * rng.uniform(0.1, 0.8))
                    process.send_signal(signal.SIGINT)
                    process.wait()
                time.sleep(0.02)
            if list(folder.glob(f"{product.STATE}/*")):
                return folder
    raise RuntimeError(f"no stopped run of {name} left a state")


def document_of_half(name: str) -> dict:
    """Return the document that the stopped run must have once it is resumed."""
    return run("long" if name == "train" else name).document


@functools.cache
def predictions(name: str) -> bytes | None:
    """Return the predictions of the model of an undisturbed run; None if the command makes no model."""
    folder = run(name).folder
    if not (folder / product.MODEL).exists():
        return None
    return processes.must_finish(processes.ravine(["predict", folder, data_of(name)], data())).out


def copy(name: str, to: Path, stopped: bool = False) -> Path:
    """Copy a finished or a half run."""
    shutil.copytree(half(name) if stopped else run(name).folder, to, symlinks=True)
    return to


# ------------------------------------------------------------------------------------------------- comparing


def differences(a: object, b: object, where: str = "") -> list[str]:
    """Return where two documents differ, times and places left out."""
    if isinstance(a, dict) and isinstance(b, dict):
        found = []
        for key in sorted({*a, *b} - product.TIMES):
            if key not in a or key not in b:
                found.append(f"{where}.{key} only in one")
            else:
                found += differences(a[key], b[key], f"{where}.{key}")
        return found
    if isinstance(a, list) and isinstance(b, list):
        if len(a) != len(b):
            return [f"{where}: {len(a)} and {len(b)} entries"]
        pairs = enumerate(zip(a, b, strict=True))
        return [found for i, (x, y) in pairs for found in differences(x, y, f"{where}[{i}]")]
    if isinstance(a, float) and isinstance(b, float) and math.isnan(a) and math.isnan(b):
        return []
    return [] if a == b and type(a) is type(b) else [f"{where}: {a!r:.40} and {b!r:.40}"]


def same_document(wanted: dict, printed: bytes) -> None:
    """Raise where standard output is not the document wanted."""
    try:
        found = json.loads(printed)
    except ValueError:
        raise Failure("data lost", f"finished, and printed no document: {printed[:60]!r}") from None
    if unlike := differences(wanted, found):
        raise Failure("changed result", f"another document: {'; '.join(unlike[:2])} ({len(unlike)} places)")


def files(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def nothing_left(folder: Path) -> None:
    """Raise where temporary files or the state of an unfinished run lie in a finished one."""
    names = [str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file()]
    if left := [n for n in names if product.TEMPORARY in n or n.startswith(f"{product.STATE}/")]:
        raise Failure("left behind", f"{re_number(left[0])} ({len(left)} files)")


def re_number(name: str) -> str:
    """A temporary file's name without the number of its process."""
    return name.split(product.TEMPORARY)[0] + f"{product.TEMPORARY}*" if product.TEMPORARY in name else name


def same_folder(name: str, folder: Path) -> None:
    """Raise where the files of a resumed run are not those of the undisturbed one."""
    nothing_left(folder)
    mine, theirs = files(folder), files(run(name).folder)
    for each in sorted({*mine, *theirs} - product.FREE):
        if each not in mine or each not in theirs:
            raise Failure(
                "data lost", f"{each} is only in the {'resumed' if each in mine else 'undisturbed'} run"
            )
        if mine[each] == theirs[each]:
            continue
        if each.endswith(".npz"):
            _same_arrays(each, mine[each], theirs[each])
        elif each.endswith(".json") and each != product.RUN:
            if unlike := differences(json.loads(theirs[each]), json.loads(mine[each])):
                raise Failure("changed result", f"{each}: {unlike[0]}")
        elif each.endswith((".safetensors", ".csv", ".toml")) and each != product.CONFIG:
            raise Failure("changed result", f"{each} differs in its bytes")


def _same_arrays(name: str, mine: bytes, theirs: bytes) -> None:
    import numpy as np

    a, b = np.load(io.BytesIO(mine)), np.load(io.BytesIO(theirs))
    if sorted(a) != sorted(b):
        raise Failure("changed result", f"{name} holds other arrays")
    for key in b:
        if key == "record":  # a JSON text, with seconds in it
            found = differences(json.loads(b[key].tobytes()), json.loads(a[key].tobytes()))
            if found:
                raise Failure("changed result", f"{name}: record{found[0]}")
        elif a[key].dtype != b[key].dtype or not np.array_equal(
            a[key], b[key], equal_nan=a[key].dtype.kind == "f"
        ):
            raise Failure("changed result", f"{name}: array {key} differs")
