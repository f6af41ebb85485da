"""Help comes at once: nothing heavy is imported, and it takes at most twice as long as `import click`."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time

import pytest

HEAVY = ("jax", "jaxlib", "optax", "pandas", "sklearn", "scipy", "numpy", "matplotlib", "msgspec", "rich")
HELP = "from ravine.cli import main; main({words})"
CLICK = "import click"
REPEATS = 11
LIMIT = 2.0


@pytest.mark.parametrize("level", ["--help", "--help-all"])
def test_help_imports_nothing_heavy(level):
    code = (
        f"import sys\nfrom ravine.cli.app import run\nrun(['compare', '{level}'])\n"
        f"print([name for name in {HEAVY} if name in sys.modules], file=sys.stderr)"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "--effort" in ended.stdout
    assert ended.stderr.splitlines()[-1] == "[]"


@pytest.mark.slow
@pytest.mark.parametrize("words", [["--help"], ["compare", "--help"], ["compare", "--help-all"]])
def test_help_takes_at_most_twice_the_time_of_click(tmp_path, words):
    """Alternate both, in one run, with bytecode cached as in an installed package; compare medians."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTHONPYCACHEPREFIX"] = str(tmp_path)

    def seconds(code):
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], env=environment, stdout=subprocess.DEVNULL, check=True)
        return time.perf_counter() - start

    helps = HELP.format(words=words)
    for code in (CLICK, helps):  # write the bytecode
        seconds(code)
    rows = [(seconds(CLICK), seconds(helps)) for _ in range(REPEATS)]
    click_s, help_s = (statistics.median(column) for column in zip(*rows, strict=True))
    print(f"import click {click_s * 1e3:.0f} ms, ravine {' '.join(words)} {help_s * 1e3:.0f} ms")
    assert help_s <= LIMIT * click_s
