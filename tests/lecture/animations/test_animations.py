"""Requests that no page or film answers are refused."""

import re

import pytest

from ravine.errors import RavineError, UsageError
from ravine.lecture.animations import write_animation
from ravine.lecture.animations.scenes import RULES

ALL = tuple(RULES)


@pytest.mark.parametrize(
    ("name", "rules", "said"),
    [
        ("moving.mp4", ALL, ".mp4"),
        ("moving", ALL, "html"),
        ("moving.html", (), "No optimizer"),
        ("moving.html", ("adm",), "adam"),
    ],
)
def test_what_cannot_be_written_is_refused(tmp_path, name, rules, said):
    with pytest.raises(UsageError, match=re.escape(said)):
        write_animation(tmp_path / name, "title", rules)
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_not_there_is_said(tmp_path):
    with pytest.raises(RavineError):
        write_animation(tmp_path / "nowhere" / "moving.html", "title", ("sgd",))
