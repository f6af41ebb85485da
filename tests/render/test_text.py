"""Blocks as text: no line too wide, ASCII where asked, no control characters; columns go by priority."""

import re

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
    Paragraph,
    Series,
    Sparkline,
    Sparklines,
    Steps,
    Table,
)
from ravine.render.cells import display_width
from ravine.render.text import text

ESCAPE = re.compile("\x1b\\[[0-9]+m")

words = st.text(max_size=40)
numbers = st.floats(width=32) | st.none()


@st.composite
def tables(draw, title=words):
    """Tables of any texts, up to 7 columns and 5 rows."""
    rows, count = draw(st.integers(0, 5)), draw(st.integers(1, 7))
    columns = [
        Column(
            draw(words),
            draw(st.lists(words, min_size=rows, max_size=rows)),
            draw(st.sampled_from(["left", "right"])),
            draw(st.integers(0, 3)),
            draw(st.sampled_from(["", "%", "a unit"])),
            draw(st.sampled_from([0, 8, 16])),
            draw(st.sampled_from([0, 10])),
            draw(st.sampled_from([0, 20])) if place == 0 else 0,
        )
        for place in range(count)
    ]
    marked = st.lists(st.integers(0, 5))
    return Table(
        columns, draw(title), draw(words), draw(marked), draw(marked), draw(marked), draw(st.booleans()),
        draw(st.booleans()),
    )  # fmt: skip


@st.composite
def sparklines(draw):
    """Curves of any values over any axis."""
    lines = []
    for _ in range(draw(st.integers(0, 3))):
        points = draw(st.lists(st.tuples(st.floats(-1e6, 1e6), numbers), max_size=12))
        lines.append(
            Sparkline(draw(words), [x for x, _ in points], [y for _, y in points], draw(words), draw(words))
        )
    axis = draw(st.sampled_from(["linear", "log"]))
    return Sparklines(
        lines, draw(words), draw(words), draw(st.sampled_from(["shared", "own"])),
        draw(st.none() | st.floats(-10, 10)), draw(st.none() | st.floats(-10, 10)), draw(st.booleans()), axis,
        draw(st.sampled_from(["none", "ends", *["decades"] * (axis == "log")])), (draw(words), draw(words)),
        draw(words), draw(st.none() | st.floats(-1e3, 1e3)),
    )  # fmt: skip


schedules = st.lists(st.floats(0, 1e9), max_size=150).map(
    lambda values: Steps("a schedule", list(range(len(values))), values, end="9 epochs")
)
pairs = st.lists(st.tuples(words, words), max_size=4)
items = st.lists(words | st.builds(Item, words, st.lists(words, max_size=3)), max_size=3)
any_block = (
    st.builds(Heading, words, st.lists(words, max_size=2))
    | st.builds(Paragraph, words)
    | st.builds(Items, items, words, st.sampled_from(["bullet", "number", "plain"]))
    | st.builds(Facts, pairs, words)
    | tables()
    | sparklines()
    | schedules
)


@given(st.lists(any_block, max_size=3), st.integers(20, 130), st.booleans(), st.booleans())
def test_no_line_is_too_wide_and_no_control_character_is_left(blocks, width, color, unicode):
    shown = text(blocks, width, color, unicode)
    plain = ESCAPE.sub("", shown) if color else shown
    for line in plain.split("\n"):
        assert display_width(line) <= max(40, width)
        assert line.isprintable()
    if not unicode:
        assert shown.isascii()


@given(st.lists(any_block, max_size=3), st.integers(40, 130), st.booleans())
def test_color_changes_nothing_but_color(blocks, width, unicode):
    assert ESCAPE.sub("", text(blocks, width, True, unicode)) == text(blocks, width, False, unicode)


def test_blocks_stand_apart_and_empty_ones_leave_no_gap():
    blocks = [
        Heading("Title", ["a note"]), Paragraph(""), Items([]), Facts([]), Files([]), Commands([]), Table([]),
        Sparklines([]), Steps("nothing", [], []), Chart("unseen", [Series("a", [1], [1])]), Paragraph("End."),
    ]  # fmt: skip
    assert text(blocks) == "Title\na note\n\nEnd."


@pytest.mark.parametrize(
    ("tone", "code"), [("strong", 1), ("dim", 2), ("warning", 33), ("error", 31), ("normal", None)]
)
def test_tones(tone, code):
    assert text([Paragraph("x", tone)], color=True) == ("x" if code is None else f"\x1b[{code}mx\x1b[0m")


def test_lists():
    assert text([Items(["one two " * 6, "three"], "Two")], 40) == (
        "Two\n- one two one two one two one two one\n  two one two\n- three"
    )
    numbered = Items([Item("first", ["why"]), "second"], style="number")
    assert text([numbered]) == "1. first\n   why\n\n2. second"
    assert text([Items(["a", "b"], style="plain", tone="warning")], color=True).count("\x1b[33m") == 2


def test_items_numbered_past_nine_are_in_line():
    lines = text([Items(["x"] * 10, style="number")]).splitlines()
    assert (lines[0], lines[9]) == ("1.  x", "10. x")


def test_facts_hang_below_themselves():
    assert text([Facts([("Data", "iris"), ("Optimizer", "word " * 10)])], 40).splitlines() == [
        "Data       iris",
        "Optimizer  word word word word word word",
        "           word word word word",
    ]
    assert text([Facts([("A1", "saturation")], "Networks")]) == "Networks\n  A1  saturation"


def test_a_path_is_never_cut():
    path = "/a/long/path" * 9
    assert text([Files([("Run", "short"), ("Picture", path)])], 40) == f"Run      short\nPicture\n  {path}"


def test_a_command_goes_on_as_a_shell_takes_it():
    command = "ravine train 'a file.csv' --net 64-64 --epochs 20 --learning-rate 0.003"
    lines = text([Commands([("Again:", command)], "Next:")], 40).splitlines()
    assert lines[:2] == ["Next:", "  Again:"]
    assert all(len(line) <= 40 for line in lines)
    assert [line.endswith(" \\") for line in lines[2:]] == [True] * (len(lines) - 3) + [False]
    assert " ".join(line.removesuffix(" \\").strip() for line in lines[2:]) == command
    assert text([Commands([("Again:", command)])], 100).splitlines() == ["Again:", f"  {command}"]


def test_names_from_files_command_no_terminal():
    shown = text([Paragraph("a\x1b[31mb\r\nc\x9b2J\u202e")], color=True)
    assert shown.isprintable()
    assert shown == "a?[31mb??c?2J?"


def test_known_signs_have_an_ascii_form_that_fits():
    sentence = "≤ ≥ → ± × ∞ – … café " * 9
    lines = text([Paragraph(sentence)], 41, unicode=False).splitlines()
    assert max(map(len, lines)) <= 41
    assert " ".join(lines).startswith("<= >= -> ~ x inf - ~ cafe <=")
