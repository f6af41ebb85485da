import json
import pickle

import hypothesis.extra.numpy as arrays_of
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ravine.errors import DataError, UsageError
from ravine.records.atomic_files import DamagedFile, read_npz, write_npz
from ravine.records.record import Record, Status

quiet = settings(deadline=None, max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
names = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=8)
kinds = st.sampled_from([np.float32, np.float64, np.int32, np.uint8, np.bool_, "<U3"])


@st.composite
def records(draw):
    runs = draw(st.integers(0, 4))
    side = st.integers(0, 3)

    def group(shape):
        return draw(st.dictionaries(names, kinds.flatmap(lambda k: arrays_of.arrays(k, shape)), max_size=3))

    status = draw(arrays_of.arrays(np.int8, runs, elements=st.sampled_from([int(s) for s in Status])))
    times, width = draw(side), draw(side)
    meta = draw(
        st.dictionaries(
            names,
            st.integers(-(2**63), 2**64 - 1) | st.text(max_size=5) | st.lists(st.booleans()),
            max_size=3,
        )
    )
    return Record(group((runs,)), group((runs, times)), status, group((runs, width)), meta)


def same(one: Record, other: Record) -> bool:
    groups = [(getattr(one, g), getattr(other, g)) for g in ("hyper", "series", "final")]
    return (
        np.array_equal(one.status, other.status)
        and one.meta == other.meta
        and all(list(a) == list(b) for a, b in groups)
        and all(
            a[n].dtype == b[n].dtype and a[n].shape == b[n].shape and a[n].tobytes() == b[n].tobytes()
            for a, b in groups
            for n in a
        )
    )


@pytest.fixture
def record():
    return Record(
        hyper={"learning_rate": np.array([1e-3, 0.1, 1.0]), "rule": np.array(["adam", "sgd", "sgd"])},
        series={"loss": np.array([[2.0, 1.0], [3.0, 2.0], [9.0, np.nan]]), "accuracy": np.ones((3, 1))},
        status=np.array([Status.FINISHED, Status.FINISHED, Status.DIVERGED]),
        final={"loss": np.array([1.0, 2.0, np.nan]), "weights": np.ones((3, 2, 2))},
        meta={"seed": 0},
    )


@quiet
@given(records())
def test_round_trip(tmp_path, record):
    record.save(tmp_path / "a.npz")
    back = Record.load(tmp_path / "a.npz")
    assert same(back, record)
    back.save(tmp_path / "b.npz")
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    assert repr(back) == repr(record)


@quiet
@given(records(), st.data())
def test_parts_joined_are_the_whole(record, data):
    order = data.draw(st.permutations(range(len(record))))
    cut = data.draw(st.integers(0, len(record)))
    parts = [record.select(order[:cut]), record.select(order[cut:])]
    joined = Record.concatenate(parts)
    assert same(joined, record.select(order))
    assert same(joined.select(np.argsort(order)), record)


def test_select_by_mask_keeps_nans(record):
    bad = record.select(record.status == Status.DIVERGED)
    assert len(bad) == 1 and bad.hyper["learning_rate"] == [1.0]
    assert np.isnan(bad.series["loss"]).tolist() == [[False, True]] and np.isnan(bad.final["loss"]).all()
    assert record.counts() == {"finished": 2, "diverged": 1}
    assert len(record.select([])) == 0


@pytest.mark.parametrize("bad", [[True], [0.5, 1.0], [3], [-4], "loss", [[0]], 1])
def test_select_refuses(record, bad):
    with pytest.raises(UsageError):
        record.select(bad)


def test_meta_that_differs_is_kept_in_parts(record):
    other = Record(record.hyper, record.series, record.status, record.final, {"seed": 0, "cohort": "b"})
    joined = Record.concatenate([record, other])
    assert joined.meta == {"seed": 0, "parts": [{}, {"cohort": "b"}]}
    assert Record.concatenate([record, record]).meta == {"seed": 0}


def test_concatenate_refuses(record):
    none = Record({}, {}, np.zeros(2, int))
    longer = Record(record.hyper, {**record.series, "loss": np.ones((3, 5))}, record.status, record.final)
    text = Record({**record.hyper, "learning_rate": ["a"] * 3}, record.series, record.status, record.final)
    for bad, words in (
        ([], "no records"),
        ([record, none], "differ in hyper: learning_rate, rule"),
        ([record, longer], r"series\['loss'\] is \[3, 2\] float64 in record 0 and \[3, 5\]"),
        ([record, text], "learning_rate"),
    ):
        with pytest.raises(UsageError, match=words):
            Record.concatenate(bad)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"hyper": {"rate": np.ones(2)}}, r"hyper\['rate'\] has shape \[2\]. There are 3 runs"),
        ({"hyper": {"rate": 0.1}}, r"shape \[\]"),
        ({"series": {"loss": np.ones(3)}}, r"series\['loss'\] has shape \[3\]"),
        ({"series": {"loss": np.ones((5, 3))}}, "first axis"),
        ({"final": {"w": np.float64(1)}}, r"final\['w'\]"),
        ({"final": {"w": np.array([None] * 3)}}, "array of objects"),
        ({"hyper": {"": np.ones(3)}}, "cannot name"),
        ({"status": np.array([0, 1, 5])}, "2 DIVERGED"),
        ({"status": np.array([0, 1, 257])}, "from 0 to 257"),
        ({"status": np.ones((3, 1), int)}, "one Status for each run"),
        ({"status": np.array([0.5, 1, 2])}, "one Status for each run"),
    ],
)
def test_shapes_that_disagree(fields, words):
    with pytest.raises(UsageError, match=words):
        Record(**({"hyper": {}, "series": {}, "status": np.zeros(3, int)} | fields))


