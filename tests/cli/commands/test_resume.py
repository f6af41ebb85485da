"""`ravine resume`: a finished run is shown again; what cannot be resumed is refused and stays as it was."""

import json

import pytest

from ravine.records.run_directory import RunDirectory


def shown(ended):
    assert ended.status == 0, ended.stderr
    return ended.stdout


@pytest.mark.parametrize("how", [[], ["--json"], ["-v"]])
def test_a_finished_run_is_shown_as_it_was(ravine, study, how):
    first = shown(ravine("train", "data.csv", "-o", "kept", *how))
    ended = ravine("resume", "kept", *how)
    assert shown(ended) == first
    assert ended.stderr.startswith("Showing again train data.csv in kept.\n")
    assert ravine("resume", "kept", "-q").stderr == ""


def test_without_a_name_it_is_the_latest_run(ravine, study):
    shown(ravine("train", "data.csv"))
    first = json.loads(shown(ravine("compare", "data.csv", "--json")))
    assert json.loads(shown(ravine("resume", "--json"))) == first


def test_a_seed_without_a_network_sets_the_status_again(ravine, study):
    study.diverged = 1
    assert ravine("train", "data.csv", "-o", "kept").status == 5
    assert ravine("resume", "kept").status == 5


def test_a_run_that_another_process_writes_is_left_alone(ravine, study):
    shown(ravine("train", "data.csv", "-o", "kept"))
    with RunDirectory.open("kept").lock():
        ended = ravine("resume", "kept")
    assert (ended.status, ended.stdout) == (3, "")


@pytest.mark.parametrize(("word", "says"), [("nothing", "nothing"), ("latest", "no latest run")])
def test_a_run_that_is_not_there(ravine, word, says):
    ended = ravine("resume", word)
    assert (ended.status, ended.stdout) == (3, "") and says in ended.stderr


def test_an_engine_that_does_not_exist_is_refused_before_anything_else(ravine, study):
    assert ravine("train", "data.csv", "-o", "kept").status == 0
    ended = ravine("resume", "kept", "--engine", "spark")
    assert (ended.status, ended.stdout) == (2, "") and "no engine 'spark'" in ended.stderr
