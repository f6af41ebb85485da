"""Kills and signals during every command and during `resume`: the run must end as if undisturbed.

Every number of the document and of the files must be the same, and no temporary file may be left. A process
is killed at a random moment, or at the n-th change of the disk, which the library in `crash_point.c` counts.
"""

from __future__ import annotations

import functools
import json
import os
import random
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from tests.attack import processes, product, undisturbed
from tests.attack.case import Failure, Family, Skip, enumerated

NAMES = list(product.COMMANDS)
SIGNALS = [
    ("INT", 1), ("TERM", 1), ("USR1", 1), ("HUP", 1), ("XCPU", 1), ("PIPE", 1), ("STOP", 1), ("QUIT", 1),
    ("INT", 2), ("TERM", 2), ("HUP", 2),
]  # fmt: skip
STATUS = {
    "INT": product.INTERRUPTED, "TERM": product.TERMINATED, "USR1": product.RESUMABLE, "HUP": -signal.SIGHUP,
    "XCPU": -signal.SIGXCPU, "QUIT": -signal.SIGQUIT,
}  # fmt: skip
PATIENCE_S = 15  # in which a command must stop on an idle machine
WRITING_OF_ONE = 5  # changes of the disk in which a file is written: opened, written, flushed, renamed
LIBRARY = Path(__file__).with_name("crash_point.c")


def _words(name: str, folder: Path) -> list:
    return [*product.COMMANDS[name], *product.JSON, *product.QUIET, product.OUT, folder]


def _resume(folder: Path) -> list:
    return ["resume", folder, *product.JSON, *product.QUIET]


def _wait(process: subprocess.Popen, seconds: float) -> bool:
    """Return whether the process ended within the time."""
    try:
        process.wait(seconds)
        return True
    except subprocess.TimeoutExpired:
        return False


def _wait_for_handlers(process: subprocess.Popen) -> None:
    """Wait until the command handles SIGTERM, or has ended; before that, the system answers a signal."""
    while process.poll() is None:
        status = Path(f"/proc/{process.pid}/status").read_text()
        caught = int(next(line for line in status.splitlines() if line.startswith("SigCgt")).split()[1], 16)
        if caught >> (signal.SIGTERM - 1) & 1:
            return
        time.sleep(0.02)


def _moment(rng: random.Random, name: str, index: int) -> float:
    """Return some second of the run; every fifth lies in its last writing."""
    share = rng.uniform(0.9, 1.01) if index % 5 == 4 else rng.uniform(0.03, 1.02)
    return share * undisturbed.run(name).seconds


def _again(name: str, folder: Path) -> None:
    """Type the same command once more, as there was nothing to go on from."""
    done = processes.must_finish(
        processes.ravine(_words(name, folder), undisturbed.data(), wall=120), "typed again"
    )
    undisturbed.same_document(undisturbed.run(name).document, done.out)
    undisturbed.nothing_left(folder)


def _finish(name: str, folder: Path) -> None:
    """Resume to the end and compare with the undisturbed run."""
    if not (folder / product.RUN).exists():
        return _again(name, folder)
    done = processes.ravine(_resume(folder), undisturbed.data(), wall=120)
    if done.status in product.REFUSALS and product.NOTHING_TO_RESUME in done.said:
        return _again(name, folder)
    processes.must_finish(done, "resume")
    undisturbed.same_document(undisturbed.run(name).document, done.out)
    undisturbed.same_folder(name, folder)
    return None


def killed(name: str) -> Callable[[random.Random, int, Path], None]:
    """Kill the command at a random moment, then its resumption up to twice, then let it finish."""

    def case(rng: random.Random, index: int, folder: Path) -> None:
        where = folder / "run"
        process = processes.start(_words(name, where), undisturbed.data())
        if not _wait(process, _moment(rng, name, index)):
            process.kill()
            process.wait()
        for _ in range(rng.choice([0, 0, 1, 2]) if (where / product.RUN).exists() else 0):
            process = processes.start(_resume(where), undisturbed.data())
            if not _wait(process, rng.uniform(0, undisturbed.run(name).seconds * 1.1)):
                process.kill()
                process.wait()
        _finish(name, where)

    return case


# -------------------------------------------------------------------------------------------- at every write


@functools.cache
def _library() -> Path:
    """Return the library that counts changes of the disk and kills the process at one of them."""
    if not shutil.which("gcc"):
        raise Skip("gcc is not installed")
    path = undisturbed.WORK / "crash_point.so"
    with undisturbed.one_maker():
        if not path.exists():
            command = ["gcc", "-shared", "-fPIC", "-O1", "-o", str(path), str(LIBRARY), "-ldl"]
            subprocess.run(command, check=True, capture_output=True)
    return path


def _counted(words: list, where: Path, log: Path, at: int = 0) -> processes.Done:
    """Run a command that lists its changes of the disk in `log` and dies at the change `at`, 0 = never."""
    env = {
        "LD_PRELOAD": str(_library()),
        "CRASH_FOLDER": str(where),
        "CRASH_LOG": str(log),
        "CRASH_AT": str(at),
    }
    return processes.ravine(words, undisturbed.data(), env, wall=120)


@functools.cache
def _changes(name: str) -> list[str]:
    """Return the names of the files that a command changes, in the order of the changes."""
    log, where = undisturbed.WORK / f"{name}.changes", undisturbed.WORK / "counted" / name
    _library(), undisturbed.data()  # which take the lock for themselves
    with undisturbed.one_maker():
        if not log.exists():
            shutil.rmtree(where, ignore_errors=True)
            processes.must_finish(_counted(_words(name, where), where, undisturbed.WORK / "counting"))
            (undisturbed.WORK / "counting").rename(log)
    return log.read_text("utf-8", "replace").splitlines()


