"""Which columns fit: they go by priority, named ones are cut, the first one wraps."""

import pytest

from ravine.render.blocks import Column, Table
from ravine.render.text import text

NAME = Column("optimizer", ["nesterov", "a" * 30], "left", shrink=16)
COLUMNS = [
    NAME,
    Column("score", ["98.3 ± 0.2", "97.5 ± 0.3"]),
    Column("second", ["x" * 10] * 2, priority=1),
    Column("third", ["y" * 10] * 2, priority=2),
    Column("fourth", ["z" * 10] * 2, priority=3),
]


def shown(width, *columns, **more):
    return text([Table(columns, **more)], width).splitlines()


@pytest.mark.parametrize(
    ("width", "kept"),
    [
        (78, "optimizer score second third fourth"),  # 30 + 4 x 10 and 4 gaps of 2
        (64, "optimizer score second third fourth"),  # the name is cut to 16
        (63, "optimizer score second third"),
        (52, "optimizer score second third"),
        (51, "optimizer score second"),
        (40, "optimizer score second"),
    ],
)
def test_columns_go_by_priority_after_names_are_cut(width, kept):
    head, *rows = shown(width, *COLUMNS)
    assert head.split() == kept.split()
    assert all("±" in row for row in rows)
    assert ("a" * 30 in rows[1]) == (width == 78)


def test_the_rightmost_goes_first_among_equals():
    wide = [Column(name, [name * 20], priority=1) for name in "abc"]
    assert shown(42, Column("", ["x"]), *wide)[0].split() == ["a"]


def test_a_column_may_be_cut_in_place_of_going():
    result = Column("result", ["r" * 40], "left", priority=2, shrink=12)
    fixed = Column("id", ["i" * 20], "left")
    size = Column("size", ["s" * 5], priority=3)
    assert shown(80, fixed, result, size)[0].split() == ["id", "result", "size"]
    assert shown(68, fixed, result, size)[1] == f"{'i' * 20}  {'r' * 40}"
    assert shown(50, fixed, result, size)[1] == f"{'i' * 20}  {'r' * 27}…"
    long = Column("id", ["i" * 30], "left")
    assert shown(40, long, result, size)[0] == "id"  # 8 columns are fewer than 12


def test_texts_are_cut_at_their_widest():
    assert shown(80, Column("data", ["d" * 30], "left", widest=24))[1] == "d" * 23 + "…"


def test_rules_and_emphasis():
    table = Table([Column("", ["a", "b", "c"])], rules=[0, 2], strong=[0], errors=[2])
    assert text([table]).splitlines() == ["─", "a", "b", "─", "c"]
    assert text([table], unicode=False).splitlines()[0] == "-"
    lines = text([table], color=True).splitlines()
    assert (lines[1], lines[2], lines[4]) == ("\x1b[1ma\x1b[0m", "b", "\x1b[31mc\x1b[0m")


def test_units_are_a_second_line_of_the_head():
    columns = Column("share", ["0%"], "left"), Column("train", ["97.1"], unit="%")
    assert shown(80, *columns, title="Labels", note="of the rows") == [
        "Labels", "share  train", "           %", "0%      97.1", "of the rows",
    ]  # fmt: skip


def test_a_tight_table_moves_together_before_a_column_goes():
    columns = Column("", ["a" * 20]), Column("", ["b" * 20], priority=1)
    assert shown(41, *columns, tight=True) == [f"{'a' * 20} {'b' * 20}"]
    assert shown(41, *columns) == ["a" * 20]
    assert shown(42, *columns, tight=True) == [f"{'a' * 20}  {'b' * 20}"]


def test_a_split_table_shows_every_column():
    columns = [Column("", ["row"], "left"), *(Column(name, [name * 30]) for name in "ab")]
    lines = shown(40, *columns, title="Bounds", split=True)
    assert lines == ["Bounds, a", f"row  {'a' * 30}", "", "Bounds, b", f"row  {'b' * 30}"]
    assert len(shown(80, *columns, title="Bounds", split=True)) == 3


def test_the_first_column_wraps_or_stands_alone():
    columns = Column("", ["one two three four five six"], "left", wrap=12), Column("measured", ["1" * 12])
    assert shown(40, *columns)[1] == f"one two three four five     {'1' * 12}"
    assert shown(40, *columns)[2] == "  six"
    wide = Column("", ["one two three four five six"], "left", wrap=12), Column("m", ["1" * 30])
    assert shown(40, *wide) == [f"{'m':>34}", "one two three four five six", "    " + "1" * 30]


def test_wide_characters_take_two_columns():
    lines = shown(80, Column("名", ["データ", "x"], "left"), Column("n", ["1", "2"]))
    assert lines == ["名      n", "データ  1", "x       2"]


def test_unequal_columns_are_refused():
    with pytest.raises(ValueError, match="the same length"):
        Table([Column("a", ["1"]), Column("b", [])])
    with pytest.raises(ValueError, match="first column"):
        Table([Column("a", ["1"]), Column("b", ["1"], wrap=9)])
