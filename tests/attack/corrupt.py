"""Bits, keys and values changed in finished and half run directories, then listed, resumed and used.

A changed byte must be refused by the name of its file, or be irrelevant: the output is identical. It must
never be shown as another result, and the runs beside it must still be listed.
"""

from __future__ import annotations

import json
import os
import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.attack import processes, product, undisturbed
from tests.attack.case import REFUSED, Failure, Family, Skip
from tests.attack.product import MEMORIZE

JUNK = [
    None,
    True,
    0,
    -1,
    1.5,
    10**40,
    "",
    "x",
    "../../../etc/passwd",
    "\x1b[31m",
    [],
    [1],
    {},
    {"a": 1},
    "2" * 400,
    1e308,
]
BLOBS = [
    b"{}", b"[]", b"null", b"0", b'"x"', b"\xff\xfe", b"[" * 100_000, b"NaN", b'{"schema_version": 1}',
    b'{"schema_version": 99}', b"PK\x03\x04", b"x = 1\n", bytes(range(200)),
]  # fmt: skip
WAYS = (
    "flip",
    "flip",
    "flip",
    "flips",
    "cut",
    "cut",
    "empty",
    "gone",
    "zeros",
    "junk",
    "folder",
    "more",
    "link",
    "fifo",
)


# ---------------------------------------------------------------------------------------------------- damage


def flip_one(rng: random.Random, path: Path) -> None:
    blob = bytearray(path.read_bytes())
    blob[rng.randrange(len(blob))] ^= 1 << rng.randrange(8)
    path.write_bytes(bytes(blob))


def change_bytes(rng: random.Random, run: Path) -> tuple[Path, str]:
    """Damage one file; each kind of file as often as any other."""
    kinds: dict[str, list[Path]] = {}
    for path in sorted(p for p in run.rglob("*") if p.is_file() and p.name != product.LOCK):
        kinds.setdefault(path.suffix if path.suffix == ".npz" else path.suffix + path.parent.name, []).append(
            path
        )
    path = rng.choice(kinds[rng.choice(sorted(kinds))])
    blob, how = bytearray(path.read_bytes()), rng.choice(WAYS)
    at = rng.randrange(len(blob)) if blob else 0
    if how == "flips":
        for _ in range(rng.randint(2, 20)):
            flip_one(rng, path)
    elif how == "flip":
        flip_one(rng, path)
    elif how == "zeros":
        size = min(len(blob) - at, rng.choice([1, 16, 512, 4096]))
        path.write_bytes(bytes(blob[:at]) + bytes(size) + bytes(blob[at + size :]))
    elif how in ("cut", "empty", "junk", "more"):
        more = bytes(rng.randrange(256) for _ in range(rng.randint(1, 50)))
        path.write_bytes(
            {"cut": bytes(blob[:at]), "empty": b"", "junk": rng.choice(BLOBS), "more": bytes(blob) + more}[
                how
            ]
        )
    else:
        path.unlink()
        if how == "folder":
            path.mkdir()
        elif how == "link":
            path.symlink_to(rng.choice(["/dev/null", "nowhere", path.name, "/etc/passwd", ".."]))
        elif how == "fifo":
            os.mkfifo(path)
    return path, how


def _leaves(tree: object, at: tuple = ()) -> Iterator[tuple]:
    pairs = tree.items() if isinstance(tree, dict) else enumerate(tree[:50]) if isinstance(tree, list) else ()
    for key, value in pairs:
        yield (*at, key)
        yield from _leaves(value, (*at, key))


def _node(tree: object, place: tuple) -> object:
    for key in place:
        tree = tree[key]
    return tree


def _a_json_file(rng: random.Random, run: Path) -> tuple[Path, object, list[tuple]]:
    path = rng.choice(sorted(p for p in run.rglob("*.json") if p.is_file()))
    tree = json.loads(path.read_text())
    return path, tree, list(_leaves(tree))


