"""The text `FILE.py:NAME`: its parts, and the paths in longer texts."""

import pytest

from ravine.user_code.code_text import CodeText, absolute_code, code_text, files_in, short_code


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("own.py:lion", CodeText("own.py", "lion")),
        ("a b/own (1).py:lion(b1=0.9)", CodeText("a b/own (1).py", "lion", "(b1=0.9)")),
        (" /x/own.py : Lion2 (b1 = 1) ", CodeText("/x/own.py", "Lion2", "(b1 = 1)")),
        ("a.py:b.py:lion", CodeText("a.py:b.py", "lion")),
    ],
)
def test_parts(text, parts):
    assert code_text(text) == parts
    assert code_text(str(parts)) == parts


@pytest.mark.parametrize(
    "text", ["", "adam", "optax:lion", "own.py", "own.py:", "own.py:1", "own.txt:a", ":a"]
)
def test_other_texts(text):
    assert code_text(text) is None
    assert not list(files_in(text))


def test_paths_in_factors(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = "optimizer=sgd,sub/own.py:lion(path='x.py:y'),../b.py:c"
    assert list(files_in(text)) == ["sub/own.py", "../b.py"]
    full = f"optimizer=sgd,{tmp_path}/sub/own.py:lion(path='x.py:y'),{tmp_path.parent}/b.py:c"
    assert absolute_code(text) == full
    assert absolute_code(full) == full
    assert short_code(full) == "optimizer=sgd,own.py:lion(path='x.py:y'),b.py:c"


@pytest.mark.parametrize("path", ["My (1)/own.py", "a b, c;d/own.py", "x(y)/own.py", "a:b/own.py"])
def test_odd_paths(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert list(files_in(f"{path}:f(b1=0.5)")) == [path]
    assert absolute_code(f"{path}:f(b1=0.5)") == f"{tmp_path}/{path}:f(b1=0.5)"
    assert short_code(f"{path}:f") == "own.py:f"


def test_semicolons_separate_too():
    assert list(files_in("net=8; a.py:N;b.py:M")) == ["a.py", "b.py"]


def test_home_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert absolute_code("~/own.py:lion") == f"{tmp_path}/own.py:lion"


def test_equal_names_in_different_folders(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = "optimizer=own.py:a,sub/own.py:b"
    assert absolute_code(text) == f"optimizer={tmp_path}/own.py:a,{tmp_path}/sub/own.py:b"
