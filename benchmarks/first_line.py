"""Time to the first line, to `--help` and `--version`, and to the first result.

The command runs on a pseudo-terminal. The first line is the first visible character. The first result is the
first cohort whose scores are in the run directory, with an empty cache (cold) and with a filled one (warm).
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from command import fresh, watch, whole
from measure import interleave, line, main

ROW = "first_line"
HEAVY = ("jax", "sklearn", "pandas", "scipy")
LOOK = """
import sys
sys.argv = ["ravine", "--help"]
from ravine.cli import main
try:
    main()
except SystemExit:
    pass
sys.stderr.write(" ".join(name for name in {heavy} if name in sys.modules))
"""


def imported(home: Path) -> list[str]:
    """Return which heavy packages `--help` imports."""
    done = subprocess.run(
        [sys.executable, "-c", LOOK.format(heavy=HEAVY)],
        env=fresh(home),
        cwd=home,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stderr.split()


def measure(quick: bool, tell: Callable[[str], None], peers: bool = True) -> dict[str, Any]:
    """Return the row. It has no peers, so `peers` changes nothing."""
    number = iter(range(10**6))
    with tempfile.TemporaryDirectory() as name:
        warm = Path(name) / "warm"
        warm.mkdir()

        def out(home: Path) -> Path:
            return home / f"run{next(number)}"

        def compare(home: Path) -> list[str]:
            shorter = ["--optimizers", "adam", "--epochs", "2"] if quick else []
            return ["compare", "digits", "--effort", "standard", *shorter]

        def first_line() -> dict[str, float]:
            return {"seconds": watch([*compare(warm), "-o", str(out(warm))], warm, bool)}

        def first_result(home: Path) -> dict[str, float]:
            where = out(home)
            arrived = lambda shown: next((where / "cohorts").glob("*.npz"), None) is not None  # noqa: E731
            return {"seconds": watch([*compare(home), "-o", str(where)], home, arrived)}

        def cold() -> dict[str, float]:
            home = Path(name) / f"cold{next(number)}"
            home.mkdir()
            return first_result(home)

        answers = interleave(
            {
                "first line": first_line,
                "--help": lambda: {"seconds": whole(["--help"], warm)},
                "--version": lambda: {"seconds": whole(["--version"], warm)},
            },
            2 if quick else 9,
            tell=tell,
        )
        first_result(warm)  # fills the cache
        answers |= interleave(
            {"cold": cold, "warm": lambda: first_result(warm)}, 1 if quick else 3, tell=tell
        )
        heavy = imported(warm)

    def seconds(what: str) -> list[float]:
        return [answer["seconds"] for answer in answers[what]]

    return {
        "lines": [
            line("first line of compare on the screen", seconds("first line"), "s", at_most=0.3),
            line("--help, whole process", seconds("--help"), "s", at_most=0.25),
            line("--version, whole process", seconds("--version"), "s", at_most=0.25),
            line("heavy packages imported by --help", [float(len(heavy))], "packages", at_most=0),
            line("first result of compare, cold", seconds("cold"), "s", at_most=5),
            line("first result of compare, warm", seconds("warm"), "s", at_most=5),
        ],
        "imported_by_help": heavy,
    }


if __name__ == "__main__":
    main(ROW, "seconds until `ravine` shows its first line, its help and its first result", measure)