def change_keys(rng: random.Random, run: Path) -> tuple[Path, str]:
    """Remove a key of a JSON file, or give it something of another kind; half of the time near the top."""
    path, tree, places = _a_json_file(rng, run)
    top = [place for place in places if len(place) <= 2]
    *way, last = rng.choice(top if rng.random() < 0.5 else places)
    node = _node(tree, way)
    if rng.random() < 0.3:
        del node[last]
    else:
        node[last] = rng.choice(JUNK)
    path.write_text(json.dumps(tree, ensure_ascii=False))
    return path, f"key {'.'.join(map(str, [*way, last]))}"


def change_values(rng: random.Random, run: Path) -> tuple[Path, str]:
    """Change a number of a JSON file into another number: nothing but a checksum can tell."""
    for _ in range(50):
        path, tree, places = _a_json_file(rng, run)
        *way, last = rng.choice(places)
        old = _node(tree, (*way, last))
        if isinstance(old, (int, float)) and not isinstance(old, bool):
            _node(tree, way)[last] = old + 1 if isinstance(old, int) else old * 1.5 + 0.25
            path.write_text(json.dumps(tree, ensure_ascii=False))
            return path, "value"
    return path, "nothing"


def flip_in(pattern: str) -> Callable[[random.Random, Path], tuple[Path, str]]:
    """Flip one bit of one file."""

    def change(rng: random.Random, run: Path) -> tuple[Path, str]:
        path = min(run.glob(pattern), default=None)
        if path is None:
            raise Skip(f"a run has no {pattern}")
        flip_one(rng, path)
        return path, "flip"

    return change


# -------------------------------------------------------------------------------------------------- checking


def named(path: Path, run: Path) -> str:
    """A file's name in the run, the same for all files of one kind."""
    return f"{path.relative_to(run).parts[0]}/*.npz" if path.suffix == ".npz" else str(path.relative_to(run))


def model_outside(rng: random.Random, index: int, folder: Path) -> str | None:
    """Damage a model that lies outside of a run directory, then predict. Case 0 is not damaged."""
    model = folder / "model"
    shutil.copytree((undisturbed.run("train").folder / product.MODEL).parent, model)
    path = model / Path(rng.choice([product.MODEL, product.WEIGHTS])).name
    if index:
        flip_one(rng, path)
    predicted = checked(["predict", model, undisturbed.data_of("train")], path, model, "flip")
    if predicted not in (None, undisturbed.predictions("train")):
        raise Failure(
            "changed result", f"predict, a model outside of a run, {path.name} changed: other predictions"
        )
    if predicted is None and not index:
        raise Failure("refused though sound", "predict: a model outside of a run")
    return REFUSED if predicted is None else None


def checked(words: list, path: Path, run: Path, how: str) -> bytes | None:
    """Run a command on the damaged run; return its output, or None where it refused and named the file."""
    about = f"{words[0]}, {named(path, run)} changed ({how.split()[0]})"
    status, out, said = product.command([*words, *product.VERBOSE], undisturbed.data())
    processes.must_not_break(status, said, about=about)
    if status in product.FINISHED:
        return out
    if status not in product.REFUSALS:
        raise Failure("undocumented status", f"{about}: status {status}")
    told = " ".join(said.split())
    if path.name not in told and path.stem not in told:
        raise Failure("unclear message", f"{about}: refused, and the file is not named")
    return None


def listed(folder: Path, run: Path) -> dict[str, dict]:
    """The runs of a folder as `runs --json` lists them, without sizes and places."""
    status, out, said = product.command(["runs", folder, *product.JSON], undisturbed.data())
    processes.must_not_break(status, said, about=f"{run.name}: runs")
    if status:
        raise Failure("data lost", f"runs: status {status}, and the healthy run beside is not listed")
    entries = json.loads(out)["runs"]
    return {
        Path(each["path"]).name: {key: each[key] for key in each if key not in ("bytes", "path")}
        for each in entries
    }


