"""The environment of the peers, `.cache/peers/env`, made at first use, and the workers of both sides.

It holds PyTorch for the CPU, scikit-learn, JAX and optax (in the versions that Ravine uses), and Keras if
it can be installed. If RAVINE_PEER_PYTHON names a Python that has the peers, for example with PyTorch for a
GPU, nothing is installed.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from types import TracebackType
from typing import Any

from environment import REPOSITORY

FOLDER = REPOSITORY / ".cache" / "peers"
WORKERS = Path(__file__).resolve().parent / "workers"
TORCH = "torch==2.13.0"
ON_GPU = {"JAX_PLATFORMS": "cuda", "XLA_PYTHON_CLIENT_PREALLOCATE": "false"}
"""Variables of a worker on a GPU: JAX takes memory as it needs it, as there are other workers there."""


class PeerError(RuntimeError):
    """A peer cannot be installed, or its worker ended early."""


def requirements() -> tuple[str, ...]:
    """Return the requirements of the peers of all rows."""
    same = (f"{name}=={version(name)}" for name in ("jax", "optax", "numpy", "scikit-learn"))
    return (TORCH, *same)


def peer_python(extra: Sequence[str] = ()) -> Path:
    """Return the Python of the peers' environment, with `extra` packages too. Raises PeerError.

    What was installed is written down, so the second call does nothing.
    """
    if path := os.environ.get("RAVINE_PEER_PYTHON"):
        return Path(path)
    python = FOLDER / "env" / ("Scripts" if os.name == "nt" else "bin") / "python"
    ledger = FOLDER / "installed.json"
    have = set(json.loads(ledger.read_text())) if ledger.exists() and python.exists() else set()
    missing = [requirement for requirement in (*requirements(), *extra) if requirement not in have]
    if not missing:
        return python
    print(f"Installing {', '.join(missing)} into {FOLDER} (once) ...", file=sys.stderr, flush=True)
    FOLDER.mkdir(parents=True, exist_ok=True)
    if not python.exists():
        _run([sys.executable, "-m", "venv", str(FOLDER / "env")])
    _run([str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *missing])
    ledger.write_text(json.dumps(sorted(have | set(missing))))
    return python


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise PeerError(f"{' '.join(command)} failed:\n{done.stderr.strip()[-2000:]}")


class Worker:
    """A process that stays warm and works on request. Use it in a `with` block.

    ready: the facts it gave after its first pass, that pass under `first`.
    """

    def __init__(
        self,
        script: str,
        task: Mapping[str, Any],
        *,
        python: Path | None = None,
        folder: Path | None = None,
        **variables: str,
    ) -> None:
        self.name = script
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed in close
        self._process = subprocess.Popen(
            [str(python or sys.executable), str((folder or WORKERS) / f"{script}.py"), json.dumps(task)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env={**os.environ, "JAX_PLATFORMS": "cpu", **variables},
            text=True,
        )
        self.ready = self._answer()

    def __call__(self) -> dict[str, float]:
        """Do one pass and return its seconds and network steps."""
        assert self._process.stdin is not None
        self._process.stdin.write("go\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        answer = self._process.stdout.readline()
        if not answer:
            self._process.wait()
            self._errors.seek(0)
            said = self._errors.read().decode(errors="replace").strip()[-2000:]
            raise PeerError(f"The worker {self.name} ended with status {self._process.returncode}:\n{said}")
        return json.loads(answer)

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()
        self._errors.close()

    def __enter__(self) -> Worker:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
