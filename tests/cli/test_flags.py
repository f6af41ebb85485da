"""Flags from the options of settings."""

from dataclasses import dataclass

import click
import pytest

from ravine.cli.flags import all_keys, flags_for, output_flags
from ravine.execution.registry import STUDIES, find_study
from ravine.options.fields import option, options_of
from ravine.options.resolve import resolve
from ravine.options.settings import Settings


@dataclass(frozen=True, eq=False, repr=False)
class Baking(Settings):
    """Settings of a loaf."""

    source: str = option("", "Flour.", section="Data", metavar="DATA", positional=True)
    oven_heat: float = option(220.0, "Heat of the oven.", section="Training", unit="°C", short="-H")
    fruits: list[str] | None = option(None, "Fruits in it.", section="Network", metavar="NAMES")
    quickly: bool = option(False, "Bake it quickly.", section="Output")


@pytest.fixture
def command():
    return click.command("bake")(
        flags_for(Baking)(output_flags(out="DIR:Folder.", dry_run=True)(lambda **given: given))
    )


def called(command, *words):
    return command.main(list(words), standalone_mode=False)


def test_values_stay_text_and_only_given_ones_are_there(command):
    found = called(command, "--oven-heat", "hot", "--fruits", "fig", "--fruits", "nut", "--quickly")
    assert (found["oven_heat"], found["fruits"], found["quickly"]) == ("hot", ("fig", "nut"), True)
    found = called(command)
    assert (found["oven_heat"], found["fruits"], found["quickly"]) == (None, (), False)
    assert called(command, "-H", "1")["oven_heat"] == "1"
    assert "source" not in found


def test_flags_stand_in_the_order_of_the_fields(command):
    keys = [param.name for param in command.params]
    assert keys == ["oven_heat", "fruits", "quickly", "out", "dry_run", "json", "quiet", "verbose"]


def test_output_flags_are_those_that_a_command_has(command):
    found = called(command, "-o", "x", "--json", "-q", "-v", "--dry-run")
    assert [found[key] for key in ("out", "json", "quiet", "verbose", "dry_run")] == ["x", *[True] * 4]
    bare = click.command("bare")(output_flags(out="")(lambda **given: given))
    assert {param.name for param in bare.params} == {"json", "quiet", "verbose"}


def test_keys_of_all_studies_are_known():
    for name in STUDIES:
        assert set(options_of(find_study(name).settings)) <= all_keys()


def test_a_value_that_is_true_by_default_has_a_flag_that_turns_it_off(tmp_path):
    @dataclass(frozen=True, eq=False, repr=False)
    class Toast(Settings):
        """Settings of a slice."""

        butter: bool = option(True, "Butter on it.", section="Output")

    command = click.command("toast")(flags_for(Toast)(lambda **values: values))
    assert options_of(Toast)["butter"].flag == "--no-butter"
    off, absent = called(command, "--no-butter"), called(command)
    assert not resolve(Toast, off, environment={}).settings.butter
    assert resolve(Toast, absent, environment={}).settings.butter
    file = tmp_path / "c.toml"
    file.write_text("butter = false")
    assert not resolve(Toast, absent, str(file), environment={}).settings.butter
    assert not resolve(Toast, absent, environment={"RAVINE_BUTTER": "off"}).settings.butter
