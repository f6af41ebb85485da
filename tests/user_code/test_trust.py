"""A file runs only if it was named on this machine with this content."""

import pytest

from ravine.errors import UsageError
from ravine.user_code import trust as trusted
from ravine.user_code.load import file_hash
from ravine.user_code.trust import check_trusted, trust


def test_a_file_is_not_trusted_until_it_is_named(folder):
    path, sha256 = file_hash("own.py")
    with pytest.raises(UsageError, match="was not run on this machine before"):
        check_trusted(path, sha256)
    trust(path, sha256)
    check_trusted(path, sha256)


def test_trust_survives_the_process_and_holds_for_path_and_content(folder, monkeypatch):
    path, sha256 = file_hash("own.py")
    trust(path, sha256)
    monkeypatch.setattr(trusted, "_trusted", set())  # as in a new process
    check_trusted(path, sha256)
    for other in [(path.with_name("b.py"), sha256), (path, "0" * 64)]:
        with pytest.raises(UsageError):
            check_trusted(*other)


def test_trust_without_a_cache_folder_holds_in_the_process(folder, monkeypatch):
    monkeypatch.setenv("RAVINE_CACHE", str(folder / "own.py"))  # a file, so that no folder can be made in it
    trust(*file_hash("own.py"))
    check_trusted(*file_hash("own.py"))
