"""The saved record of a measured run: taken over as it is, or refused by the name of an array or a fact."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ravine.errors import DataError
from ravine.records.os_errors import DamagedFile
from ravine.records.record import Record
from ravine.studies.diagnose.metadata import RunMetadata
from ravine.studies.diagnose.observation_rules import check_observation


@pytest.fixture(scope="module")
def observed(measured, blobs) -> Record:
    """The record of a small training."""
    return measured(blobs)


def test_the_record_of_a_measured_run_is_read_with_its_facts(observed, tmp_path):
    observed.save(tmp_path / "a.npz")
    again = Record.load(tmp_path / "a.npz")
    assert check_observation(again, "'a'") == RunMetadata.from_dict(observed.meta)


def test_an_array_of_another_shape_or_type_or_none_is_refused(observed):
    for group in ("series", "final"):
        arrays = getattr(observed, group)
        for name, array in arrays.items():
            longer = np.concatenate([array, array], axis=-1) if array.ndim > 1 else array[:, None]
            for other in (longer, array.astype(str)):
                changed = replace(observed, **{group: {**arrays, name: other}})
                if name == "curve" and other is longer:
                    check_observation(changed, "'a'")  # of any length
                    continue
                with pytest.raises(DamagedFile, match="Its array '"):
                    check_observation(changed, "'a'")
        with pytest.raises(DamagedFile, match="'more'"):
            extra = {**arrays, "more": np.ones((1, 2))}
            check_observation(replace(observed, **{group: extra}), "'a'")
    for name in ("gradient", "best_rows"):
        final = {key: array for key, array in observed.final.items() if key != name}
        with pytest.raises(DamagedFile, match=f"lacks the array '{name}'"):
            check_observation(replace(observed, final=final), "'a'")


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("metric", "nope", "Metric is .nope."), ("activation", "nope", "Activation is"),
        ("norm", "x", "Norm is"),
        ("connection", "x", "Connection is"), ("end", 10**6, "are not among"), ("best", -1, "at least 0"),
        ("features", [], "column"), ("classes", ["a"], "Classes has 1"), ("valid", 3, "valid"),
        ("task", "x", "task"),
        ("changed", {"x": "y"}, "does not belong there"), ("rate", "x", "rate"), ("hidden", 9, "hidden"),
    ],
)  # fmt: skip
def test_a_wrong_fact_is_named(observed, key, value, says):
    changed = replace(observed, meta={**observed.meta, key: value})
    with pytest.raises(DamagedFile, match=says) as caught:
        check_observation(changed, "'a'")
    assert caught.value.what.startswith("'a' is damaged")


@settings(max_examples=200)
@given(st.data())
def test_changed_facts_are_read_as_they_stand_or_refused(observed, changed_document, data):
    meta = changed_document(data.draw, dict(observed.meta))
    try:
        found = check_observation(replace(observed, meta=meta), "'a'")
    except DataError as error:
        assert error.what.startswith("'a' is damaged")
    else:
        plain = found.to_dict()
        assert all(plain[key] == value for key, value in meta.items() if key in plain)