def killed_at_write(name: str) -> Callable[[random.Random, int, Path], None]:
    """Kill the command at a change of the disk, its resumption at another one, then let it finish.

    Every third change lies in the writing of the manifest.
    """

    def case(rng: random.Random, index: int, folder: Path) -> None:
        where, log = folder / "run", folder / "log"
        changes = _changes(name)
        numbers = list(range(1, len(changes) + 1))
        ahead = {number: changes[number - 1 : number + WRITING_OF_ONE] for number in numbers}
        manifest = [n for n, files in ahead.items() if any(file.endswith(product.MANIFEST) for file in files)]
        at = rng.choice(manifest if manifest and index % 3 == 0 else numbers)
        _counted(_words(name, where), where, log, at)
        for _ in range(rng.choice([0, 1, 1, 2]) if (where / product.RUN).exists() else 0):
            log.unlink(missing_ok=True)
            _counted(_resume(where), where, log, rng.randint(1, max(2, len(changes) // 2)))
        _finish(name, where)

    return case


# --------------------------------------------------------------------------------------------- other signals


def signalled(name: str) -> Callable[[random.Random, int, Path], None]:
    """Send another signal, once or twice: the status must tell it, and the run must be resumable."""

    def case(rng: random.Random, index: int, folder: Path) -> None:
        (which, times), where = SIGNALS[index % len(SIGNALS)], folder / "run"
        number = getattr(signal, f"SIG{which}")
        with (folder / "out").open("wb") as out, (folder / "err").open("wb") as err:
            process = processes.start(_words(name, where), undisturbed.data(), stdout=out, stderr=err)
            began = time.monotonic()
            _wait_for_handlers(process)
            ended = _wait(process, max(0, began + _moment(rng, name, index) - time.monotonic()))
            for _ in range(0 if ended else times):
                process.send_signal(number)
                time.sleep(rng.uniform(0, 0.3) if times == 2 else 0)
            if which == "STOP":
                time.sleep(1.5)
                process.send_signal(signal.SIGCONT)
            began = time.monotonic()
            if not _wait(process, 120):
                process.kill()
                raise Failure("hang", f"did not end within 120 s of SIG{which}")
        said = (folder / "err").read_text("utf-8", "replace")
        status = process.returncode
        if status != STATUS.get(which):
            processes.must_not_break(status, said, about=f"SIG{which}")
        if status in product.FINISHED:
            return undisturbed.same_document(undisturbed.run(name).document, (folder / "out").read_bytes())
        if status != STATUS.get(which):
            raise Failure(
                "undocumented status", f"{status} after SIG{which} x {times}, wanted {STATUS.get(which, 0)}"
            )
        patience = PATIENCE_S * max(1.0, os.getloadavg()[0] / len(os.sched_getaffinity(0)))
        if time.monotonic() - began > patience and times == 1:
            raise Failure("hang", f"took over {patience:.0f} s to stop after SIG{which}")
        return _finish(name, where)

    return case


def ignored(rng: random.Random, name: str, folder: Path) -> None:
    """Send a signal that the command was told to ignore, as below `nohup`: it goes on."""
    number = rng.choice([signal.SIGHUP, signal.SIGINT, signal.SIGTERM])
    before = signal.signal(number, signal.SIG_IGN)  # the command inherits it
    with (folder / "out").open("wb") as out:
        process = processes.start(_words(name, folder / "run"), undisturbed.data(), stdout=out)
        signal.signal(number, before)
        for _ in range(3):
            if not _wait(process, undisturbed.run(name).seconds / 4):
                process.send_signal(number)
        if not _wait(process, 120):
            process.kill()
            raise Failure("hang", f"an ignored {number.name} stopped {name}")
    if process.returncode not in product.FINISHED:
        raise Failure("undocumented status", f"{process.returncode} after an ignored {number.name}")
    undisturbed.same_document(undisturbed.run(name).document, (folder / "out").read_bytes())


def cores_changed(rng: random.Random, index: int, folder: Path) -> None:
    """Stop a training on all processors and finish it on one, under options that keep more state."""
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        raise Skip("there is one processor")
    words = [*product.LONG_TRAIN, *product.VARIANTS[index], *product.JSON, *product.QUIET]
    whole = processes.ravine([*words, product.OUT, folder / "whole"], undisturbed.data(), wall=120)
    processes.must_finish(whole)
    where = folder / "run"
    process = processes.start([*words, product.OUT, where], undisturbed.data())
    while not (where / product.PLAN).exists() and process.poll() is None:
        time.sleep(0.05)
    time.sleep(rng.uniform(0.3, 1.2))
    process.send_signal(signal.SIGINT)
    process.wait()
    one = ("taskset", "-c", str(cores[0]))
    done = processes.must_finish(
        processes.ravine(_resume(where), undisturbed.data(), wall=120, prefix=one), "resume"
    )
    undisturbed.same_document(json.loads(whole.out), done.out)


FAMILIES = [
    *(Family(f"kill_{name}", 25, killed(name), processes=True) for name in NAMES),
    *(Family(f"write_{name}", 25, killed_at_write(name), processes=True) for name in NAMES),
    *(Family(f"signal_{name}", 22, signalled(name), processes=True) for name in NAMES),
    enumerated("ignored", [*NAMES, *NAMES], ignored, processes=True),
    Family("cores_changed", len(product.VARIANTS), cores_changed, processes=True),
]
