"""Little memory, few files and processes, one processor, no /dev/shm; a folder of 2,000 runs, and junk.

The result must be that of plain surroundings, or a refusal in sentences. Some families need root on Linux.
"""

from __future__ import annotations

import json
import os
import random
import shutil
from pathlib import Path

from tests.attack import processes, product, undisturbed
from tests.attack.case import REFUSED, Failure, Skip, enumerated
from tests.attack.product import MEMORIZE

QUICK = 3  # seconds in which a command answers that only looks at runs


def prepare(*names: str) -> None:
    for name in names or ("train",):
        undisturbed.run(name)


def run_under(prefix: str, name: str, folder: Path, about: str) -> str | None:
    """Run a command behind a prefix of the shell; the document must be that of the undisturbed run."""
    line = processes.line([*product.COMMANDS[name], *product.JSON, product.OUT, folder / "run"])
    done = processes.shell(f"{prefix} {line}", undisturbed.data(), wall=240)
    if done.status == 1 and product.EXHAUSTED in done.said and "ulimit" in prefix:  # the right answer here
        return REFUSED
    if processes.must_end(done, about) == REFUSED:
        return REFUSED
    try:
        undisturbed.same_document(undisturbed.run(name).document, done.out)
    except Failure as failure:
        raise Failure(failure.kind, f"{about}: {failure.detail}") from None
    return None


def limited(rng: random.Random, case: tuple[str, str], folder: Path) -> str | None:
    limit, name = case
    prepare(name)
    return run_under(f"ulimit {limit}; exec", name, folder, f"ulimit {limit.split()[0]}")


def as_root() -> None:
    if os.geteuid() != 0:
        raise Skip("needs root")


def few_processes(rng: random.Random, most: int, folder: Path) -> str | None:
    """Limits of processes do not hold for root, so another user runs the command."""
    as_root()
    shutil.copy(undisturbed.data_of("train"), folder)
    for each in (folder, *list(folder.parents)[:3]):
        each.chmod(each.stat().st_mode | 0o755)
    folder.chmod(0o777)
    user = "exec setpriv --reuid=65534 --regid=65534 --clear-groups"
    line = processes.line([*product.COMMANDS["train"], *product.JSON, product.OUT, "run"])
    env = {"HOME": "/nonexistent", product.CACHE: str(folder / "cache")}
    done = processes.shell(f"ulimit -u {most}; {user} {line}", folder, env, wall=120)
    if processes.must_end(done, f"ulimit -u {most}"):
        return REFUSED
    return undisturbed.same_document(undisturbed.run("train").document, done.out)


SPACES = {
    "no /dev/shm": ("compare", "unshare -m bash -c 'umount -l /dev/shm; exec \"$@\"' x"),
    "no /proc": ("train", "unshare -m bash -c 'umount -l /proc; exec \"$@\"' x"),
    "no room in /var/tmp": (
        "train",
        "unshare -m bash -c 'mount -t tmpfs -o ro,size=4k none /var/tmp; exec \"$@\"' x",
    ),
    "no network": ("train", "unshare -n"),
    "a process space of its own": ("train", "unshare -p -f"),
}


def space(rng: random.Random, about: str, folder: Path) -> str | None:
    as_root()
    name, prefix = SPACES[about]
    prepare(name)

    def command(out: str) -> processes.Done:
        line = processes.line([*product.COMMANDS[name], *product.JSON, product.OUT, folder / out])
        return processes.shell(f"{prefix} {line}", undisturbed.data(), wall=120)

    done = command("run")
    if "unshare:" in done.said or "mount:" in done.said:
        raise Skip("needs namespaces")
    if processes.must_end(done, about):
        return REFUSED
    if about == "no /proc":  # there the compiler finds the kind of processor; without, it takes other kernels
        return undisturbed.same_document(json.loads(done.out), command("again").out)
    return undisturbed.same_document(undisturbed.run(name).document, done.out)


def one_processor(rng: random.Random, name: str, folder: Path) -> str | None:
    prepare(name)
    core = min(os.sched_getaffinity(0))
    nice = "nice -n 19 " if rng.random() < 0.3 else ""
    return run_under(f"exec {nice}taskset -c {core}", name, folder, "one processor")


# ------------------------------------------------------------------------------------------------- many runs


def _many(folder: Path, count: int) -> str:
    """Make runs that are records alone; return the id of one."""
    about = json.loads((undisturbed.run("train").folder / product.RUN).read_text())
    for k in range(count):
        run = folder / "runs" / f"20260101-{k:06d}-tiny-{k:08x}"
        (run / product.COHORTS).mkdir(parents=True)
        about.update(
            id=f"{k * 7919 % 16**8:08x}", created=f"2026-01-{k % 28 + 1:02d}T00:00:00.{k % 1000:03d}+00:00"
        )
        (run / product.RUN).write_text(json.dumps(about))
        (run / product.COHORTS / "x.npz").write_bytes(b"x" * 100)
    return about["id"]


MANY = (
    ["runs"], ["runs", *product.JSON], ["resume", "nothing"], ["resume", "ID"], ["predict", "tiny", "x.csv"],
    ["landscape", "nothing"], ["resume"],
)  # fmt: skip


