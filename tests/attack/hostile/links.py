"""Every file and folder of a run as a link to outside, a pipe, /dev/zero, or a link to itself."""

from __future__ import annotations

import json
import os
import random
import shutil
from pathlib import Path

from tests.attack import product, undisturbed
from tests.attack.case import enumerated
from tests.attack.hostile.judging import COMMANDS, prepare, used, victim

FOLDERS = (product.COHORTS, product.STATE, product.MODELS)
FILES = (
    product.LOCK, product.LOG, product.RESULT, product.CONFIG, product.PLAN, product.RUN, product.BEST,
    product.MODEL, product.WEIGHTS,
)  # fmt: skip


def _replace(path: Path, kind: str, folder: Path) -> None:
    shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    if kind == "a pipe":
        os.mkfifo(path)
    elif kind == "/dev/zero":
        path.symlink_to("/dev/zero")
    elif kind == "a link to itself":
        path.symlink_to(path.name)
    elif path.name in FOLDERS:
        outside = folder / "outside"
        outside.mkdir()
        (outside / f"{product.TEMPORARY}mine").write_text("mine")
        path.symlink_to(outside)
    else:
        path.symlink_to(victim(folder))


def linked(rng: random.Random, case: tuple[str, str, str], folder: Path) -> str | None:
    name, kind, command = case
    run = undisturbed.copy("train", folder / "r")
    _replace(run / name, kind, folder)
    return used(command, run, folder, f"{name} is {kind}")


def running(rng: random.Random, command: str, folder: Path) -> str | None:
    """A run that is said to be running, whose lock is a pipe."""
    run = undisturbed.copy("train", folder / "r")
    about = json.loads((run / product.RUN).read_text())
    about["state"] = "running"
    (run / product.RUN).write_text(json.dumps(about))
    (run / product.LOCK).unlink(missing_ok=True)
    os.mkfifo(run / product.LOCK)
    return used(command, run, folder, "running, the lock is a pipe")


KINDS = ("a link outside", "a pipe", "a link to itself")
CASES = [(name, kind, command) for name in (*FILES, *FOLDERS) for kind in KINDS for command in COMMANDS]
CASES += [(name, "/dev/zero", command) for name in FILES for command in COMMANDS]
FAMILIES = [
    enumerated("links", CASES, linked, prepare=prepare),
    enumerated("running", COMMANDS, running, prepare=prepare),
]
