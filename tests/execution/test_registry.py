"""The registry of studies: each has its parts, and a study of another package is found."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module

import pytest

from ravine.errors import UsageError
from ravine.execution.base_settings import NetworkSettings
from ravine.execution.registry import ALIASES, STUDIES, find_study, study_names
from ravine.execution.result import Result, StudyPlan

FUNCTIONS = {
    "design": ("design", "plan"),
    "study": ("run",),
    "view": ("view", "plan_view", "next_steps"),
}


@pytest.mark.parametrize("name", STUDIES)
def test_a_study_has_all_its_parts(name):
    study = find_study(name)
    assert study.name == name
    assert issubclass(study.settings, NetworkSettings)
    assert issubclass(study.result_type, Result) and issubclass(study.plan_type, StudyPlan)
    for module, functions in FUNCTIONS.items():
        for function in functions:
            assert callable(study.load(module, function)), f"{module}.{function}"
    if study.draws:
        assert callable(study.load("plots", "draw"))
    assert set(study.accepts) <= {"data", "run", "model"} and study.accepts[0] == "data"


@pytest.mark.parametrize("name", STUDIES)
def test_a_study_says_what_it_is_for(name):
    study = find_study(name)
    assert study.title.endswith(".") and "\n" not in study.title
    assert study.help and study.examples
    assert all(example.startswith(f"ravine {name} ") for example in study.examples)


@pytest.mark.parametrize("name", STUDIES)
def test_a_study_lies_in_its_own_package(name):
    study = find_study(name)
    module, _, attribute = STUDIES[name].partition(":")
    assert getattr(import_module(module), attribute) is study
    assert study.package == module.rpartition(".")[0]


def test_an_unknown_name_gets_its_neighbor():
    with pytest.raises(UsageError, match=r"no study 'compair'.*'compare'"):
        find_study("compair")


OTHER = """
from ravine.execution.base_settings import NetworkSettings
from ravine.execution.study import Study

STUDY = Study(
    name="other", package="other_study", settings=NetworkSettings, result="R", plan="P",
    help="Do more with DATA.", examples=("ravine other digits",),
)
"""
QUESTION = """
import sys
from ravine.execution.registry import ALIASES, STUDIES, find_study, study_names, study_title
assert study_names() == [*STUDIES, "other"], study_names()
assert find_study("other").title == study_title("other") == "Do more."
from ravine.cli.app import run
sys.exit(run(["other", "--help"]))
"""


def test_a_study_of_another_package_is_found(tmp_path):
    """The entry point stands in metadata, as `pip install` writes them."""
    package, metadata = tmp_path / "other_study", tmp_path / "other_study-1.0.dist-info"
    package.mkdir()
    metadata.mkdir()
    (package / "__init__.py").write_text('TITLE = "Do more."\n')
    (package / "settings.py").write_text(OTHER)
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: other_study\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text("[ravine.studies]\nother = other_study.settings:STUDY\n")
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n{QUESTION}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "Do more with DATA." in done.stdout and "ravine other digits" in done.stdout


def test_studies_of_the_package_come_first():
    assert study_names()[: len(STUDIES)] == list(STUDIES)


@pytest.mark.parametrize(("other", "name"), ALIASES.items())
def test_another_spelling_finds_the_same_study(other, name):
    assert find_study(other) is find_study(name)
    assert other not in study_names()