def many_runs(rng: random.Random, words: list[str], folder: Path) -> str | None:
    """A folder of 2,000 runs: commands that only look at it answer in 3 s, and say little."""
    word = _many(folder, 2000)
    done = processes.ravine([word if each == "ID" else each for each in words], folder)
    verdict = processes.must_end(done, f"2,000 runs: {' '.join(words)}")
    if done.seconds > QUICK and (words[0] == "runs" or "nothing" in words):
        raise Failure("hang", f"2,000 runs: {' '.join(words)} took over {QUICK} s")
    if words[0] == "runs" and len(done.out.splitlines()) < 2000:
        raise Failure("data lost", f"2,000 runs: {len(done.out.splitlines())} lines")
    if len(done.err) > 3000:
        raise Failure(
            "unclear message", f"2,000 runs: {' '.join(words)}: {len(done.err)} letters on standard error"
        )
    return verdict


BEGIN = b'{"schema_version": 1, "id": "a", "state": "finished"'
JUNK = [
    b"", b"{", b"[]", b"null", b"{}", b"\xff", b'{"schema_version": 1}',
    b'{"schema_version": 9, "versions": 5}', BEGIN + b', "summary": {"score": "x"}}',
    BEGIN + b', "summary": {"tied": 5}}', BEGIN + b', "summary": [1]}',
    BEGIN + b', "created": "0001-01-01T00:00:00+14:00"}',
    BEGIN + b', "summary": {"score": {}, "tied": {"a": 1}}}', BEGIN + b', "summary": {"score": 1e400}}',
    b'{"schema_version": 1, "id": "g", "state": "running", "created": 5}',
    b'{"schema_version": 1, "id": "", "state": "finished"}',
    BEGIN + b', "summary": {"score": true, "winner": ["x"]}}', BEGIN + b', "summary": {"score": [1, 2]}}',
    BEGIN + b', "summary": {"score": "inf", "metric": 5}}',
]  # fmt: skip


def junk_beside(rng: random.Random, text: bytes, folder: Path) -> None:
    """A broken record beside a good run: the good one must be listed, the other must not break `resume`."""
    undisturbed.copy("train", folder / "runs" / "good")
    (folder / "runs" / "bad").mkdir()
    (folder / "runs" / "bad" / product.RUN).write_bytes(text)
    status, out, said = product.command(["runs"], folder)
    processes.must_not_break(status, said, about="runs, with a broken record beside")
    if b"train" not in out:
        raise Failure("data lost", "runs: with a broken record beside, the good run is not listed")
    status, _, said = product.command(["resume", "bad"], folder)
    processes.must_not_break(status, said, about="resume of a broken record")
    if status not in product.REFUSALS:
        raise Failure("accepted in silence", f"resume of a broken record: status {status}")


def _odd_folder(folder: Path) -> None:
    """Everything that can lie in a folder of runs and is none."""
    runs = folder / "runs"
    undisturbed.copy("train", runs / "good")
    (runs / "file").write_text("x")
    (runs / "empty").mkdir()
    for name, to in (("loop", "loop"), ("up", ".."), ("self", "."), ("dangling", "nowhere")):
        (runs / name).symlink_to(to)
    os.mkfifo(runs / "fifo")
    for name in ("folder", "pipe", "link", "zero", "n" * 255, "\udcff\udcfe"):
        (runs / name).mkdir()
    (runs / "folder" / product.RUN).mkdir()
    os.mkfifo(runs / "pipe" / product.RUN)
    (runs / "link" / product.RUN).symlink_to(product.RUN)
    (runs / "zero" / product.RUN).symlink_to("/dev/zero")
    for name in ("n" * 255, "\udcff\udcfe"):
        shutil.copy(runs / "good" / product.RUN, runs / name)


ODD = [
    ["runs"], ["runs", *product.JSON], ["resume", "good"], ["resume", "nothing"], ["resume"],
    ["predict", "good", "DATA"],
    *(["resume", name] for name in ("pipe", "folder", "zero", "loop", "up", "link")),
    *(["runs", f"runs/{name}"] for name in ("self", "loop", "file", "fifo", "zero", "pipe")),
]  # fmt: skip


def odd_folder(rng: random.Random, words: list[str], folder: Path) -> str | None:
    _odd_folder(folder)
    words = [undisturbed.data_of("train") if each == "DATA" else each for each in words]
    return processes.must_end(
        processes.ravine(words, folder, wall=40), f"junk in runs/: {' '.join(map(str, words[:2]))}"
    )


MEMORY = [
    (f"-v {mb * 1000}", name)
    for mb in (400, 600, 800, 1000, 1200, 1500, 2000, 3000, 4000)
    for name in ("train", "compare", MEMORIZE)
]
MEMORY += [(f"-d {mb * 1000}", "train") for mb in (200, 400, 800, 1500)]
OPEN_FILES = [
    (f"-n {files}", name) for files in (8, 12, 16, 20, 24, 32, 48, 64, 128) for name in ("train", "compare")
]
OTHER = [
    ("-n 64", MEMORIZE),
    *((f"-s {size}", "train") for size in (96, 256, 1024, "unlimited")),
    ("-t 2", "train"),
]
FAMILIES = [
    enumerated("memory", MEMORY, limited, processes=True),
    enumerated("open_files", OPEN_FILES, limited, processes=True),
    enumerated("stack_and_time", OTHER, limited, processes=True),
    enumerated("few_processes", (1, 2, 4, 8, 16, 32, 64), few_processes, processes=True, prepare=prepare),
    enumerated("namespaces", list(SPACES), space, processes=True),
    enumerated("one_processor", list(product.COMMANDS), one_processor, processes=True),
    enumerated("many_runs", MANY, many_runs, processes=True, prepare=prepare),
    enumerated("junk_beside", JUNK, junk_beside, prepare=prepare),
    enumerated("odd_folder", ODD, odd_folder, processes=True, prepare=prepare),
]
