"""Several processes on one run or cache, folders that vanish while a run is written, a run made twice."""

from __future__ import annotations

import random
import shutil
import subprocess
import time
from pathlib import Path

from tests.attack import processes, product, undisturbed
from tests.attack.case import Failure, enumerated
from tests.attack.surroundings.judging import TINY, TRAIN, prepare, refused, same

LONG = [*product.LONG_TRAIN, *product.JSON]
MANY = 10  # processes at once


def _resume(run: Path) -> list:
    return ["resume", run, *product.JSON]


def _together(commands: list[list], folder: Path, env: dict | None = None) -> list[processes.Done]:
    """Run commands at the same time."""
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    started = [processes.start(words, folder, env, **pipes) for words in commands]
    ended = [(process, *process.communicate(timeout=400)) for process in started]
    return [processes.Done(process.returncode, out, err, 0.0) for process, out, err in ended]


def _statuses(done: list[processes.Done], about: str) -> list[int]:
    """Return the sorted statuses of commands, each of which finished or refused."""
    for command in done:
        processes.must_end(command, about)
    return sorted(command.status for command in done)


def one_folder(rng: random.Random, count: int, folder: Path) -> None:
    """Several trainings into one folder: one runs, all others are refused."""
    about = f"{count} at once with one -o"
    done = _together([[*TRAIN, product.OUT, folder / "run"]] * count, undisturbed.data())
    if (statuses := _statuses(done, about)).count(0) != 1:
        raise Failure("undocumented status", f"{about}: statuses {statuses}")
    same(next(command for command in done if command.status == 0), about)


def one_run(rng: random.Random, count: int, folder: Path) -> None:
    """Several resumptions of one run: at least one finishes, each prints the right result or is refused."""
    about = f"{count} resumptions at once"
    run = undisturbed.copy("train", folder / "run", stopped=True)
    done = _together([_resume(run)] * count, undisturbed.data())
    if 0 not in (statuses := _statuses(done, about)):
        raise Failure("data lost", f"{about}: statuses {statuses}")
    for command in done:
        if command.status == 0:
            undisturbed.same_document(undisturbed.document_of_half("train"), command.out)
    undisturbed.nothing_left(run)


def beside_a_writer(rng: random.Random, index: int, folder: Path) -> None:
    """`resume` beside a writer is refused; after a kill the run goes on."""
    run, data = folder / "run", undisturbed.data()
    first = processes.start([*LONG, product.OUT, run], data)
    _wait_for(run / product.PLAN, first)
    time.sleep(rng.uniform(0, 0.5))
    second, alive = processes.ravine(_resume(run), data, wall=120), first.poll() is None
    first.kill()
    first.wait()
    if alive and (refused(second, "resume beside a writer"), product.OTHER_WRITER not in second.said)[1]:
        raise Failure("unclear message", "resume beside a writer: does not say that another process writes")
    done = processes.must_finish(processes.ravine(_resume(run), data, wall=120), "resume after a kill")
    undisturbed.same_document(undisturbed.run("long").document, done.out)


def one_cache(rng: random.Random, index: int, folder: Path) -> None:
    """Four commands in one runs/, with one cold cache."""
    shutil.copy(undisturbed.data() / TINY, folder)
    for command in _together([TRAIN] * 4, folder, {product.CACHE: str(folder / "cold")}):
        same(command, "four at once in one runs/", refusal=False)


def _wait_for(path: Path, process: subprocess.Popen) -> None:
    while not path.exists() and process.poll() is None:
        time.sleep(0.02)


def _content(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def gone_while_running(rng: random.Random, how: str, folder: Path) -> str | None:
    """The folder of a run is deleted, moved or replaced while a command writes it."""
    run, away, about = folder / "run", folder / "away", f"the folder of a running training is {how}"
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    process = processes.start([*LONG, product.OUT, run], undisturbed.data(), **pipes)
    _wait_for(run / product.PLAN, process)
    time.sleep(rng.uniform(0, 1.5))
    before: dict[str, bytes] = {}
    if how == "deleted":
        shutil.rmtree(run, ignore_errors=True)
    else:
        run.rename(away)
        if how == "replaced by an empty folder":
            run.mkdir()
        elif how == "replaced by another run":
            before = _content(undisturbed.copy("train", run))
        elif how == "replaced by a link":
            (folder / "outside").mkdir()
            run.symlink_to("outside")
    out, err = process.communicate(timeout=240)
    done = processes.Done(process.returncode, out, err, 0.0)
    verdict = processes.must_end(done, about)
    if verdict is None:
        undisturbed.same_document(undisturbed.run("long").document, done.out)
    if how.startswith("replaced") and _content(run) != before:
        raise Failure("write outside", f"{about}: files were written into the new folder")
    if away.exists():
        again = processes.must_finish(processes.ravine(_resume(away), undisturbed.data(), wall=120), about)
        undisturbed.same_document(undisturbed.run("long").document, again.out)
    return verdict


GONE = (
    "deleted", "moved", "replaced by an empty folder", "replaced by another run", "replaced by a link",
)  # fmt: skip


def copied(rng: random.Random, name: str, folder: Path) -> None:
    """A stopped run and its copy both finish, each with the right result."""
    undisturbed.copy(name, folder / "first", stopped=True)
    shutil.copytree(folder / "first", folder / "a copy é", symlinks=True)
    (folder / "first").rename(folder / "moved")
    for run in (folder / "a copy é", folder / "moved"):
        done = processes.ravine(_resume(run), undisturbed.data(), wall=120)
        processes.must_finish(done, "a copied run")
        undisturbed.same_document(undisturbed.document_of_half(name), done.out)
        undisturbed.nothing_left(run)


def twice(rng: random.Random, name: str, folder: Path) -> None:
    """The same command twice writes the same bytes in every file that carries results."""
    run, contents = folder / "run", []
    for _ in range(2):
        words = [*product.COMMANDS[name], *product.QUIET, product.OUT, run]
        processes.must_finish(processes.ravine(words, undisturbed.data(), wall=240), f"{name} twice")
        contents.append(_content(run))
        shutil.rmtree(run)
    first, second = contents
    if first.keys() != second.keys():
        raise Failure(
            "changed result", f"{name} twice: other files, {sorted(first.keys() ^ second.keys())[:3]}"
        )
    free = {*product.FREE, product.RUN, product.MANIFEST}  # the manifest holds the digest of run.json
    unlike = [file for file in first if file not in free and first[file] != second[file]]
    if unlike:
        raise Failure("changed result", f"{name} twice: {unlike[0]} differs ({len(unlike)} files)")


def prepare_long() -> None:
    undisturbed.run("train"), undisturbed.run("long")


def prepare_half() -> None:
    for name in STOPPED:
        undisturbed.half(name), undisturbed.document_of_half(name)


STOPPED = ("train", "compare")
FAMILIES = [
    enumerated("one_folder", [2, 2, 2, 2, MANY, MANY], one_folder, processes=True, prepare=prepare),
    enumerated("one_run", [2, 2, 2, MANY, MANY], one_run, processes=True, prepare=prepare_half),
    enumerated("beside_a_writer", range(6), beside_a_writer, processes=True, prepare=prepare_long),
    enumerated("one_cache", range(2), one_cache, processes=True, prepare=prepare),
    enumerated("gone_while_running", GONE * 2, gone_while_running, processes=True, prepare=prepare_long),
    enumerated("copied", STOPPED, copied, processes=True, prepare=prepare_half),
    enumerated("twice", list(product.COMMANDS), twice, processes=True),
]
