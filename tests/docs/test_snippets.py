"""Every command and every Python listing of the documents runs, and prints the output that is shown.

In a `console` block a line that begins with `$ ` is a command, and the lines below it are its output. A
`text` block right after a `python` block is the output of that block, or the message of the error that ends
it. A line `...` in an output stands for any number of lines. The word `slow` after the language marks a block
that takes more than a few seconds. The word `scores` marks an output with scores. They depend on the
processor, since rounding errors grow during training. Of these outputs, the lines above the first optimizer
are compared, without numbers.
"""

from __future__ import annotations

import contextlib
import gzip
import io
import os
import re
import struct
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from ravine.optimizers import OPTIMIZERS

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = (
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "benchmarks" / "README.md",
    *sorted((ROOT / "docs").rglob("*.md")),
)
BLOCK = re.compile(r"^```(\w+)([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Command:
    """A shell command and the output shown below it ("" if none is shown)."""

    text: str
    output: str


@dataclass(frozen=True)
class Block:
    """A listing of a document: its language, text and line; `output` is that of a Python block."""

    document: Path
    line: int
    language: str
    slow: bool
    text: str
    output: str = ""
    scores: bool = False

    def __str__(self) -> str:
        return f"{self.document.relative_to(ROOT)}:{self.line}"

    @property
    def commands(self) -> list[Command]:
        """The commands of a console block, in order; comments after `#` are left out."""
        parts = re.split(r"^\$ ", self.text, flags=re.MULTILINE)
        assert not parts[0].strip(), f"{self}: output before the first command"
        return [
            Command(re.sub(r"\s+#\s.*", "", first), rest.strip("\n"))
            for first, _, rest in (part.partition("\n") for part in parts[1:])
        ]


def blocks(document: Path, text: str | None = None) -> list[Block]:
    """Return the listings of a document (or of `text`), each Python block with the output shown for it."""
    text = document.read_text(encoding="utf-8") if text is None else text
    matches = list(BLOCK.finditer(text))
    result = []
    for number, match in enumerate(matches):
        following = matches[number + 1] if number + 1 < len(matches) else None
        output = ""
        if (
            following is not None
            and following[1] == "text"
            and not text[match.end() : following.start()].strip()
        ):
            output = following[3]
        words = match[2].split()
        line = text.count("\n", 0, match.start()) + 1
        result.append(
            Block(document, line, match[1], "slow" in words, match[3], output, scores="scores" in words)
        )
    return result


def all_blocks(language: str) -> list[Block]:
    """Return the listings of all documents in one language."""
    return [block for document in DOCUMENTS for block in blocks(document) if block.language == language]


def differs(shown: str, real: str) -> str:
    """Return the first line of `shown` that `real` lacks at that place; "" if they agree.

    Spaces at the ends of lines and empty lines at both ends do not count.
    """
    wanted = [line.rstrip() for line in shown.strip("\n").splitlines()]
    lines = [line.rstrip() for line in real.strip("\n").splitlines()]
    place, anywhere = 0, False
    for line in wanted:
        if line == "...":
            anywhere = True
            continue
        if anywhere:
            if line not in lines[place:]:
                return line
            place = lines.index(line, place)
            anywhere = False
        elif place >= len(lines) or lines[place] != line:
            return line
        place += 1
    return "" if anywhere or place == len(lines) else f"(the real output goes on: {lines[place]})"


def without_numbers(text: str) -> str:
    """Return the text with # in place of each number."""
    return re.sub(r"\d[\d.,]*", "#", text)


def before_scores(shown: str) -> str:
    """Return the lines above the first one that names an optimizer, with # in place of each number."""
    lines = without_numbers(shown).splitlines()
    first = next(k for k, line in enumerate(lines) if set(line.split()) & set(OPTIMIZERS))
    return "\n".join([*lines[:first], "..."])


COLUMNS = "100"
"""Width of the terminal in which outputs are shown."""
EXTENSIONS = "### Add "
"""Heading of the sections of CONTRIBUTING.md whose commands `tests/test_contributing.py` runs."""
NOT_RUN = ("make ", "python -m pytest", "python -m tests.", "python benchmarks/", "python docs/")
"""Commands that install, test or measure for long; `test_a_command_that_is_not_run_exists` checks them."""

CONSOLE = [block for block in all_blocks("console") if block.document.name != "CONTRIBUTING.md"]
CONTRIBUTING = ROOT / "CONTRIBUTING.md"
CONSOLE += blocks(CONTRIBUTING, CONTRIBUTING.read_text("utf-8").partition(EXTENSIONS)[0])
CONSOLE = [block for block in CONSOLE if block.language == "console"]
PYTHON = all_blocks("python")


def _cases(items: list[Block]) -> list:
    return [
        pytest.param(block, id=str(block), marks=pytest.mark.slow if block.slow else ()) for block in items
    ]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Return a working folder with a table, its target `price`, new rows, images, and own code."""
    random = np.random.default_rng(0)
    x = random.normal(size=(120, 2))
    price = 2 * x[:, 0] - x[:, 1] + 0.1 * random.normal(size=120)
    rows = [f"{a:.4f},{b:.4f},{c:.4f}" for a, b, c in np.column_stack([x, price])]
    (tmp_path / "data.csv").write_text("\n".join(["area,age,price", *rows, ""]), "utf-8")
    new = [row.rpartition(",")[0] for row in rows[:5]]
    (tmp_path / "new.csv").write_text("\n".join(["area,age", *new, ""]), "utf-8")
    images = random.integers(0, 256, (60, 8, 8), dtype=np.uint8)
    labels = np.arange(60, dtype=np.uint8) % 3
    for name, array in (("images-idx3-ubyte.gz", images), ("labels-idx1-ubyte.gz", labels)):
        head = struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape)
        (tmp_path / name).write_bytes(gzip.compress(head + array.tobytes()))
    (tmp_path / "own.py").write_text((ROOT / "examples" / "own_optimizer.py").read_text("utf-8"), "utf-8")
    own_code = ROOT / "docs" / "own-code.md"
    for name, begin in (("net.py", "class Mixer"), ("loss.py", "def huber")):
        code = next(block.text for block in blocks(own_code) if begin in block.text)
        (tmp_path / name).write_text(code, "utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path
    sys.modules.pop("own", None)


def _shell(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a command as a reader would, with `ravine` and `python` of this environment."""
    python = f'"{sys.executable}"'
    command = re.sub(r"^ravine\b", f"{python} -m ravine", command)
    command = re.sub(r"^python\b", python, command)
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "COLUMNS": COLUMNS}
    environment.pop("XLA_FLAGS", None)  # compile as for users: without optimization, scores are others
    return subprocess.run(
        ["bash", "-c", command], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("block", _cases(CONSOLE))
def test_commands_run_and_print_the_output_shown(block, folder):
    for command in block.commands:
        if command.text.startswith(NOT_RUN):
            continue
        at_root = command.text.startswith("python scripts/")
        done = _shell(command.text, ROOT if at_root else folder)
        assert done.returncode == 0, f"{command.text}\n{done.stderr}"
        if command.output:
            if block.scores:
                line = differs(before_scores(command.output), without_numbers(done.stdout))
            else:
                line = differs(command.output, done.stdout)
            assert not line, f"{command.text}\ndoes not print:\n{line}\nbut:\n{done.stdout}"


@pytest.mark.parametrize("block", _cases(PYTHON))
def test_python_runs_and_prints_the_output_shown(block, folder):
    printed = io.StringIO()
    try:
        with contextlib.redirect_stdout(printed):
            exec(compile(block.text, str(block), "exec"), {})
    except Exception as error:
        if not block.output:
            raise
        printed.write(str(error))
    if block.output:
        line = differs(block.output, printed.getvalue())
        assert not line, f"{block}\ndoes not print:\n{line}\nbut:\n{printed.getvalue()}"


def test_a_command_that_is_not_run_exists():
    makefile = (ROOT / "Makefile").read_text("utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    commands = [command.text for block in CONSOLE for command in block.commands]
    checked = 0
    for program, *arguments in (text.split() for text in commands if text.startswith(NOT_RUN)):
        if program == "make":
            assert {word for word in arguments if "=" not in word} <= targets, arguments
        if arguments[:2] == ["-m", "pytest"]:
            assert (ROOT / arguments[-1]).exists(), arguments
        elif program == "python":
            script = " ".join(arguments[:2] if arguments[0] == "-m" else arguments[:1])
            assert arguments[0] == "-m" or (ROOT / script).is_file(), arguments
            done = _shell(f"python {script} --help", ROOT)
            assert done.returncode == 0, done.stderr
            flags = {word for word in arguments if word.startswith("--")}
            assert flags <= set(re.findall(r"--[\w-]+", done.stdout)), arguments
        checked += 1
    assert checked >= 2


def test_outputs_are_compared_line_by_line():
    assert differs("a\nb", "a  \nb\n") == ""
    assert differs("a\n...\nd", "a\nb\nc\nd") == ""
    assert differs("a\n...", "a\nb\nc") == ""
    assert differs("a\nc", "a\nb") == "c"
    assert differs("a", "a\nb") == "(the real output goes on: b)"
    assert differs("a\n...\nx", "a\nb") == "x"


def test_listings_are_found_with_their_commands_and_outputs():
    text = "```console slow\n$ ravine x  # why\nout\n$ ravine y\n```\n"
    text += "\n```python\nprint(1)\n```\n\n```text\n1\n```\n"
    console, python, _ = blocks(ROOT / "README.md", text)
    assert [(command.text, command.output) for command in console.commands] == [
        ("ravine x", "out"),
        ("ravine y", ""),
    ]
    assert console.slow and not python.slow
    assert python.output == "1\n"


def test_the_documents_hold_many_commands_and_listings():
    assert sum(len(block.commands) for block in CONSOLE) >= 15
    assert len(PYTHON) >= 4


def test_of_scores_the_lines_above_the_first_optimizer_are_compared():
    shown = "digits: 1,797 rows\n\ntier  optimizer  steps to 97.9 %\n1=    adam  98.3\nBest: adam.\n"
    elsewhere = "digits: 1,797 rows\n\ntier  optimizer  steps to 98.1 %\n1     sgd  97.0\n"
    assert not differs(before_scores(shown), without_numbers(elsewhere))
    changed = elsewhere.replace("steps to", "epochs to")
    assert differs(before_scores(shown), without_numbers(changed)) == "tier  optimizer  steps to # %"
