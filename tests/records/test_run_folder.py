"""Nothing outside the folder of a run is read, written or deleted, whatever lies in it."""

import hashlib
import os

import pytest

from ravine.errors import DataError
from ravine.records.run_folder import RunFolder

PRECIOUS = b"precious"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/a.npz").write_bytes(PRECIOUS)
    (tmp_path / "outside/.tmp").mkdir()
    (tmp_path / "outside/.tmp/mine").write_bytes(PRECIOUS)
    return RunFolder(tmp_path / "run")


def write(folder, name, blob):
    with folder.create() as (file, done):
        file.write(blob)
    folder.replace(done[0].temporary, name)
    return done[0]


def outside(folder):
    """Return all that lies outside the run, by name."""
    root = folder.path.parent / "outside"
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def test_a_file_is_written_and_read_with_its_digest(folder):
    blob = os.urandom(3_000_000)
    new = write(folder, "models/best/model.json", blob)
    assert (new.sha256, new.size) == (hashlib.sha256(blob).hexdigest(), len(blob))
    with folder.open("models/best/model.json") as file:
        assert file.read() == blob
    assert folder.has("models/best/model.json") and not folder.has("models/best/other")
    assert folder.names("models/best") == ["models/best/model.json"] and folder.names("cohorts") == []


def test_an_error_leaves_the_old_file_and_no_new_one(folder):
    write(folder, "a", b"old")
    with pytest.raises(ZeroDivisionError), folder.create() as (file, _):
        file.write(b"half")
        raise ZeroDivisionError
    with folder.open("a") as file:
        assert file.read() == b"old"
    assert os.listdir(folder.path / ".tmp") == []  # noqa: PTH208


@pytest.mark.parametrize(
    "name", ["../outside/a.npz", "/etc/passwd", "a//b", "./a", "a/../b", "", "a\0", "a/b/c/d"]
)
def test_a_name_that_could_lead_outside_is_refused(folder, name):
    for use in (folder.open, folder.has, folder.delete, lambda name: folder.append(name, b"x")):
        with pytest.raises(DataError, match="cannot name a file of a run"):
            use(name)
    assert len(outside(folder)) == 2


def test_a_linked_subfolder_is_refused_by_name(folder):
    (folder.path / "cohorts").symlink_to(folder.path.parent / "outside")
    before = outside(folder)
    for use in (
        lambda: folder.open("cohorts/a.npz"),
        lambda: folder.has("cohorts/a.npz"),
        lambda: folder.names("cohorts"),
        lambda: folder.delete("cohorts/a.npz"),
        lambda: folder.append("cohorts/a.npz", b"x"),
        lambda: write(folder, "cohorts/a.npz", b"x"),
    ):
        with pytest.raises(DataError, match=r"'cohorts' in the run .* is a link") as caught:
            use()
        assert caught.value.why and caught.value.fix
    assert outside(folder) == before


def test_a_linked_temporary_folder_is_not_emptied(folder):
    (folder.path / ".tmp").symlink_to(folder.path.parent / "outside/.tmp")
    for use in (folder.empty_temporaries, lambda: write(folder, "a", b"x")):
        with pytest.raises(DataError, match=r"'\.tmp' in the run .* is a link"):
            use()
    assert outside(folder)[".tmp/mine"] == PRECIOUS


def test_links_in_the_temporary_folder_are_deleted_and_not_followed(folder):
    (folder.path / ".tmp/pictures").mkdir(parents=True)
    for place in ("link", "pictures/link"):
        (folder.path / ".tmp" / place).symlink_to(folder.path.parent / "outside")
    before = outside(folder)
    folder.empty_temporaries()
    assert not (folder.path / ".tmp").exists() and outside(folder) == before
    folder.empty_temporaries()  # nothing to do


def test_a_linked_file_is_neither_read_nor_written_through(folder):
    target = folder.path.parent / "outside/a.npz"
    for name in ("log.txt", "run.json"):
        (folder.path / name).symlink_to(target)
    for use in (lambda: folder.open("run.json"), lambda: folder.append("log.txt", b"x")):
        with pytest.raises(DataError, match="is a link"):
            use()
    write(folder, "run.json", b"new")  # takes the place of the link
    folder.delete("log.txt")  # deletes the link
    assert outside(folder)["a.npz"] == PRECIOUS and not (folder.path / "run.json").is_symlink()


def test_a_log_with_another_name_outside_is_not_written_to(folder):
    (folder.path / "log.txt").hardlink_to(folder.path.parent / "outside/a.npz")
    folder.append("log.txt", b" more")
    folder.append("log.txt", b" and more")
    assert (folder.path / "log.txt").read_bytes() == PRECIOUS + b" more and more"
    assert outside(folder)["a.npz"] == PRECIOUS


@pytest.mark.parametrize("kind", ["pipe", "folder", "device"])
def test_other_kinds_of_files_are_refused(folder, kind):
    path = folder.path / "log.txt"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    else:
        try:
            os.mknod(path, 0o20666, os.makedev(1, 5))  # /dev/zero
        except PermissionError:
            pytest.skip("only the superuser makes devices")
    for use in (lambda: folder.open("log.txt"), lambda: folder.append("log.txt", b"x")):
        with pytest.raises(DataError, match=f"is a {kind}"):
            use()


def test_a_folder_that_is_gone(folder):
    folder.path.rmdir()
    assert not folder.has("a") and folder.names("cohorts") == []
    with pytest.raises(DataError, match="There is no"):
        folder.open("a")
    with pytest.raises(DataError, match="cannot be written"):
        folder.append("log.txt", b"x")
