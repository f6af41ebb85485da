"""Environment variables, closed and full streams, pipes that end early, terminals of every width."""

from __future__ import annotations

import fcntl
import os
import pty
import random
import struct
import sys
import termios
import time
from pathlib import Path

from tests.attack import processes, product, undisturbed
from tests.attack.case import REFUSED, Failure, enumerated
from tests.attack.surroundings.judging import TINY, TRAIN, prepare, same

VARIABLES = [
    ("LC_ALL", "C"), ("LC_ALL", "POSIX"), ("LC_ALL", "de_DE.UTF-8"), ("LC_ALL", "tr_TR.UTF-8"),
    ("LANG", "xx_YY.nothing"), ("LC_ALL", "C.utf8"), ("PYTHONIOENCODING", "ascii"),
    ("PYTHONIOENCODING", "utf-16"), ("PYTHONIOENCODING", "latin-1:strict"), ("PYTHONUTF8", "0"),
    ("TZ", "Pacific/Kiritimati"), ("TZ", "nonsense"), ("COLUMNS", "40"), ("COLUMNS", "0"), ("COLUMNS", "-1"),
    ("COLUMNS", "x"), ("COLUMNS", "99999999999999999999"), ("COLUMNS", "١"), ("TERM", "dumb"), ("TERM", ""),
    ("TERM", "nonsense"), ("NO_COLOR", "1"), ("HOME", "/nonexistent"), ("HOME", ""), ("HOME", "/dev/null"),
    ("TMPDIR", "/nonexistent"), ("XDG_CACHE_HOME", "/nonexistent/x"), (product.CACHE, "/proc/nothing"),
    (product.CACHE, "/dev/null"), (product.CACHE, "/dev/full"), (product.CACHE, ""),
    (product.CACHE, "relative"), ("MPLCONFIGDIR", "/nonexistent"), ("MPLBACKEND", "nonsense"),
    ("XLA_FLAGS", ""), ("JAX_PLATFORMS", "cpu"), ("OMP_NUM_THREADS", "0"), ("PYTHONHASHSEED", "7"),
    ("PYTHONOPTIMIZE", "2"), ("PYTHONDONTWRITEBYTECODE", "1"), ("PYTHONWARNINGS", "error"),
    ("PYTHONWARNINGS", "always"), (f"{product.VARIABLES}SEED", ""), ("PYTHONSAFEPATH", "1"),
    ("JAX_ENABLE_X64", "1"), ("JAX_DISABLE_JIT", "1"), ("JAX_DEBUG_NANS", "1"),
    *((name, None) for name in ("HOME", "PATH", "LANG", product.CACHE, "TERM", "USER")),
]  # fmt: skip
PLAIN_C = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}


def variable(rng: random.Random, case: tuple[str, str | None], folder: Path) -> str | None:
    """One variable set or removed; the training must not change."""
    name, value = case
    env = {name: value, **({"PYTHONCOERCECLOCALE": "0", "LC_ALL": "C"} if name == "PYTHONUTF8" else {})}
    if case == (product.CACHE, None):
        env["HOME"] = str(folder / "home")
    done = processes.ravine([*TRAIN, product.OUT, folder / "run"], undisturbed.data(), env, wall=120)
    return same(done, f"{name}={value}", refusal=name.startswith("JAX_D"))


LETTERS = ({**PLAIN_C}, {"PYTHONIOENCODING": "ascii:strict"}, {"PYTHONIOENCODING": "latin-1:strict"}, {})


def letters(rng: random.Random, case: tuple[dict, str], folder: Path) -> str | None:
    """Text for a reader, where some letters cannot be written; the data have them in names and cells."""
    env, name = case
    data = folder / "größe Ω.csv"
    text = (undisturbed.data() / TINY).read_text()
    data.write_text(text.replace("a,b,c,y", "größe,日本,c,y").replace(",u,", ",ü,"), "utf-8")
    words = [
        {TINY: data.name, "reg.csv": data.name, "price": "y"}.get(word, word)
        for word in product.COMMANDS[name]
    ]
    done = processes.ravine([*words, product.OUT, "run"], folder, env, wall=120)
    return processes.must_end(done, f"text of {name}, {' '.join(env) or 'UTF-8'}", refusal=False)


