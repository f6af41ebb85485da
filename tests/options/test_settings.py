"""Settings check themselves, and go to and from plain dictionaries."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from ravine.errors import UsageError
from ravine.options import renamed
from ravine.options.fields import option
from ravine.options.settings import Settings


def test_values_are_written_and_read_again(Baking):
    made = Baking(source="bread", oven_heat=220, fruits=["fig, dried", "nut"], steps=["knead, wait"])
    plain = made.to_dict()
    assert Baking.from_dict(plain) == made
    assert "hours" not in plain  # without a value
    assert "quickly" not in Baking(quickly=True).to_dict()  # not stored


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("oven_heat", 300, "--oven-heat 300 cannot be used. It must be a number at least 0 and below 300"),
        ("oven_heat", float("nan"), "--oven-heat nan"), ("oven_heat", "hot", "--oven-heat hot"),
        ("loaves", 0, "at least 1 and at most 9"), ("loaves", 2.5, "a whole number"),
        ("loaves", True, "--loaves true"), ("hours", 0, "above 0"),
        ("loaves", None, "--loaves none cannot be used"),
        ("flour", "rie", "one of wheat, rye, spelt. Did you mean 'rye'?"),
        ("colors", ["red", "green"], "no color 'green'. Write red or blue."),
        ("fruits", "fig", "a list of texts"), ("fruits", [1], "a list of texts"),
        ("quickly", 1, "true or false"),
    ],
)  # fmt: skip
def test_a_wrong_value_is_named_with_what_is_allowed(Baking, key, value, words):
    with pytest.raises(UsageError) as caught:
        Baking(**{key: value})
    error = caught.value
    assert words in " ".join(filter(None, (error.what, error.why, error.fix)))
    assert error.option == key
    assert error.value is value or error.value in ("green", "fig")  # an item of a list


def test_a_message_tells_how_to_switch_off_or_what_is_usual(Baking):
    with pytest.raises(UsageError) as caught:
        Baking(oven_heat=-1)
    assert caught.value.fix == "Type --oven-heat 0 to turn it off."
    assert str(caught.value).endswith("Type oven_heat=0 to turn it off.")
    with pytest.raises(UsageError) as caught:
        Baking(loaves=0)
    assert caught.value.fix == "Leave it out for 2."
    assert caught.value.allowed == "a whole number at least 1 and at most 9"


def test_all_mistakes_are_reported_at_once(Baking):
    with pytest.raises(UsageError) as caught:
        Baking.from_dict({"loafs": 3, "flour": "rie", "loaves": "many", "oven_heat": 1e9})
    error = caught.value
    assert "4 settings are wrong" in error.what
    assert [problem.option for problem in error.problems] == ["loafs", "flour", "loaves", "oven_heat"]
    assert "Did you mean 'loaves'" in error.why and error.why.count("\n") == 3


def test_of_two_alternatives_one_is_given(Baking):
    for give in (
        lambda: Baking(hours=2.0, quickly=True),
        lambda: Baking.from_dict({"hours": 2, "quickly": True}),
    ):
        with pytest.raises(UsageError, match="hours and quickly contradict"):
            give()
    assert Baking(hours=2.0).hours == 2.0


def test_conditions_between_fields(Baking):
    @dataclass(frozen=True)
    class Careful(Baking):
        def check_together(self) -> None:
            if self.loaves > 5 and self.flour == "rye":
                raise UsageError("There is not enough rye.", option="flour")

    assert Careful(loaves=6).loaves == 6
    with pytest.raises(UsageError, match="enough rye"):
        Careful.from_dict({"loaves": 6, "flour": "rye"})


def test_equal_settings_are_equal_and_of_another_class_are_not():
    @dataclass(frozen=True, eq=False, repr=False)
    class Short(Settings):
        loaves: int = option(2, "Loaves.", section="Data", at_least=1)

    @dataclass(frozen=True, eq=False, repr=False)
    class Other(Short):
        pass

    assert Short(3) == Short(3) != Short(4) and Short(3) != Other(3)
    assert hash(Short(3)) == hash(Short(3)) and len({Short(3), Short(3), Other(3)}) == 2
    assert repr(Short(3)) == "Short(loaves=3)"
    assert replace(Short(3), loaves=5).loaves == 5


def test_a_renamed_setting_is_told(Baking, monkeypatch):
    monkeypatch.setattr(renamed, "RENAMED_KEYS", {"buns": "loaves"})
    with pytest.raises(UsageError, match="'buns' was renamed to 'loaves'"):
        Baking.from_dict({"buns": 3})
    monkeypatch.setattr(renamed, "RENAMED_VALUES", {"flour": {"corn": "spelt"}})
    with pytest.raises(UsageError, match=r"flour='corn' was renamed\. Write flour='spelt'"):
        Baking(flour="corn")
