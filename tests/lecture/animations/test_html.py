"""The page of animated rules: it stands alone, holds the walks, and plays."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from ravine.lecture.animations import write_animation
from ravine.lecture.animations.scenes import RULES, SCENES, STEPS, scene_paths

ALL = tuple(RULES)


@pytest.fixture(scope="module")
def walked():
    return {scene.name: scene_paths(scene, ALL) for scene in SCENES}


def losses(walked, scene, rule):
    return walked[scene].losses[ALL.index(rule)]


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    target = tmp_path_factory.mktemp("page") / "moving.html"
    write_animation(target, "A & </script><b>title", ALL)
    return target.read_text(encoding="utf-8")


def test_the_page_needs_nothing_else(page):
    assert not re.search(r"https?:|//cdn|<link|<img|@import|url\(|\bsrc=|fetch\(|XMLHttpRequest", page)
    assert "default-src 'none'" in page
    assert "%%" not in page


def test_the_page_is_written_without_matplotlib(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    write_animation(tmp_path / "moving.html", "title", ("sgd",))
    assert (tmp_path / "moving.html").stat().st_size > 10_000


def test_a_title_is_only_text(page):
    assert "A &amp; &lt;/script&gt;&lt;b&gt;title" in page and "</script><b>" not in page
    assert page.count("<script") == page.count("</script>") == 2


def test_the_page_holds_the_walks(page, walked):
    data = json.loads(re.search(r'id="data"[^>]*>(.*?)</script>', page, re.S)[1])
    assert data["steps"] == STEPS and [each["name"] for each in data["rules"]] == list(ALL)
    for shown, each in zip(data["scenes"], walked.values(), strict=True):
        np.testing.assert_allclose(shown["paths"], each.paths, rtol=6e-4)
        np.testing.assert_allclose(shown["losses"], each.losses, rtol=6e-4)
        assert np.shape(shown["ground"]) == each.ground.shape


def test_rules_look_different_without_colours(page):
    data = json.loads(re.search(r'id="data"[^>]*>(.*?)</script>', page, re.S)[1])
    assert len({str(each["dash"]) for each in data["rules"]}) == len(ALL)
    assert len({each["mark"] for each in data["rules"]}) == len(ALL)
    for name in ALL:
        assert page.count(f"--{name}:") == 2  # on white and on black


@pytest.mark.skipif(shutil.which("node") is None, reason="the script is run by node")
def test_the_script_plays(page, tmp_path):
    (tmp_path / "page.html").write_text(page, encoding="utf-8")
    command = ["node", Path(__file__).with_name("play_page.js"), tmp_path / "page.html"]
    told = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert told.returncode == 0, told.stderr
    steps = json.loads(told.stdout)
    assert steps["played"] > 0 and steps["stopped"] == steps["played"]
    assert steps["right"] == steps["stopped"] + 1 and steps["ten"] == steps["right"] + 10
    assert (steps["end"], steps["beyond"], steps["home"], steps["slider"]) == (STEPS, STEPS, 0, 60)
    assert (steps["again"], steps["finished"]) == (0, STEPS)
    assert steps["drawn"] > 0 and steps["fewer"] < steps["drawn"]  # a rule that is hidden is not drawn
