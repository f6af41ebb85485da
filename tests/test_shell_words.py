"""Words that bash reads back as they were, and that hold no control character."""

import os
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ravine.shell_words import join_words, quote_word

ODD = [
    "plain.csv", "with space.csv", "new\nline.csv", "a'b\"c.csv", "\x1b[31mred.csv", "tab\t.csv",
    "$(touch x)", "\\", "\\n", "`id`", "größe\n", "日本\u202e.csv", "~", "*.csv", "-x", "", "#", "!", "\x7f",
    "\udcff\udcfe.csv",
    "a\x01b", "\x9b31m",
]  # fmt: skip


def read_by_bash(text):
    """Return the words that bash reads, as names of files."""
    done = subprocess.run(["bash", "-c", f"printf '%s\\0' {text}"], capture_output=True, check=True)
    return [os.fsdecode(word) for word in done.stdout.split(b"\0")[:-1]]


@pytest.mark.parametrize("word", ODD)
def test_bash_reads_the_word_that_was_quoted(word):
    assert read_by_bash(quote_word(word)) == [word]


def test_a_command_is_read_word_by_word():
    assert read_by_bash(join_words(ODD)) == ODD


@given(
    st.lists(
        st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0")), min_size=1, max_size=5
    )
)
def test_no_shown_command_holds_a_character_that_a_terminal_obeys(words):
    assert join_words(words).isprintable()


def test_usual_words_stay_readable():
    assert join_words(["ravine", "predict", "runs/latest", "größe.csv", "a b"]) == (
        "ravine predict runs/latest 'größe.csv' 'a b'"
    )
