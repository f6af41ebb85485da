"""Blocks as HTML: well-formed, escaped, static, complete."""

import xml.etree.ElementTree as xml

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ravine.render.blocks import (
    Chart,
    Column,
    Commands,
    Facts,
    Files,
    Heading,
    Item,
    Items,
    Mark,
    Paragraph,
    Series,
    Sparkline,
    Sparklines,
    Steps,
    Table,
)
from ravine.render.html import html

EVIL = "<script>alert('x')</script>&\"\x1b[1m"


def shown(*blocks):
    """Return the tree of a fragment, which is well-formed XML too."""
    return xml.fromstring(html(blocks))


def words(tree):
    return " ".join(" ".join(tree.itertext()).split())


def test_every_kind_is_shown(every_kind):
    tree = shown(*every_kind)
    text = words(tree)
    for part in (
        "iris: 150 rows", "accuracy ± 95 % interval", "Ties are ties.", "1 finding", "evidence", "96, 24, 30",
        "Leaderboard", "accuracy %", "98 ± 1", "! at the edge", "cosine", "2 epochs", "here", "a.png",
        "ravine resume 'a b'",
    ):  # fmt: skip
        assert part in text, part
    assert tree.attrib == {"class": "ravine"}
    assert not [element for element in tree.iter() if element.tag in ("script", "link", "img", "iframe")]
    assert "prefers-color-scheme:dark" in tree.find("style").text


@pytest.mark.parametrize(
    "block",
    [
        Heading(EVIL, [EVIL]), Paragraph(EVIL), Items([EVIL, Item(EVIL, [EVIL])], EVIL), 
        Facts([(EVIL, EVIL)], EVIL),
        Table([Column(EVIL, [EVIL], unit=EVIL)], EVIL, EVIL),
        Sparklines([Sparkline(EVIL, [1, 2], [1, 2], EVIL)], EVIL, EVIL, x_label=EVIL),
        Steps(EVIL, [0, 1], [1, 1], EVIL, EVIL, EVIL),
        Chart(EVIL, [Series(EVIL, [1, 2], [1, 2])], EVIL, EVIL, marks=[Mark(1, EVIL)]),
        Files([(EVIL, EVIL)]), Commands([(EVIL, EVIL)], EVIL),
    ],
)  # fmt: skip
def test_text_is_text(block):
    tree = shown(block)
    assert "<script" not in html([block])
    assert "alert" in words(tree) or "…" in words(tree)
    assert "\x1b" not in html([block])


@given(st.text())
def test_any_text_is_well_formed(text):
    shown(Paragraph(text), Facts([(text, text)]), Table([Column(text, [text])]))


def test_a_table_keeps_all_columns_and_marks_rows():
    columns = [Column("optimizer", ["adam", "sgd"], "left"), Column("rate", ["1", "2"], priority=9)]
    tree = shown(Table(columns, rules=[1], strong=[0], errors=[1]))
    assert [cell.text for cell in tree.iter("th")] == ["optimizer", "rate"]
    rows = tree.findall(".//tbody/tr")
    assert [row.attrib["class"] for row in rows] == ["strong", "ruled error"]
    assert [cell.text for cell in rows[1]] == ["sgd", "2"]


def test_empty_blocks_leave_nothing():
    empty = [
        Paragraph(""), Items([]), Facts([]), Table([]), Sparklines([]), Steps("x", [], []), Chart("x", []),
        Files([]), Commands([]),
    ]  # fmt: skip
    assert [element.tag for element in shown(*empty)] == ["style"]
