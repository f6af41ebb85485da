"""The equivalent command line of settings, read back by the command line's own parser."""

from __future__ import annotations

import shlex

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ravine.cli.flags import flags_for
from ravine.options.command_text import command_text
from ravine.options.resolve import resolve
from ravine.studies.diagnose.settings import DiagnoseSettings
from ravine.studies.train.settings import TrainSettings


def read_back(settings, text, tmp_path):
    """Return the settings that a command line gives."""
    program, name, *words = shlex.split(text)
    assert (program, name) == ("ravine", "bake")
    command = click.Command("bake", params=[click.Argument(["source"], required=False)])
    flags_for(settings)(command)
    parsed = command.make_context("bake", words).params
    return resolve(settings, parsed, None, {}, tmp_path).settings


letters = st.characters(exclude_categories=["Cs", "Cc"])
texts = st.text(letters, min_size=1).filter(lambda text: text == text.strip())


@pytest.fixture(scope="module")
def nowhere(tmp_path_factory):
    return tmp_path_factory.mktemp("nowhere")


@given(
    st.none() | st.floats(0, 299.5), st.integers(1, 9), st.none() | st.lists(texts, min_size=1),
    st.sampled_from(["wheat", "rye"]), st.lists(texts), st.booleans(),
    st.sampled_from([["red"], ["blue(light=1,dark=2)", "red"]]),
)  # fmt: skip
def test_the_command_gives_the_same_settings(
    Baking, nowhere, heat, loaves, fruits, flour, steps, quickly, colors
):
    made = Baking("bread", heat, loaves, None, quickly, flour, fruits, colors, steps)
    assert read_back(Baking, command_text(made, "bake"), nowhere) == made


def test_only_what_differs_from_the_defaults_is_written():
    assert command_text(TrainSettings(), "train") == "ravine train"
    made = TrainSettings(source="my data.csv", rate=0.01, l2=1e-4, net="8-8 residual", optimizer="adam")
    assert command_text(made, "train") == (
        "ravine train 'my data.csv' --rate 0.01 --net '8-8 residual' --l2 0.0001"
    )


def test_a_model_precedes_its_data():
    made = DiagnoseSettings(source="digits", model="runs/latest/models/best")
    assert command_text(made, "diagnose") == "ravine diagnose runs/latest/models/best digits"
