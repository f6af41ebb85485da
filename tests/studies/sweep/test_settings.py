"""Settings of a sweep: factors from Python, help."""

from __future__ import annotations

import pytest

from ravine.errors import UsageError
from ravine.studies.sweep.factor_names import FIELDS, WORDS
from ravine.studies.sweep.settings import STUDY, SweepSettings


@pytest.mark.parametrize(
    ("vary", "texts"),
    [
        (
            {"dropout": [0, 0.2], "learning_rate": "1e-4..1e-1"},
            ["dropout=0; 0.2;", "learning_rate=1e-4..1e-1"],
        ),
        (["l2=0,1e-4", "dropout=0,0.2"], ["l2=0,1e-4", "dropout=0,0.2"]),
        (("l2=0,1e-4",), ["l2=0,1e-4"]),
        ("l2=0,1e-4 | dropout=0,0.2", ["l2=0,1e-4 | dropout=0,0.2"]),
        ({}, []),
    ],
)
def test_factors_may_be_a_mapping_texts_or_one_text(vary: object, texts: list[str]) -> None:
    settings = SweepSettings.from_dict({"vary": vary, "epochs": 2})
    assert (settings.vary, settings.epochs) == (texts, 2)
    assert SweepSettings.from_dict(settings.to_dict()) == settings


def test_another_type_is_refused() -> None:
    with pytest.raises(UsageError) as caught:
        SweepSettings.from_dict({"vary": 3})
    assert caught.value.option == "vary"


def test_python_functions_are_told_the_wider_type() -> None:
    assert SweepSettings.python_types["vary"] == "Mapping[str, object] | Sequence[str] | str"


def test_the_help_names_every_factor() -> None:
    words = STUDY.help_text.replace(",", " ").replace(";", " ").replace(".", " ").split()
    assert {*FIELDS, *WORDS} <= set(words)


def test_the_headline_names_factors_and_data() -> None:
    settings = SweepSettings(source="a/table.csv", vary=["l2=0,1", "learning_rate=1e-3..1"])
    assert settings.headline(False) == "Varying l2, learning_rate on table.csv."
    assert settings.headline(True) == "Planning to vary l2, learning_rate on table.csv."
    with pytest.raises(UsageError, match="Nothing is varied"):
        SweepSettings(source="iris").headline(False)
