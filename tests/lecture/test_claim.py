"""What holds and what does not; which claims are found; pictures in every format."""

import math

import numpy as np
import pytest

from ravine.errors import RavineError, UsageError
from ravine.lecture import SECTIONS, Finding, claims, find, has_animation, registry
from ravine.lecture.plot_style import canvas, marks, save, style, theory

NAN, INF = math.nan, math.inf


@pytest.mark.parametrize(
    ("measured", "expected", "how", "holds"),
    [
        (1.05, 1.0, {"tolerance": 0.1}, True),
        (1.25, 1.0, {"tolerance": 0.25}, True),
        (1.26, 1.0, {"tolerance": 0.25}, False),
        (0.0, 0.0, {}, True),
        (1e-300, 0.0, {}, False),
        (-104.0, -100.0, {"tolerance": 0.05, "relative": True}, True),
        (-106.0, -100.0, {"tolerance": 0.05, "relative": True}, False),
        (5.0, 1.0, {"bound": "above"}, True),
        (0.9, 1.0, {"bound": "above"}, False),
        (0.9, 1.0, {"bound": "above", "tolerance": 0.2}, True),
        (-5.0, 1.0, {"bound": "below"}, True),
        (1.1, 1.0, {"bound": "below"}, False),
        (INF, 1.0, {"bound": "above"}, True),
        (INF, 1.0, {"tolerance": 1e300}, False),
        (INF, INF, {}, True),
        (1.0, INF, {"tolerance": 1.0}, False),
        (3.0, None, {}, None),
        (NAN, None, {}, False),
        (NAN, 1.0, {"bound": "below"}, False),
        (NAN, NAN, {}, False),
        (1.0, NAN, {"tolerance": 1.0}, False),
    ],
)
def test_what_holds(measured, expected, how, holds):
    found = Finding("x", np.float64(measured), expected, **how)
    assert found.holds is holds
    assert type(found.measured) is float


@pytest.mark.parametrize(
    "how", [{"tolerance": -1}, {"tolerance": NAN}, {"tolerance": INF}, {"bound": "over"}]
)
def test_what_could_not_judge_is_refused(how):
    with pytest.raises(UsageError):
        Finding("x", 1.0, 1.0, **how)


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


@pytest.mark.parametrize(("kind", "start"), [("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF")])
def test_pictures_are_written_the_same_twice(tmp_path, kind, start):
    def drawn(name):
        with style():
            figure, (left, right) = canvas("A title", columns=2)
            theory(left, [0, 1], [0, 1], "line")
            marks(right, [0, 1], [0, 1], "mark", which=1, error=[0.1, 0.2])
            left.legend()
        save(figure, tmp_path / f"{name}.{kind}")
        return (tmp_path / f"{name}.{kind}").read_bytes()

    once = drawn("a")
    assert once.startswith(start)
    assert once == drawn("b")


def test_no_other_format(tmp_path):
    with style():
        figure, _ = canvas("x")
    with pytest.raises(UsageError, match="bmp"):
        save(figure, tmp_path / "x.bmp")
    assert not list(tmp_path.iterdir())
