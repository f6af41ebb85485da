"""What an option derives from its field, and what every option of every study has."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from ravine.execution.registry import STUDIES, find_study
from ravine.options.fields import SECTIONS, option, options_of, redefined
from ravine.options.settings import Settings
from ravine.options.validate import refusal

OPTIONS = [
    pytest.param(known, id=f"{name} {known.key}")
    for name in STUDIES
    for known in options_of(find_study(name).settings).values()
]


@pytest.mark.parametrize("known", OPTIONS)
def test_every_option_is_described(known):
    assert known.help.endswith(".") and known.help[0].isupper()
    assert known.section in SECTIONS
    assert known.metavar or known.kind is bool
    if known.kind in (int, float):
        assert known.bounds
    if known.kind is str and not known.many and known.choices:
        assert known.default is None or known.default in known.choices
    if known.neutral is not None:
        assert refusal(known, known.neutral) is None or known.neutral == int(known.neutral)


@pytest.mark.parametrize("known", OPTIONS)
def test_every_default_passes_its_own_check(known):
    if known.default in (None, ""):
        return
    items = known.default if known.many else [known.default]
    for item in items:
        if known.check is not None:
            known.check(item)
        assert not known.choices or item in known.choices
    assert known.kind not in (int, float) or known.within(known.default)


def test_names_derive_from_the_key(Baking):
    heat = options_of(Baking)["oven_heat"]
    assert (heat.key, heat.flag, heat.variable) == ("oven_heat", "--oven-heat", "RAVINE_OVEN_HEAT")


def test_types_come_from_the_annotation(Baking):
    kinds = {key: (known.kind, known.optional, known.many) for key, known in options_of(Baking).items()}
    assert kinds == {
        "source": (str, False, False), "oven_heat": (float, True, False), "loaves": (int, False, False),
        "hours": (float, True, False), "quickly": (bool, False, False), "flour": (str, False, False),
        "fruits": (str, True, True), "colors": (str, False, True), "steps": (str, False, True),
    }  # fmt: skip


def test_bounds_are_words(Baking):
    options = options_of(Baking)
    assert options["oven_heat"].allowed == "a number at least 0 and below 300 (degrees)"
    assert options["loaves"].bounds == "at least 1 and at most 9"
    assert options["flour"].allowed == "one of wheat, rye, spelt"
    assert not options["oven_heat"].within(float("nan"))


def test_choices_may_be_named_by_text():
    @dataclass(frozen=True)
    class Named(Settings):
        section: str = option("Data", "Section.", section="Data", choices="ravine.options.fields:SECTIONS")

    assert options_of(Named)["section"].choices == SECTIONS


def test_a_list_is_not_shared(Baking):
    assert Baking().colors is not Baking().colors


def test_a_field_is_defined_again_with_another_default(Baking):
    @dataclass(frozen=True)
    class Rolls(Baking):
        loaves: int = redefined(Baking, "loaves", 4, at_most=20)

    assert (Rolls().loaves, options_of(Rolls)["loaves"].at_most) == (4, 20)
    assert options_of(Rolls)["loaves"].help == options_of(Baking)["loaves"].help
    assert list(options_of(Rolls)) == list(options_of(Baking))
    assert Baking().loaves == 2


def test_what_is_no_option_is_refused():
    @dataclass(frozen=True)
    class Bare(Settings):
        loaves: int = field(default=1)

    @dataclass(frozen=True)
    class Odd(Settings):
        loaves: dict[str, int] = option(None, "Loaves.", section="Data")

    for settings in (Bare, Odd):
        with pytest.raises(TypeError, match="loaves"):
            options_of(settings)
    with pytest.raises(ValueError, match="no section 'Kitchen'"):
        option(1, "Loaves.", section="Kitchen")
