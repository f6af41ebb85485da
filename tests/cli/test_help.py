"""The help of a command: options under headings, examples as they are typed."""

import pytest

from ravine.execution.registry import STUDIES, find_study
from ravine.options.fields import SECTIONS, options_of


@pytest.mark.parametrize("name", STUDIES)
def test_options_stand_under_their_headings_and_examples_below(ravine, name):
    study = find_study(name)
    lines = ravine(name, "--help").stdout.splitlines()
    places = {section: lines.index(f"{section}:") for section in SECTIONS if f"{section}:" in lines}
    assert list(places.values()) == sorted(places.values())
    ends = [*list(places.values())[1:], lines.index("Examples:")]
    for (section, start), end in zip(places.items(), ends, strict=True):
        shown = " ".join(lines[start:end])
        listed = [option.flag for option in options_of(study.settings).values() if option.section == section]
        listed = [flag for flag in listed if f"{flag} " in f"{shown} "]  # the data are an argument
        assert sorted(listed, key=lambda flag: f"{shown} ".index(f"{flag} ")) == listed  # in order of fields
        for option in options_of(study.settings).values():
            if not option.positional:
                assert (f"{option.flag} " in f"{shown} ") is (option.section == section)
    assert [line.strip() for line in lines[lines.index("Examples:") + 1 :]][: len(study.examples)] == [
        *study.examples
    ]


def test_only_commands_with_settings_explain_where_settings_come_from(ravine):
    assert "RAVINE_NAME" in ravine("train", "--help").stdout
    assert "RAVINE_NAME" not in ravine("runs", "--help").stdout
