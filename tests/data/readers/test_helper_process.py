"""The helper process: arrays arrive unchanged, and whatever happens to the helper becomes a sentence."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from ravine.data.formats import Source
from ravine.data.readers import helper_process
from ravine.data.readers.file_hash import FileHash
from ravine.data.readers.helper_process import arrays_of_helper
from ravine.errors import DataError

READERS = '''
import os, signal, time
import numpy as np
from ravine.data.boundary import at
from ravine.data.readers.helper_program import Plan, PlannedArray
from ravine.errors import DataError

WORDS = [b"up", b"", "süd".encode(), b"x" * 1000]

def arrays(path, part, budget):
    content = open(path, "rb").read()
    def fill(array):
        array[...] = np.arange(array.size).reshape(array.shape)
    def letters(array):
        array[:] = [b"a", b"b"]
    int64 = np.dtype("i8")
    return Plan([
        PlannedArray("length", (), int64, lambda array: array.fill(len(content))),
        PlannedArray("grid", (3, 4), np.dtype("f4"), fill),
        PlannedArray("none", (0, 3), int64, fill),
        PlannedArray("words", (2, 2), int64, fill, True, lambda: WORDS),
        PlannedArray("letters", (2,), np.dtype("S1"), letters, True),
        PlannedArray("flags", (5,), np.dtype(bool), fill),
    ], "/" + part)

def kill(path, part, budget):
    os.kill(os.getpid(), signal.SIGSEGV)

def leave(path, part, budget):
    os._exit(7)

def spin(path, part, budget):
    while True:
        pass

def sleep(path, part, budget):
    time.sleep(600)

def grow(path, part, budget):
    return bytearray(1 << 40)

def refuse(path, part, budget):
    raise DataError("what", "why", "fix")

def fail(path, part, budget):
    with at("data set 'q'"):
        raise KeyError("odd")

def announce(path, part, budget):
    return Plan([PlannedArray("a", (10**12,), np.dtype("f8"), lambda array: None)], "/")
'''  # fmt: skip


@pytest.fixture
def module(tmp_path, monkeypatch):
    """Make the readers above importable, in this process and in the helper."""
    (tmp_path / "helper_readers.py").write_text(READERS)
    monkeypatch.syspath_prepend(tmp_path)
    return "helper_readers"


def source(content=b"12345"):
    return Source(content, "x", FileHash(content), Path("x"), "part")


@pytest.mark.parametrize("memory_file", [True, False])
def test_arrays_arrive_as_the_helper_has_them(module, monkeypatch, memory_file):
    if not memory_file:
        monkeypatch.setattr(helper_process.sys, "platform", "other")
    arrays, path = arrays_of_helper(f"{module}:arrays", source())
    assert path == "/part" and list(arrays) == ["length", "grid", "none", "words", "letters", "flags"]
    assert arrays["length"] == 5 and arrays["none"].shape == (0, 3)
    np.testing.assert_array_equal(arrays["grid"], np.arange(12, dtype="f4").reshape(3, 4))
    assert arrays["grid"].dtype == np.float32 and arrays["grid"].flags.writeable
    assert arrays["words"].tolist() == [["up", ""], ["süd", "x" * 1000]]
    assert arrays["letters"].tolist() == ["a", "b"]
    assert arrays["flags"].tolist() == [False, True, True, True, True]


@pytest.mark.parametrize(
    ("function", "says"),
    [
        ("kill", "was ended by SIGSEGV"),
        ("leave", "ended with status 7"),
        ("refuse", "^what why fix$"),
        ("announce", "times its size"),
    ],
)
def test_the_end_of_the_helper_is_a_sentence(module, function, says):
    with pytest.raises(DataError, match=says):
        arrays_of_helper(f"{module}:{function}", source())


def test_an_error_of_a_library_arrives_with_its_place(module):
    with pytest.raises(RuntimeError, match="odd") as caught:
        arrays_of_helper(f"{module}:fail", source())
    assert caught.value.__notes__ == ["data set 'q'"]


def test_the_memory_of_the_helper_is_limited(module):
    with pytest.raises(MemoryError):
        arrays_of_helper(f"{module}:grow", source())


def test_the_time_of_the_helper_is_limited(module, monkeypatch):
    monkeypatch.setattr(helper_process, "WAIT_S", 1)
    began = time.monotonic()
    for function in ("spin", "sleep"):
        with pytest.raises(DataError, match="took too long"):
            arrays_of_helper(f"{module}:{function}", source())
    assert time.monotonic() - began < 30


def test_ctrl_c_ends_the_helper(module, monkeypatch):
    """An interrupt while this process waits leaves no helper behind."""
    started = []
    popen = subprocess.Popen

    def record(*arguments, **options):
        started.append(popen(*arguments, **options))
        monkeypatch.setattr(started[0], "communicate", interrupted)
        return started[0]

    def interrupted(*arguments, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr(helper_process.subprocess, "Popen", record)
    with pytest.raises(KeyboardInterrupt):
        arrays_of_helper(f"{module}:sleep", source())
    assert started[0].poll() is not None


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a child with its parent")
def test_the_helper_ends_with_this_process(module, tmp_path):
    code = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n"
        "from pathlib import Path\n"
        "from ravine.data.formats import Source\n"
        "from ravine.data.readers import helper_process\n"
        "from ravine.data.readers.file_hash import FileHash\n"
        "old = helper_process.subprocess.Popen\n"
        "def popen(*a, **o):\n"
        "    p = old(*a, **o); print(p.pid, flush=True); return p\n"
        "helper_process.subprocess.Popen = popen\n"
        "source = Source(b'1', 'x', FileHash(b'1'), Path('x'))\n"
        "helper_process.arrays_of_helper('helper_readers:sleep', source)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    helper = int(parent.stdout.readline())
    time.sleep(1)  # until the helper has asked the system to end it with its parent
    parent.kill()
    parent.wait()
    parent.stdout.close()
    for _ in range(100):
        state = Path(f"/proc/{helper}/stat")
        if not state.exists() or state.read_text().rpartition(")")[2].split()[0] == "Z":
            return
        time.sleep(0.1)
    pytest.fail("the helper still runs")


def test_the_helper_imports_nothing_from_the_working_folder(module, tmp_path, monkeypatch):
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "json.py").write_text("open('RAN', 'w')")
    (folder / "numpy.py").write_text("open('RAN', 'w')")
    monkeypatch.chdir(folder)
    monkeypatch.setenv("PYTHONPATH", str(folder))
    arrays_of_helper(f"{module}:arrays", source())
    assert not (folder / "RAN").exists()


def test_threads_may_read_at_the_same_time(module):
    found = []
    threads = [
        threading.Thread(target=lambda: found.append(arrays_of_helper(f"{module}:arrays", source())))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4


def _descriptors() -> int:
    return sum(1 for _ in Path("/dev/fd").iterdir())


def test_no_descriptor_stays_open(module):
    arrays_of_helper(f"{module}:arrays", source())
    before = _descriptors()
    for _ in range(3):
        arrays_of_helper(f"{module}:arrays", source())
        with pytest.raises(DataError):
            arrays_of_helper(f"{module}:leave", source())
    assert _descriptors() <= before


def test_a_system_without_room_for_processes_is_a_sentence(module, monkeypatch):
    def full(*arguments, **options):
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(helper_process.subprocess, "Popen", full)
    with pytest.raises(DataError, match=r"needs a second process.*temporarily unavailable.*ulimit -u"):
        arrays_of_helper(f"{module}:arrays", source())
