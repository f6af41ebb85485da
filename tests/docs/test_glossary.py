"""The glossary: few terms, each in one short sentence, and one meaning for every word that had several."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MAX_TERMS = 25
MAX_WORDS = 25
AMBIGUOUS = {"plan", "settings", "learning rate", "optimizer", "study", "result", "level", "edge", "noise"}
"""Words that had several meanings; house rule: the glossary decides on one."""


def table(title: str) -> list[list[str]]:
    """Return the cells of the rows of the table below the heading `title`."""
    text = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    section = text.split(f"## {title}\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[1:]]


TERMS = table("Our terms")
WORDS = table("One word, one meaning")


def sentences(text: str) -> int:
    return len(re.findall(r"[.!?](?:\s|$)", text))


def test_sentences_are_counted():
    assert sentences("Two ideas. Joined by nothing.") == 2
    assert sentences("A rate of 0.5, such as `x.y`.") == 1


def test_there_are_few_terms_in_alphabetical_order():
    terms = [row[0] for row in TERMS]
    assert 15 <= len(terms) <= MAX_TERMS
    assert terms == sorted(set(terms))


@pytest.mark.parametrize("row", TERMS, ids=lambda row: row[0])
def test_a_term_has_one_short_sentence(row):
    _, meaning = row
    assert sentences(meaning) == 1, meaning
    assert meaning.endswith(".")
    assert len(meaning.split()) <= MAX_WORDS, meaning


def test_a_word_has_one_meaning_and_other_words_for_the_others():
    words = [row[0] for row in WORDS]
    assert words == sorted(set(words))
    assert set(words) >= AMBIGUOUS
    for word, meaning, otherwise in WORDS:
        assert meaning and len(meaning.split()) <= MAX_WORDS, word
        assert re.search(r"\*[^*]+\*|`[^`]+`", otherwise), f"'{word}' names no word for its other meanings"
