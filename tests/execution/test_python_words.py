"""Reports for Python name keywords; reports of commands name flags."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import ravine
from ravine.execution.python_words import in_python_words
from ravine.render.blocks import Heading, Item, Items, Paragraph, Table


def test_headings_paragraphs_and_lists_name_keywords_and_other_blocks_stay():
    table = Table([])
    blocks = [
        Heading("a --drop", ["all tuned (--tune all)"]),
        Paragraph("Give more --epochs, or `ravine train --epochs 3`."),
        Items(["--early-stop 3 stops it", Item("left out (--features keeps it)")]),
        table,
    ]
    heading, paragraph, items, last = in_python_words(blocks)
    assert (heading.text, tuple(heading.notes)) == ("a --drop", ("all tuned (tune all)",))
    assert paragraph.text == "Give more epochs, or `ravine train --epochs 3`."
    assert list(items.items) == ["early_stop=3 stops it", Item("left out (features keeps it)")]
    assert last is table


@pytest.mark.parametrize("shown", [repr, lambda result: result._repr_html_()])
def test_the_report_of_a_result_in_python_names_keywords(shown):
    random = np.random.default_rng(0)
    frame = pd.DataFrame({"a": random.normal(size=60), "id": np.arange(60), "y": random.normal(size=60)})
    result = ravine.train(frame, "y", net="4", epochs=1, baselines=False, progress=False)
    assert any("--" in note for note in result.data.notes)  # as commands show it
    assert "identifiers" in shown(result) and "--features" not in shown(result)
