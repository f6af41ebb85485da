"""Each changed, deleted or added file of a run is refused by its name, and so is a changed manifest."""

import hashlib
import json
import random
import shutil

import pytest

from ravine.records.atomic_files import write_json
from ravine.records.documents import NewerFile
from ravine.records.manifest import Content, Manifest, check_run, is_covered, open_verified, read_covered
from ravine.records.os_errors import DamagedFile
from ravine.records.run_directory import RunDirectory
from ravine.records.run_folder import RunFolder
from ravine.records.run_index import list_runs

A, B = Content("a" * 64, 1), Content("b" * 64, 2)


@pytest.fixture
def run(here, make, record):
    """A finished run with one file of each kind."""
    with make() as run:
        run.write("config.toml", "net = '8'\n")
        run.write_json("plan.json", {"runs": [1, 2, 3]})
        run.save_cohort("c", record)
        run.write("models/best/model.json", '{"schema_version": 1}')
        run.write_json("result.json", {"score": 0.5})
        run.write("leaderboard.csv", "a,b\n")
        run.save_times(seconds=1.5)
        run.update(state="finished")
    return run


def covered(run):
    names = [str(path.relative_to(run.path)) for path in run.path.rglob("*") if path.is_file()]
    return sorted(name for name in names if is_covered(name) and name not in ("MANIFEST", ".lock"))


def test_the_manifest_holds_size_and_sha256_of_each_file_that_is_read_back(run):
    files = json.loads((run.path / "MANIFEST").read_text())["files"]
    assert sorted(files) == covered(run)
    assert covered(run) == [
        "cohorts/c.npz", "config.toml", "models/best/model.json", "plan.json", "result.json", "run.json",
    ]  # fmt: skip
    for name, contents in files.items():
        blob = (run.path / name).read_bytes()
        assert contents == [f"{hashlib.sha256(blob).hexdigest()} {len(blob)}"]
    assert check_run(run.path) == []


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("run.json", True), ("state/a.npz", True), ("stdin", True), ("baselines.json", True),
        ("best.toml", True), ("predictions.npz", True),
        ("events.jsonl", False), ("log.txt", False), ("times.json", False),
        ("pictures/a.png", False), ("leaderboard.csv", False), ("cohorts/a.csv", True), ("xlog.txt", True),
    ],
)  # fmt: skip
def test_files_for_people_are_not_covered(name, answer):
    assert is_covered(name) is answer


@pytest.mark.parametrize("number", range(12))
def test_a_changed_bit_of_any_file_is_noticed(run, number):
    name = covered(run)[number % 6]
    blob = bytearray((run.path / name).read_bytes())
    rng = random.Random(number)
    blob[rng.randrange(len(blob))] ^= 1 << rng.randrange(8)
    (run.path / name).write_bytes(blob)
    assert check_run(run.path) == [f"{name} was changed after it was written"]
    with pytest.raises(DamagedFile, match=rf"{name}' was changed after it was written") as caught:
        RunDirectory(run.path, run.metadata).read(name)
    assert caught.value.why and caught.value.fix


def test_files_that_are_gone_or_added_are_noticed(run):
    (run.path / "plan.json").unlink()
    (run.path / "cohorts/d.npz").write_bytes(b"x")
    (run.path / "best.toml").write_text("net = '99'\n")
    (run.path / "notes.md").write_text("a note of the user is none of Ravine's business")
    assert sorted(check_run(run.path)) == [
        "best.toml was added after the run was written", "cohorts/d.npz was added after the run was written",
        "plan.json is missing",
    ]  # fmt: skip
    reader = RunDirectory.open(run.path)
    assert reader.has("plan.json")  # it should: so its absence is no new run, but an error
    with pytest.raises(DamagedFile, match=r"plan.json' is missing"):
        reader.read_json("plan.json")
    with pytest.raises(DamagedFile, match=r"best.toml' was added after the run was written"):
        reader.read_toml("best.toml")
    with pytest.raises(DamagedFile, match=r"d.npz' was added"):
        reader.load_cohort("d")


@pytest.mark.parametrize("seed", range(25))
def test_a_changed_byte_of_the_manifest_is_noticed(run, seed):
    path, rng = run.path / "MANIFEST", random.Random(seed)
    blob = bytearray(path.read_bytes())
    if seed % 5 == 4:
        del blob[rng.randrange(len(blob))]
    else:
        blob[rng.randrange(len(blob))] ^= 1 << rng.randrange(8)
    path.write_bytes(blob)
    assert [listed.state for listed in list_runs()] == ["unreadable"]
    with pytest.raises(DamagedFile, match="MANIFEST' was changed after it was written"):
        RunDirectory.open(run.path)