def test_frame(record):
    table = record.frame()
    assert list(table) == ["run", "learning_rate", "rule", "status", "loss"]
    assert table["status"].tolist() == ["finished", "finished", "diverged"]
    assert table["loss"].isna().tolist() == [False, False, True]
    curves = record.frame("loss")
    assert len(curves) == 6
    wide = curves.pivot(index="run", columns="time", values="loss").to_numpy()
    np.testing.assert_array_equal(wide, record.series["loss"])
    assert curves["learning_rate"].tolist() == [1e-3, 1e-3, 0.1, 0.1, 1.0, 1.0]
    with pytest.raises(UsageError, match="Did you mean 'loss'"):
        record.frame("los")
    with pytest.raises(UsageError, match="differ in length"):
        record.frame(["loss", "accuracy"])
    assert record.frame([]).equals(record.frame())


def test_frame_never_loses_a_column_to_another_of_its_name():
    clash = Record(
        {"loss": [1.0], "run": [7.0]}, {"loss": [[2.0]]}, [1], {"loss": [3.0], "final_loss": [4.0]}
    )
    assert clash.frame().iloc[0].tolist() == [0, 1.0, 7.0, "finished", 3.0, 4.0]
    assert list(clash.frame().columns) == [
        "run", "loss", "hyper_run", "status", "final_loss", "final_final_loss",
    ]  # fmt: skip
    assert clash.frame("loss")["series_loss"].tolist() == [2.0]


def test_repr_is_readable(record):
    text = repr(record)
    assert "3 runs: 2 finished, 1 diverged" in text
    assert "learning_rate 0.001 to 1" in text and "rule adam, sgd" in text and "weights [3, 2, 2]" in text
    all_nan = Record({"x": [np.nan, np.nan], "y": [np.nan, 2.0]}, {}, [0, 0])
    assert "x nan" in repr(all_nan) and "y 2" in repr(all_nan)
    assert "0 runs" in repr(Record({"x": []}, {}, np.zeros(0, int)))


def test_pickles_and_empty(record):
    assert same(pickle.loads(pickle.dumps(record)), record)
    assert len(Record({}, {}, []).frame()) == 0


def test_files_that_hold_no_record(tmp_path, record):
    path = tmp_path / "a.npz"
    write_npz(path, {"x": np.ones(2)})
    with pytest.raises(DamagedFile, match="no record"):
        Record.load(path)
    record.save(path)
    arrays = read_npz(path)
    write_npz(path, {name: array for name, array in arrays.items() if name != "series/loss"})
    with pytest.raises(DamagedFile, match=r"lacks the array 'series/loss'"):
        Record.load(path)
    write_npz(path, arrays | {"status": np.zeros(2, np.int8)})
    with pytest.raises(DamagedFile, match="run = 2"):
        Record.load(path)
    with pytest.raises(DataError, match="There is no"):
        Record.load(tmp_path / "b.npz")


@quiet
@given(st.data())
def test_a_changed_header_is_read_as_it_stands_or_refused(tmp_path, changed_document, data):
    path, sound = tmp_path / "a.npz", Record({"x": [1.0]}, {"y": [[1.0]]}, [1], {"z": [2.0]}, {"cohort": "a"})
    sound.save(path)
    arrays = read_npz(path)
    head = changed_document(data.draw, json.loads(arrays["record"].tobytes()))
    write_npz(path, arrays | {"record": np.frombuffer(json.dumps(head).encode(), np.uint8)})
    try:
        found = Record.load(path)
    except DataError as error:
        assert "a.npz" in error.what
    else:
        assert found.meta == head["meta"]
        names = {group: list(getattr(found, group)) for group in ("hyper", "series", "final")}
        assert names == {group: head["names"][group] for group in names}
        assert same(Record(found.hyper, found.series, found.status, found.final, sound.meta), sound)


@quiet
@given(st.data())
def test_changed_arrays_are_read_as_they_stand_or_refused(tmp_path, data):
    path = tmp_path / "a.npz"
    Record({"x": [1.0, 2.0]}, {"y": np.ones((2, 3))}, [1, 2], {"z": np.ones((2, 2))}).save(path)
    arrays = read_npz(path)
    name = data.draw(st.sampled_from(list(arrays)))
    shapes = arrays_of.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3)
    types = st.sampled_from(["f4", "f8", "i1", "i8", "u1", "?", "<U2", ">f8", "c8"])
    arrays[name] = data.draw(types.flatmap(lambda kind: arrays_of.arrays(kind, shapes)))
    write_npz(path, arrays)
    try:
        found = Record.load(path)
    except DataError as error:
        assert "a.npz" in error.what
    else:
        groups = {
            "status": {"": found.status},
            **{f"{g}/": getattr(found, g) for g in ("hyper", "series", "final")},
        }
        for start, group in groups.items():
            for key, array in group.items():
                np.testing.assert_array_equal(array, arrays[f"{start}{key}"])


def test_a_record_of_a_newer_version(tmp_path, record):
    record.save(tmp_path / "a.npz")
    arrays = read_npz(tmp_path / "a.npz")
    head = arrays["record"].tobytes().replace(b'"schema_version": 1', b'"schema_version": 2')
    write_npz(tmp_path / "a.npz", arrays | {"record": np.frombuffer(head, np.uint8)})
    with pytest.raises(DataError, match="newer version") as caught:
        Record.load(tmp_path / "a.npz")
    assert not isinstance(caught.value, DamagedFile)


def test_without_the_largest_part() -> None:
    record = Record(
        {"rate": np.ones(2)}, {}, np.ones(2, int), {"parameters": np.ones((2, 9)), "score": np.ones(2)}
    )
    light = record.without("parameters", "statistics")
    assert set(light.final) == {"score"} and set(record.final) == {"parameters", "score"}
    assert len(light) == 2
