"""`--dry-run` of the verbs with a study of their own: a plan, nothing trained, no folder."""

import json
import shutil

import pytest

from ravine.execution.result import SCHEMA_VERSION


@pytest.fixture
def idle(monkeypatch):
    """Fail where anything is trained or measured."""

    def trains(*_, **__):
        raise AssertionError("something was trained")

    for name in (
        "studies.diagnose.study.measure_run",
        "studies.landscape.study.train_with_snapshots",
        "studies.landscape.study.LocalGeometry",
        "execution.runner.run_cohort",
    ):
        monkeypatch.setattr(f"ravine.{name}", trains)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """The folder of a run that trained for two epochs."""
    from ravine.cli.app import run

    where = tmp_path_factory.mktemp("trained") / "run"
    assert run(["train", "iris", "-q", "--net", "4", "--epochs", "2", "-o", str(where)]) == 0
    return where


def plan_of(ravine, folder, *words):
    """Return the text of a plan, and its document; nothing is left."""
    text, document = (ravine(*words, "--dry-run", "-q", *more) for more in ([], ["--json"]))
    for ended in (text, document):
        assert (ended.status, ended.stderr) == (0, "")
    assert not list(folder.iterdir())
    found = json.loads(document.stdout)
    assert found["schema_version"] == SCHEMA_VERSION and found["data"]["name"] in ("iris", "diabetes")
    return " ".join(text.stdout.split()), found


def test_of_a_diagnosis(ravine, folder, idle):
    text, found = plan_of(ravine, folder, "diagnose", "iris", "--net", "8", "--epochs", "40", "--l2", "0.01")
    # 150 rows: 30 to test, 24 of the others to validate; 4 x 8 + 8 + 8 x 3 + 3 parameters
    assert found["split"] == {"train": 96, "validation": 24, "test": 30, "curves": None}
    assert found["plan"]["parameters"] == 67 and found["plan"]["steps"] == 40 * 96 / 16
    assert found["plan"]["runs"] == {"measured": 1, "original": 20, "each_remedy": 20, "confirm": 40}
    assert found["model"] is None
    assert "L2 0.01" in text and "on 20 seeds" in text
    text, found = plan_of(ravine, folder, "diagnose", "iris", "--no-proof")
    assert found["plan"]["runs"] == {"measured": 1, "original": 0, "each_remedy": 0, "confirm": 0}
    assert "no remedy is tried" in text


def test_of_a_diagnosis_of_a_run_and_of_its_model(ravine, folder, idle, trained):
    text, found = plan_of(ravine, folder, "diagnose", trained)
    # the configuration of the run, trained anew
    assert found["model"] is None and found["plan"]["runs"]["measured"] == 1
    assert (
        found["plan"]["parameters"] == 4 * 4 + 4 + 4 * 3 + 3 and "the model is measured as it is" not in text
    )
    text, found = plan_of(ravine, folder, "diagnose", trained / "models" / "best")
    assert found["model"] == str(trained / "models" / "best")
    assert found["plan"]["runs"]["measured"] == 0 and "the model is measured as it is" in text


def test_of_a_diagnosis_of_the_latest_run(ravine, folder, idle, trained):
    (folder / "latest").mkdir()  # is no run
    ended = ravine("diagnose", "latest", "--dry-run")
    assert (ended.status, ended.stdout) == (3, "") and "no latest run" in ended.stderr
    (folder / "runs").mkdir()
    (folder / "runs" / "latest").symlink_to(trained)
    ended = ravine("diagnose", "latest", "--dry-run", "--json")
    assert ended.status == 0 and json.loads(ended.stdout)["plan"]["network"] == "4-4-3 relu"


def test_of_a_diagnosis_of_a_run_by_its_name_or_its_id(ravine, folder, idle, trained):
    (folder / "runs").mkdir()
    place = folder / "runs" / "kept"
    shutil.copytree(trained, place)
    identity = json.loads((place / "run.json").read_text())["id"]
    for word in ("kept", identity, identity[:4]):
        ended = ravine("diagnose", word, "--dry-run", "--json")
        assert ended.status == 0, ended.stderr
        assert json.loads(ended.stdout)["plan"]["network"] == "4-4-3 relu"
    ended = ravine("diagnose", "runs/kept/run.json", "--dry-run", "--json")
    assert ended.status == 0 and json.loads(ended.stdout)["plan"]["network"] == "4-4-3 relu"
    shutil.copytree(trained, folder / "runs" / "again")
    for verb in ("diagnose", "landscape"):
        ended = ravine(verb, identity, "--dry-run")
        assert ended.status == 3 and "fits 2 runs" in ended.stderr
    (folder / "kept").write_text("a,b\n1,2\n")  # a file of that name is data
    assert "no target column" in ravine("diagnose", "kept", "-t", "c", "--dry-run").stderr
    ended = ravine("diagnose", "nothing", "--dry-run")
    assert ended.status == 3 and "nothing" in ended.stderr


