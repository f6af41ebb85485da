"""Commands of the product in processes of their own, watched for hangs and memory, and how they ended."""

from __future__ import annotations

import ctypes
import os
import re
import shlex
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.attack import product
from tests.attack.case import IDLE_S, LOADED, MEMORY, REFUSED, WALL_S, Failure

WORK = "ATTACK_WORK"  # environment variable: the folder that all families of a campaign share
USUAL = 1 << 30  # bytes that a command on small data takes when nothing is wrong
PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None)


@dataclass
class Done:
    """A command that has ended, or was ended."""

    status: int
    out: bytes
    err: bytes
    seconds: float
    stopped: Failure | None = None

    @property
    def said(self) -> str:
        return self.err.decode("utf-8", "replace")


def environment(changes: dict[str, str | None] | None = None) -> dict[str, str]:
    """Return the environment with some variables set, or removed where the value is None."""
    env = {**os.environ, **(changes or {})}
    return {key: value for key, value in env.items() if value is not None}


def end_with_parent() -> None:
    """Let the system kill this process when its parent ends."""
    _LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def line(words: list[Any]) -> str:
    """Return the command as a shell reads it."""
    return shlex.join([sys.executable, "-m", product.PACKAGE, *map(str, words)])


def start(words: list[Any], cwd: Path, env: dict | None = None, **how: Any) -> subprocess.Popen:
    """Start a command that the caller will disturb."""
    how = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, **how}
    words = [word if isinstance(word, bytes) else str(word) for word in words]
    return subprocess.Popen(
        [sys.executable, "-m", product.PACKAGE, *words],
        cwd=cwd, env=environment(env), stdin=subprocess.DEVNULL, preexec_fn=end_with_parent, **how,
    )  # fmt: skip


def ravine(
    words: list[Any], cwd: Path, env: dict | None = None, wall: float = WALL_S, prefix: tuple = ()
) -> Done:
    """Run a command to its end."""
    words = [word if isinstance(word, bytes) else str(word) for word in words]
    return watched([*prefix, sys.executable, "-m", product.PACKAGE, *words], cwd, environment(env), wall)


def shell(text: str, cwd: Path, env: dict | None = None, wall: float = WALL_S) -> Done:
    """Run a line of bash to its end."""
    return watched(["bash", "-c", text], cwd, environment(env), wall)


def watched(words: list[Any], cwd: Path, env: dict[str, str], wall: float = WALL_S) -> Done:
    """Run a process and those it starts; end them where they hang or grow too large.

    wall: seconds of processor time that they may take; the clock may show more where other work runs.
    """
    began = busy = time.monotonic()
    spent, stopped = 0.0, None
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        process = subprocess.Popen(words, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                                   start_new_session=True, preexec_fn=end_with_parent)  # fmt: skip
        while process.poll() is None and stopped is None:
            time.sleep(0.05 if time.monotonic() - began < 5 else 0.2)
            now, (seconds, largest) = time.monotonic(), _measured(process.pid)
            if seconds > spent + 0.05 or seconds < spent:
                spent, busy = seconds, now
            if now - busy > IDLE_S:
                stopped = Failure("hang", f"idle for {IDLE_S} s")
            elif now - began > wall and (seconds > wall or now - began > LOADED * wall):
                stopped = Failure("hang", f"over {wall} s")
            elif largest > USUAL + MEMORY:
                stopped = Failure("memory", f"over {largest / 2**30:.0f} GB")
        if stopped:
            os.killpg(process.pid, signal.SIGKILL)
        status = process.wait()
        seconds = time.monotonic() - began
        out.seek(0), err.seek(0)
        return Done(status, out.read(), err.read(), seconds, stopped)


def children_seconds() -> float:
    """Return the processor seconds of the processes that this process has started and that still run."""
    return sum(_seconds(fields) for fields in _processes() if int(fields[1]) == os.getpid())


def _measured(session: int) -> tuple[float, int]:
    """Return the processor seconds of a session and the memory of its largest process."""
    seconds, largest = 0.0, 0
    for fields in _processes():
        if int(fields[3]) == session:
            seconds += _seconds(fields)
            largest = max(largest, int(fields[21]) * os.sysconf("SC_PAGE_SIZE"))
    return seconds, largest


def _processes() -> Iterator[list[str]]:
    """Yield the fields of `/proc/PID/stat` behind the name of the command, for all processes."""
    for each in Path("/proc").iterdir():
        if each.name.isdigit():
            try:
                yield (each / "stat").read_text().rsplit(")", 1)[1].split()
            except OSError:
                continue


def _seconds(fields: list[str]) -> float:
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


# ---------------------------------------------------------------------------------------------- how it ended


def must_not_break(status: int, said: str, stopped: Failure | None = None, about: str = "") -> None:
    """Raise where a command broke rather than refused: hang, signal, traceback, internal error, no memory."""
    about = f"{about}: " if about else ""
    if stopped:
        raise Failure(stopped.kind, about + stopped.detail)
    if product.EXHAUSTED in said:
        raise Failure("memory", f"{about}says that the memory is exhausted")
    places = re.findall(rf'/{product.PACKAGE}/([\w/]+\.py)", line (\d+)', said)
    at = f" at {':'.join(places[-1])}" if places else ""
    if status < 0:
        raise Failure("crash", f"{about}{signal.Signals(-status).name}{at}")
    broken = product.BROKEN.search(said)
    if broken or (status not in product.REFUSALS and product.TRACEBACK.search(said)):
        raise Failure(
            "internal error", f"{about}{(broken[1] if broken else said.strip().splitlines()[-1])[:110]}{at}"
        )


def must_end(done: Done, about: str = "", refusal: bool = True) -> str | None:
    """Check that a command finished, or refused in sentences where it may; return REFUSED or None."""
    must_not_break(done.status, done.said, done.stopped, about)
    if done.status in product.FINISHED:
        return None
    said = " ".join(done.said.split())
    about = f"{about}: " if about else ""
    if done.status not in product.REFUSALS:
        raise Failure("undocumented status", f"{about}status {done.status}: {said[-120:]}")
    if len(said) < 20:
        raise Failure("unclear message", f"{about}status {done.status}: {said!r}")
    if not refusal:
        raise Failure("refused though sound", f"{about}{said[-150:]}")
    return REFUSED


def must_finish(done: Done, about: str = "") -> Done:
    """Check that a command gave a result."""
    must_end(done, about, refusal=False)
    return done
