"""One factory makes the command of every study: its arguments, its flags, and the way to an exit status."""

import dataclasses
import json
import shlex
from pathlib import Path

import click
import pytest

from ravine.cli.app import ravine as group
from ravine.cli.flags import SectionedOption
from ravine.cli.study_command import study_command
from ravine.errors import DataError
from ravine.execution.registry import STUDIES, find_study
from ravine.options.fields import SECTIONS, options_of
from ravine.records.run_directory import RunDirectory
from ravine.records.run_file import read_run_file
from ravine.records.run_index import list_runs

SHARED = {"config", "out", "dry_run", "json", "quiet", "verbose"}


@pytest.mark.parametrize("name", STUDIES)
def test_every_option_of_the_settings_is_a_flag_of_its_section(name):
    study = find_study(name)
    command = study_command(study)
    flags = {param.name: param for param in command.params if isinstance(param, click.Option)}
    options = {key: option for key, option in options_of(study.settings).items() if not option.positional}
    assert set(flags) == SHARED | set(options)
    for key, option in options.items():
        flag = flags[key]
        assert isinstance(flag, SectionedOption) and flag.section == option.section in SECTIONS
        assert option.flag in flag.opts and flag.help.startswith(option.help)
        assert flag.multiple is option.many
        assert flag.default is None or flag.is_flag  # an option that is not given leaves the other layers be


@pytest.mark.parametrize("name", STUDIES)
def test_the_first_argument_names_what_the_study_accepts(name):
    study = find_study(name)
    arguments = [param for param in study_command(study).params if isinstance(param, click.Argument)]
    assert arguments[0].metavar == "|".join(kind.upper() for kind in study.accepts)
    assert len(arguments) == (2 if len(study.accepts) > 1 else 1)
    assert not any(argument.required for argument in arguments)


@pytest.mark.parametrize("name", STUDIES)
def test_no_two_flags_are_alike(name):
    flags = [flag for param in group.get_command(None, name).params for flag in param.opts]
    assert len(set(flags)) == len(flags)


@pytest.mark.parametrize(("diverged", "status"), [(0, 0), (1, 5)])
def test_a_diverged_seed_sets_the_exit_status(ravine, study, diverged, status):
    study.diverged = diverged
    assert ravine("train", "data.csv").status == status


def test_a_plan_trains_nothing_and_makes_no_directory(ravine, study, folder, monkeypatch):
    def trains(stop):
        raise AssertionError("something was trained")

    study.then = trains
    plan = dataclasses.make_dataclass("Plan", [])()
    plan.to_dict = lambda: {"planned": True}
    monkeypatch.setattr("ravine.studies.compare.design.plan", lambda design: plan)
    ended = ravine("compare", "data.csv", "--dry-run", "--json", "-q")
    assert (ended.status, ended.stderr) == (0, "")
    assert '"planned": true' in ended.stdout
    assert not (folder / "runs").exists()


def test_mistakes_come_before_the_progress_display(ravine, study, monkeypatch):
    def displayed(console):
        raise AssertionError("a display was opened")

    monkeypatch.setattr("ravine.cli.progress.progress_display", displayed)
    assert ravine("compare", "missing.csv").status == 3
    assert ravine("compare", "data.csv", "-o", "").status == 2
    assert ravine("compare", "data.csv", "-o", "", "--dry-run").status == 2


def the_run(root="runs"):
    (found,) = list_runs(root)
    return found


def commands_in(text):
    """Return the words of every command that is shown, as a shell takes them."""
    whole = text.replace("\\\n", "")  # a shell joins these lines, shlex does not
    return [shlex.split(line) for line in whole.splitlines() if line.startswith("  ravine ")]


def test_done(ravine, study):
    ended = ravine("compare", "data.csv", "-O", "sgd,adam")
    assert ended.status == 0, ended.stderr
    run = the_run()
    assert run.state == "finished"
    assert ended.stderr.splitlines()[0] == "Comparing 2 optimizers on data.csv."
    assert f"Run: {run.path}" in ended.stderr
    assert "a note on the data" in ended.stderr
    assert "adam" in ended.stdout
    assert f"Model  {run.path}/models/best" in ended.stdout
    assert f"ravine predict {run.path} data.csv -o predictions.csv" in ended.stdout
    assert read_run_file(run.path).command[0] == "ravine"


def test_json_is_one_document_and_nothing_else(ravine, study):
    ended = ravine("compare", "data.csv", "--json")
    assert json.loads(ended.stdout)["leaderboard"][0]["optimizer"] == "adam"
    assert ended.stdout.count("schema_version") == 1
    assert ended.stderr.startswith("Comparing")