def test_of_a_landscape(ravine, folder, idle, trained):
    words = ["landscape", "iris", "-O", "sgd,adam", "--solutions", "2", "--epochs", "10"]
    text, found = plan_of(ravine, folder, *words)
    training = found["plan"]["training"]
    assert [each["runs"] for each in training["optimizers"]] == [2, 1] and training["runs"] == 3
    assert training["network_steps"] == 3 * training["steps"] and training["steps"] >= 60
    assert found["plan"]["barriers"] == 1 and found["plan"]["rows"] == 96
    assert "sgd at 0.1, 2 starts; adam at 0.003, 1 start" in text
    for words, rows in (([trained], 96), ([trained / "models" / "best", "iris"], 150)):
        text, found = plan_of(ravine, folder, "landscape", *words)
        assert found["model"] == str(words[0]) and found["plan"]["training"] is None
        assert found["plan"]["planes"] == ["random", "eigenvectors"] and found["plan"]["rows"] == rows
        assert "the model is measured as it is" in text


def test_of_memory(ravine, folder, idle):
    text, found = plan_of(ravine, folder, "memorize", "iris", "--effort", "quick", "--l2", "0.1")
    plan = found["plan"]
    # three shares, and three limits (L2 is on already) at two shares each
    assert [each["limit"] for each in plan["arms"]].count(None) == 3 and len(plan["arms"]) == 9
    assert plan["runs"] == 9 * 8 and plan["network_steps"] == plan["runs"] * plan["steps"]
    assert "shares" not in found and "72 networks" in text


def test_of_descent(ravine, folder, idle):
    text, found = plan_of(ravine, folder, "descent", "diabetes", "--effort", "quick", "--seeds", "3")
    plan = found["plan"]
    assert plan["runs"] == 3 * (len(plan["widths"]) * 3 + len(plan["examples"]))
    assert plan["network_steps"] == plan["runs"] * plan["steps"]
    assert "widths" not in found and "metric rmse" in text


# 96 training rows of iris in batches of 16: 6 steps an epoch
@pytest.mark.parametrize(
    ("words", "note"),
    [
        # 24 steps: 20 evaluations of 2 steps
        (
            ["compare", "iris", "--epochs", "4"],
            "6.67 epochs instead of 4: the number of steps is rounded to 40.",
        ),
        (
            ["sweep", "iris", "--vary", "l2=0,1", "--epochs", "4"],
            "6.67 epochs instead of 4: the number of steps is rounded to 40.",
        ),
        (
            ["sweep", "iris", "--vary", "epochs=4,10"],
            "6.67 epochs instead of 4: the number of steps is rounded to 40.",
        ),
        (
            ["diagnose", "iris", "--epochs", "4"],
            "6.67 epochs instead of 4: the number of steps is rounded to 40.",
        ),
        # 66 steps: 80 for 20 evaluations, which 50 snapshots of 2 steps divide
        (
            ["landscape", "iris", "-O", "sgd", "--epochs", "11"],
            "13.3 epochs instead of 11: the number of steps is rounded to 80.",
        ),
        # 60 pairs of rows in batches of 16: 3.75 steps an epoch; 6 of 1.6 epochs are 2 evaluations of 4 steps
        (
            ["memorize", "iris", "--effort", "quick", "--epochs", "1.6"],
            "2.13 epochs instead of 1.6: the number of steps is rounded to 8.",
        ),
    ],
)
def test_rounded_epochs_are_told(ravine, folder, idle, words, note):
    ended = ravine(*words, "--dry-run")
    assert ended.status == 0, ended.stderr
    assert " ".join(ended.stderr.split()).count(note) == 1
    exact = [{"4": "10", "11": "50", "1.6": "16"}.get(word, word).replace("=4,", "=20,") for word in words]
    assert "epochs instead of" not in ravine(*exact, "--dry-run").stderr


def test_rounded_epochs_of_descent_are_told(ravine, folder, idle):
    words = ["descent", "diabetes", "--effort", "quick", "--batch-size", "10", "--dry-run", "--epochs"]
    # 283 training rows in batches of 10: 61 steps are 31 evaluations of 2 steps, of at most 60
    note = "2.19 epochs instead of 2.16: the number of steps is rounded to 62."
    assert note in ravine(*words, "2.16").stderr
    assert "epochs instead of" not in ravine(*words, "2.12").stderr


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (["diagnose", "nosuch.csv"], 3, "nosuch.csv"),
        (["diagnose", "iris", "wine"], 2, "one word too many"),
        (["diagnose", "iris", "--hyper-schedule", "rho=linear"], 2, "no hyperparameter 'rho'"),
        (["diagnose", "iris", "--min-change", "0.1"], 2, "--early-stop"),
        (["landscape", "nosuch.csv"], 3, "nosuch.csv"),
        (["landscape", "iris", "--format", "gif"], 2, "gif"),
        (["landscape", "iris", "-o", ""], 2, "no name"),
        (["memorize", "diabetes"], 2, "the target is a number"),
        (["descent", "iris", "--net", "none"], 2, "cannot vary"),
        (["descent"], 2, "No data was named"),
    ],
)
def test_what_cannot_be_is_refused(ravine, folder, words, status, said):
    ended = ravine(*words, "--dry-run")
    assert (ended.status, ended.stdout) == (status, "")
    assert said in ended.stderr
    assert not list(folder.iterdir())
