"""The free memory is the least of that of the machine, of the container, and of `ulimit -v`."""

from __future__ import annotations

import subprocess
import sys

import pytest

from ravine.data import free_memory as module
from ravine.data.free_memory import free_memory


@pytest.fixture
def system(tmp_path, monkeypatch):
    """Replace the files of the system: 8 GB are available, and there is no container."""
    for name in ("MEMORY_INFO", "OWN_SIZE", "OWN_GROUP", "GROUPS"):
        monkeypatch.setattr(module, name, tmp_path / name)
    module.MEMORY_INFO.write_text("MemTotal: 9000000 kB\nMemAvailable: 8000000 kB\n")
    return tmp_path


def group(folder, **files):
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name.replace("_", ".", 1)).write_text(text)


def test_the_machine_counts_without_a_container(system):
    assert free_memory() == 8_000_000 * 1024


def test_the_tightest_group_counts_and_cached_files_can_be_given_back(system):
    module.OWN_GROUP.write_text("0::/outer/inner\n")
    group(module.GROUPS / "outer/inner", memory_max="max\n", memory_current="100\n")
    group(
        module.GROUPS / "outer", memory_max="5000\n", memory_current="3000\n",
        memory_stat="anon 7\ninactive_file 400\n",
    )  # fmt: skip
    assert free_memory() == 5000 - 3000 + 400


def test_the_first_version_of_groups_counts_too(system):
    module.OWN_GROUP.write_text("5:memory:/box\n2:cpu:/box\n")
    folder = module.GROUPS / "memory/box"
    folder.mkdir(parents=True)
    (folder / "memory.limit_in_bytes").write_text("700\n")
    (folder / "memory.usage_in_bytes").write_text("900\n")
    assert free_memory() == 0


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells the size of the address space")
def test_ulimit_counts():
    limit = 1 << 30
    code = (
        f"import resource; resource.setrlimit(resource.RLIMIT_AS, ({limit}, {limit}));"
        "from ravine.data.free_memory import free_memory; print(free_memory())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert 0 < int(done.stdout) < limit
