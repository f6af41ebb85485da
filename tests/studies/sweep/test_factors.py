"""What a sweep varies: texts, ranges, designs."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from ravine.errors import UsageError
from ravine.studies.sweep.factors import designed, factors_as_text, read_factors


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
    ("text", "said"),
    [
        ("", "Nothing is varied"), ("l2", "no factor"), ("=1,2", "no factor"), ("l2=", "empty value"),
        ("l2=1,,2", "empty value"), ("l2=1,1", "twice"), ("l2=0,1 | l2=3", "varied twice"),
        ("rate=1..0.1", "no range"), ("rate=-1..1", "no range"), ("rate=1..1e999", "no range"),
    ],
)  # fmt: skip
def test_what_is_no_factor(text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        read_factors([text])


def values(text: str, points: int, *one_minus: str) -> list[float]:
    (factor,) = read_factors([text])
    return [float(each) for each in factor.values(points, one_minus)]


def test_ranges_are_even_where_it_counts() -> None:
    assert values("rate=1e-4..1", 5) == pytest.approx([1e-4, 1e-3, 1e-2, 1e-1, 1])  # in the logarithm
    assert values("dropout=0.1..0.5", 3) == pytest.approx([0.1, 0.3, 0.5])  # a share: in itself
    assert values("l2=0..1", 3) == pytest.approx([0, 0.5, 1])  # nothing has a logarithm at 0
    assert values("b1=0..0.99", 3, "b1") == pytest.approx([0, 0.9, 0.99])  # in 1 - b
    assert values("width=16..64", 3) == [16, 32, 64]
    assert values("depth=1..3", 9) == [1, 2, 3]  # whole numbers once


def test_a_grid_is_every_level_with_every_other() -> None:
    found = designed(read_factors(["a=1,2", "b=x,y,z"]), 5)
    assert [tuple(each.values()) for each in found] == list(itertools.product("12", "xyz"))
    with pytest.raises(UsageError, match="10,000 settings"):
        designed(read_factors(["a=1e-4..1", "b=1e-4..1"]), 100)


def test_a_random_design_is_spread_and_repeats_nothing() -> None:
    factors = read_factors(["rate=1e-4..1", "act=relu,tanh"])
    found = designed(factors, 5, 40, seed=3)
    assert len({tuple(each.values()) for each in found}) == 40
    assert found == designed(factors, 5, 40, seed=3) != designed(factors, 5, 40, seed=4)
    decades = np.floor(np.log10([float(each["rate"]) for each in found])).astype(int)
    assert np.bincount(decades + 4, minlength=4)[:4].min() >= 8  # 10 in each of four decades, nearly
    assert abs(sum(each["act"] == "tanh" for each in found) - 20) <= 2


def test_more_than_there_are_cannot_be_drawn() -> None:
    with pytest.raises(UsageError, match="only 4 settings"):
        designed(read_factors(["a=1,2", "b=1,2"]), 5, 4)
    assert len(designed(read_factors(["a=1,2", "b=1,2"]), 5, 3)) == 3
    with pytest.raises(UsageError, match="different settings"):
        designed(read_factors(["depth=1..3"]), 5, 10)


def test_as_python_gives_them() -> None:
    given = {"l2": [0, 1e-4], "net": ["64,64"], "rate": "1e-4..1", "average": [None, "ema=0.9"], "depth": 2}
    read = {each.name: each.levels or each.range for each in read_factors(factors_as_text(given))}
    assert read == {
        "l2": ("0", "0.0001"), "net": ("64,64",), "rate": (1e-4, 1.0), "average": ("none", "ema=0.9"),
        "depth": ("2",),
    }  # fmt: skip
    assert factors_as_text("l2=0,1") == ["l2=0,1"]
