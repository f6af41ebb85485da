"""DATA, RUN or MODEL: which settings a word on the command line stands for."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ravine.errors import DataError, UsageError
from ravine.execution.named_run import find_named_run, resolve_source
from ravine.execution.registry import find_study
from ravine.records.run_directory import RunDirectory

TRAIN, DIAGNOSE, LANDSCAPE = map(find_study, ("train", "diagnose", "landscape"))


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty working directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def of_verb(seal):
    """Return a function that changes the command that made a run."""

    def change(run, verb):
        about = json.loads((run / "run.json").read_text())
        (run / "run.json").write_text(json.dumps(about | {"verb": verb}))
        seal(run)

    return change


@pytest.fixture
def run(folder):
    """The folder of a run with a model, in `runs/`, and a file of data."""
    Path("data.csv").write_text("a,b\n1,2\n")
    with RunDirectory.create("runs", "data", verb="train", command=["ravine"]) as made:
        made.write("config.toml", 'source = "data.csv"\nnet = "4"\nseeds = 7\noptimizers = ["sgd"]\n')
        for name in ("model.json", "model.safetensors"):
            made.write(f"models/best/{name}", "")
    return made.path


def identity(run):
    return json.loads((run / "run.json").read_text())["id"]


@pytest.mark.parametrize("word", ["data.csv", "digits", "-", "missing.csv"])
def test_other_words_are_data(run, word):
    assert find_named_run(word) is None
    assert resolve_source(DIAGNOSE, {"source": word}, None, None) == {"source": word}


def test_a_run_has_many_names(run):
    for word in ("latest", identity(run), identity(run)[:4], run.name, str(run / "run.json")):
        assert find_named_run(word).resolve() == run.resolve()


def test_a_file_of_data_goes_before_a_run_of_that_name(run):
    Path(run.name).write_text("a,b\n1,2\n")
    assert find_named_run(run.name) is None
    assert find_named_run(str(run)) is None  # a folder: its content says what it is


def test_without_runs_there_is_no_latest(folder):
    with pytest.raises(DataError, match="no latest run"):
        find_named_run("latest")


def test_a_study_that_takes_data_alone_takes_a_run_for_a_name_of_data(run):
    assert resolve_source(TRAIN, {"source": "latest"}, None, None) == {"source": "latest"}


def test_a_run_gives_its_configuration_and_flags_go_before_it(run):
    found = resolve_source(DIAGNOSE, {"source": "latest", "net": None, "rate": "0.1"}, None, None)
    # neither the seeds of the run nor what the study does not know
    assert found == {"source": "data.csv", "net": "4", "rate": "0.1"}
    assert resolve_source(DIAGNOSE, {"source": str(run), "net": "9"}, None, None)["net"] == "9"


def test_a_comparison_gives_the_training_of_its_winner(run, of_verb, seal):
    of_verb(run, "compare")
    with pytest.raises(UsageError, match="does not hold the settings of a training") as refused:
        resolve_source(DIAGNOSE, {"source": "latest"}, None, None)
    assert "ravine resume latest" in refused.value.fix
    (run / "best.toml").write_text(
        'source = "data.csv"\nnet = "5"\noptimizer = "sgd"\nepochs = 3.0\nwinner_of = "compare"\nseeds = 9\n'
    )
    seal(run)
    found = resolve_source(DIAGNOSE, {"source": "latest"}, None, None)
    assert found == {
        "source": "data.csv", "net": "5", "optimizer": "sgd", "epochs": 3.0, "winner_of": "compare",
    }  # fmt: skip


@pytest.mark.parametrize("verb", ["memorize", "descent"])
def test_a_run_of_many_trainings_is_refused(run, verb, of_verb):
    of_verb(run, verb)
    with pytest.raises(UsageError, match=f"a run of {verb}, which has many trainings"):
        resolve_source(DIAGNOSE, {"source": "latest"}, None, None)


@pytest.mark.parametrize(("data", "config"), [("data.csv", None), (None, "a.toml")])
def test_a_run_with_data_or_configuration_of_its_own_is_refused(run, data, config):
    with pytest.raises(UsageError, match="its own configuration and data"):
        resolve_source(DIAGNOSE, {"source": "latest"}, data, config)


@pytest.mark.parametrize("file", ["", "model.json", "model.safetensors"])
def test_a_model_brings_the_data_of_its_run(run, file):
    word = str(run / "models" / "best" / file)
    found = resolve_source(DIAGNOSE, {"source": word}, None, None)
    assert found == {"source": "data.csv", "net": "4", "model": str(Path(word))}
    found = resolve_source(DIAGNOSE, {"source": word}, "digits", None)
    assert found == {"source": "digits", "model": str(Path(word))}


def test_a_model_without_a_run_needs_data(run, folder):
    (run / "models" / "best").rename("alone")
    with pytest.raises(UsageError, match="data of the model 'alone' are not known"):
        resolve_source(DIAGNOSE, {"source": "alone"}, None, None)
    assert resolve_source(DIAGNOSE, {"source": "alone"}, "digits", None)["source"] == "digits"


def test_where_only_models_are_taken_a_run_stands_for_its_best(run):
    found = resolve_source(LANDSCAPE, {"source": "latest"}, "data.csv", None)
    assert Path(found["model"]).resolve() == run.resolve() and found["source"] == "data.csv"
    found = resolve_source(LANDSCAPE, {"source": str(run)}, None, None)
    assert found == {"source": "", "model": str(run)}


def test_two_names_of_data_are_one_too_many(run):
    with pytest.raises(UsageError, match="'digits' is one word too many"):
        resolve_source(DIAGNOSE, {"source": "data.csv"}, "digits", None)


def test_a_folder_that_is_nothing_is_refused(run):
    Path("empty").mkdir()
    with pytest.raises(UsageError, match="neither a run nor a model"):
        resolve_source(DIAGNOSE, {"source": "empty"}, None, None)
