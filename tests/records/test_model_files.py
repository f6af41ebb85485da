import shutil
from pathlib import Path

import hypothesis.extra.numpy as arrays_of
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ravine.errors import DataError, UsageError
from ravine.records.atomic_files import DamagedFile, read_json, write_json
from ravine.records.model_files import digest_of, load_model, model_files, save_model
from ravine.records.run_directory import RunDirectory
from ravine.records.run_index import find_model

quiet = settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
ARRAYS = {"layer0/w": np.linspace(0, 1, 6, dtype=np.float32).reshape(2, 3), "layer0/b": np.zeros(3)}
ABOUT = {"sizes": [2, 3], "activation": "tanh", "labels": ["ja", "nein"]}
dtypes = st.sampled_from(
    ["float16", "float32", "float64", "int8", "uint8", "int32", "uint64", "int64", "bool"]
)


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def save_in(run):
    for name, blob in model_files(ARRAYS, ABOUT).items():
        run.write(f"models/best/{name}", blob)


@quiet
@given(
    st.dictionaries(
        st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=10).filter(
            lambda name: name != "__metadata__"
        ),
        dtypes.flatmap(
            lambda d: arrays_of.arrays(d, arrays_of.array_shapes(min_dims=0, min_side=0, max_side=4))
        ),
        max_size=4,
    )
)
def test_round_trip_is_exact_and_deterministic(tmp_path, arrays):
    save_model(tmp_path / "a", arrays, ABOUT)
    back, about = load_model(tmp_path / "a")
    assert about == ABOUT and back.keys() == arrays.keys()
    for name, array in arrays.items():
        assert back[name].dtype == array.dtype and back[name].shape == array.shape
        assert back[name].tobytes() == array.tobytes()
    save_model(tmp_path / "b", {n: np.asfortranarray(a).reshape(a.shape) for n, a in arrays.items()}, ABOUT)
    for file in ("model.safetensors", "model.json"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()


def test_views_that_are_not_contiguous_are_saved_as_they_look(here):
    table = np.arange(24.0).reshape(4, 6)
    views = {
        "t": table.T,
        "s": table[::2, ::-1],
        "b": np.broadcast_to(np.float32(3), (2, 2)),
        "e": table.astype(">f8"),
    }
    save_model("m", views, {})
    back, _ = load_model("m")
    for name, view in views.items():
        np.testing.assert_array_equal(back[name], view)


def test_every_way_to_name_a_model(here):
    with RunDirectory.create(name="digits") as run:
        save_in(run)
    files = [run.models, run.models / "model.json", run.models / "model.safetensors"]
    for word in [*files, run.path, run.path / "run.json", run.id, "latest", "digits"]:
        arrays, about = load_model(word)
        assert about == ABOUT
        np.testing.assert_array_equal(arrays["layer0/w"], ARRAYS["layer0/w"])


def test_a_model_copied_under_another_name(here):
    save_model("m", ARRAYS, ABOUT)
    for kind in ("json", "safetensors"):
        shutil.copy(f"m/model.{kind}", f"mine.{kind}")
    assert load_model("mine.safetensors")[1] == ABOUT


def test_a_run_without_a_model_says_what_to_type(here):
    with RunDirectory.create(name="digits") as run:
        pass
    with pytest.raises(DataError, match=r"has no model.*ravine resume"):
        load_model("latest")
    with run.lock():
        run.update(state="finished")
    with pytest.raises(DataError, match=r"has no model.*ravine train"):
        load_model("latest")


def test_a_run_without_a_model_names_the_newest_that_has_one(here):
    with RunDirectory.create(name="digits") as trained, trained.lock():
        save_in(trained)
        trained.update(state="finished")
    with RunDirectory.create(name="digits") as run, run.lock():
        run.update(state="finished")
    with pytest.raises(DataError, match=rf"has no model.*{trained.path.name}"):
        load_model(run.path)


def test_latest_is_the_newest_run_with_a_model(here):
    with RunDirectory.create(name="digits", out="first") as trained, trained.lock():
        save_in(trained)
    for out in (None, "second"):
        with RunDirectory.create(name="digits", out=out):
            pass
    assert load_model("latest")[1] == ABOUT
    assert Path(find_model("latest")).resolve() == trained.path.resolve()
    assert find_model(trained.models) == str(trained.models)


@pytest.mark.parametrize("bad", ["none", "folder", "data.csv"])
def test_what_is_no_model(here, bad):
    (here / "folder").mkdir()
    (here / "data.csv").write_text("a,b\n")
    with pytest.raises(DataError):
        load_model(bad)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda blob: blob[: len(blob) // 2],
        lambda blob: b"",
        lambda blob: blob[:-1] + bytes([blob[-1] ^ 1]),
        lambda blob: blob + b"x",
    ],
)
def test_damaged_numbers(here, spoil):
    save_model("m", ARRAYS, ABOUT)
    path = here / "m/model.safetensors"
    path.write_bytes(spoil(path.read_bytes()))
    with pytest.raises(DamagedFile, match="checksum"):
        load_model("m")


