"""`ravine sweep` and the options of training, from words to result: flags, files, environment."""

import json
import re
from pathlib import Path

import pytest

from ravine.execution.study import Study
from ravine.options.resolve import resolve
from ravine.studies.sweep.settings import SweepSettings
from ravine.studies.train.settings import TrainSettings


def asked(flags=None, file=None, environment=None, kind=SweepSettings):
    return resolve(kind, flags or {}, file, environment or {}).settings


def test_factors_from_everywhere(folder):
    want = ["net=64-64, 64-64 dropout=0.2", "l2=0,1e-4"]
    assert asked({"vary": tuple(want)}).vary == want
    Path("a.toml").write_text('vary = ["net=64-64, 64-64 dropout=0.2", "l2=0,1e-4"]\n')
    assert asked(file="a.toml").vary == want
    assert asked(environment={"RAVINE_VARY": " | ".join(want)}).vary == [" | ".join(want)]
    Path("pyproject.toml").write_text("[tool.ravine]\nvary = 'l1=0,1'\nrandom = 7\n")
    assert (asked().vary, asked().random) == (["l1=0,1"], 7)


def test_a_dry_run_says_what_would_be_done_and_does_nothing(ravine, folder):
    ended = ravine("sweep", "iris", "--vary", "dropout=0,0.2", "--vary", "l2=0,1e-3", "--dry-run")
    assert ended.status == 0, ended.stderr
    assert "grid of 4 configurations" in ended.stdout and "dropout=0.2, l2=1e-3" in ended.stdout
    assert not Path("runs").exists()
    ended = ravine("sweep", "iris", "--vary", "dropout=0,0.2", "--dry-run", "--json", "-q")
    plan = json.loads(ended.stdout)
    assert plan["runs"] == 2 * (6 * 3 + 10) and plan["programs"] == 1


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        ([], "Nothing is varied"),
        (["--vary", "dropot=0,1"], "dropout"),
        (["--vary", "l2"], "KEY=VALUES"),
        (["--vary", "l2=0,1", "--random", "1"], "--random 2"),
        (["--vary", "l2=0,1", "--random", "9"], "only 2 configurations"),
        (["--vary", "net=8; 8 conv=4"], "need images"),
        (["--vary", "learning_rate=1e-6..1", "--vary", "b1=0..0.9", "--points", "50"], "--random 30"),
    ],
)
def test_mistakes(ravine, folder, flags, words):
    ended = ravine("sweep", "iris", *flags)
    assert (ended.status, ended.stdout) == (2, "")
    assert words in ended.stderr
    assert not Path("runs").exists()


@pytest.mark.slow
def test_end_to_end(ravine, folder):
    words = ["--vary", "dropout=0,0.5", "--net", "8", "--rate", "0.01", "--epochs", "3", "--seeds", "4"]
    ended = ravine("sweep", "iris", *words, "-o", "here")
    assert ended.status == 0, ended.stderr
    report = " ".join(ended.stdout.split())  # without the line breaks of a narrow terminal
    (best,) = re.findall(r"Best median: (dropout=[\d.]+) \(", report)
    assert best in ("dropout=0", "dropout=0.5")  # which of them depends on the machine
    assert "With 4 seeds no difference can be distinguished from chance." in report
    assert "train -c here/best.toml" in ended.stdout
    again = ravine("resume", "here", "--json")
    document = json.loads(again.stdout)
    assert [row["n_seeds"] for row in document["leaderboard"]] == [4, 4]
    assert document["winner"] == best
    listed = json.loads(ravine("runs", "here", "--json").stdout)["runs"]
    assert listed[0]["verb"] == "sweep" and "dropout=" in listed[0]["summary"]
    assert ravine("train", "-c", "here/best.toml", "--epochs", "1", "-q").status == 0
    assert ravine("predict", "here", "iris", "-q").stdout.startswith("prediction")


OPTIONS = {
    "net": "8-8 residual batchnorm dropout=0.2", "activation": "tanh", "l1": 1e-4, "l2": 1e-3,
    "weight_decay": 1e-2,
    "clip": 1.0, "average": "ema=0.9", "augment": "noise=0.1", "label_smoothing": 0.1, "early_stop": 3,
    "min_change": 1e-4, "schedule": "step(0.5,every=1)", "epochs": 2.0,
}  # fmt: skip


