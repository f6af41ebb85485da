"""A result on standard output: one document, or its view with details, files and next commands."""

import json

import pytest

from ravine.cli.console import Console
from ravine.cli.output import show_document, show_result
from ravine.execution.registry import find_study
from ravine.execution.stored_result import load_result
from ravine.records.run_directory import RunDirectory

DETAILS = "layer"  # the first column of the network's table, which only -v shows


@pytest.fixture
def result(ravine, study):
    """A result of `train` in a run directory."""
    assert ravine("train", "data.csv", "-o", "kept").status == 0
    return load_result(RunDirectory.open("kept"), find_study("train").result_type)


def console(**flags):
    made = Console()
    made.configure(**({"json": False, "quiet": False, "verbose": False} | flags))
    return made


def test_a_document_is_all_that_json_prints(result, capsys):
    for show in (show_document, show_result):
        show(result, console(json=True, verbose=True))
        shown = capsys.readouterr()
        assert json.loads(shown.out) == json.loads(json.dumps(result.to_dict()))
        assert shown.err == ""


def test_text_has_the_view_then_files_and_next_commands(result, capsys):
    show_result(result, console())
    text = capsys.readouterr().out
    places = [text.index(part) for part in ("validation accuracy", "Run ", "ravine predict kept data.csv")]
    assert places == sorted(places)
    assert DETAILS not in text


def test_verbose_text_has_the_details_first(result, capsys):
    show_result(result, console(verbose=True))
    text = capsys.readouterr().out
    assert text.index(DETAILS) < text.index("validation accuracy")


def test_a_result_that_was_not_kept_names_no_files(result, capsys):
    show_result(result.replace(run_dir=None), console())
    text = capsys.readouterr().out
    assert "validation accuracy" in text and "ravine predict" not in text


def test_a_plan_is_its_view_alone(ravine, folder, capsys):
    from ravine.execution.execute import dry_run

    train = find_study("train")
    plan = dry_run(train, train.settings(source="iris", net="4"))
    show_document(plan, console())
    assert "4 × 4" not in capsys.readouterr().out
    show_document(plan, console(json=True))
    assert json.loads(capsys.readouterr().out)["plan"]["parameters"] == 4 * 4 + 4 + 4 * 3 + 3
