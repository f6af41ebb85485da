"""Settings in files that Ravine wrote: read as they stand, or refused by the name of file and option."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from ravine.errors import DataError, UsageError
from ravine.options.saved_settings import saved_options, saved_settings
from ravine.records.os_errors import DamagedFile
from ravine.records.toml_files import dump, load


@pytest.fixture
def config(Baking, tmp_path):
    """The path of a file with the settings of a made-up study, and these settings."""
    written = Baking(source="bread", oven_heat=200.5, loaves=3, fruits=["fig"], hours=1.5)
    path = tmp_path / "config.toml"
    path.write_text(dump(written.to_dict()))
    return path, written


def test_settings_are_read_as_they_were_written(Baking, config):
    path, written = config
    plain = load(path)
    assert saved_settings(Baking, plain, path) == written
    assert saved_options(Baking, plain, path, ["loaves", "flour"]) == {"loaves": 3, "flour": "wheat"}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("loaves = 99", "--loaves 99 cannot be used. It must be a whole number at least 1 and at most 9"),
        ("loaves = 1.5", "--loaves 1.5"), ("loaves = true", "--loaves true"), ("loaves = []", "--loaves"),
        ("flour = 'oat'", "one of wheat, rye, spelt"), ("oven_heat = nan", "--oven-heat nan"),
        ("oven_heat = inf", "--oven-heat inf"), (f"oven_heat = {10**400}", "--oven-heat"),
        (f"loaves = {10**40}", "--loaves"), ("colors = ['green']", "no color 'green'"),
        ("hours = 2026-01-01", "--hours"), ("nosuch = 1", "no setting 'nosuch'"),
        ("fruits = [[1]]", "--fruits"), ("source = {a = 1}", "RECIPE"),
    ],
)  # fmt: skip
def test_a_wrong_value_is_refused_by_file_and_option(Baking, tmp_path, text, says):
    path = tmp_path / "config.toml"
    path.write_text(text)
    with pytest.raises(DamagedFile) as caught:
        saved_settings(Baking, load(path), path)
    assert "config.toml" in caught.value.what and says.lower() in caught.value.why.lower()


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_changed_file_is_read_as_it_stands_or_refused(Baking, config, changed_document, data):
    path, written = config
    plain = changed_document(data.draw, written.to_dict())
    try:
        text = dump(plain)
    except UsageError:  # no TOML file can hold it
        assume(False)
    path.write_text(text)
    try:
        found = saved_settings(Baking, load(path), path)
    except DataError as error:
        assert "config.toml" in str(error)
    else:
        kept = found.to_dict()
        for key, value in plain.items():
            if isinstance(kept.get(key), list) and value is not None:  # a single text is a list of one item
                assert kept[key] == [str(item) for item in (value if isinstance(value, list) else [value])]
            elif value is not None:  # the file lacks a value that is None
                assert kept[key] == value or kept[key] == str(value)
