"""Every kind of block survives JSON; mistakes in a document are refused."""

import dataclasses
import json
import typing

import numpy as np
import pytest

from ravine.render.blocks import Block, Facts, Item, Paragraph, Series, Sparkline
from ravine.render.html import html
from ravine.render.text import text
from ravine.render.view_json import view_from_dict, view_to_dict


def test_every_kind_survives(every_kind):
    assert {type(block) for block in every_kind} == set(typing.get_args(Block))
    written = json.dumps(view_to_dict(every_kind), allow_nan=False)
    again = view_from_dict(json.loads(written))
    assert again == every_kind
    assert text(again, 60) == text(every_kind, 60) and html(again) == html(every_kind)


def test_every_field_is_written(every_kind):
    for block, entry in zip(every_kind, view_to_dict(every_kind)["blocks"], strict=True):
        assert set(entry) == {"kind", *(field.name for field in dataclasses.fields(block))}


def test_blocks_hold_plain_values():
    line = Sparkline("a", np.arange(3), np.array([1.0, np.nan, np.inf]))
    assert (line.x, line.y) == ((0, 1, 2), (1.0, None, None))
    assert all(type(value) is int for value in line.x)
    assert Series("a", [np.float32(0.5)], [np.int64(2)]).y == (2,)
    rows = [("a", "b")]
    facts = Facts(rows)
    rows.append(("c", "d"))
    assert facts.rows == (("a", "b"),)
    with pytest.raises(dataclasses.FrozenInstanceError):
        facts.title = "x"


def test_an_item_is_told_from_a_sentence(every_kind):
    items = next(block for block in view_from_dict(view_to_dict(every_kind)) if block.kind == "items")
    assert items.items == ("plain", Item("1 finding", ["evidence"], "strong"))


@pytest.mark.parametrize(
    ("entry", "match"),
    [
        ({"kind": "film"}, "no block 'film'"),
        ({}, "no block"),
        ({"kind": "paragraph", "txt": ""}, "field txt"),
    ],
)
def test_mistakes(entry, match):
    with pytest.raises(ValueError, match=match):
        view_from_dict({"blocks": [entry]})


def test_what_a_field_leaves_out_has_its_default():
    assert view_from_dict({"blocks": [{"kind": "paragraph", "text": "x"}]}) == [Paragraph("x")]
