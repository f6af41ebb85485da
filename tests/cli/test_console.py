"""Terminals of every kind, and none: width, letters, color, closed and full streams."""

import json
import os
import pty
import re
import select
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ravine.cli.console import Console
from ravine.errors import UsageError


def test_a_locale_without_letters(shell, some_runs):
    ended = shell("runs", env={"PYTHONIOENCODING": "ascii"})
    assert ended.returncode == 0
    assert ended.stdout.isascii()
    ended = shell("runs", "--json", env={"PYTHONIOENCODING": "ascii"})
    assert "Ärger" in json.loads(ended.stdout.decode("utf-8"))["runs"][1]["data"]
    ended = shell("compare", "Ärger.csv", env={"PYTHONIOENCODING": "ascii"})
    assert (ended.returncode, ended.stderr.isascii()) == (3, True)


def test_a_reader_who_has_seen_enough(shell, some_runs):
    command = f"'{sys.executable}' -m ravine runs --json | head -c 1; exit ${{PIPESTATUS[0]}}"
    ended = subprocess.run(["bash", "-c", command], capture_output=True)
    assert (ended.returncode, ended.stderr) == (0, b"")
    reading, writing = os.pipe()
    os.close(reading)
    for arguments in (["runs"], ["runs", "--json"], ["--help"], ["compare", "--help"]):
        ended = shell(*arguments, capture_output=False, stdout=writing, stderr=subprocess.PIPE)
        assert (ended.returncode, ended.stderr) == (0, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_a_sentence(shell, some_runs):
    with Path("/dev/full").open("wb") as full:
        ended = shell("runs", capture_output=False, stdout=full, stderr=subprocess.PIPE)
    assert ended.returncode == 3
    assert b"No space is left" in ended.stderr
    assert b"Traceback" not in ended.stderr


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_streams(some_runs, closed):
    for arguments, status in (("runs", 0), ("--help", 0), ("compare nosuch.csv", 3), ("compare", 2)):
        command = f"'{sys.executable}' -m ravine {arguments} {closed}"
        ended = subprocess.run(["bash", "-c", command], capture_output=True)
        assert ended.returncode == status
        assert b"Traceback" not in ended.stderr
        assert b"Exception ignored" not in ended.stderr


def test_data_from_a_closed_standard_input(folder):
    ended = subprocess.run(["bash", "-c", f"'{sys.executable}' -m ravine compare - <&-"], capture_output=True)
    assert ended.returncode == 3
    assert b"Standard input is closed" in ended.stderr


def test_quiet_and_verbose_contradict():
    with pytest.raises(UsageError, match="-q and -v cannot be used together"):
        Console().configure(json=False, quiet=True, verbose=True)


def test_only_errors_are_shown_if_quiet(capsys):
    console = Console()
    console.configure(json=False, quiet=True, verbose=False)
    console.info("a note")
    console.info_unused(["effort"], "train")
    console.error("an error")
    shown = capsys.readouterr()
    assert (shown.out, shown.err) == ("", "an error\n")


ESCAPES = "\x1b[31mred\x1b[0m \x1b]0;title\x07 \x9b2J \u202egnp.exe a\u200bb bell\x07 over\rwritten\x7f"


def test_no_text_holds_a_control_character(capsys):
    console = Console()
    console.info(f"read {ESCAPES}")
    console.error(f"first {ESCAPES}\nsecond {ESCAPES}")
    console.print(f"Score: {ESCAPES}\nnext")
    console.print_document({"name": ESCAPES, "größe": 1})
    shown = capsys.readouterr()
    for text in (shown.out, shown.err):
        assert all(line.isprintable() for line in text.split("\n"))
    assert shown.err.count("\n") == 3 and "?[31mred" in shown.err
    document = shown.out.split("\n", 2)[2]
    assert json.loads(document) == {"name": ESCAPES, "größe": 1} and "größe" in document


def test_a_table_keeps_every_character_unless_it_goes_to_a_terminal(capfdbinary, monkeypatch):
    table = f"name\n{ESCAPES}\n"
    Console().print_table(table)
    assert capfdbinary.readouterr().out == table.encode()
    monkeypatch.setattr("ravine.cli.console.is_terminal", lambda stream: True)
    Console().print_table(table)
    assert b"\x1b" not in capfdbinary.readouterr().out


def on_a_terminal(arguments, folder, env=None, columns=60):
    """Run a command with a terminal of its own as standard output and error; return what it showed."""
    import fcntl
    import struct
    import termios

    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    child = subprocess.Popen(
        [sys.executable, "-m", "ravine", *arguments], stdin=slave, stdout=slave, stderr=slave, cwd=folder,
        env={**os.environ, "TERM": "xterm", **(env or {})},
    )  # fmt: skip
    os.close(slave)
    shown, end = b"", time.monotonic() + 100
    while time.monotonic() < end:
        if not select.select([master], [], [], 0.2)[0]:
            if child.poll() is not None:
                break
            continue
        try:
            blob = os.read(master, 65536)
        except OSError:  # the terminal's other end is closed
            break
        shown += blob
    os.close(master)
    return child.wait(timeout=10), shown.decode()


def test_errors_fit_a_narrow_terminal(folder):
    status, shown = on_a_terminal(["compare", "nosuch.csv"], folder, columns=60)
    assert status == 3
    assert max(len(line) for line in shown.splitlines()) <= 60


def test_notes_fit_a_narrow_terminal_without_colors(folder):
    rows = [f"{k % 7},{k * k % 11},{k % 2}" for k in range(60)]
    (folder / "sixty.csv").write_text("\n".join(["a rather long name,another,a rather long name", *rows]))
    for more in (["--dry-run"], ["--epochs", "1"]):
        arguments = ["train", "sixty.csv", "-t", "another", *more]
        status, shown = on_a_terminal(arguments, folder, {"TERM": "dumb"})
        assert status == 0
        notes = shown[: shown.index("parameters")]
        assert "columns renamed" in notes
        assert max(len(line) for line in notes.splitlines()) <= 60


@pytest.mark.slow
@pytest.mark.parametrize("env", [{}, {"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_a_comparison_on_a_terminal_of_60_columns(folder, env):
    arguments = ["compare", "iris", "--effort", "quick", "-O", "sgd,adam", "--epochs", "2", "--seeds", "3"]
    status, shown = on_a_terminal(arguments, folder, env)
    assert status == 0
    plain = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", shown)
    assert "adam" in plain
    colors = re.findall(r"\x1b\[[0-9;]*m", shown)
    if env.get("TERM") == "dumb":
        assert "\x1b" not in shown
    elif env:
        assert not [each for each in colors if re.search(r"3\d|4\d", each)]
    else:
        assert colors
    table = plain[plain.index("tier") :].split("Run ")[0]
    assert max(len(line) for line in table.splitlines()) <= 60
