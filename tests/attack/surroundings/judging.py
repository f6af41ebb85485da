"""Shared: the training that is tried everywhere, and what may come of it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.attack import processes, product, undisturbed
from tests.attack.case import REFUSED, Failure, Skip

TRAIN = [*product.COMMANDS["train"], *product.JSON]
TINY = product.COMMANDS["train"][1]


def prepare() -> None:
    undisturbed.run("train"), undisturbed.run("compare")


def training_of(data: Any) -> list:
    """The training on a file of another name."""
    return [data if word == TINY else word for word in TRAIN]


def same(
    done: processes.Done, about: str, refusal: bool = True, name: str = "train", data: str | None = None
) -> str | None:
    """Check that a command gave the undisturbed document, of data named `data`, or refused where it may."""
    if processes.must_end(done, about, refusal) == REFUSED:
        return REFUSED
    wanted = undisturbed.run(name).document
    if data is not None:
        wanted = product.with_name(wanted, data)
    try:
        undisturbed.same_document(wanted, done.out)
    except Failure as failure:
        raise Failure(failure.kind, f"{about}: {failure.detail}") from None
    return None


def refused(done: processes.Done, about: str) -> str:
    """Check that a command refused in sentences."""
    if processes.must_end(done, about) != REFUSED:
        raise Failure("accepted in silence", f"{about}: status {done.status}, nothing said")
    return REFUSED


def as_root() -> None:
    if os.geteuid() != 0:
        raise Skip("needs root")


@contextmanager
def mounted(folder: Path, options: str) -> Iterator[Path]:
    """A disk of its own, in memory."""
    as_root()
    where = folder / "disk"
    where.mkdir(exist_ok=True)
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(where)], stderr=subprocess.DEVNULL
    ).returncode:
        raise Skip("may not mount")
    try:
        yield where
    finally:
        subprocess.run(["umount", "-l", str(where)], check=False)


def remount(disk: Path, options: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{options}", str(disk)], check=True)
