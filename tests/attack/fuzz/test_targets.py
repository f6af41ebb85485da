"""The corpus of the fuzzing, read without atheris."""

from dataclasses import replace

import pytest

from tests.attack import product
from tests.attack.case import Failure
from tests.attack.fuzz.targets import CORPUS, TARGETS

FILES = sorted(path.relative_to(CORPUS) for path in CORPUS.rglob("*") if path.is_file())
MAX_CORPUS_BYTES = 400_000


@pytest.mark.parametrize("target", TARGETS)
def test_no_input_of_the_corpus_breaks_its_target(target, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # a pickle that runs would write here
    inputs = [path for path in FILES if path.parts[0] == target]
    assert len(inputs) >= 5
    for path in inputs:
        TARGETS[target]((CORPUS / path).read_bytes())


def test_the_corpus_is_small():
    assert {path.parts[0] for path in FILES} == set(TARGETS)
    assert sum((CORPUS / path).stat().st_size for path in FILES) <= MAX_CORPUS_BYTES


def test_a_table_that_is_read_wrong_is_a_finding(monkeypatch):
    read = product.read_table

    def without_a_row(path):
        table = read(path)
        return replace(table, frame=table.frame.iloc[:-1])

    monkeypatch.setattr(product, "read_table", without_a_row)
    with pytest.raises(Failure, match="rows lost or added"):
        TARGETS["text"](b"a,b\n1,2\n3,4\n5,6\n")


def test_an_error_that_is_no_refusal_is_a_finding(monkeypatch):
    def broken(path):
        raise KeyError("x")

    monkeypatch.setattr(product, "read_table", broken)
    for target in ("text", "npz", "idx"):
        with pytest.raises(KeyError):
            TARGETS[target](b"a,b\n1,2\n")