STREAMS = [
    ("standard input closed", "<&-", True), ("standard output closed", ">&-", False),
    ("standard error closed", "2>&-", True), ("all closed", "<&- >&- 2>&-", False),
    ("input and output closed", "<&- >&-", False), ("standard error full", "2> /dev/full", True),
    ("standard input a device", "< /dev/zero", True), ("output and error closed", ">&- 2>&-", False),
    ("standard output full", "> /dev/full", None), ("standard output read only", f"1< {TINY}", None),
]  # fmt: skip


def stream(rng: random.Random, case: tuple[str, str, bool | None], folder: Path) -> str | None:
    """A stream that is closed, full or of another kind. None: the output is lost, so a message is due."""
    about, tail, printed = case
    done = processes.shell(
        f"{processes.line([*TRAIN, product.OUT, folder / 'run'])} {tail}", undisturbed.data(), wall=120
    )
    if printed:
        return same(done, about, refusal=False)
    verdict = (
        processes.must_end(done, about, refusal=printed is None)
        if done.err or done.status in product.FINISHED
        else None
    )
    if printed is None and verdict != REFUSED:
        raise Failure(
            "data lost", f"{about}: the result could not be written, and the status is {done.status}"
        )
    return verdict


PIPES = ("| head -1", "| true", "| head -c 1", "2>&1 | head -1", "| sleep 0.1")
PIPED = {
    "compare": [*product.COMMANDS["compare"], *product.JSON], "runs": ["runs", "."], "--help": ["--help"],
    "lecture": ["lecture"], "predict": ["predict", "RUN", TINY],
}  # fmt: skip


def pipe(rng: random.Random, case: tuple[str, str], folder: Path) -> None:
    """A reader that goes before the command has written all."""
    tail, name = case
    words = [undisturbed.run("train").folder if each == "RUN" else each for each in PIPED[name]]
    words += [product.OUT, folder / "run"] if name == "compare" else []
    done = processes.shell(f"set -o pipefail; {processes.line(words)} {tail}", undisturbed.data(), wall=120)
    processes.must_not_break(done.status, done.said, done.stopped, f"{name} {tail}")
    if done.status not in (0, 141):
        raise Failure("undocumented status", f"{name} {tail}: status {done.status}")


def terminal(rng: random.Random, case: tuple[int, str], folder: Path) -> None:
    """A terminal of some width."""
    columns, name = case
    status, seen = _on_terminal([*product.COMMANDS[name], product.OUT, folder / "run"], columns)
    processes.must_not_break(status, seen.decode("utf-8", "replace"), about=f"{name} on {columns} columns")
    if status not in product.FINISHED:
        raise Failure("undocumented status", f"{name} on a terminal of {columns} columns: status {status}")


def _on_terminal(words: list, columns: int, limit: float = 120) -> tuple[int, bytes]:
    pid, descriptor = pty.fork()
    if pid == 0:
        os.chdir(undisturbed.data())
        os.environ["TERM"] = "xterm-256color"
        os.execv(sys.executable, [sys.executable, "-m", product.PACKAGE, *map(str, words)])
    fcntl.ioctl(descriptor, termios.TIOCSWINSZ, struct.pack("HHHH", 20, columns, 0, 0))
    seen, began = b"", time.monotonic()
    while time.monotonic() - began < limit:
        try:
            part = os.read(descriptor, 65536)
        except OSError:
            break
        if not part:
            break
        seen += part
    _, status = os.waitpid(pid, 0)
    os.close(descriptor)
    return os.waitstatus_to_exitcode(status), seen


WIDTHS = [(columns, name) for columns in (40, 20, 1, 0, 60, 300, 65535) for name in ("compare", "diagnose")]
FAMILIES = [
    enumerated("variables", VARIABLES, variable, processes=True, prepare=prepare),
    enumerated(
        "letters", [(env, name) for env in LETTERS for name in product.COMMANDS], letters, processes=True
    ),
    enumerated("streams", STREAMS, stream, processes=True, prepare=prepare),
    enumerated(
        "pipes", [(tail, name) for tail in PIPES for name in PIPED], pipe, processes=True, prepare=prepare
    ),
    enumerated("terminals", WIDTHS, terminal, processes=True, prepare=prepare),
]