def case(name: str, change: Callable, half: bool = False) -> Callable[[random.Random, int, Path], str | None]:
    """Damage a copy of a run, then list, resume and predict. Case 0 is not damaged: it tests the checks."""

    def go(rng: random.Random, index: int, folder: Path) -> str | None:
        run = undisturbed.copy(name, folder / "runs" / "r", half)
        (folder / "runs" / "healthy").mkdir()
        shutil.copy(undisturbed.run("train").folder / product.RUN, folder / "runs" / "healthy")
        before = listed(folder / "runs", run)
        path, how = change(rng, run) if index else (run / product.RUN, "nothing")
        about, after = f"{named(path, run)} changed ({how.split()[0]})", listed(folder / "runs", run)
        if after.get("healthy") != before["healthy"]:
            raise Failure("data lost", f"runs, {about}: the healthy run beside is not listed")
        if after.get("r") not in (None, before["r"]) and after["r"]["state"] not in product.DAMAGED_STATES:
            raise Failure("changed result", f"runs, {about}: listed otherwise")
        out = checked(["resume", run, *product.JSON], path, run, how)
        wanted = undisturbed.document_of_half(name) if half else undisturbed.run(name).document
        if out is not None:
            try:
                undisturbed.same_document(wanted, out)
            except Failure as failure:
                raise Failure(failure.kind, f"resume, {about}: {failure.detail}") from None
        good = None if half else undisturbed.predictions(name)
        if good is not None:
            predicted = checked(["predict", run, undisturbed.data_of(name)], path, run, how)
            if predicted not in (None, good):
                raise Failure("changed result", f"predict, {about}: other predictions")
        return REFUSED if out is None else None

    return go


FLIPS = [
    ("train", product.MANIFEST, 60), ("train", product.MODEL, 150), ("train", product.WEIGHTS, 40),
    ("train", product.RESULT, 150), ("train", product.RUN, 100), ("train", product.CONFIG, 80),
    ("train", product.PLAN, 60), ("train", f"{product.COHORTS}/*.npz", 40), ("compare", product.RESULT, 80),
    ("compare", product.MODEL, 60), ("diagnose", product.RESULT, 60), (MEMORIZE, product.RESULT, 60),
    ("descent", product.RESULT, 60), ("sweep", product.MODEL, 60),
]  # fmt: skip
HALF_FLIPS = [(f"{product.STATE}/*", 40), (product.RUN, 60), (product.CONFIG, 60), (product.PLAN, 60)]
COUNTS = {"train": (90, 120, 40), "compare": (90, 120, 40)}


def _short(pattern: str) -> str:
    return pattern.split("/")[0 if "*" in pattern else -1]


def family(
    prefix: str, name: str, count: int, change: Callable, half: bool = False, suffix: str = ""
) -> Family:
    def prepare() -> None:
        undisturbed.run("train")
        if half:
            undisturbed.half(name), undisturbed.document_of_half(name)
        else:
            undisturbed.predictions(name)

    return Family(f"{prefix}_{name}{suffix}", count, case(name, change, half), prepare=prepare)


STOPPED = ("compare", "train", MEMORIZE)
FAMILIES = [
    Family("model_outside", 200, model_outside, prepare=lambda: undisturbed.predictions("train")),
    *(family("flip", name, count, flip_in(file), suffix=f"_{_short(file)}") for name, file, count in FLIPS),
    *(
        family("flip_half", "train", count, flip_in(file), True, f"_{_short(file)}")
        for file, count in HALF_FLIPS
    ),
    *(family("bytes", name, COUNTS.get(name, (50,))[0], change_bytes) for name in product.COMMANDS),
    *(family("keys", name, COUNTS.get(name, (0, 60))[1], change_keys) for name in product.COMMANDS),
    *(family("values", name, COUNTS.get(name, (0, 0, 20))[2], change_values) for name in product.COMMANDS),
    *(family("half_bytes", name, 50, change_bytes, True) for name in STOPPED),
    *(family("half_keys", name, 50, change_keys, True) for name in STOPPED),
]
