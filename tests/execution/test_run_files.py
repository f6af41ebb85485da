"""A run goes on only as it began."""

import pytest

from ravine.errors import DataError
from ravine.execution.loading import load
from ravine.execution.run_files import write_or_check_plan
from ravine.records.atomic_files import read_json
from ravine.records.run_directory import RunDirectory
from ravine.records.toml_files import dump
from ravine.records.toml_files import load as load_toml
from ravine.studies.compare.settings import CompareSettings

PLAN = {"runs": 2}


@pytest.fixture
def begun(tmp_path):
    settings = CompareSettings(source="iris", effort="quick", optimizers=["sgd"], init_scale=0.3)
    with RunDirectory.create(name="iris", out=tmp_path / "run") as run:
        write_or_check_plan(run, "compare", settings, load(settings), PLAN)
    return run.path


def go_on(path):
    """Begin again as `resume` does: from what config.toml says."""
    settings = CompareSettings.from_dict(load_toml(path / "config.toml"))
    with RunDirectory.open(path).lock() as run:
        write_or_check_plan(run, "compare", settings, load(settings), PLAN)


def test_an_unchanged_configuration_goes_on(begun):
    go_on(begun)
    assert read_json(begun / "run.json")["settings"]["init_scale"] == 0.3


@pytest.mark.parametrize(("key", "value"), [("init", "glorot"), ("drop", ["sepal length (cm)"]), ("seed", 7)])
def test_a_changed_configuration_is_refused_with_the_difference(begun, key, value):
    config = load_toml(begun / "config.toml")
    (begun / "config.toml").write_text(dump({**config, key: value}))
    with pytest.raises(DataError) as error:
        go_on(begun)
    assert f"{key} was {config.get(key, 'not set')}, is {value}" in str(error.value.why)


def test_an_option_that_is_newer_than_the_run_had_its_default(begun):
    with RunDirectory.open(begun).lock() as run:
        run.update(settings={key: value for key, value in run.metadata.settings.items() if key != "rows"})
    go_on(begun)
    (begun / "config.toml").write_text(dump({**load_toml(begun / "config.toml"), "rows": 100}))
    with pytest.raises(DataError, match="rows was 0, is 100"):
        go_on(begun)


def test_a_run_killed_before_its_settings_were_noted_goes_on(begun):
    with RunDirectory.open(begun).lock() as run:
        run.update(settings=None)
    go_on(begun)
    assert read_json(begun / "run.json")["settings"]["init"] == "he"


def test_a_changed_test_file_is_refused(tmp_path):
    rows = [f"{k % 7},{k * 37 % 11},{'ab'[k % 2]}" for k in range(60)]
    (tmp_path / "train.csv").write_text("\n".join(["p,q,y", *rows]))
    (tmp_path / "test.csv").write_text("\n".join(["p,q,y", *rows[:20]]))
    settings = CompareSettings(
        source=str(tmp_path / "train.csv"), target="y", test=str(tmp_path / "test.csv"), optimizers=["sgd"]
    )
    with RunDirectory.create(name="train", out=tmp_path / "run") as run:
        write_or_check_plan(run, "compare", settings, load(settings), PLAN)
        write_or_check_plan(run, "compare", settings, load(settings), PLAN)
    (tmp_path / "test.csv").write_text("\n".join(["p,q,y", *rows[20:40]]))
    with pytest.raises(DataError, match="test rows"):
        go_on(tmp_path / "run")
