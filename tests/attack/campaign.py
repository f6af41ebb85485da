"""The choice of cases, and the processes that run them.

Each family runs in child processes. A child that dies is an answer too, and the next child goes on after it.
"""

from __future__ import annotations

import argparse
import importlib
import json
import math
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter, deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tests.attack import product
from tests.attack.case import REFUSED, WALL_S, Family
from tests.attack.processes import WORK
from tests.attack.results import ROOT, Outcome, Results

SCRIPTS = ("readers", "numerics", "corrupt", "hostile", "kill", "surroundings", "limits")
SLICE_S = 20  # shortest time that a family gets of a limited time
PATIENCE_S = 900  # in which a child that starts processes prints nothing


def families_of(script: str) -> dict[str, Family]:
    """Return the families of a script by name, such as `readers.known`."""
    module = importlib.import_module(f"tests.attack.{script}")
    return {f"{script}.{family.name}": family for family in module.FAMILIES}


def find_family(name: str) -> Family:
    """Return a family by its name, such as `readers.known`."""
    return families_of(name.partition(".")[0])[name]


@dataclass
class Pending:
    """The cases of a family that are still to run."""

    name: str
    family: Family
    indexes: list[int]
    broken: bool = False  # whether the family cannot begin


class TimeLimit:
    """The end of the time of a family: `share` seconds after its first case, at the latest at `end`."""

    def __init__(self, share: float, end: float) -> None:
        self.share, self.end = share, end
        self._begun = False

    def begin(self) -> None:
        """Let the share begin, unless it has begun."""
        if not self._begun:
            self._begun, self.end = True, min(self.end, time.monotonic() + self.share)

    def is_over(self) -> bool:
        return time.monotonic() > self.end


def chosen(given: argparse.Namespace) -> list[Pending]:
    """Return the cases to run: those of --only, else a random share of every family.

    Raises SystemExit for a script or a family that does not exist.
    """
    wanted: dict[str, list[int] | None] = {}
    for text in given.only or SCRIPTS:
        name, _, numbers = text.partition(":")
        if name.partition(".")[0] not in SCRIPTS:
            raise SystemExit(f"There is no script '{name}'. There are: {', '.join(SCRIPTS)}.")
        names = [
            family
            for family in families_of(name.partition(".")[0])
            if name in (family, family.partition(".")[0])
        ]
        if not names:
            raise SystemExit(f"There is no family '{name}'. Type `python -m tests.attack --list`.")
        for family in names:
            wanted[family] = [int(number) for number in numbers.split(",")] if numbers else None
    pending = []
    for name, indexes in wanted.items():
        family = find_family(name)
        pending.append(Pending(name, family, _share(given, name, family) if indexes is None else indexes))
    return pending


def _share(given: argparse.Namespace, name: str, family: Family) -> list[int]:
    """Return the numbers of a random share of the cases of a family, at least one."""
    size = min(family.count, max(1, round(family.count * given.scale)))
    return sorted(random.Random(f"{given.seed}:{name}").sample(range(family.count), size))


def run(given: argparse.Namespace, results: Results) -> list[Outcome]:
    """Run the chosen cases that have no saved outcome, and return the outcomes of all chosen cases so far.

    Cases that --only names by number run in any case. A line is printed for each family.
    """
    pending = chosen(given)
    selected = {(part.name, index) for part in pending for index in part.indexes}
    numbered = {text.partition(":")[0] for text in given.only or () if ":" in text}
    for part in pending:
        if part.name not in numbered:
            part.indexes = [index for index in part.indexes if (part.name, index) not in results.outcomes]
    left = sum(len(part.indexes) for part in pending)
    if left < len(selected):
        print(f"{len(selected) - left} cases have run before with this seed; {left} are left", flush=True)
    work = Path(given.keep or tempfile.mkdtemp(prefix="attack-"))
    work.mkdir(parents=True, exist_ok=True)
    try:
        _Campaign(given, results, work).run([part for part in pending if part.indexes])
    finally:
        if not given.keep:
            subprocess.run(["chmod", "-R", "u+rwX", str(work)], stderr=subprocess.DEVNULL, check=False)
            shutil.rmtree(work, ignore_errors=True)
    found = [results.outcomes[case] for case in sorted(selected) if case in results.outcomes]
    if len(found) < len(selected):
        print(
            f"{len(selected) - len(found)} cases are left; the same command with --seed {given.seed} goes on"
        )
    return found


