"""The declaration of a study finds its parts by name, and imports them on use."""

from __future__ import annotations

import subprocess
import sys

import pytest

from ravine.data import BUILTIN
from ravine.execution.registry import STUDIES, find_study
from ravine.execution.study import DATA_HELP, Study
from ravine.studies.train.settings import TrainSettings

PARTS = {
    "settings": "",
    "result": "class R: pass\nclass P: pass\n",
    "design": "def design(settings, dataset, devices): return [settings, dataset, devices]\n",
    "study": "def run(design, context): return [*design, context]\n",
}


@pytest.fixture
def study(tmp_path, monkeypatch):
    """A study in a package of its own."""
    folder = tmp_path / "a_study_of_tests"
    folder.mkdir()
    (folder / "__init__.py").write_text('TITLE = "Title."\n')
    for name, text in PARTS.items():
        (folder / f"{name}.py").write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    yield Study("x", "a_study_of_tests", TrainSettings, "R", "P", "Help.", ())
    for name in [name for name in sys.modules if name.startswith("a_study_of_tests")]:
        del sys.modules[name]


def test_the_title_is_that_of_the_package(study):
    assert study.title == "Title."


def test_parts_are_found_by_name(study):
    assert study.result_type.__name__ == "R" and study.plan_type.__name__ == "P"
    assert study.design("settings", "data", "devices") == ["settings", "data", "devices"]
    assert study.run(["design"], "context") == ["design", "context"]
    with pytest.raises(AttributeError, match="plan"):
        study.load("design", "plan")
    assert study.find("design", "plan") is None


def test_a_study_draws_if_it_has_plots(study, tmp_path):
    assert not study.draws
    (tmp_path / "a_study_of_tests" / "plots.py").write_text("")
    assert study.draws


def test_data_are_read_as_usual_unless_the_study_reads_them(study, tmp_path):
    assert study.load_data(TrainSettings(source="iris")).name == "iris"
    design = sys.modules["a_study_of_tests.design"]
    design.load_data = lambda settings: [settings.source]
    assert study.load_data(TrainSettings(source="iris")) == ["iris"]


@pytest.mark.parametrize("name", STUDIES)
def test_a_declaration_imports_no_other_part(name):
    package = find_study(name).package
    code = (
        f"import sys\nfrom ravine.execution.registry import find_study\nfind_study({name!r})\n"
        f"parts = ('design', 'study', 'result', 'view', 'plots')\n"
        f"print([part for part in parts if f'{package}.{{part}}' in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_help_on_data_names_every_built_in_set():
    assert all(name in DATA_HELP for name in BUILTIN)
