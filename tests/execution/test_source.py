"""Sources are checked before anything slow is imported."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from ravine.errors import DataError, UsageError
from ravine.execution.source import check_source
from ravine.studies.train.settings import TrainSettings


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("titanic.csv").write_text("a,b\n1,2\n")
    return tmp_path


@pytest.mark.parametrize("source", ["iris", "titanic.csv", "-"])
def test_data_that_are_there_are_accepted(source):
    check_source(TrainSettings(source=source), "train")


def test_no_name_is_refused():
    with pytest.raises(UsageError, match="No data was named") as caught:
        check_source(TrainSettings(), "train")
    assert caught.value.fix == "Type `ravine train digits`."


def test_a_missing_file_gets_its_neighbor():
    with pytest.raises(DataError, match=r"no file 'titanik.csv'.*'titanic.csv'"):
        check_source(TrainSettings(source="titanik.csv"), "train")


def test_a_closed_standard_input_is_refused(monkeypatch):
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(DataError, match="Standard input is closed"):
        check_source(TrainSettings(source="-"), "train")


def test_the_check_imports_nothing_slow():
    code = (
        "import sys\nfrom ravine.execution.source import check_source\n"
        "from ravine.studies.train.settings import TrainSettings\n"
        "check_source(TrainSettings(source='titanic.csv'), 'train')\n"
        "print([name for name in ('jax', 'numpy', 'pandas', 'sklearn') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