def test_quiet_leaves_only_the_result(ravine, study):
    ended = ravine("compare", "data.csv", "-q")
    assert ended.stderr == ""
    assert "adam" in ended.stdout


@pytest.mark.parametrize("state", ["finished", "stopped"])
def test_a_refused_resume_leaves_a_run_as_it_was(ravine, study, state, monkeypatch):
    assert ravine("compare", "data.csv", "-o", "kept").status == 0
    with RunDirectory.open("kept").lock() as run:
        run.update(state=state)

    def refuse(run, **keywords):
        raise DataError("The data have changed.", "They were a, they are b.", "Put the old file back.")

    monkeypatch.setattr("ravine.execution.resume.resume", refuse)
    ended = ravine("resume", "kept")
    assert (ended.status, ended.stdout) == (3, "")
    assert "have changed" in ended.stderr
    assert read_run_file("kept").state == state


@pytest.mark.parametrize("out", [None, "named", "empty"])
def test_a_run_that_never_had_a_plan_leaves_nothing(ravine, folder, study, monkeypatch, out):
    ravine("compare", "data.csv")
    first = the_run().path

    def refuse(*arguments):
        raise DataError("There is no column 'x'.")

    (folder / "empty").mkdir()
    monkeypatch.setattr("ravine.execution.execute.write_or_check_plan", refuse)
    assert ravine("compare", "data.csv", *(["-o", out] if out else [])).status == 3
    assert the_run().path == first
    assert Path("runs/latest").resolve() == first.resolve()
    assert not (folder / "named").exists()
    assert not list((folder / "empty").iterdir())


def test_a_folder_that_is_not_empty_is_left_alone(ravine, folder, study):
    (folder / "mine").mkdir()
    (folder / "mine" / "thesis.tex").write_text("x")
    ended = ravine("compare", "data.csv", "-o", "mine")
    assert ended.status == 3
    assert [each.name for each in (folder / "mine").iterdir()] == ["thesis.tex"]
    assert not list_runs()


def test_the_configuration_saved_is_the_one_resolved(ravine, study):
    ravine("compare", "data.csv", "--seed", "7", "-t", "b", "--drop", "a", env={"RAVINE_EPOCHS": "3"})
    first = study.settings
    assert (first.seed, first.target, first.drop, first.epochs) == (7, "b", ["a"], 3.0)
    ravine("compare", "-c", the_run().path / "config.toml")
    assert study.settings == dataclasses.replace(first, source=str(Path("data.csv").resolve()))


def test_standard_input_is_kept_for_resuming(ravine, study):
    assert ravine("compare", "-", stdin="a,b\n1,2\n").status == 0
    run = the_run()
    assert "stdin" in run.path.name
    assert Path(study.settings.source) == (run.path / "stdin").resolve()
    assert (run.path / "stdin").read_text() == "a,b\n1,2\n"


def test_next_commands_survive_a_shell(ravine, folder, study):
    import tomllib

    name = "it's a; $(file).csv"
    (folder / name).write_text("a,b\n1,2\n")
    study.then = lambda stop: (next(Path("runs").glob("2*")) / "best.toml").write_text("")
    text = ravine("compare", name).stdout
    commands = commands_in(text)
    run = the_run().path
    assert commands[0] == ["ravine", "predict", str(run), name, "-o", "predictions.csv"]
    assert commands[1][:4] == ["ravine", "train", "-c", str(run / "best.toml")]
    assert commands[2] == ["ravine", "resume", str(run)]
    assert tomllib.loads((run / "config.toml").read_text())["source"] == str(Path(name).resolve())


def test_train_says_what_it_was_given_for_others(ravine, study):
    ended = ravine("train", "data.csv", "--rate", "0.1", env={"RAVINE_EFFORT": "quick"})
    assert ended.stderr.splitlines()[0] == "Training with adam at learning rate 0.1 on data.csv."
    assert "Not used by train: RAVINE_EFFORT." in ended.stderr


def test_a_command_too_wide_for_the_terminal_can_still_be_pasted(ravine, folder, study):
    where = folder / "a folder with a name that is rather long"
    ended = ravine("compare", "data.csv", "-o", where.name, "-q", env={"COLUMNS": "60"})
    shown = ended.stdout[ended.stdout.index("Predict with") :]
    assert max(map(len, shown.splitlines())) <= 60
    assert commands_in(shown)[0] == ["ravine", "predict", where.name, "data.csv", "-o", "predictions.csv"]
