"""Files of claims: found, named where they are wrong, read without running them."""

import pytest

from ravine.errors import RavineError, UsageError
from ravine.lecture import SECTIONS, claims, find, has_animation, registry


def test_which_claims_move():
    moving = {name for name, claim in claims().items() if has_animation(claim)}
    assert {"O1", "O2", "O3", "O4", "O5"} <= moving


def test_claims_stand_in_the_order_of_the_lecture():
    found = list(claims())
    assert {"A1", "L2", "P1"} <= set(found)
    places = [(list(SECTIONS).index(each[0]), int(each[1:])) for each in found]
    assert places == sorted(places)


def test_a_claim_is_found_in_any_case_and_a_wrong_one_gets_a_sentence():
    assert find("l2") is find("L2")
    with pytest.raises(UsageError, match=r"no claim 'L77'.*L"):
        find("L77")
    with pytest.raises(UsageError):
        find("")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("l1_x.py", 'CLAIM = Claim("L2", "t", section="s", says="s", caveat="c", try_it="y", run="r")'),
        ("z1_x.py", 'CLAIM = Claim("Z1", "t", section="s", says="s", caveat="c", try_it="y", run="r")'),
        ("l1_x.py", "x = 1"),
    ],
)
def test_a_file_without_its_own_claim_is_named(tmp_path, monkeypatch, name, text):
    (tmp_path / name).write_text(text)
    monkeypatch.setattr(registry, "FOLDER", tmp_path)
    with pytest.raises(RavineError, match=name):
        registry.claims.__wrapped__()


def test_facts_are_read_without_running_the_file(tmp_path, monkeypatch):
    claim = 'CLAIM = Claim("L1", "t", section="s", says="a " "b", caveat="c", try_it="y", run="r")'
    (tmp_path / "l1_x.py").write_text(f"{claim}\ndef animate(path): ...\nraise SystemExit\n")
    (tmp_path / "laws.py").write_text("raise SystemExit\n")
    monkeypatch.setattr(registry, "FOLDER", tmp_path)
    found = registry.claims.__wrapped__()
    assert found["L1"].says == "a b"
    assert has_animation(found["L1"])
