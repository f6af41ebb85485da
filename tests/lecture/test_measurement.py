"""A page of animated rules is written for a claim."""

import json
import re

from ravine.lecture import find
from ravine.lecture.animations.scenes import RULES
from ravine.lecture.measurement import animate

ALL = tuple(RULES)


def test_momentum_moves_beside_all_others_of_the_lecture(tmp_path):
    """SGD, momentum, Nesterov, RMSProp, Adam: the behaviours that the lecture shows as moving pictures."""
    animate(find("O1"), tmp_path / "O1.html")
    data = re.search(r'id="data"[^>]*>(.*?)</script>', (tmp_path / "O1.html").read_text("utf-8"), re.S)[1]
    assert {each["name"] for each in json.loads(data)["rules"]} == set(ALL) - {"adagrad"}
