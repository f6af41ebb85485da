"""Names of files, links, pipes, folders that are gone, odd things in runs/, and clocks that are wrong."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
from pathlib import Path

from tests.attack import processes, product, undisturbed
from tests.attack.case import REFUSED, Failure, Skip, enumerated
from tests.attack.surroundings.judging import TINY, TRAIN, prepare, refused, same, training_of

NAMES = [
    "with space.csv", "ünï 日本.csv", "new\nline.csv", "-x.csv", "--json", "-o", "%s{path}{0}.csv",
    "$(touch PWNED).csv", "`id`.csv", "a'b\"c.csv", "\x1b[31mred.csv", "tab\t.csv", "x.csv:part", "digits",
    "latest", "run.json", ".csv", "..csv", "a" * 250 + ".csv", "*.csv", "~", "x.csv ", "\\.csv", "#.csv",
    "con.csv", "-", "0.2", "x.h5:g",
]  # fmt: skip


def named(rng: random.Random, case: tuple[str, str], folder: Path) -> str | None:
    """Train on a file of an odd name, resume, show, and type the command that is shown."""
    name, how = case
    shutil.copy(undisturbed.data() / TINY, folder / name)
    about = f"file {name[:20]!r} {how}"
    words = ["train", *TRAIN[2:], product.OUT, "run é", "--", f"./{name}" if how == "by ./" else name]
    if name in ("-", "digits") and how == "after --":  # these words mean something else
        raise Skip("a word of another meaning")
    done = processes.ravine(words, folder, wall=120)
    if processes.must_end(done, about, refusal=True) == REFUSED:
        raise Failure("refused though sound", f"{about}: {' '.join(done.said.split())[-100:]}")
    title = product.name_of_data(json.loads(done.out))
    same(done, about, data=title)
    same(processes.ravine(["resume", "run é", *product.JSON], folder), f"{about}: resume", False, data=title)
    text = processes.must_finish(processes.ravine(["resume", "run é"], folder), f"{about}: shown")
    if (folder / "PWNED").exists():
        raise Failure("code executed", about)
    lines = text.out.decode("utf-8", "replace").replace("\\\n", " ").splitlines()  # a long line goes on
    shown = next((line.strip() for line in lines if product.PREDICT_SHOWN in line), None)
    if shown:
        line = shown.replace(product.PREDICT_SHOWN, processes.line(["predict"]), 1)
        typed = processes.shell(line, folder)
        if typed.status:
            raise Failure("unclear message", f"{about}: the command that it shows does not work")
    return None


def not_text(rng: random.Random, case: str, folder: Path) -> str | None:
    """Names of files and folders that are not UTF-8."""
    deep = os.fsencode(folder) + b"/d\xff"
    Path(os.fsdecode(deep)).mkdir(parents=True)
    shutil.copy(undisturbed.data() / TINY, deep + b"/t.csv")
    shutil.copy(undisturbed.data() / TINY, os.fsencode(folder) + b"/\xff\xfe.csv")
    words, cwd = {
        "a file": (["train", os.fsencode(folder) + b"/\xff\xfe.csv", "-t", "y", product.OUT, "r"], folder),
        "the working folder": (["train", "t.csv", "-t", "y", product.OUT, "r"], deep),
        "the working folder, built-in data": (["train", "digits", "--epochs", "1", product.OUT, "r"], deep),
        "a folder of runs": (["runs", deep], folder),
        "a folder of runs, JSON": (["runs", *product.JSON, deep], folder),
    }[case]
    return processes.must_end(processes.ravine(words, cwd, wall=120), f"{case} whose name is no text")


NOT_TEXT = (
    "a file",
    "the working folder",
    "the working folder, built-in data",
    "a folder of runs",
    "a folder of runs, JSON",
)


def linked(rng: random.Random, case: tuple[str, str, str | None], folder: Path) -> str | None:
    """Data behind a link; `title`: the name that the data must go by, None where a refusal is due."""
    about, path, title = case
    (folder / "rel.csv").symlink_to(os.path.relpath(undisturbed.data() / TINY, folder))
    (folder / "loop.csv").symlink_to("loop.csv")
    (folder / "dangling.csv").symlink_to("nowhere.csv")
    (folder / "dir").symlink_to(undisturbed.data())
    done = processes.ravine([*training_of(path), product.OUT, "run"], folder, wall=120)
    return refused(done, about) if title is None else same(done, about, False, data=title)


LINKS = [
    ("a relative link", "rel.csv", "rel"), ("a linked folder", f"dir/{TINY}", "tiny"),
    ("a link to itself", "loop.csv", None), ("a link to nothing", "dangling.csv", None),
    ("a folder", ".", None), ("/dev/null", "/dev/null", None),
]  # fmt: skip

INPUTS = {
    "standard input": "cat DATA | TRAIN -", "/dev/stdin": "cat DATA | TRAIN /dev/stdin",
    "/dev/stdin from a file": "TRAIN /dev/stdin < DATA", "process substitution": "TRAIN <(cat DATA)",
    "/proc/self/fd/0": "TRAIN /proc/self/fd/0 < DATA", "a pipe": "mkfifo pipe; cat DATA > pipe & TRAIN pipe",
}  # fmt: skip


def streamed(rng: random.Random, about: str, folder: Path) -> str | None:
    """Data that come through a stream: the same result, or a refusal; then resumed."""
    line = processes.line([*TRAIN[:1], *TRAIN[2:], product.OUT, "run"])
    done = processes.shell(
        INPUTS[about].replace("TRAIN", line).replace("DATA", str(undisturbed.data() / TINY)), folder, wall=120
    )
    if processes.must_end(done, about) == REFUSED:
        return REFUSED
    title = product.name_of_data(json.loads(done.out))
    same(done, about, data=title)
    return same(processes.ravine(["resume", "run", *product.JSON], folder), f"{about}: resume", data=title)


def gone(rng: random.Random, words: list[str], folder: Path) -> str | None:
    """The working folder was removed."""
    line = processes.line([undisturbed.data() / TINY if each == TINY else each for each in words])
    done = processes.shell(f"mkdir gone; cd gone; rmdir ../gone; exec {line}", folder)
    return processes.must_end(done, f"in a folder that is gone: {words[0]}")


def odd_runs(rng: random.Random, case: tuple[str, str], folder: Path) -> str | None:
    """runs/ is a file, or runs/latest is not what it should be."""
    odd, what = case
    shutil.copy(undisturbed.data() / TINY, folder)
    runs = folder / "runs"
    latest = runs / product.LATEST
    runs.mkdir() if odd.startswith("latest") else None
    {
        "a file": lambda: runs.write_text("x"), "a link to nothing": lambda: runs.symlink_to("nowhere"),
        "latest a folder": lambda: latest.mkdir(), "latest a loop": lambda: latest.symlink_to(product.LATEST),
        "latest a pipe": lambda: os.mkfifo(latest), "latest junk": lambda: latest.write_bytes(b"\xff\0"),
    }[odd]()  # fmt: skip
    about = f"runs/ is odd, {odd}: {what}"
    if what == "train":
        return same(processes.ravine(TRAIN, folder, wall=60), about)
    return processes.must_end(processes.ravine([what], folder), about)


ODD_RUNS = ("a file", "a link to nothing", "latest a folder", "latest a loop", "latest a pipe", "latest junk")

CLOCK = Path(__file__).with_name("clock.c")
JUMPS = [
    ("-1800000000", False), ("100000000000", False), ("-100000000000", False), ("3600", True),
    ("2000000000", True), ("300000000000", False), ("-1700000000", True),
]  # fmt: skip


def clock(rng: random.Random, case: tuple[str, bool], folder: Path) -> str | None:
    """A clock that is wrong by so many seconds, or swings by them: train, list, resume."""
    jump, swings = case
    if not shutil.which("gcc"):
        raise Skip("gcc is not installed")
    subprocess.run(
        ["gcc", "-shared", "-fPIC", "-o", "clock.so", str(CLOCK), "-ldl"],
        cwd=folder,
        check=True,
        capture_output=True,
    )
    shutil.copy(undisturbed.data() / TINY, folder)
    env = {"LD_PRELOAD": str(folder / "clock.so"), "JUMP": jump, **({"SWING": "1"} if swings else {})}
    about = f"clock off by {jump} s{' back and forth' if swings else ''}"
    verdict = same(processes.ravine(TRAIN, folder, env, wall=120), about)
    if verdict == REFUSED:  # a year that Python itself cannot read
        return verdict
    processes.must_end(processes.ravine(["runs"], folder), f"{about}: runs later", refusal=False)
    processes.must_end(processes.ravine(["runs"], folder, env), f"{about}: runs then", refusal=False)
    same(processes.ravine(["resume", *product.JSON], folder), f"{about}: resume")
    return verdict


FAMILIES = [
    enumerated(
        "file_names",
        [(name, how) for name in NAMES for how in ("by ./", "after --")],
        named,
        processes=True,
        prepare=prepare,
    ),
    enumerated("names_not_text", NOT_TEXT, not_text, processes=True, prepare=prepare),
    enumerated("links", LINKS, linked, processes=True, prepare=prepare),
    enumerated("streamed", list(INPUTS), streamed, processes=True, prepare=prepare),
    enumerated(
        "gone",
        [["train", TINY, "-t", "y"], ["runs"], ["train", "digits", product.OUT, "r"]],
        gone,
        processes=True,
    ),
    enumerated(
        "odd_runs",
        [(odd, what) for odd in ODD_RUNS for what in ("train", "runs", "resume")],
        odd_runs,
        processes=True,
        prepare=prepare,
    ),
    enumerated("clock", JUMPS, clock, processes=True, prepare=prepare),
]
