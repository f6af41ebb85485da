"""An option is one field: flag, environment, TOML, messages, documents and Python follow from it."""

from __future__ import annotations

from dataclasses import dataclass

import click
import pytest
from click.testing import CliRunner

from ravine.cli.flags import flags_for
from ravine.cli.help import Command
from ravine.errors import UsageError
from ravine.options.documentation import options_document
from ravine.options.fields import option
from ravine.options.resolve import resolve
from ravine.studies.train.settings import TrainSettings


@dataclass(frozen=True)
class WarmSettings(TrainSettings):
    """Settings of `train`, and one more."""

    warm_rows: int | None = option(
        None, "Rows seen before the first step; 0 = off.", section="Training", at_least=0, below=100,
        neutral=0, unit="rows",
    )  # fmt: skip


def typed(*words):
    """Return what click reads from words, and the help text."""
    read = {}
    command = Command("train", callback=lambda **flags: read.update(flags))
    flags_for(WarmSettings)(command)
    ended = CliRunner().invoke(command, words)
    return read, ended.output


def test_flag_and_help():
    flags, _ = typed("--warm-rows", "12")
    assert resolve(WarmSettings, flags, None, {}).settings.warm_rows == 12
    _, text = typed("--help-all")
    section = text[text.index("Training:") : text.index("Regularization:")]
    assert "--warm-rows N" in section and "Rows seen before the first step; 0 = off." in section


def test_environment_and_files(tmp_path):
    (tmp_path / "c.toml").write_text("warm-rows = 7")
    (tmp_path / "pyproject.toml").write_text("[tool.ravine]\nwarm_rows = 8\n")
    set_by = {"RAVINE_WARM_ROWS": "6"}
    config = str(tmp_path / "c.toml")
    assert resolve(WarmSettings, {}, config, set_by, tmp_path).settings.warm_rows == 6
    assert resolve(WarmSettings, {}, config, {}, tmp_path).settings.warm_rows == 7
    assert resolve(WarmSettings, {}, None, {}, tmp_path).settings.warm_rows == 8


def test_messages_of_the_command_line_and_of_python():
    words = (
        "It must be a whole number at least 0 and below 100 (rows).",
        "Type --warm-rows 0 to turn it off.",
    )
    with pytest.raises(UsageError) as caught:
        resolve(WarmSettings, typed("--warm-rows", "100")[0], None, {})
    error = caught.value
    assert (error.what, error.why, error.fix) == ("--warm-rows 100 cannot be used.", *words)
    assert (error.option, error.value) == ("warm_rows", 100)
    for give in (WarmSettings, lambda **one: WarmSettings.from_dict(one)):
        with pytest.raises(UsageError, match=r"^warm_rows=100 cannot be used\..* Type warm_rows=0 to turn"):
            give(warm_rows=100)
    with pytest.raises(UsageError, match="Did you mean 'warm_rows'"):
        WarmSettings.from_dict({"warmrows": 3})


def test_python_and_document():
    made = WarmSettings.from_dict({"warm_rows": 5})
    assert made.to_dict()["warm_rows"] == 5
    row = "| `--warm-rows` | `warm_rows` | whole number |  | at least 0 and below 100 | rows |"
    assert row in options_document({"train": WarmSettings})


def test_label_smoothing_names_its_bounds():
    with pytest.raises(
        UsageError, match=r"^label_smoothing=1.5 cannot be used. It must be a number at least 0 and below 1\."
    ):
        TrainSettings(label_smoothing=1.5)
    with pytest.raises(UsageError) as caught:
        resolve(TrainSettings, {"label_smoothing": "1.5"}, None, {})
    assert caught.value.what == "--label-smoothing 1.5 cannot be used."


def test_a_flag_without_a_value():
    from ravine.studies.diagnose.settings import DiagnoseSettings

    assert DiagnoseSettings(no_proof=True).seeds == 0
    command = click.Command("diagnose")
    flags_for(DiagnoseSettings)(command)
    flags = command.make_context("diagnose", ["--no-proof"]).params
    assert resolve(DiagnoseSettings, flags, None, {}).settings.seeds == 0
    with pytest.raises(UsageError, match="seeds and no_proof contradict"):
        resolve(DiagnoseSettings, flags | {"seeds": "20"}, None, {})


def test_the_learning_rate_has_a_short_flag():
    command = Command("train")
    flags_for(TrainSettings)(command)
    for flag in ("--rate", "--learning-rate"):
        flags = command.make_context("train", [flag, "0.3"]).params
        assert resolve(TrainSettings, flags, None, {}).settings.learning_rate == 0.3
    with pytest.raises(UsageError, match="RAVINE_RATE was renamed to RAVINE_LEARNING_RATE"):
        resolve(TrainSettings, {}, None, {"RAVINE_RATE": "0.3"})
