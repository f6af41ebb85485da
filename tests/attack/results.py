"""The saved results of a campaign: one line for each case, from which a second call goes on.

The folder `.cache/attack` has one file for each seed. A case that ran again has a later line, which counts.
"""

from __future__ import annotations

import json
import os
import threading
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / ".cache" / "attack"


@dataclass(frozen=True)
class Outcome:
    """The outcome of one case: right, refused, failed or skipped; with the class of a failure."""

    family: str
    index: int
    verdict: str
    kind: str = ""
    detail: str = ""

    @property
    def failed(self) -> bool:
        return self.verdict == "failed"

    @property
    def skipped(self) -> bool:
        return self.verdict == "skipped"


class Results:
    """The outcomes of the cases with one seed, in memory and in a file with one line for each case."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.outcomes = load(path)
        self._lock = threading.Lock()

    def add(self, outcome: Outcome) -> None:
        """Save one outcome; it replaces an older one of the same case."""
        with self._lock:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("a+b") as file:
                file.seek(max(0, file.seek(0, os.SEEK_END) - 1))
                whole = file.read() in (b"", b"\n")  # else a kill cut the last line off
                file.write(b"" if whole else b"\n")
                file.write(json.dumps(asdict(outcome)).encode() + b"\n")
            self.outcomes[outcome.family, outcome.index] = outcome


def load(path: Path) -> dict[tuple[str, int], Outcome]:
    """Return the saved outcomes by family and number. A last line that a kill cut off does not count."""
    found: dict[tuple[str, int], Outcome] = {}
    for line in path.read_text("utf-8").splitlines() if path.exists() else ():
        try:
            outcome = Outcome(**json.loads(line))
        except ValueError:
            continue
        found[outcome.family, outcome.index] = outcome
    return found
