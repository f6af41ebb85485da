"""Keywords of Python functions become settings: what is not given has its default."""

from __future__ import annotations

import numpy as np
import pytest

import ravine
from ravine.api import run
from ravine.errors import DataError, UsageError
from ravine.execution.events import Noted
from ravine.records.run_directory import RunDirectory

X = np.random.default_rng(0).normal(size=(60, 2))
Y = X[:, 0] > 0


@pytest.fixture
def calls(monkeypatch):
    """What is executed, and where; nothing is."""
    seen = []

    def execute(study, settings, **how):
        seen.append((study.name, settings, how))
        return "result"

    monkeypatch.setattr(run, "execute", execute)
    monkeypatch.setattr(run, "execute_in_new_run", execute)
    return seen


@pytest.mark.parametrize("given", ["sgd, adam(b1=0.8,b2=0.9)", ["sgd", "adam(b1=0.8,b2=0.9)"]])
def test_a_list_may_be_one_text(calls, given):
    assert ravine.compare(X, Y, optimizers=given) == "result"
    assert calls[0][1].optimizers == ["sgd", "adam(b1=0.8,b2=0.9)"]


def test_the_name_of_a_column_may_hold_a_comma(calls):
    import pandas as pd

    frame = pd.DataFrame({"a, b": X[:, 0], "c": X[:, 1], "y": Y})
    ravine.train(frame, "y", drop="a, b")
    assert calls[0][1].drop == ["a, b"] and calls[0][2]["dataset"].features == ["c"]


@pytest.mark.parametrize(
    ("option", "value", "allowed"),
    [("optimizer", "adamx", "adam"), ("schedule", "coz", "cosine"), ("activation", "rel", "relu"),
     ("metric", "accu", "accuracy"), ("average", "x", "ema"), ("net", "8 foo", "residual")],
)  # fmt: skip
def test_an_unknown_word_comes_with_option_value_and_the_allowed_words(option, value, allowed):
    with pytest.raises(UsageError) as caught:
        ravine.train(X, Y, **{option: value})
    assert (caught.value.option, caught.value.value) == (option, value)
    assert allowed in caught.value.allowed


def test_columns_may_be_an_array_or_a_pandas_index(calls):
    import pandas as pd

    frame = pd.DataFrame({"a": X[:, 0], "c": X[:, 1], "y": Y})
    for names in (np.array(["c"]), frame.columns[1:2]):
        ravine.train(frame, "y", features=names)
    assert [call[2]["dataset"].features for call in calls] == [["c"], ["c"]]


def test_defaults_are_those_of_the_settings(calls):
    ravine.train(X, Y)
    ravine.train(X, Y, target=None, l2=None, early_stop=None)
    assert calls[0][1] == calls[1][1] == type(calls[0][1])()


def test_without_a_folder_nothing_is_kept(calls, tmp_path):
    ravine.train(X, Y)
    ravine.train(X, Y, out=tmp_path / "run")
    assert "out" not in calls[0][2] and calls[1][2]["out"] == tmp_path / "run"


def test_events_go_to_the_listener(calls):
    heard = []
    ravine.train(X, Y, notify=heard.append)
    event = Noted("2 rows are equal")
    calls[0][2]["notify"](event)
    assert heard == [event]


def test_an_error_names_the_keyword_and_holds_it_as_data(calls):
    with pytest.raises(UsageError, match="early_stop=-1") as caught:
        ravine.train(X, Y, early_stop=-1)
    assert (caught.value.option, caught.value.value) == ("early_stop", -1)
    assert isinstance(caught.value, ravine.OptionError)


@pytest.fixture
def finished_run(tmp_path):
    """The folder of a run on a file of data, with options of its own."""
    data = tmp_path / "data.csv"
    data.write_text("a,b,y\n" + "".join(f"{k * 3 % 11},{k * k % 7},{k % 2}\n" for k in range(80)))
    with RunDirectory.create(tmp_path, "data", verb="train", command=["ravine"]) as made:
        made.write("config.toml", f'source = "{data}"\ntarget = "y"\nnet = "4"\nseeds = 7\n')
    return made.path


@pytest.mark.parametrize("as_text", [True, False])
def test_a_run_is_diagnosed_as_it_was_configured(calls, finished_run, as_text):
    ravine.diagnose(str(finished_run) if as_text else finished_run, learning_rate=0.5)
    _, settings, how = calls[0]
    assert (settings.net, settings.target, settings.learning_rate, settings.seeds) == ("4", "y", 0.5, 20)
    assert how["dataset"].features == ["a", "b"]


def test_another_target_than_that_of_the_run_may_be_named(calls, finished_run):
    ravine.diagnose(finished_run, "b", task="regress")
    ravine.diagnose(finished_run, target="a", task="regress")
    assert [how["dataset"].target for _, _, how in calls] == ["b", "a"]


def test_a_run_on_arrays_has_no_data_to_diagnose(finished_run, seal):
    (finished_run / "config.toml").write_text('net = "4"\n')
    seal(finished_run)
    with pytest.raises(UsageError, match="are not in a file"):
        ravine.diagnose(finished_run)


def test_a_study_that_takes_no_run_reads_its_name_as_data(finished_run):
    with pytest.raises(DataError):
        ravine.train(finished_run, "y")
