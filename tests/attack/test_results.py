"""Saved results of a campaign."""

from tests.attack.results import Outcome, Results, load

FIRST = Outcome("readers.known", 1, "right")
SECOND = Outcome("readers.known", 2, "failed", "crash", "a \u2028 line\nbreak")


def test_what_is_added_is_loaded_again(tmp_path):
    file = tmp_path / "folder" / "seed.jsonl"
    results = Results(file)
    results.add(FIRST)
    results.add(SECOND)
    assert load(file) == {("readers.known", 1): FIRST, ("readers.known", 2): SECOND} == results.outcomes


def test_a_case_that_ran_again_counts_once(tmp_path):
    file = tmp_path / "seed.jsonl"
    Results(file).add(SECOND)
    repaired = Outcome("readers.known", 2, "right")
    Results(file).add(repaired)
    assert list(load(file).values()) == [repaired]


def test_a_line_that_was_cut_off_does_not_count(tmp_path):
    file = tmp_path / "seed.jsonl"
    Results(file).add(FIRST)
    whole = file.read_bytes()
    Results(file).add(SECOND)
    for end in range(len(whole), file.stat().st_size - 2):
        (tmp_path / "cut").write_bytes(file.read_bytes()[:end])
        assert list(load(tmp_path / "cut").values()) == [FIRST]
        Results(tmp_path / "cut").add(SECOND)
        assert list(load(tmp_path / "cut").values()) == [FIRST, SECOND]
