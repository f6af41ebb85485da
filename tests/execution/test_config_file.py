"""The configuration file of a run is valid input from any folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from ravine.execution.config_file import with_absolute_paths, write_config
from ravine.records.run_directory import RunDirectory
from ravine.records.toml_files import load
from ravine.studies.train.settings import TrainSettings


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("train.csv", "test.csv", "events.root"):
        Path(name).write_text("")
    return tmp_path


def test_files_are_named_by_their_whole_path(folder):
    found = with_absolute_paths(TrainSettings(source="train.csv", test="test.csv"))
    assert (found.source, found.test) == (str(folder / "train.csv"), str(folder / "test.csv"))


def test_the_part_of_a_file_stays(folder):
    found = with_absolute_paths(TrainSettings(source="events.root:tree/leaf"))
    assert found.source == f"{folder / 'events.root'}:tree/leaf"


@pytest.mark.parametrize(("source", "test"), [("iris", "0.2"), ("-", None), ("", None), ("gone.csv", None)])
def test_names_that_are_no_file_stay(folder, source, test):
    settings = TrainSettings(source=source, test=test)
    assert with_absolute_paths(settings) == settings


def test_what_is_written_is_read_again_as_the_same_settings(folder):
    settings = TrainSettings(
        source="train.csv", net="8-8", drop=["a, b", "c"], l2=1e-4, hyper_schedule=["b1=linear"]
    )
    with RunDirectory.create(name="train", out="run") as run:
        write_config(run, settings)
    assert TrainSettings.from_dict(load("run/config.toml")) == with_absolute_paths(settings)
