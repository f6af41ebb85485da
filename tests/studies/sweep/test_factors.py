"""Factors of a sweep: texts, ranges, designs."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from ravine.errors import UsageError
from ravine.studies.sweep.factors import design_levels, factors_as_text, read_factors


@pytest.mark.parametrize(
    ("text", "name", "levels"),
    [
        ("l2=0,1e-4", "l2", ("0", "1e-4")),
        ("net=64-64, 64-64 dropout=0.2", "net", ("64-64", "64-64 dropout=0.2")),
        ("net=64,64; 32", "net", ("64,64", "32")),
        ("net='64,64', 32", "net", ("64,64", "32")),
        ("schedule=constant,step(0.1,every=10)", "schedule", ("constant", "step(0.1,every=10)")),
        ("optimizer=adam(b1=0.9,b2=0.99),optax:lion", "optimizer", ("adam(b1=0.9,b2=0.99)", "optax:lion")),
        ("batch-size=16,32", "batch_size", ("16", "32")),
        ("net=64,64;", "net", ("64,64",)),
    ],
)  # fmt: skip
def test_lists(text: str, name: str, levels: tuple[str, ...]) -> None:
    (factor,) = read_factors([text])
    assert (factor.name, factor.levels, factor.range) == (name, levels, None)


def test_several_factors_in_one_text_and_in_many() -> None:
    one = read_factors(["l2=0,1 | dropout=0,0.2"])
    assert one == read_factors(["l2=0,1\ndropout=0,0.2"]) == read_factors(["l2=0,1", "dropout=0,0.2"])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "Nothing is varied"), ("l2", "is not a factor"), ("=1,2", "is not a factor"),
        ("l2=", "empty value"),
        ("l2=1,,2", "empty value"), ("l2=1,1", "twice"), ("l2=0,1 | l2=3", "given twice"),
        ("learning_rate=1..0.1", "is not a range"), ("learning_rate=-1..1", "is not a range"),
        ("learning_rate=1..1e999", "is not a range"),
    ],
)  # fmt: skip
def test_texts_that_are_no_factor_are_refused(text: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        read_factors([text])


def values(text: str, points: int, *one_minus: str) -> list[float]:
    (factor,) = read_factors([text])
    return [float(value) for value in factor.values(points, one_minus)]


def test_ranges_are_even_where_it_counts() -> None:
    assert values("learning_rate=1e-4..1", 5) == pytest.approx(
        [1e-4, 1e-3, 1e-2, 1e-1, 1]
    )  # in the logarithm
    assert values("dropout=0.1..0.5", 3) == pytest.approx([0.1, 0.3, 0.5])  # a share: in itself
    assert values("l2=0..1", 3) == pytest.approx([0, 0.5, 1])  # nothing has a logarithm at 0
    assert values("b1=0..0.99", 3, "b1") == pytest.approx([0, 0.9, 0.99])  # in 1 - b
    assert values("width=16..64", 3) == [16, 32, 64]
    assert values("depth=1..3", 9) == [1, 2, 3]  # whole numbers once
    assert values("batch_size=8..32", 3) == [8, 16, 32]  # an integer option
    assert values("label_smoothing=0.1..0.3", 3) == pytest.approx(
        [0.1, 0.2, 0.3]
    )  # an option between 0 and 1


def test_a_grid_is_every_level_with_every_other() -> None:
    found = design_levels(read_factors(["a=1,2", "b=x,y,z"]), 5)
    assert [tuple(levels.values()) for levels in found] == list(itertools.product("12", "xyz"))
    with pytest.raises(UsageError, match="10,000 configurations"):
        design_levels(read_factors(["a=1e-4..1", "b=1e-4..1"]), 100)


def test_a_random_design_is_spread_and_repeats_nothing() -> None:
    factors = read_factors(["learning_rate=1e-4..1", "act=relu,tanh"])
    found = design_levels(factors, 5, 40, seed=3)
    assert len({tuple(levels.values()) for levels in found}) == 40
    assert found == design_levels(factors, 5, 40, seed=3) != design_levels(factors, 5, 40, seed=4)
    decades = np.floor(np.log10([float(levels["learning_rate"]) for levels in found])).astype(int)
    assert np.bincount(decades + 4, minlength=4)[:4].min() >= 8  # 10 in each of four decades, nearly
    assert abs(sum(levels["act"] == "tanh" for levels in found) - 20) <= 2


def test_more_than_there_are_cannot_be_drawn() -> None:
    with pytest.raises(UsageError, match="only 4 configurations"):
        design_levels(read_factors(["a=1,2", "b=1,2"]), 5, 4)
    assert len(design_levels(read_factors(["a=1,2", "b=1,2"]), 5, 3)) == 3
    with pytest.raises(UsageError, match="different configurations"):
        design_levels(read_factors(["depth=1..3"]), 5, 10)


def test_factors_from_python() -> None:
    given = {
        "l2": [0, 1e-4],
        "net": ["64,64"],
        "learning_rate": "1e-4..1",
        "average": [None, "ema=0.9"],
        "depth": 2,
    }
    read = {factor.name: factor.levels or factor.range for factor in read_factors(factors_as_text(given))}
    assert read == {
        "l2": ("0", "0.0001"), "net": ("64,64",), "learning_rate": (1e-4, 1.0),
        "average": ("none", "ema=0.9"),
        "depth": ("2",),
    }  # fmt: skip
    assert factors_as_text("l2=0,1") == ["l2=0,1"]
    assert factors_as_text(["l2=0,1", "l1=0,1"]) == ["l2=0,1", "l1=0,1"]
    levels = factors_as_text({"dropout": np.array([0.0, 0.25]), "l2": np.float32(0.5), "l1": [0.1]})
    assert [factor.levels for factor in read_factors(levels)] == [("0.0", "0.25"), ("0.5",), ("0.1",)]


@pytest.mark.parametrize("vary", [3, [1, 2], None])
def test_other_types_are_refused_with_the_option_and_its_value(vary: object) -> None:
    with pytest.raises(UsageError, match="mapping of names to values") as caught:
        factors_as_text(vary)
    assert (caught.value.option, caught.value.value) == ("vary", vary)


def test_more_configurations_than_can_be_compared_are_refused() -> None:
    with pytest.raises(UsageError, match="random=1000 or fewer"):
        design_levels(read_factors(["learning_rate=1e-4..1"]), 5, 1001)
