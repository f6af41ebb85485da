"""Files and folders that the user may not read, write or enter. Needs root, to become somebody else."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

from tests.attack import processes, product, undisturbed
from tests.attack.case import enumerated
from tests.attack.surroundings.judging import TINY, TRAIN, as_root, prepare, same

NOBODY = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")


def _rooms(folder: Path) -> dict[str, Path]:
    """A folder open to all, one that only root may enter, a run of root, and a run whose record is hidden."""
    for each in (folder, *list(folder.parents)[:3]):
        each.chmod(each.stat().st_mode | 0o755)
    open_, hidden, partly, deny = (folder / name for name in ("open", "hidden", "partly", "deny"))
    for each in (open_, hidden, partly, deny):
        each.mkdir()
    shutil.copy(undisturbed.data_of("train"), open_)
    shutil.copy(undisturbed.data_of("train"), open_ / "secret.csv")
    (open_ / "secret.csv").chmod(0o600)
    shutil.copy(undisturbed.data_of("train"), deny)
    for each in (hidden, partly, deny):
        undisturbed.copy("train", each / "r")
    (partly / "r" / product.RUN).chmod(0)
    open_.chmod(0o777), hidden.chmod(0o700), partly.chmod(0o755), deny.chmod(0o755)
    (folder / "cache").mkdir(mode=0o755)
    return {"OPEN": open_, "HIDDEN": hidden, "PARTLY": partly, "DENY": deny, "CACHE": folder / "cache"}


CASES: list[tuple[str, list, dict]] = [
    ("plain", [*TRAIN, product.OUT, "n"], {"refusal": False}),
    ("folder not writable", TRAIN, {"cwd": "DENY"}),
    ("-o not writable", [*TRAIN, product.OUT, "DENY/x"], {}),
    ("cache not writable", [*TRAIN, product.OUT, "n"], {"cache": "CACHE", "refusal": False}),
    ("no cache at all", [*TRAIN, product.OUT, "n"], {"cache": "/nonexistent", "refusal": False}),
    ("data not readable", ["train", "secret.csv", "-t", "y", product.OUT, "n"], {}),
    ("run of root, resume", ["resume", "DENY/r", *product.JSON], {}),
    ("run of root, predict", ["predict", "DENY/r", TINY], {"text": True, "refusal": False}),
    ("runs of root", ["runs", "DENY"], {"text": True, "refusal": False}),
    ("runs in a folder that hides", ["runs", "HIDDEN"], {"text": True}),
    ("resume in a folder that hides", ["resume", "HIDDEN/r"], {"text": True}),
    ("data in a folder that hides", ["train", "HIDDEN/x.csv", "-t", "y"], {"text": True}),
    ("model in a folder that hides", ["predict", "HIDDEN/r", TINY], {"text": True}),
    ("-o in a folder that hides", [*TRAIN, product.OUT, "HIDDEN/x"], {"text": True}),
    ("-c in a folder that hides", [*TRAIN, "-c", "HIDDEN/x.toml"], {"text": True}),
    ("a record not readable, runs", ["runs", "PARTLY"], {"text": True, "refusal": False}),
    ("a record not readable, resume", ["resume", "PARTLY/r"], {"text": True}),
]


def as_nobody(rng: random.Random, case: tuple[str, list, dict], folder: Path) -> str | None:
    """Run a command as a user who may do nothing."""
    as_root()
    about, words, how = case
    rooms = _rooms(folder)

    def placed(word: object) -> str:
        head, _, tail = str(word).partition("/")
        return str(rooms[head] / tail) if head in rooms else str(word)

    env = {
        "HOME": "/nonexistent",
        product.CACHE: placed(how["cache"]) if "cache" in how else str(rooms["OPEN"] / "cache"),
    }
    done = processes.ravine(
        [placed(word) for word in words], rooms[how.get("cwd", "OPEN")], env, wall=120, prefix=NOBODY
    )
    if how.get("text"):
        return processes.must_end(done, about, how.get("refusal", True))
    return same(done, about, how.get("refusal", True))


def masked(rng: random.Random, mask: str, folder: Path) -> str | None:
    line = processes.line([*TRAIN, product.OUT, folder / "run"])
    done = processes.shell(f"umask {mask}; exec {line}", undisturbed.data(), wall=120)
    return same(done, f"umask {mask}", refusal=mask in ("0777", "0177"))


FAMILIES = [
    enumerated("umask", ("077", "0177", "0777", "000"), masked, processes=True, prepare=prepare),
    enumerated("rights", CASES, as_nobody, processes=True, prepare=prepare),
]
