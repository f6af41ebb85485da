"""Every old name leads to an option that there is."""

from __future__ import annotations

import pytest

from ravine.errors import UsageError
from ravine.execution.registry import STUDIES, find_study
from ravine.options.fields import options_of
from ravine.options.renamed import RENAMED_KEYS, RENAMED_VALUES, renamed_flag, renamed_key
from ravine.options.resolve import resolve
from ravine.studies.train.settings import TrainSettings

KEYS = {key for name in STUDIES for key in options_of(find_study(name).settings)}


def test_old_names_are_gone_and_new_names_are_there():
    assert not set(RENAMED_KEYS) & KEYS
    assert set(RENAMED_KEYS.values()) <= KEYS
    assert set(RENAMED_VALUES) <= KEYS


def test_an_old_flag_has_a_new_one():
    assert renamed_flag("--plot") == "--plot-schedule"
    assert renamed_flag("--plots") is None and renamed_key("plots") is None


def test_all_ways_to_set_an_option_tell_the_new_name(tmp_path):
    (tmp_path / "c.toml").write_text('plot = "a.png"')
    with pytest.raises(UsageError) as caught:
        resolve(TrainSettings, {}, str(tmp_path / "c.toml"), {"RAVINE_PLOT": "a.png"}, tmp_path)
    assert "RAVINE_PLOT was renamed to RAVINE_PLOT_SCHEDULE." in caught.value.why
    assert "was renamed to plot_schedule." in caught.value.why
    with pytest.raises(UsageError, match="'plot' was renamed to 'plot_schedule'"):
        TrainSettings.from_dict({"plot": "a.png"})


@pytest.mark.parametrize(("old", "new"), RENAMED_KEYS.items())
def test_every_old_key_is_answered_with_its_new_one(old, new, tmp_path):
    settings = next(
        find_study(name).settings for name in STUDIES if new in options_of(find_study(name).settings)
    )
    (tmp_path / "c.toml").write_text(f'{old} = "1"')
    variable = f"RAVINE_{old.upper()}"
    with pytest.raises(UsageError) as caught:
        resolve(settings, {}, str(tmp_path / "c.toml"), {variable: "1"}, tmp_path)
    assert f"{variable} was renamed to RAVINE_{new.upper()}." in caught.value.why
    assert f"was renamed to {new}." in caught.value.why
    with pytest.raises(UsageError, match=f"'{old}' was renamed to '{new}'"):
        settings.from_dict({old: "1"})
    assert renamed_flag(f"--{old}") == options_of(settings)[new].flag


@pytest.mark.parametrize(
    ("key", "old", "new"),
    [(key, old, new) for key, values in RENAMED_VALUES.items() for old, new in values.items()],
)
def test_every_old_value_is_answered_with_its_new_one(key, old, new):
    settings = next(
        find_study(name).settings for name in STUDIES if key in options_of(find_study(name).settings)
    )
    with pytest.raises(UsageError, match="was renamed") as caught:
        settings.from_dict({key: old})
    assert new in caught.value.fix and settings.from_dict({key: new})
