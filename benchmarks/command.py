"""The `ravine` command as a process of its own, timed as a whole or watched on a terminal."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import re
import select
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

RAVINE = [sys.executable, "-m", "ravine"]
INVISIBLE = re.compile(rb"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b\][^\x07]*\x07|\x1b.|\s")


class CommandFailed(RuntimeError):
    """The command ended with a status other than 0."""


def fresh(home: Path) -> dict[str, str]:
    """Return the environment of a user with the home folder `home`, without settings, with a cache there."""
    variables = {
        name: value for name, value in os.environ.items() if not name.startswith(("RAVINE_", "XDG_", "JAX_"))
    }
    return variables | {"HOME": str(home), "RAVINE_CACHE": str(home / "cache"), "JAX_PLATFORMS": "cpu"}


NO_BASELINES = ("--no-baselines",)
"""Leaves out scikit-learn's models: peers and version 1 train networks alone."""


def compare(
    home: Path, out: Path, effort: str, seed: int = 0, more: Sequence[str] = NO_BASELINES
) -> tuple[float, dict[str, Any]]:
    """Run `ravine compare digits --json` in `home`; return seconds of the whole process and its document.

    more: further arguments of the command.
    """
    command = [
        *RAVINE,
        "compare",
        "digits",
        "--effort",
        effort,
        "--seed",
        str(seed),
        "--json",
        "-q",
        "-o",
        str(out),
        *more,
    ]
    clock = time.perf_counter()
    done = subprocess.run(command, env=fresh(home), cwd=home, capture_output=True, text=True)
    seconds = time.perf_counter() - clock
    if done.returncode:
        raise CommandFailed(
            f"{' '.join(command)} ended with {done.returncode}:\n{done.stderr.strip()[-2000:]}"
        )
    return seconds, json.loads(done.stdout)


def watch(arguments: list[str], home: Path, until: Callable[[bytes], bool]) -> float:
    """Run `ravine ARGUMENTS` on a terminal; return the seconds until `until(shown)` holds, then end it.

    shown: what can be seen of all it wrote so far, control sequences and white space left out. Raises
    CommandFailed if it ends before.
    """
    leader, follower = pty.openpty()
    clock = time.perf_counter()
    process = subprocess.Popen(
        [*RAVINE, *arguments], env=fresh(home), cwd=home, stdin=follower, stdout=follower, stderr=follower
    )
    os.close(follower)
    shown = b""
    try:
        while True:
            ended = process.poll() is not None
            if select.select([leader], [], [], 0 if ended else 0.005)[0]:
                with contextlib.suppress(OSError):  # Linux: the other side is closed
                    shown += os.read(leader, 65536)
                    ended = False
            if until(INVISIBLE.sub(b"", shown)):
                return time.perf_counter() - clock
            if ended:
                raise CommandFailed(
                    f"ravine {' '.join(arguments)} ended early:\n{shown.decode(errors='replace')}"
                )
    finally:
        process.kill()
        process.wait()
        os.close(leader)


def whole(arguments: list[str], home: Path) -> float:
    """Return the seconds `ravine ARGUMENTS` takes from start to end. Raises CommandFailed."""
    clock = time.perf_counter()
    done = subprocess.run([*RAVINE, *arguments], env=fresh(home), cwd=home, capture_output=True, text=True)
    seconds = time.perf_counter() - clock
    if done.returncode:
        raise CommandFailed(
            f"ravine {' '.join(arguments)} ended with {done.returncode}:\n{done.stderr[-2000:]}"
        )
    return seconds
