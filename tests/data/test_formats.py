"""The table of formats: a row is all that a format needs, and no other list repeats the rows."""

from __future__ import annotations

import ast
import gzip
import re
import subprocess
import sys
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from ravine.data import BUILTIN, formats, read
from ravine.data.formats import FORMATS, Format, load_object
from ravine.errors import DataError

ROOT = Path(__file__).parents[2]
SOURCES = ROOT / "src" / "ravine"
REGISTRIES = [SOURCES / "data" / "formats.py", SOURCES / "data" / "builtin.py"]
TOY = Format(
    "Toy",
    "toy_format:read_toy",
    long_name="Toy columns",
    suffixes=(".toy", ".plaything"),
    magic=b"TOY\n",
    noun="a Toy file",
    has_parts=True,
)


@pytest.fixture
def toy(monkeypatch):
    """Add a format with one row; its reader is a module of the tests."""
    monkeypatch.syspath_prepend(Path(__file__).parent)
    monkeypatch.setitem(FORMATS, TOY.name, TOY)


@pytest.fixture
def file(tmp_path, toy):
    path = tmp_path / "x.toy"
    path.write_bytes(b"TOY\n1.5\n2.5\n4\n")
    return path


def test_a_format_is_read_by_its_row_alone(file):
    table = read(file)
    assert table.frame["value"].tolist() == [1.5, 2.5, 4.0]
    assert table.name == "x"
    assert read(f"{file}:2").frame["value"].tolist() == [1.5, 2.5]


def test_a_format_is_recognized_by_content_and_unzipped(file):
    for name in ("none", "x.csv", "x.toy.gz"):
        path = file.with_name(name)
        path.write_bytes(gzip.compress(file.read_bytes()) if name.endswith(".gz") else file.read_bytes())
        assert read(path).frame["value"].tolist() == [1.5, 2.5, 4.0]
    assert read(file.with_name("x.toy.gz")).name == "x"


def test_a_format_may_check_the_content_with_a_function(file, monkeypatch):
    monkeypatch.setitem(FORMATS, "Toy", replace(TOY, magic=b"", check="toy_format:begins_like_toy"))
    assert len(read(file)) == 3


def test_a_folder_is_read_by_the_patterns_of_a_format(file, monkeypatch):
    with pytest.raises(DataError, match=r"holds idx images; this folder holds x\.toy"):
        read(file.parent)
    monkeypatch.setitem(FORMATS, "Toy", replace(TOY, in_folder=("main.toy", "*.toy")))
    assert len(read(file.parent)) == 3
    file.rename(file.with_name("x.other"))
    with pytest.raises(DataError, match=r"holds idx images and Toy columns; this folder holds x\.other"):
        read(file.parent)


@pytest.mark.parametrize(
    ("content", "name", "says"),
    [
        (b"%PDF-1.4", "x.pdf", r"CSV-like text, Parquet, NPZ, HDF5, ROOT, idx images and Toy columns\."),
        (b"a\0b", "x.csv", r"CSV-like text, Parquet, NPZ, HDF5, ROOT, idx images and Toy columns\."),
        (
            b"\1\2\3\4\xff" * 20,
            "x.csv",
            r"CSV-like text, Parquet, NPZ, HDF5, ROOT, idx images and Toy columns\.",
        ),
        (b"1\n2\n", "x.plaything", r"damaged.*ends in '\.plaything'"),
        (b"1\n2\n", "x.HDF5", r"damaged.*ends in '\.HDF5'"),
        (b"1\n2\n", "t10k-images-idx3-ubyte", "damaged"),
    ],
)
def test_messages_follow_the_table(tmp_path, toy, content, name, says):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(DataError, match=says):
        read(path)


def test_a_part_of_another_format_is_refused(tmp_path, toy):
    path = tmp_path / "x.csv"
    path.write_text("a,b\n1,2\n")
    with pytest.raises(DataError, match="Only HDF5, ROOT and Toy files have parts"):
        read(f"{path}:a")


def test_a_missing_package_names_the_extra(file, monkeypatch):
    row = replace(TOY, imports=("json", "absent_a.b", "absent_a"), extra="toy")
    monkeypatch.setitem(FORMATS, "Toy", row)
    with pytest.raises(DataError, match=r"is a Toy file.*needs json and absent_a\..*'ravine\[toy\]'"):
        read(file)


def test_help_texts_follow_the_table(toy):
    assert formats.format_list() == "CSV, Parquet, NPZ, HDF5, ROOT, idx, Toy; gzipped or not"