@pytest.mark.parametrize("blob", [b"", b"{}", b"[]", b"null", b"\xff", b"[" * 10_000, b'{"files": {"a": 1}}'])
def test_a_manifest_that_is_none(run, blob):
    (run.path / "MANIFEST").write_bytes(blob)
    with pytest.raises(DamagedFile, match="MANIFEST' was changed"):
        RunDirectory.open(run.path)


def test_a_missing_manifest_is_refused_and_that_of_an_older_run_is_not_missed(run):
    (run.path / "MANIFEST").unlink()
    with pytest.raises(DamagedFile, match="MANIFEST' is missing"):
        RunDirectory.open(run.path)
    assert [(listed.state, listed.files) for listed in list_runs(verify=True)] == [
        ("unreadable", "MANIFEST is missing")
    ]
    write_json(run.path / "run.json", run.metadata.to_dict() | {"schema_version": 2})
    older = RunDirectory.open(run.path)
    assert not older.verified and older.read_json("result.json") == {"score": 0.5}
    assert check_run(run.path) is None
    for verify in (True, False):
        assert [(r.state, r.files) for r in list_runs(verify=verify)] == [("finished", "not verified")]


def test_a_run_that_was_moved_or_copied_is_intact(run, here):
    shutil.copytree(run.path, "copy")
    run.path.rename("moved")
    for place in ("copy", "moved"):
        assert check_run(place) == [] and RunDirectory.open(place).read_json("result.json") == {"score": 0.5}


def test_one_of_two_contents_fits_while_a_file_is_replaced(tmp_path):
    folder, manifest = RunFolder(tmp_path), Manifest()
    (tmp_path / "a").write_bytes(b"old")
    for blob in (b"old", b"new"):
        manifest.expect("a", Content(hashlib.sha256(blob).hexdigest(), 3))
    open_verified(folder, "a", manifest=manifest, is_writer=True).close()
    (tmp_path / "a").write_bytes(b"new")
    open_verified(folder, "a", manifest=manifest, is_writer=True).close()
    manifest.settle("a", Content(hashlib.sha256(b"new").hexdigest(), 3))
    (tmp_path / "a").write_bytes(b"old")
    with pytest.raises(DamagedFile, match="was changed"):
        open_verified(folder, "a", manifest=manifest, is_writer=True)


def test_the_text_of_a_manifest_and_back(tmp_path):
    manifest = Manifest()
    manifest.expect("a", A)
    manifest.settle("a", A)
    manifest.expect("a", B)
    manifest.expect("é", A)
    assert manifest.files == {"a": [A, B], "é": [None, A]}
    assert Manifest.from_text(manifest.to_text(), tmp_path) == manifest
    assert manifest.lists("a") and not manifest.lists("b")
    manifest.settle("a", None)
    assert not manifest.lists("a") and manifest.files == {"é": [None, A]}


def test_a_file_outside_a_run_is_read_without_a_manifest(run, here):
    (here / "a").write_bytes(b"x")
    assert read_covered("a") == b"x"
    (run.path / "mine").mkdir()  # a model that the user has saved there
    (run.path / "mine/model.json").write_bytes(b"x")
    assert read_covered(run.path / "mine/model.json") == b"x"


def test_a_model_is_compared_with_the_manifest_of_its_run(run, monkeypatch):
    path = run.path.resolve() / "models/best/model.json"
    assert read_covered(path) == b'{"schema_version": 1}'
    path.write_text("{}")
    monkeypatch.chdir(path.parent)
    for name in ("model.json", "./model.json", "../best/model.json"):
        with pytest.raises(DamagedFile, match=r"model\.json' was changed"):
            read_covered(name)
    path.unlink()
    with pytest.raises(DamagedFile, match=r"model\.json' is missing"):
        read_covered("model.json")


def test_a_manifest_of_a_newer_version_says_so(run):
    path = run.path / "MANIFEST"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"schema_version": 99}))
    with pytest.raises(NewerFile, match=r"newer version of ravine.*pip install --upgrade"):
        RunDirectory.open(run.path)
    assert [info.state for info in list_runs()] == ["newer version"]
