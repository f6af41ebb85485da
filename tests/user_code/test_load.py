"""Loading an object of a Python file: once, only if trusted, with the line of every error."""

import sys

import pytest

from ravine.errors import DataError, UsageError
from ravine.user_code.code_text import CodeText
from ravine.user_code.load import file_hash, load_code
from ravine.user_code.trust import trust


def load(folder, content, name="f"):
    (folder / "x.py").write_text(content)
    trust(*file_hash("x.py"))
    return load_code(CodeText("x.py", name))


def test_nothing_runs_without_trust(folder):
    (folder / "x.py").write_text("import pathlib\npathlib.Path('ran').touch()\ndef f(): pass\n")
    with pytest.raises(UsageError, match="not run on this machine before"):
        load_code(CodeText("x.py", "f"))
    assert not (folder / "ran").exists()


def test_a_file_runs_once_for_each_content(folder):
    line = "with open('ran', 'a') as file: file.write('x')\n"
    first = load(folder, f"{line}def f(): return 1\n")
    assert load_code(CodeText(str(folder / "x.py"), "f")).value is first.value
    assert (folder / "ran").read_text() == "x"
    second = load(folder, f"{line}def f(): return 2\n")
    assert (first.value(), second.value()) == (1, 2) and first.sha256 != second.sha256
    assert (folder / "ran").read_text() == "xx"


def test_a_file_imports_its_neighbors_and_defines_dataclasses(folder, monkeypatch):
    (folder / "neighbor_of_x.py").write_text("VALUE = 3\n")
    code = (
        "from __future__ import annotations\nimport dataclasses, neighbor_of_x\n"
        "@dataclasses.dataclass\nclass f:\n    a: int = neighbor_of_x.VALUE\n"
    )
    monkeypatch.setattr("sys.path", ["/nowhere"])
    assert load(folder, code).value().a == 3
    assert str(folder) not in sys.path and "neighbor_of_x" not in sys.modules


def test_neighbors_of_one_name_in_two_folders(folder):
    for name, value in (("a", 1), ("b", 2)):
        (folder / name).mkdir()
        (folder / name / "same_name.py").write_text(f"VALUE = {value}\n")
        (folder / name / "x.py").write_text("import same_name\nf = same_name.VALUE\n")
        trust(*file_hash(f"{name}/x.py"))
    assert [load_code(CodeText(f"{name}/x.py", "f")).value for name in "ab"] == [1, 2]


def test_annotations_are_those_of_the_file(folder):
    code = "import dataclasses\n@dataclasses.dataclass\nclass f:\n    a: int = 3\n"
    assert load(folder, code).value.__dataclass_fields__["a"].type is int


@pytest.mark.parametrize(
    ("content", "match"),
    [
        ("a = 1\nb = 1 / 0\n", r"fails in line 2 \(b = 1 / 0\).*ZeroDivisionError"),
        ("def f(:\n", "fails in line 1.*SyntaxError"),
        ("import sys\nsys.exit(3)\n", "fails in line 2.*SystemExit"),
        ("import no_such_module\n", "fails in line 1.*ModuleNotFoundError"),
        ("def ff(): pass\n", "does not define 'f'. Did you mean 'ff'"),
        ("x = '\udcff'.encode\n".encode("utf-8", "surrogatepass").decode("latin-1"), "does not define"),
    ],
)
def test_errors_name_the_line(folder, content, match):
    with pytest.raises(UsageError, match=match):
        load(folder, content)


def test_a_failed_file_runs_again(folder):
    with pytest.raises(UsageError):
        load(folder, "import os\nassert os.path.exists('there')\ndef f(): return 1\n")
    (folder / "there").write_text("")
    assert load_code(CodeText("x.py", "f")).value() == 1


def test_files_that_cannot_be_read(folder):
    with pytest.raises(UsageError, match=r"There is no Python file 'no\.py'"):
        file_hash("no.py")
    with pytest.raises(UsageError, match="There is no Python file"):
        file_hash("~no_such_user/x.py")
    (folder / "folder.py").mkdir()
    with pytest.raises(UsageError, match="There is no Python file"):
        file_hash("folder.py")
    (folder / "huge.py").write_bytes(b"#" * 10_000_001)
    with pytest.raises(DataError, match="too large"):
        file_hash("huge.py")
