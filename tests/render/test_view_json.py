"""Every kind of block is written as JSON, with all its fields and nothing but plain values."""

import dataclasses
import json
import typing

import numpy as np
import pytest

from ravine.render.blocks import Block, Facts, Paragraph, Series, Sparkline
from ravine.render.view_json import view_to_dict


def test_every_kind_is_plain(every_kind):
    assert {type(block) for block in every_kind} == set(typing.get_args(Block))
    document = view_to_dict(every_kind)
    assert json.loads(json.dumps(document, allow_nan=False)) == document


def test_every_field_is_written(every_kind):
    def listed(value):
        return [listed(item) for item in value] if isinstance(value, tuple) else value

    for block, entry in zip(every_kind, view_to_dict(every_kind)["blocks"], strict=True):
        assert entry["kind"] == block.kind
        assert set(entry) == {"kind", *(field.name for field in dataclasses.fields(block))}
        for field in dataclasses.fields(block):
            value = getattr(block, field.name)
            if not isinstance(value, tuple) or not any(map(dataclasses.is_dataclass, value)):
                assert entry[field.name] == listed(value)


def test_parts_of_a_block_are_written_by_field(every_kind):
    items = next(entry for entry in view_to_dict(every_kind)["blocks"] if entry["kind"] == "items")
    assert items["items"] == ["plain", {"text": "1 finding", "details": ["evidence"], "tone": "strong"}]
    assert view_to_dict([Paragraph("x")])["blocks"][0]["text"] == "x"


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
