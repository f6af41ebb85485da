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
