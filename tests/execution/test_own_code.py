"""Python files that settings name: paths, trust, and the check of a run that goes on."""

import json
import os
import pickle
import subprocess
import sys

import pytest

import ravine
from ravine.cli.app import ravine as group
from ravine.engines import find_devices, prepare
from ravine.errors import DataError, UsageError
from ravine.execution.own_code import code_files, typed_options, with_code_admitted
from ravine.execution.registry import find_study
from ravine.execution.resume import resume
from ravine.records.run_directory import RunDirectory
from ravine.studies.compare.settings import CompareSettings
from ravine.studies.sweep.settings import SweepSettings
from ravine.studies.train.settings import TrainSettings
from ravine.user_code import load, trust
from ravine.user_code.load import file_hash

CODE = """
from typing import NamedTuple
import jax
import jax.numpy as jnp
import optax

class State(NamedTuple):
    velocity: object

def heavy(learning_rate):
    def init(params):
        return State(jax.tree.map(jnp.zeros_like, params))
    def update(grads, state, params=None):
        velocity = jax.tree.map(lambda v, g: 0.9 * v + g, state.velocity, grads)
        return jax.tree.map(lambda v: -learning_rate * v, velocity), State(velocity)
    return optax.GradientTransformation(init, update)

def lion(learning_rate, b1=0.9):
    return optax.lion(learning_rate, b1)
"""


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("RAVINE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(trust, "_trusted", set())
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own.py").write_text(CODE)
    return tmp_path


def test_typed_files_get_absolute_paths_and_trust(folder):
    settings = CompareSettings(source="iris", optimizers=["sgd", "own.py:lion(b1=0.5)"])
    admitted = with_code_admitted(settings, {"optimizers"})
    assert admitted.optimizers == ["sgd", f"{folder}/own.py:lion(b1=0.5)"]
    assert code_files(admitted) == {f"{folder}/own.py": file_hash("own.py")[1]}
    assert with_code_admitted(admitted) == admitted  # trusted from now on
    swept = SweepSettings(source="iris", vary=["optimizer=sgd,own.py:lion", "net=8,16"])
    assert with_code_admitted(swept, {"vary"}).vary[0] == f"optimizer=sgd,{folder}/own.py:lion"


def test_files_that_nobody_typed_need_trust(folder):
    settings = TrainSettings(source="iris", optimizer="own.py:lion")
    with pytest.raises(UsageError, match="not run on this machine before"):
        with_code_admitted(settings, {"source"})
    with_code_admitted(TrainSettings(source="iris", optimizer="own.py:lion", trust=True))
    with_code_admitted(settings)
    (folder / "own.py").write_text(CODE + "# changed\n")
    with pytest.raises(UsageError, match="not run on this machine before"):
        with_code_admitted(settings)


def test_typed_options_are_flags_and_variables(monkeypatch):
    monkeypatch.setenv("RAVINE_NET", "8")
    flags = {"optimizer": "adam", "seeds": None, "trust": False, "hyper_schedule": ()}
    assert typed_options(TrainSettings, flags, flags) == {"optimizer", "net"}


def test_the_configuration_of_a_run_is_not_typed(monkeypatch):
    """It overrides a variable of the environment, which therefore says nothing about its values."""
    monkeypatch.setenv("RAVINE_OPTIMIZER", "sgd")
    assert typed_options(TrainSettings, {}, {"optimizer": "evil.py:f"}) == set()


def command(*words):
    """Return the status of a command, or its UsageError."""
    try:
        return group.main(list(words), standalone_mode=False)
    except UsageError as error:
        return error


@pytest.mark.parametrize("file", ["c.toml", "pyproject.toml"])
@pytest.mark.parametrize("line", ["trust = true", 'engine = "dask:tcp://192.0.2.1:9"'])
def test_no_file_grants_trust_or_chooses_an_engine(file, line, folder):
    head = "[tool.ravine]\n" if file == "pyproject.toml" else ""
    (folder / file).write_text(f'{head}optimizer = "own.py:lion"\n{line}\n')
    words = [] if head else ["-c", file]
    error = command("train", "iris", *words, "--dry-run")
    assert "cannot be set in a file" in str(error)


def test_a_missing_file(folder):
    settings = TrainSettings(source="iris", optimizer="no.py:lion")
    with pytest.raises(UsageError, match="There is no Python file"):
        with_code_admitted(settings, {"optimizer"})


@pytest.fixture
def run(folder):
    """Return the directory of a run with the user's optimizer that was stopped before its end."""
    ravine.train("iris", optimizer="own.py:lion", epochs=2, baselines=False, out="run", progress=False)
    with RunDirectory.open("run").lock() as found:
        found.update(state="stopped")
    return folder / "run"


def finish(run, **keywords):
    with RunDirectory.open(run).lock() as found:
        return resume(found, **keywords)


def test_a_run_goes_on_with_the_same_file(run, folder, monkeypatch):
    assert RunDirectory.open(run).metadata.code == {f"{folder}/own.py": file_hash("own.py")[1]}
    (folder / "elsewhere").mkdir()
    monkeypatch.chdir(folder / "elsewhere")
    assert finish(run).result.optimizer == "own.py:lion"


def test_a_changed_or_missing_file_is_refused(run, folder):
    (folder / "own.py").write_text(CODE + "# changed\n")
    with pytest.raises(DataError, match="has changed since this run began"):
        finish(run, trust=True)
    (folder / "own.py").unlink()
    with pytest.raises(DataError, match="is missing"):
        finish(run, trust=True)


def test_a_run_of_another_machine_needs_trust(run, monkeypatch, folder):
    monkeypatch.setenv("RAVINE_CACHE", str(folder / "other"))
    monkeypatch.setattr(trust, "_trusted", set())
    with pytest.raises(UsageError, match="not run on this machine before"):
        finish(run)
    assert finish(run, trust=True).result.optimizer == "own.py:lion"


def test_a_finished_run_is_shown_without_its_file(run, folder):
    first = finish(run)
    (folder / "own.py").unlink()
    assert finish(run).result == first.result


def test_functions_in_python(folder, monkeypatch):
    monkeypatch.syspath_prepend(folder)
    monkeypatch.delitem(sys.modules, "own", raising=False)
    import own

    found = ravine.compare(
        "iris", optimizers=[own.lion, ravine.optimizers.sgd], trials=2, tuning_seeds=1, seeds=2, epochs=2,
        baselines=False, progress=False,
    )  # fmt: skip
    assert {row.optimizer for row in found.leaderboard} == {"own.py:lion", "sgd"}
    with pytest.raises(UsageError, match="cannot be found again"):
        ravine.train("iris", optimizer=lambda learning_rate: None)


def test_a_configuration_file_needs_trust_on_the_command_line(folder, capsys):
    (folder / "c.toml").write_text('optimizer = "own.py:lion"\nepochs = 2\nbaselines = false\n')

    assert "was not run on this machine before" in str(command("train", "iris", "-c", "c.toml"))
    assert not (folder / "runs").exists()
    assert command("train", "iris", "-c", "c.toml", "--trust", "-o", "a") == 0
    assert command("train", "iris", "-c", "c.toml", "-o", "b") == 0
    first, second = (json.loads((folder / name / "result.json").read_text()) for name in "ab")
    assert first["result"] == second["result"]


def test_a_variable_beside_a_run_grants_no_trust(run, folder, monkeypatch):
    monkeypatch.setenv("RAVINE_CACHE", str(folder / "other"))
    monkeypatch.setattr(trust, "_trusted", set())
    monkeypatch.setenv("RAVINE_OPTIMIZER", "sgd")
    error = command("diagnose", "run", "--dry-run")
    assert "was not run on this machine before" in str(error)


NET = """
import jax, jax.numpy as jnp
class Net:
    def init(key, inputs, outputs):
        a, b = jax.random.split(key)
        return {"in": jax.random.normal(a, (inputs, 8)), "out": jax.random.normal(b, (8, outputs)) / 8}
    def apply(params, x):
        return jnp.tanh(x @ params["in"]) @ params["out"]
"""


@pytest.fixture
def net(folder):
    """Return the text of a network in a Python file."""
    (folder / "net.py").write_text(NET)
    return "net.py:Net"


def test_a_network_of_a_file_trains_and_predicts(net, folder, monkeypatch):
    found = ravine.train("iris", net=net, epochs=30, baselines=False, out="a", progress=False)
    assert found.test.model > 0.7 and found.plan.network == "net.py:Net"
    predicted = ravine.predict("a", "iris")
    assert predicted.table.equals(ravine.predict(found.model, "iris").table)
    monkeypatch.setenv("RAVINE_CACHE", str(folder / "other"))
    monkeypatch.setattr(trust, "_trusted", set())
    monkeypatch.setattr(load, "_modules", {})
    with pytest.raises(UsageError, match="not run on this machine before"):
        ravine.predict("a", "iris")
    assert ravine.predict("a", "iris", trust=True).table.equals(predicted.table)
    (folder / "net.py").write_text(NET + "# changed\n")
    monkeypatch.setattr(load, "_modules", {})
    with pytest.raises(DataError, match="has changed"):
        ravine.load_model("a", trust=True)


def test_a_network_of_a_file_is_the_same_network_side_by_side(net):
    """Four seeds side by side give the parameters that each gives alone, up to rounding."""
    scores = [
        ravine.train("iris", net=net, seeds=seeds, epochs=4, baselines=False, progress=False).result.values
        for seeds in (1, 4)
    ]
    assert scores[0][0] == pytest.approx(scores[1][0], abs=1e-6)


@pytest.mark.slow
def test_studies_with_a_network_of_a_file(net):
    """The studies that need no layers measure it; `descent` refuses it in one sentence."""
    usual = {"net": net, "epochs": 4, "progress": False}
    swept = ravine.sweep(
        "iris", vary={"net": ["8", net]}, trials=2, tuning_seeds=1, seeds=2, epochs=4, progress=False
    )
    assert {row.setting for row in swept.leaderboard} == {"net=8", "net=net.py:Net"}
    surface = ravine.landscape("iris", optimizers="sgd", **usual)
    assert surface.center.network == "net.py:Net" and surface.sharpness.value > 0
    assert "layers of a network of a Python file" in " ".join(row.why_not or "" for row in surface.barriers)
    diagnosed = ravine.diagnose("iris", seeds=2, baselines=False, **usual)
    assert "net.py:Net" in str(diagnosed)
    assert ravine.memorize("iris", net=net, effort="quick", progress=False).plan.network == "net.py:Net"
    with pytest.raises(UsageError, match="needs the layers"):
        ravine.descent("iris", net=net, progress=False)


def test_options_that_have_no_effect_are_refused(net):
    for option, value in (("activation", "tanh"), ("init", "glorot")):
        with pytest.raises(UsageError, match="has no effect"):
            ravine.train("iris", net=net, **{option: value}, progress=False)
    with pytest.raises(UsageError, match="has arguments"):
        ravine.train("iris", net=f"{net}(a=1)", progress=False)
    with pytest.raises(UsageError, match=r"layers of 'net\.py:Net'"):
        ravine.sweep("iris", net=net, vary={"dropout": [0, 0.1]}, progress=False)


LOSS = """
import jax.numpy as jnp
def absolute(outputs, target): return jnp.abs(outputs[:, 0] - target)
def squares(outputs, target): return (outputs[:, 0] - target) ** 2
"""


@pytest.fixture
def losses(folder):
    """Return the path of a Python file with losses."""
    (folder / "loss.py").write_text(LOSS)
    return "loss.py"


def test_a_loss_of_a_file_is_minimized(losses, folder):
    usual = {"epochs": 10, "baselines": False, "progress": False}
    own, same, other = (
        ravine.train("diabetes", loss=loss, **usual, out=folder / str(k))
        for k, loss in enumerate([f"{losses}:squares", "squared_error", f"{losses}:absolute"])
    )
    assert own.result.values == pytest.approx(same.result.values, rel=1e-5)
    assert own.curves.train_loss == pytest.approx(same.curves.train_loss, rel=1e-4)
    assert other.curves.train_loss != pytest.approx(same.curves.train_loss, rel=1e-2)
    assert own.model.metadata.loss.startswith(f"{folder}/loss.py:squares@")
    assert same.model.metadata.loss is None
    assert set(RunDirectory.open(folder / "0").metadata.code) == {f"{folder}/loss.py"}


@pytest.mark.slow
def test_landscape_and_diagnosis_with_a_loss_of_a_file(losses, folder):
    usual = {"epochs": 4, "progress": False}
    own, same = (
        ravine.landscape("diabetes", optimizers="sgd", loss=loss, **usual)
        for loss in (f"{losses}:squares", "squared_error")
    )
    assert own.sharpness.value == pytest.approx(same.sharpness.value, rel=1e-3)
    assert "(loss.py:squares)" in str(own)
    own, same = (
        ravine.diagnose("diabetes", seeds=0, loss=loss, baselines=False, **usual)
        for loss in (f"{losses}:squares", "squared_error")
    )
    assert [finding.verdict for finding in own.findings] == [finding.verdict for finding in same.findings]


def test_label_smoothing_needs_the_cross_entropy(losses):
    with pytest.raises(UsageError, match="has no effect on the loss"):
        ravine.train("iris", loss=f"{losses}:absolute", label_smoothing=0.1, progress=False)


PICKLED = """
import pickle, sys
from ravine.networks import find_loss
plan = pickle.load(open("plan.pickle", "rb"))
loss = find_loss(plan.loss)
params = plan.network.init(__import__("numpy").random.default_rng(0))
print(plan.rule.name, plan.network, loss, plan.rule.build(0.1).init(params) is not None)
"""


def test_a_plan_brings_its_files_to_another_machine(losses, net, folder):
    """A plan with code of files is unpickled where the files do not exist and nothing is trusted."""
    settings = TrainSettings(
        source="diabetes", optimizer="own.py:lion(b1=0.5)", net=net, loss=f"{losses}:absolute", trust=True
    )
    settings = with_code_admitted(settings)
    dataset = find_study("train").load_data(settings)
    prepare()
    plan = find_study("train").design(settings, dataset, find_devices()).prepared.plan
    (folder / "plan.pickle").write_bytes(pickle.dumps(plan))
    for name in ("own.py", "net.py", "loss.py"):
        (folder / name).unlink()
    environment = os.environ | {"RAVINE_CACHE": str(folder / "other")}
    done = subprocess.run(
        [sys.executable, "-c", PICKLED], capture_output=True, text=True, env=environment, check=False
    )
    assert done.stdout == "own.py:lion(b1=0.5) net.py:Net loss.py:absolute True\n", done.stderr
    again = pickle.loads((folder / "plan.pickle").read_bytes())
    assert again == plan and again.describe() == plan.describe()


@pytest.mark.slow
def test_processes_train_with_code_of_files(losses, net):
    """Worker processes get the code along with the plan, and give the same bits as threads.

    The state of the optimizer is a class of the file, and early stopping keeps the best weights.
    """
    usual = {
        "net": net, "loss": f"{losses}:absolute", "optimizer": "own.py:heavy", "epochs": 4, "seeds": 3,
        "early_stop": 3, "baselines": False, "progress": False,
    }  # fmt: skip
    threads, processes = (
        ravine.train("diabetes", engine=engine, **usual).result for engine in ("threads", "processes")
    )
    assert threads == processes


def test_a_script_that_is_loaded_starts_no_study(folder):
    (folder / "script.py").write_text("import ravine\n" + CODE + "ravine.train('iris', epochs=1)\n")
    with pytest.raises(UsageError, match="is being loaded starts a study"):
        ravine.train("iris", optimizer="script.py:lion", epochs=1, progress=False)


def test_functions_in_the_factors_of_a_sweep(folder, monkeypatch):
    monkeypatch.syspath_prepend(folder)
    monkeypatch.delitem(sys.modules, "own", raising=False)
    import own

    found = ravine.sweep(
        "iris", vary={"optimizer": ["sgd", own.lion]}, learning_rate=0.001, seeds=2, epochs=1, progress=False
    )
    assert {row.setting for row in found.leaderboard} == {"optimizer=sgd", "optimizer=own.py:lion"}


def test_an_edited_module_is_refused(folder, monkeypatch):
    monkeypatch.syspath_prepend(folder)
    monkeypatch.delitem(sys.modules, "own", raising=False)
    import own

    (folder / "own.py").write_text(CODE.replace("optax.lion(learning_rate, b1)", "optax.sgd(learning_rate)"))
    with pytest.raises(UsageError, match="was edited after its import"):
        ravine.train("iris", optimizer=own.lion, epochs=1, progress=False)


@pytest.mark.slow
def test_models_with_a_loss_of_a_file_are_measured_by_it(losses, folder, monkeypatch):
    text = f"{losses}:absolute"
    ravine.train("diabetes", loss=text, epochs=2, baselines=False, out="run", progress=False)
    monkeypatch.setenv("RAVINE_CACHE", str(folder / "other"))
    monkeypatch.setattr(trust, "_trusted", set())
    monkeypatch.setattr(load, "_modules", {})
    with pytest.raises(UsageError, match="not run on this machine before"):
        ravine.landscape(model="run/models/best", grid=5, progress=False)
    found = ravine.landscape(model="run/models/best", grid=5, trust=True, progress=False)
    assert found.center.loss_name.startswith(f"{folder}/loss.py:absolute@")
    assert found.center.chance == pytest.approx(1)
    report = command("diagnose", "run/models/best", "diabetes", "--no-proof", "--no-baselines", "-o", "d")
    assert report == 0
    plan = json.loads((folder / "d" / "plan.json").read_text())
    assert plan["loss"].startswith(f"{folder}/loss.py:absolute@")
