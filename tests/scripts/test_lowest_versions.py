"""Constraints with the lowest allowed versions, from projects made up for them and from this one."""

from __future__ import annotations

import importlib.util
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def lowest_versions():
    spec = importlib.util.spec_from_file_location("lowest_versions", ROOT / "scripts" / "lowest_versions.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.lowest_versions


def project(path, *dependencies):
    lines = "".join(f'"{line}",' for line in dependencies)
    path.write_text(
        f"[project]\ndependencies = [{lines}]\n"
        '[project.optional-dependencies]\nfast = ["c[x]>=2.0rc1"]\ntest = ["tool"]\n'
    )
    return path


def test_the_lower_bound_of_every_dependency_is_its_version(lowest_versions, tmp_path):
    found = lowest_versions(project(tmp_path / "p.toml", "a-b>=1", "d >= 3.11.2"))
    assert found == {"a-b": "1", "d": "3.11.2", "c": "2.0rc1"}


@pytest.mark.parametrize("line", ["a", "a>1", "a>=1,<2", "a==1"])
def test_a_dependency_without_a_plain_lower_bound_is_a_mistake(lowest_versions, tmp_path, line):
    with pytest.raises(ValueError, match="not of the form"):
        lowest_versions(project(tmp_path / "p.toml", line))


def test_every_dependency_of_this_project_has_one(lowest_versions):
    table = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    found = lowest_versions()
    extras = {"pyarrow", "h5py", "uproot", "awkward", "dask", "distributed", "cloudpickle", "cryptography"}
    assert len(found) == len(table["dependencies"]) + len(extras) and extras <= found.keys()
    assert {"jax", "numpy", "pandas", "pyarrow", "h5py"} <= found.keys() and "pytest" not in found