@pytest.mark.parametrize("command", ["compare", "train", "memorize", "descent"])
def test_the_help_of_each_command_names_all_formats(command, tmp_path):
    """A row added before the commands are imported is in their help."""
    code = (
        "from ravine.data import formats\n"
        "formats.FORMATS['Toy'] = formats.Format('Toy', 'toy_format:read_toy', magic=b'TOY')\n"
        "from ravine.cli import main\n"
        f"main(['{command}', '--help'])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path)
    assert "CSV, Parquet, NPZ, HDF5, ROOT, idx, Toy; gzipped or not" in " ".join(done.stdout.split())


def test_the_rows_are_sound():
    rows = list(FORMATS.values())
    assert [row.name for row in rows] == list(FORMATS)
    assert [row for row in rows if row.is_fallback] == [FORMATS["CSV"]]
    endings = [suffix for row in rows for suffix in row.suffixes]
    assert len(set(endings)) == len(endings)
    assert all(re.fullmatch(r"\.[a-z0-9]+", suffix) for suffix in endings)
    for row in rows:
        assert callable(load_object(row.reader))
        assert row.noun.startswith(("a ", "an "))


def test_the_extras_install_the_packages():
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    for row in FORMATS.values():
        installed = [re.split(r"[<>=]", need)[0] for need in extras[row.extra]] if row.extra else []
        assert installed == list(row.packages)


def test_the_table_is_imported_without_any_package():
    code = (
        "import sys, ravine.data.formats, ravine.data.builtin\n"
        "print([name for name in ('numpy', 'pandas', 'sklearn', 'jax', 'h5py') if name in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def _constants(nodes) -> list[str]:
    return [node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)]


def repeated_names(tree: ast.AST, names: set[str], suffixes: set[str]) -> list[str]:
    """Return where code compares with one of the names, or holds two of them in one literal."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare):
            sides = [node.left, *node.comparators]
            inner = [
                item
                for side in sides
                if isinstance(side, ast.Tuple | ast.List | ast.Set)
                for item in side.elts
            ]
            if names & set(_constants([*sides, *inner])):
                found.append(f"line {node.lineno}: a comparison")
        elif isinstance(node, ast.Tuple | ast.List | ast.Set):
            words = set(_constants(node.elts))
            if len(words & names) > 1 or len(words & suffixes) > 1:
                found.append(f"line {node.lineno}: a second list")
        elif isinstance(node, ast.Dict):
            if len(set(_constants(key for key in node.keys if key)) & (names | suffixes)) > 1:
                found.append(f"line {node.lineno}: a second table")
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            words = set(re.findall(r"\w+", node.value)) & {suffix[1:] for suffix in suffixes}
            if "|" in node.value and len(words) > 1:
                found.append(f"line {node.lineno}: a second pattern")
    return found


@pytest.mark.parametrize(
    "code",
    [
        "x == 'HDF5'", "x in ('digits', y)", "'iris' in x", "a = ('wine', 'iris')", "a = ['.csv', '.npz']",
        "a = {'.csv': 1, '.h5': 2}", r"re.sub(r'\.(csv|npz)$', '', x)", "name.endswith(('.h5', '.root'))",
    ],
)  # fmt: skip
def test_a_second_list_is_found(code):
    assert repeated_names(ast.parse(code), {*FORMATS, *BUILTIN}, set(formats.suffixes()))


def test_names_and_suffixes_stand_in_one_place():
    names, suffixes = {*FORMATS, *BUILTIN}, set(formats.suffixes())
    for path in sorted(SOURCES.rglob("*.py")):
        own = path in REGISTRIES or path.parent.name == "readers" or "lecture" in path.parts
        if not own:
            assert not repeated_names(ast.parse(path.read_text()), names, suffixes), path


def test_other_files_have_no_parts(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("a,b\n1,2\n")
    with pytest.raises(DataError, match="no part 'x'"):
        read(f"{path}:x")
    odd = tmp_path / "b:c.csv"
    odd.write_text("a,b\n1,2\n")
    assert len(read(odd)) == 1
    with pytest.raises(DataError, match="There is no file"):
        read(f"{tmp_path / 'none.h5'}:/x")


@pytest.mark.parametrize(
    ("module", "blob", "extra"), [("h5py", b"\x89HDF\r\n\x1a\n 1", "hdf5"), ("uproot", b"root 1", "root")]
)
def test_an_absent_library_is_named(tmp_path, monkeypatch, module, blob, extra):
    monkeypatch.setitem(sys.modules, module, None)
    path = tmp_path / "x"
    path.write_bytes(blob)
    with pytest.raises(DataError, match=rf"pip install 'ravine\[{extra}\]'"):
        read(path)


def test_reading_text_imports_neither(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("a,b\n1,2\n")
    code = (
        f"import sys; from ravine.data import read; read({str(path)!r})\n"
        "print({'h5py', 'uproot'} & set(sys.modules))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "set()"
