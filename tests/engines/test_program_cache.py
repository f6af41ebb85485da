"""The folder of compiled programs stays small, and two processes may use it."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from ravine.engines import program_cache
from ravine.engines.program_cache import remove_old_programs


@pytest.fixture
def programs(tmp_path):
    """Make programs of 100 bytes; the one with the lowest number was used last the longest time ago."""

    def make(count):
        for number in range(count):
            file = tmp_path / f"program{number}-cache"
            file.write_bytes(bytes(100))
            os.utime(file, (1000 + number, 500))
        return tmp_path

    return make


def names(folder):
    return sorted(int(file.name[7:-6]) for file in folder.glob("program*"))


def test_programs_below_the_bound_stay(programs, monkeypatch):
    monkeypatch.setattr(program_cache, "MAX_BYTES", 1000)
    folder = programs(10)
    assert remove_old_programs(folder) == 0 and names(folder) == list(range(10))


def test_the_programs_not_used_for_longest_go_first(programs, monkeypatch):
    monkeypatch.setattr(program_cache, "MAX_BYTES", 1000)
    folder = programs(11)
    assert remove_old_programs(folder) == 300  # until 80 % of the bound are left
    assert names(folder) == list(range(3, 11))


def test_a_nearly_full_disk_lowers_the_bound(programs, monkeypatch):
    folder = programs(10)
    usage = type("Usage", (), {"free": 1500})
    monkeypatch.setattr(program_cache.shutil, "disk_usage", lambda path: usage)
    assert remove_old_programs(folder) == 600  # 20 % of 1,500 + 1,000 bytes, and 80 % of this is left
    assert names(folder) == [6, 7, 8, 9]


def test_folders_and_links_are_left_alone(programs, monkeypatch, tmp_path_factory):
    monkeypatch.setattr(program_cache, "MAX_BYTES", 0)
    folder, outside = programs(2), tmp_path_factory.mktemp("outside") / "file"
    outside.write_bytes(bytes(5000))
    (folder / "link-cache").symlink_to(outside)
    (folder / "thesis.txt").write_bytes(bytes(100))
    (folder / "sub").mkdir()
    remove_old_programs(folder)
    assert outside.exists() and (folder / "sub").is_dir() and (folder / "link-cache").is_symlink()
    assert names(folder) == [] and (folder / "thesis.txt").exists()


def test_several_commands_may_remove_at_the_same_time(programs, monkeypatch):
    monkeypatch.setattr(program_cache, "MAX_BYTES", 10_000)
    folder = programs(400)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(remove_old_programs, [folder] * 4))
    assert len(names(folder)) <= 80 and 399 in names(folder)


def test_a_folder_that_is_gone_is_no_error(tmp_path):
    assert remove_old_programs(tmp_path / "gone") == 0


COMPILES = """
import sys
from ravine.engines import prepare
prepare("cpu")
import jax, jax.numpy as jnp
seen = []
jax.monitoring.register_event_listener(lambda name, **_: seen.append(name))
jax.jit(lambda x: jnp.sin(x) @ x)(jnp.ones((7, 7))).block_until_ready()
print(seen.count("/jax/compilation_cache/cache_misses"), seen.count("/jax/compilation_cache/cache_hits"))
"""


def test_a_second_process_compiles_nothing(tmp_path):
    env = {**os.environ, "RAVINE_CACHE": str(tmp_path)}
    first, second = (
        subprocess.run([sys.executable, "-c", COMPILES], env=env, capture_output=True, text=True, check=True)
        for _ in range(2)
    )
    misses, hits = map(int, first.stdout.split())
    assert misses > 0
    assert list(map(int, second.stdout.split())) == [0, misses + hits]
