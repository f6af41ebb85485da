"""Descriptions and arrays of saved models: read as they stand, or refused by the name of the part."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ravine.errors import DataError
from ravine.execution.model_description import ModelDescription, arrays_of
from ravine.networks import Network
from ravine.records.documents import check_document
from ravine.records.model_files import load_model
from ravine.records.os_errors import DamagedFile


def read(plain) -> ModelDescription:
    return check_document(plain, ModelDescription, "'model.json'", field="description", exact=True)


@pytest.fixture(scope="session")
def saved(trained):
    """Arrays and plain description of a model of three classes with batch normalization."""
    return load_model(trained.path)


@settings(max_examples=300)
@given(st.data())
def test_a_changed_description_is_read_as_it_stands_or_refused(saved, changed_document, data):
    plain = changed_document(data.draw, saved[1])
    try:
        found = read(plain)
    except DataError as error:
        assert error.what.startswith("'model.json' is damaged")
        return
    assert found.network.describe() == {"activation": found.network.activation, **plain["network"]}
    columns = [{**vars(column)} for column in found.encoder.columns]
    for column, written in zip(columns, plain["encoder"]["columns"], strict=True):
        for name, value in written.items():
            assert column[name] == (tuple(value) if isinstance(value, list) else value)
    for name, values in plain["scaler"].items():
        np.testing.assert_array_equal(getattr(found.scaler, name), values)
    for name in ("task", "target", "classes", "origin", "unit", "numbers"):
        assert getattr(found, name) == plain[name]
    about = json.loads(json.dumps(found.about.to_dict()))
    assert {name: value for name, value in plain["about"].items() if value is not None} == about


@pytest.mark.parametrize(
    ("place", "value", "says"),
    [
        (("network", "sizes"), [3, 10**9, 10**9, 3], "network has 3 inputs, and encoder makes"),
        (("network", "sizes"), [], "sizes"),
        (("network", "sizes"), [5.0, 3], "description.network.sizes[0] is 5.0; allowed is a whole number"),
        (("network", "sizes"), ["a"], "description.network.sizes[0] is 'a'"),
        (("network", "activation"), "nope", "no activation 'nope'"),
        (("network", "activation"), ["relu"], "description.network.activation is a list"),
        (("network", "x"), 1, "no field description.network.x"),
        (("network",), None, "must have one of network and file_network"),
        (("numbers",), {"slope": 0.1}, "numbers has the names"),
        (("numbers",), [1], "description.numbers is a list"),
        (("task",), "regress", "task is regress, and classes is a list"),
        (("task",), None, "description.task is null"),
        (("classes",), None, "task is classify, and classes is null"),
        (("classes",), ["p"], "network has 3 outputs for 1 classes"),
        (("classes",), ["p", "q", "p"], "a label occurs twice"),
        (("classes",), [["p"], ["q"], ["r"]], "description.classes[0] is a list of 1 value"),
        (("origin",), None, "description.origin is null"),
        (("unit",), 0, "description.unit is 0; allowed is a number above 0"),
        (("encoder",), {"columns": []}, "encoder makes 0 features"),
        (("encoder",), {"columns": [5]}, "description.encoder.columns[0] is 5"),
        (("encoder", "columns", 0, "kind"), "nope", "one of number, category, date"),
        (("encoder", "columns", 0, "scale"), 0.0, "above 0"),
        (("encoder", "columns", 0, "codesx"), [1], "no field description.encoder.columns[0].codesx"),
        (("scaler", "mean"), [0.0], "shapes"),
        (("scaler", "mean"), "x", "allowed is a list of numbers"),
        (("scaler",), None, "description.scaler is null"),
        (("about", "metric"), "nope", "no metric 'nope'"),
        (("about", "steps"), -1, "description.about.steps is -1"),
        (("about",), [], "description.about is a list"),
        (("target",), 5, "description.target is 5; allowed is text"),
    ],
)
def test_a_wrong_part_is_named(saved, place, value, says):
    plain = json.loads(json.dumps(saved[1]))
    *way, last = place
    part = plain
    for key in way:
        part = part[key]
    part[last] = value
    with pytest.raises(DamagedFile) as caught:
        read(plain)
    assert says.lower() in str(caught.value).lower()


@pytest.mark.parametrize("name", ["numbers", "task", "classes", "encoder", "scaler", "about"])
def test_a_missing_part_is_named(saved, name):
    with pytest.raises(DamagedFile, match=rf"field description\.{name} is missing"):
        read({key: value for key, value in saved[1].items() if key != name})


def test_a_missing_network_is_named(saved):
    with pytest.raises(DamagedFile, match="must have one of network and file_network"):
        read({key: value for key, value in saved[1].items() if key != "network"})


CHANGES = {
    "transposed": lambda a: a.T[..., None] if a.ndim == 1 else a.T,
    "integers": lambda a: a.astype("i4"),
    "booleans": lambda a: a > 0,
    "float16": lambda a: a.astype("f2"),
    "NaN": lambda a: np.full_like(a, np.nan),
    "infinite": lambda a: np.full_like(a, np.inf),
    "a row short": lambda a: a[:-1],
    "scalars": lambda a: np.zeros((), "f4"),
    "big-endian": lambda a: a.astype(">f4"),
    "negative": lambda a: -1 - np.abs(a),
}


@pytest.mark.parametrize("change", [*CHANGES, "float64", "one more", "one missing"])
def test_arrays_of_another_type_or_shape_are_refused(saved, change):
    arrays, network = dict(saved[0]), read(saved[1]).network
    params, statistics = arrays_of(network, arrays, "'m'")
    assert len(params) == 2 and [*statistics[0]] == ["mean", "variance"]
    for name in arrays if change in CHANGES else ["layer0.weight"]:
        if change == "negative" and not name.endswith("variance"):
            continue
        if change == "transposed" and len(set(arrays[name].shape)) == 1 and arrays[name].ndim == 2:
            continue  # a square matrix keeps its shape
        other = {**arrays, name: CHANGES.get(change, lambda a: a.astype("f8"))(arrays[name])}
        if change == "one more":
            other = {**arrays, "more": np.zeros(2, "f4")}
        elif change == "one missing":
            del other[name]
        with pytest.raises(DamagedFile, match=r"^'m' is damaged"):
            arrays_of(network, other, "'m'")


@pytest.mark.parametrize(
    "network",
    [
        Network((4, 3)), Network((4, 5, 3)), Network((4, 5, 5, 3), connection="highway"),
        Network((4, 5, 3), connection="residual"), Network((4, 5, 5, 3), norm="batchnorm"),
        Network((4, 5, 3), norm="layernorm"),
        Network((16, 6, 2), conv=(3, 4), image=(4, 4, 1), norm="batchnorm", connection="residual"),
    ],
    ids=str,
)  # fmt: skip
def test_every_array_of_a_network_is_read(network):
    """The names and shapes are those of the network's own parameters and statistics."""
    import jax

    from ravine.execution.model_description import PARAMETERS, STATISTICS, named_arrays

    params, statistics = network.init(np.random.default_rng(0)), network.statistics()
    arrays = named_arrays(params, PARAMETERS) | named_arrays(statistics, STATISTICS)
    found = arrays_of(network, arrays, "'m'")
    assert jax.tree.structure(found) == jax.tree.structure((params, tuple(statistics)))
    for one, other in zip(jax.tree.leaves(found), jax.tree.leaves((params, statistics)), strict=True):
        np.testing.assert_array_equal(one, other)
