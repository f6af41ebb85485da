"""`resume` of runs that were moved, and of runs whose data or settings changed."""

from __future__ import annotations

import random
import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path

from tests.attack import processes, product, undisturbed
from tests.attack.case import Failure, enumerated
from tests.attack.surroundings.judging import TINY, TRAIN, prepare, refused, same


def _resume(run: Path | str, cwd: Path) -> processes.Done:
    return processes.ravine(["resume", run, *product.JSON], cwd, wall=120)


def moved(rng: random.Random, how: str, folder: Path) -> None:
    """A finished run is shown again wherever it lies and however it is named."""
    undisturbed.copy("train", folder / "moved here")
    (folder / "link").symlink_to("moved here")
    run, cwd = {
        "twice": ("moved here", folder), "from within": (".", folder / "moved here"),
        "by its record": (f"moved here/{product.RUN}", folder), "by a link": ("link", folder),
        "from /": (str(folder / "moved here"), Path("/")),
    }[how]  # fmt: skip
    for _ in range(2):
        same(_resume(run, cwd), f"resume {how}", refusal=False)


MOVED = ("twice", "from within", "by its record", "by a link", "from /")


def _made(folder: Path, name: str, words: list[str]) -> Path:
    """A run on data of its own in the folder."""
    shutil.copy(undisturbed.data() / TINY, folder)
    processes.must_finish(processes.ravine([*words, product.OUT, name], folder, wall=120))
    return folder / name


def _stopped(folder: Path) -> Path:
    """A run on data of its own, stopped half way."""
    shutil.copy(undisturbed.data() / TINY, folder)
    run = folder / "half"
    for _ in range(20):
        shutil.rmtree(run, ignore_errors=True)
        process = processes.start([*product.LONG_TRAIN, *product.JSON, product.OUT, "half"], folder)
        while not (run / product.PLAN).exists() and process.poll() is None:
            time.sleep(0.02)
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        process.wait()
        if list(run.glob(f"{product.STATE}/*")):
            return run
    raise Failure("data lost", "a training that was stopped left no state")


Edit = Callable[[str], str | None]
EDITS: dict[str, Edit] = {
    "one digit": lambda csv: csv.replace("0", "1", 1),
    "a row less": lambda csv: csv.rsplit("\n", 2)[0] + "\n", "an empty file": lambda csv: "",
    "gone": lambda csv: None,
    "rows in another order": lambda csv: "".join([csv.splitlines(True)[0], *csv.splitlines(True)[:0:-1]]),
}  # fmt: skip


def data_changed(rng: random.Random, case: tuple[str, bool], folder: Path) -> str | None:
    """The data of a run were changed: resume refuses. A finished run outlives data that are gone."""
    what, half = case
    run = _stopped(folder) if half else _made(folder, "run", TRAIN)
    text = EDITS[what]((folder / TINY).read_text())
    (folder / TINY).unlink() if text is None else (folder / TINY).write_text(text)
    done, about = (
        _resume(run.name, folder),
        f"resume of a {'half' if half else 'finished'} run, data changed: {what}",
    )
    return same(done, about, refusal=False) if text is None and not half else refused(done, about)


def _another(value: str) -> str:
    if value in ("true", "false"):
        return "false" if value == "true" else "true"
    return f"{float(value) * 2 + 1:g}" if value.replace(".", "", 1).isdigit() else '"nonsense"'


def settings_changed(rng: random.Random, index: int, folder: Path) -> None:
    """Each changed setting of a half run is refused, and the run then ends well."""
    run = _stopped(folder)
    config = run / product.CONFIG
    text = config.read_text()
    changed = {
        key: text.replace(line, f"{key} = {_another(value)}")
        for line in text.splitlines()
        for key, _, value in [line.partition(" = ")]
        if value and key != "source"
    }
    changed |= {
        "a key more": text + "x = 1\n",
        "no TOML": "x = [",
        "empty": "",
        "optimizer": text.replace('"adam"', '"sgd"'),
    }
    for key in rng.sample(sorted(changed), 5):
        config.write_text(changed[key])
        refused(_resume("half", folder), f"resume of a half run, {key} changed in {product.CONFIG}")
    config.write_text(text)
    done = processes.must_finish(_resume("half", folder), "resume after all that")
    undisturbed.same_document(undisturbed.run("long").document, done.out)


def _repeated(name: str, count: int, case: Callable, ready: Callable[[], object] = prepare):
    return enumerated(name, range(count), case, processes=True, prepare=ready)


def prepare_long() -> None:
    undisturbed.run("train"), undisturbed.run("long")


FAMILIES = [
    enumerated("moved", MOVED, moved, processes=True, prepare=prepare),
    enumerated(
        "data_changed",
        [(what, half) for what in EDITS for half in (False, True)],
        data_changed,
        processes=True,
        prepare=prepare,
    ),
    _repeated("settings_changed", 4, settings_changed, prepare_long),
]
