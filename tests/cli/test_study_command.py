"""One factory makes the command of every study: its arguments, its flags, and the way to an exit status."""

import dataclasses

import click
import pytest

from ravine.cli.app import ravine as group
from ravine.cli.flags import SectionedOption
from ravine.cli.study_command import study_command
from ravine.execution.registry import STUDIES, find_study
from ravine.options.fields import SECTIONS, options_of

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
def test_a_diverged_run_sets_the_exit_status(ravine, study, diverged, status):
    study.rows[0]["diverged"] = diverged
    assert ravine("compare", "data.csv").status == status


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