def test_files_of_two_models(here):
    save_model("m", ARRAYS, ABOUT)
    save_model("n", {"layer0/w": np.ones(2)}, ABOUT)
    shutil.copy("n/model.safetensors", "m/model.safetensors")
    with pytest.raises(DamagedFile, match="does not belong"):
        load_model("m")
    (here / "m/model.safetensors").unlink()
    with pytest.raises(DataError, match="There is no"):
        load_model("m")


def change(path, **entries):
    """Change entries of a model.json, and its digest with them."""
    document = read_json(path) | entries
    write_json(path, document | {"model_sha256": digest_of(document)})


def test_a_changed_description_is_noticed(here):
    save_model("m", ARRAYS, ABOUT)
    whole = (here / "m/model.json").read_text()
    version_1 = ('"schema_version": 2', '"schema_version": 1')
    for before, after in (("ja", "jb"), ("tanh", "relu"), ("3", "4"), version_1):
        (here / "m/model.json").write_text(whole.replace(before, after, 1))
        with pytest.raises(DamagedFile, match=r"model.json' was changed after it was written"):
            load_model("m")


def test_a_model_of_version_1_is_read(here):
    save_model("m", ARRAYS, ABOUT)
    document = read_json("m/model.json")
    del document["model_sha256"]
    write_json("m/model.json", document | {"schema_version": 1})
    assert load_model("m")[1] == ABOUT


def test_a_model_of_another_run_in_the_place_of_the_own_is_noticed(here):
    with RunDirectory.create(name="digits") as run:
        save_in(run)
    save_model("other", {"layer0/w": np.ones(2)}, ABOUT)
    for name in ("model.json", "model.safetensors"):
        shutil.copy(f"other/{name}", run.models / name)
    for word in (run.path, run.models, run.models / "model.json", "latest"):
        with pytest.raises(DamagedFile, match=r"model.json' was changed after it was written"):
            load_model(word)


def test_a_model_is_not_read_through_a_link_that_leaves_its_run(here):
    with RunDirectory.create(name="digits") as run:
        save_in(run)
    run.models.rename("elsewhere")
    run.models.symlink_to(here / "elsewhere")
    with pytest.raises(DataError, match=r"'best' in the run .* is a link"):
        load_model(run.path)


@pytest.mark.parametrize("blob", ["", "[]", "{}", '{"schema_version": "1"}', '{"schema_version": 1}'])
def test_broken_description(here, blob):
    save_model("m", ARRAYS, ABOUT)
    (here / "m/model.json").write_text(blob)
    with pytest.raises(DamagedFile):
        load_model("m")


def test_a_pickle_with_a_fitting_checksum_is_not_run(here):
    import hashlib
    import pickle

    save_model("m", ARRAYS, ABOUT)
    blob = pickle.dumps({"layer0/w": [1]})
    (here / "m/model.safetensors").write_bytes(blob)
    change("m/model.json", sha256=hashlib.sha256(blob).hexdigest())
    with pytest.raises(DamagedFile, match="cannot be read"):
        load_model("m")


def test_a_model_of_a_newer_version(here):
    save_model("m", ARRAYS, ABOUT)
    change("m/model.json", schema_version=3, ravine="9.1")
    with pytest.raises(DataError, match=r"newer version of ravine, 9\.1.*--upgrade"):
        load_model("m")


def test_what_a_model_cannot_hold(here):
    for bad in (np.array(["a"]), np.array([None]), np.array([1j])):
        with pytest.raises(UsageError, match="Array 'x' has the type"):
            save_model("m", {"x": bad}, {})
    with pytest.raises(UsageError, match=r"document.description.mean\[1\] is nan"):
        save_model("m", {}, {"mean": [0.0, float("nan")]})
