"""Disks that are full, read-only or out of inodes, limits of file size, a damaged cache. Mounts need root."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

from tests.attack import processes, product, undisturbed
from tests.attack.case import REFUSED, Failure, enumerated
from tests.attack.product import MEMORIZE
from tests.attack.surroundings.judging import TINY, TRAIN, mounted, prepare, remount, same

COMPARE = [*product.COMMANDS["compare"], *product.JSON]


def _finish(done: processes.Done, run: Path, about: str) -> str | None:
    """A refusal that left a record must be resumable; one that did not, can be typed again."""
    if done.status in product.FINISHED:
        return same(done, about, name="compare")
    processes.must_end(done, about)
    if (run / product.RUN).exists():
        again = processes.ravine(["resume", run, *product.JSON], undisturbed.data(), wall=120)
        if again.status in product.REFUSALS and product.NOTHING_TO_RESUME in again.said:
            return REFUSED
        same(again, f"{about}, resumed with more", refusal=False, name="compare")
        undisturbed.nothing_left(run)
    else:
        again = processes.ravine([*COMPARE, product.OUT, run], undisturbed.data(), wall=120)
        same(again, f"{about}, typed again with more", refusal=False, name="compare")
    return REFUSED


def full(rng: random.Random, twentieths: int, folder: Path) -> str | None:
    """A disk with room for a part of the run."""
    needed = (
        sum(file.stat().st_size for file in undisturbed.run("compare").folder.rglob("*") if file.is_file())
        // 1024
    )
    room = max(4, int(needed * 1.15 * twentieths / 20) // 4 * 4)
    with mounted(folder, f"size={room}k") as disk:
        done = processes.ravine([*COMPARE, product.OUT, disk / "run"], undisturbed.data(), wall=120)
        if done.status in product.REFUSALS and product.NO_SPACE not in done.said:
            raise Failure("unclear message", "full disk: does not say that there is no space")
        remount(disk, "size=20m")
        return _finish(done, disk / "run", f"full disk, {twentieths} of 20 parts")


def inodes(rng: random.Random, most: int, folder: Path) -> str | None:
    with mounted(folder, f"size=20m,nr_inodes={most}") as disk:
        done = processes.ravine([*COMPARE, product.OUT, disk / "run"], undisturbed.data(), wall=120)
        remount(disk, "nr_inodes=1000")
        return _finish(done, disk / "run", f"full disk of {most} inodes")


def file_size(rng: random.Random, blocks: int, folder: Path) -> str | None:
    line = processes.line([*COMPARE, product.OUT, folder / "run"])
    done = processes.shell(f"ulimit -f {blocks}; exec {line}", undisturbed.data(), wall=120)
    return _finish(done, folder / "run", "ulimit -f")


def full_elsewhere(rng: random.Random, case: tuple[str, int], folder: Path) -> str | None:
    """No room for the cache, for temporary files, for predictions."""
    what, room = case
    with mounted(folder, f"size={room}k") as disk:
        if what == "predictions":
            words = ["predict", undisturbed.run("train").folder, TINY, product.OUT, disk / "p.csv"]
            return processes.must_end(
                processes.ravine(words, undisturbed.data()), f"predict to a disk of {room} kB"
            )
        for again in range(2):
            done = processes.ravine(
                [*TRAIN, product.OUT, folder / f"run{again}"], undisturbed.data(), {what: str(disk)}, wall=120
            )
            same(done, f"{room} kB under {what}{', then more' if again else ''}", refusal=False)
            remount(disk, "size=200m")
    return None


def read_only(rng: random.Random, what: str, folder: Path) -> str | None:
    with mounted(folder, "size=20m") as disk:
        undisturbed.copy("train", disk / "r")
        undisturbed.copy("train", disk / "runs" / "x")
        shutil.copy(undisturbed.data() / TINY, disk)
        remount(disk, "ro")
        data, out = undisturbed.data(), [product.OUT, folder / "run"]
        words, cwd, env = {
            "runs": (["runs", disk / "runs"], data, {}), "predict": (["predict", disk / "r", TINY], data, {}),
            "resume": (["resume", disk / "r", *product.JSON], data, {}), "train in it": (TRAIN, disk, {}),
            "train elsewhere": ([*TRAIN, *out], disk, {}),
            "cache": ([*TRAIN, *out], data, {product.CACHE: str(disk / "c")}),
            "home": ([*TRAIN, *out], data, {"HOME": str(disk), product.CACHE: "", "XDG_CACHE_HOME": ""}),
            "pictures": ([*product.COMMANDS[MEMORIZE], *out], data,
                         {"HOME": str(disk), "XDG_CONFIG_HOME": "", "TMPDIR": str(disk)}),
        }[what]  # fmt: skip
        done, about = processes.ravine(words, cwd, env, wall=120), f"read-only disk: {what}"
        if what in ("runs", "predict", "pictures"):
            return processes.must_end(done, about, refusal=False)
        return same(done, about, refusal=what in ("resume", "train in it"))


READ_ONLY = ("runs", "predict", "resume", "train in it", "train elsewhere", "cache", "home", "pictures")
ROOMS = [
    ("predictions", 4),
    ("predictions", 64),
    *((product.CACHE, kb) for kb in (4, 64, 256, 1024, 4096)),
    *(("TMPDIR", kb) for kb in (4, 64, 1024)),
]


def damaged_cache(rng: random.Random, index: int, folder: Path) -> str | None:
    """Compiled programs that were flipped or cut: the training must not change."""
    bad = folder / "cache"
    processes.must_finish(
        processes.ravine(
            [*TRAIN, product.OUT, folder / "warm"], undisturbed.data(), {product.CACHE: str(bad)}, wall=120
        )
    )
    files = [file for file in sorted(bad.rglob("*")) if file.is_file() and not file.name.endswith("-atime")]
    how = ("flip", "cut", "empty", "junk", "flips", "zeros", "folder")[index % 7]
    for file in rng.sample(files, 1) if index % 14 < 7 else files:
        blob = bytearray(file.read_bytes())
        at = rng.randrange(len(blob))
        if how in ("flip", "flips"):
            for _ in range(1 if how == "flip" else 50):
                blob[rng.randrange(len(blob))] ^= 1 << rng.randrange(8)
        blob[at : at + 4096] = bytes(len(blob[at : at + 4096])) if how == "zeros" else blob[at : at + 4096]
        changed = {
            "cut": blob[:at],
            "empty": b"",
            "junk": bytes(rng.randrange(256) for _ in range(500)),
        }
        file.unlink()
        file.mkdir() if how == "folder" else file.write_bytes(bytes(changed.get(how, blob)))
    done = processes.ravine(
        [*TRAIN, product.OUT, folder / "run"], undisturbed.data(), {product.CACHE: str(bad)}, wall=120
    )
    return same(done, f"damaged cache: {how}", refusal=False)


FAMILIES = [
    enumerated("read_only", READ_ONLY, read_only, processes=True, prepare=prepare),
    enumerated("full_disk", range(20), full, processes=True, prepare=prepare),
    enumerated("inodes", (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12), inodes, processes=True, prepare=prepare),
    enumerated("file_size", (1, 4, 8, 16, 32, 64, 128, 512), file_size, processes=True, prepare=prepare),
    enumerated("full_elsewhere", ROOMS, full_elsewhere, processes=True, prepare=prepare),
    enumerated("damaged_cache", range(24), damaged_cache, processes=True, prepare=prepare),
]