def test_options_of_training_from_flags_files_and_environment(folder):
    by_flag = asked({name: str(value) for name, value in OPTIONS.items()}, kind=TrainSettings)
    lines = (f"{name} = {json.dumps(value)}" for name, value in OPTIONS.items())
    Path("a.toml").write_text("\n".join(lines) + "\n")
    by_file = asked(file="a.toml", kind=TrainSettings)
    names = {f"RAVINE_{name.upper()}": str(value) for name, value in OPTIONS.items()}
    by_environment = asked(environment=names, kind=TrainSettings)
    assert by_flag == by_file == by_environment
    assert {name: getattr(by_flag, name) for name in OPTIONS} == OPTIONS


@pytest.mark.slow
def test_train_with_all_of_them_and_shown(ravine, folder):
    words = [w for name, value in OPTIONS.items() for w in (f"--{name.replace('_', '-')}", str(value))]
    ended = ravine("train", "iris", *words, "--rate", "0.01", "-v", "-o", "here")
    assert ended.status == 0, ended.stderr
    assert "batchnorm, tanh, dropout, residual" in ended.stdout  # the layers, with -v
    assert "learning rate, step(0.5,every=1)" in ended.stdout  # the schedule's curve
    plain = ravine("resume", "here")
    assert "\nlearning rate " in plain.stdout and "learning rate," not in plain.stdout
    document = json.loads(ravine("resume", "here", "--json").stdout)
    plan = document["plan"]
    assert sum(each["parameters"] for each in plan["layers"]) == plan["parameters"]
    assert plan["rates"][0] == 0.01 and plan["rates"][-1] == pytest.approx(0.005)


def test_the_weights_kept_by_early_stopping_are_told(ravine, folder):
    ended = ravine(
        "train", "iris", "--early-stop", "2", "--rate", "0.3", "--epochs", "60", "--net", "32", "--json", "-q"
    )
    document = json.loads(ended.stdout)
    (kept,) = document["result"]["epochs"]
    assert 0 < kept < 60
    shown = ravine("resume")
    assert f"the weights after {kept:.3g} of 60 epochs" in shown.stdout
    # the model is that of the best evaluation, not of the last
    step = round(kept / document["plan"]["epochs"] * document["plan"]["steps"])
    scores = dict(zip(document["curves"]["step"], document["curves"]["score"], strict=True))
    assert document["result"]["mean"] == pytest.approx(scores[step])


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--net", "8 conv=4"], "need images"),
        (["--net", "8 batchnorm", "--batch-size", "1"], "batch size of 1"),
        (["--augment", "flip"], "for images"),
        (["--early-stop", "-1"], "early-stop"),
        (["--average", "ema=2"], "below 1"),
        (["--early-stop", "3", "--validation", "0"], "validation"),
        (["--average", "mean"], "no average"),
    ],
)
def test_what_cannot_be_trained_is_refused_before_a_run_is_kept(ravine, folder, flags, words):
    ended = ravine("train", "iris", *flags)
    assert (ended.status, ended.stdout) == (2, "")
    assert words in ended.stderr
    assert not Path("runs").exists()


def test_smoothing_of_a_regression_is_refused(ravine, folder):
    assert "not smoothed" in ravine("train", "diabetes", "--label-smoothing", "0.1").stderr


@pytest.mark.parametrize("verb", ["train", "sweep"])
def test_the_short_flag_of_the_optimizer(verb, ravine, folder, monkeypatch):
    settings = []

    def load_data(study, given):
        settings.append(given)
        raise KeyboardInterrupt

    monkeypatch.setattr(Study, "load_data", load_data)
    ravine(verb, "iris", "-O", "sgd", *(["--vary", "l2=0,1"] if verb == "sweep" else []))
    assert [given.optimizer for given in settings] == ["sgd"]


@pytest.mark.parametrize("name", ["foo", "metric", "b9"])
def test_a_factor_that_cannot_vary_is_refused_before_the_data_are_read(ravine, folder, name):
    ended = ravine("sweep", "iris", "--vary", f"{name}=1,2")
    assert ended.status == 2 and f"'{name}'" in ended.stderr
    assert "150 rows" not in ended.stderr
    assert "150 rows" in ravine("sweep", "iris", "--vary", "b1=0.8,0.9", "--dry-run").stderr
