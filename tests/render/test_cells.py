"""Text in columns of a terminal: wrapping and cutting keep all that fits, and never go beyond."""

from hypothesis import given
from hypothesis import strategies as st

from ravine.render.cells import ascii_only, display_width, padded, printable, truncate, wrap

printable_texts = st.text().map(printable)


@given(printable_texts, st.integers(2, 60))
def test_wrapped_lines_fit_and_lose_no_letter(text, width):
    lines = wrap(text, width)
    assert all(display_width(line) <= width for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")


@given(printable_texts, st.integers(6, 60))
def test_indents_are_part_of_the_width(text, width):
    lines = wrap(text, width, "1. ", "   ")
    assert all(display_width(line) <= width for line in lines)
    assert all(line.startswith("   ") for line in lines[1:])
    assert not lines or lines[0].startswith("1. ")


def test_words_stay_whole_where_they_can():
    assert wrap("one two-three four", 10) == ["one", "two-three", "four"]
    assert wrap("a  b", 10) == ["a  b"]
    assert wrap("ab cdefghij", 5) == ["ab", "cdefg", "hij"]
    assert wrap("", 5) == wrap("   ", 5) == []
    assert wrap("データ", 4) == ["デー", "タ"]


@given(printable_texts, st.integers(0, 30), st.booleans())
def test_cut_text_fits(text, width, unicode):
    short = truncate(text, width, unicode)
    assert display_width(short) <= width
    if short not in (text, ""):
        assert text.startswith(short[:-1]) and short[-1] == ("…" if unicode else "~")
    assert (short == text) == (display_width(text) <= width)


@given(printable_texts, st.integers(0, 60), st.booleans())
def test_padded_text_has_its_width(text, width, left):
    assert display_width(padded(text, width, left)) == max(width, display_width(text))


@given(st.text())
def test_ascii_is_ascii(text):
    assert ascii_only(text).isascii()
