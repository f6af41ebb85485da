"""The process that runs the cases of one family: it limits each case, judges it and prints a line."""

from __future__ import annotations

import json
import os
import random
import resource
import shutil
import signal
import time
import traceback
import warnings
from collections.abc import Sequence
from pathlib import Path

from tests.attack import product
from tests.attack.case import ADDRESSES, IDLE_S, LOADED, MEMORY, REFUSED, WALL_S, Failure, Family, Skip
from tests.attack.processes import children_seconds

MIN_MESSAGE = 8  # letters


class Stop(BaseException):
    """The end of a case that hangs; the product must not take it for an error of its own."""


class Watch:
    """A limit on idle time, time and memory of a case, which is interrupted beyond it; `failure` names it."""

    def __init__(self, limited: bool) -> None:
        self.limited = limited
        self.failure: Failure | None = None

    def __enter__(self) -> Watch:
        self.began = self.busy = time.monotonic()
        self.spent = self.spent_before = _processor_seconds()
        self.peak = _peak()
        if self.limited:
            signal.signal(signal.SIGALRM, self._look)
            signal.setitimer(signal.ITIMER_REAL, 0.5, 0.5)
        return self

    def __exit__(self, *_: object) -> None:
        signal.setitimer(signal.ITIMER_REAL, 0)
        self._judge("")

    def _judge(self, where: str) -> None:
        now, spent, growth = time.monotonic(), _processor_seconds(), _peak() - self.peak
        if abs(spent - self.spent) > 0.2:  # less where a child has ended
            self.spent, self.busy = spent, now
        if self.failure or not self.limited:
            return
        if now - self.busy > IDLE_S:
            self.failure = Failure("hang", f"idle for {IDLE_S} s{where}")
        elif now - self.began > WALL_S and (
            spent - self.spent_before > WALL_S or now - self.began > LOADED * WALL_S
        ):
            self.failure = Failure("hang", f"over {WALL_S} s{where}")
        elif growth > MEMORY:
            self.failure = Failure("memory", f"grew by {growth / 2**30:.1f} GB{where}")

    def _look(self, _number: int, frame: object) -> None:
        self._judge(f" at {place(traceback.extract_stack(frame))}")  # type: ignore[arg-type]
        if self.failure:
            raise Stop


def _processor_seconds() -> float:
    """Return the processor time of this process and of those that it started."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + ended.ru_utime + ended.ru_stime + children_seconds()


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def place(frames: Sequence[traceback.FrameSummary]) -> str:
    """Return file:line of the deepest frame inside the product, else of the deepest one."""
    own = [frame for frame in frames if f"/{product.PACKAGE}/" in frame.filename]
    frame = (own or list(frames))[-1]
    name = frame.filename.split(f"/{product.PACKAGE}/")[-1] if own else Path(frame.filename).name
    return f"{name}:{frame.lineno}"


def judged(family: Family, rng: random.Random, index: int, folder: Path) -> list[str]:
    """Run one case; return [verdict], ["skipped", reason] or ["failed", kind, detail]."""
    watch = Watch(limited=not family.processes)
    try:
        with watch:
            verdict = [family.case(rng, index, folder) or "right"]
    except Skip as skip:
        verdict = ["skipped", str(skip)]
    except product.refusal() as error:
        text = product.what(error)
        verdict = [REFUSED]
        if len(text) < MIN_MESSAGE:
            verdict = ["failed", "unclear message", f"a refusal of {len(text)} letters"]
    except Failure as failure:
        verdict = ["failed", failure.kind, failure.detail]
    except MemoryError as error:
        verdict = ["failed", "memory", f"MemoryError at {place(traceback.extract_tb(error.__traceback__))}"]
    except BaseException as error:
        at = place(traceback.extract_tb(error.__traceback__))
        first_line = (str(error).strip().splitlines() or [""])[0][:100]
        verdict = ["failed", "internal error", f"{type(error).__name__} at {at}: {first_line}"]
    if watch.failure:
        verdict = ["failed", watch.failure.kind, watch.failure.detail]
    return verdict


def run_cases(family: Family, name: str, indexes: Sequence[int], seed: str, folder: Path) -> None:
    """Run cases of a family in this process, print a line when each begins and ends, and end the process."""
    warnings.simplefilter("ignore")
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if family.prepare:
        family.prepare()
    for index in indexes:
        print(json.dumps(["begin", index]), flush=True)
        case = folder / "case"
        shutil.rmtree(case, ignore_errors=True)
        case.mkdir(parents=True)
        os.chdir(case)
        if not family.processes:
            size = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
            resource.setrlimit(resource.RLIMIT_AS, (size + ADDRESSES, resource.RLIM_INFINITY))
        verdict = judged(family, random.Random(f"{seed}:{name}:{index}"), index, case)
        os.chdir(folder)
        print(json.dumps(["end", index, *verdict]), flush=True)
    os._exit(0)  # threads of compiled programs must not delay the end