class _Campaign:
    """The run of families, one after the other or several at the same time, within the given time."""

    def __init__(self, given: argparse.Namespace, results: Results, work: Path) -> None:
        self.given, self.results, self.work = given, results, work
        self.end = None if given.minutes is None else time.monotonic() + 60 * given.minutes
        self.queue: deque[Pending] = deque()
        self.lock = threading.Lock()
        self.stopped = threading.Event()

    def run(self, pending: list[Pending]) -> None:
        if self.end is not None:  # whatever the time allows is a fair choice
            random.Random(self.given.seed).shuffle(pending)
        self.queue.extend(pending)
        with ThreadPoolExecutor(self.given.workers) as pool:
            try:
                for future in [pool.submit(self._worker) for _ in range(self.given.workers)]:
                    future.result()
            finally:  # Ctrl-C, or a family that cannot begin: the other workers end, too
                self.queue.clear()
                self.stopped.set()

    def _worker(self) -> None:
        while part := self._next():
            self._family(part)

    def _next(self) -> Pending | None:
        with self.lock:
            if not self.queue or (self.end is not None and time.monotonic() > self.end):
                return None
            return self.queue.popleft()

    def _family(self, part: Pending) -> None:
        """Run cases of a family, all of them or as many as its share of the time allows.

        The share begins with the first case, as the preparation serves other families, too.
        """
        began = time.monotonic()
        share = math.inf
        if self.end is not None:
            share = max(SLICE_S, (self.end - began) * self.given.workers / (len(self.queue) + 1))
        limit = TimeLimit(share, math.inf if self.end is None else self.end)
        counts: Counter[str] = Counter()
        while part.indexes and not (part.broken or self.stopped.is_set()):
            if limit.is_over():
                break
            done = 0
            for outcome in _run_child(self.given.seed, part, self.work, limit, self.stopped):
                self.results.add(outcome)
                counts[outcome.verdict] += 1
                done += 1
            part.indexes = part.indexes[done:]
        if part.indexes and not part.broken:
            with self.lock:
                self.queue.append(part)
        verdicts = ("right", REFUSED, "failed", "skipped")
        words = ", ".join(f"{counts[verdict]} {verdict}" for verdict in verdicts if counts[verdict])
        rest = f"; {len(part.indexes)} left" if part.indexes else ""
        print(f"  {part.name}: {words or 'none'} ({time.monotonic() - began:.0f} s{rest})", flush=True)


def _run_child(
    seed: str, part: Pending, work: Path, limit: TimeLimit, stopped: threading.Event
) -> Iterator[Outcome]:
    """Run cases of a family in one child, until they are done, the child dies or the time is over."""
    folder = work / part.name
    folder.mkdir(parents=True, exist_ok=True)
    said_file = work / f"{part.name}.err"
    done = 0
    with said_file.open("wb") as errors:
        child = subprocess.Popen(
            [sys.executable, "-B", "-m", "tests.attack", "--seed", seed, "--child", part.name,
             json.dumps(part.indexes), str(folder)],
            stdout=subprocess.PIPE, stderr=errors, stdin=subprocess.DEVNULL, cwd=ROOT,
            start_new_session=True, env=_environment(work),
        )  # fmt: skip
        assert child.stdout is not None
        patience = PATIENCE_S if part.family.processes or part.family.prepare else 2 * WALL_S + 20
        guard = _Guard(child, patience, limit, stopped)
        began = False
        for line in child.stdout:
            guard.heard = time.monotonic()
            try:
                word, index, *verdict = json.loads(line)
            except (ValueError, TypeError):  # something the product printed
                continue
            began = True
            limit.begin()
            if word == "end":
                yield _outcome(part.name, index, verdict)
                done += 1
        status = child.wait()
    said = said_file.read_text("utf-8", "replace").strip().splitlines()
    if guard.over:
        return
    if not began:
        part.broken = True
        print("\n".join([f"{part.name} cannot begin:", *said[-5:]]), flush=True)
        last = said[-1][-120:] if said else f"status {status}"
        yield Outcome(part.name, part.indexes[0], "failed", "internal error", f"cannot begin: {last}")
    elif done < len(part.indexes):
        yield _died(part.name, part.indexes[done], status, guard.silent, said)


def _environment(work: Path) -> dict[str, str]:
    """Return the environment of the children, whose commands run the sources of this checkout."""
    paths = [str(ROOT / "src"), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "PYTHONFAULTHANDLER": "1",
            product.CACHE: str(work / "cache"), WORK: str(work)}  # fmt: skip


class _Guard:
    """A thread that kills a child that is silent for too long, or whose time is over."""

    def __init__(
        self, child: subprocess.Popen, patience: float, limit: TimeLimit, stopped: threading.Event
    ) -> None:
        self.child, self.patience, self.limit, self.stopped = child, patience, limit, stopped
        self.heard = time.monotonic()
        self.silent = self.over = False
        threading.Thread(target=self._watch, daemon=True).start()

    def _watch(self) -> None:
        while self.child.poll() is None:
            now = time.monotonic()
            self.silent = now - self.heard > self.patience
            self.over = self.stopped.is_set() or self.limit.is_over()
            if self.silent or self.over:
                os.killpg(self.child.pid, signal.SIGKILL)
                return
            time.sleep(0.5)


def _outcome(name: str, index: int, verdict: list[str]) -> Outcome:
    if verdict[0] == "failed":
        return Outcome(name, index, *verdict)
    return Outcome(name, index, verdict[0], detail=" ".join(verdict[1:]))


def _died(name: str, index: int, status: int, silent: bool, said: list[str]) -> Outcome:
    """Return the outcome of the case in which a child died; `said` is its standard error."""
    frames = [re.search(rf'/{product.PACKAGE}/([\w/]+\.py)", line (\d+)', line) for line in said]
    at = next((f" at {frame[1]}:{frame[2]}" for frame in frames if frame), "")
    if silent:
        return Outcome(name, index, "failed", "hang", f"in native code{at}")
    reason = signal.Signals(-status).name if status < 0 else f"exit {status}"
    last = said[-1][-120:] if said and not at else ""
    return Outcome(name, index, "failed", "crash", f"{reason}{at} {last}".strip())
