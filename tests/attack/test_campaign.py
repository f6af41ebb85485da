"""Slices of the attack suite, and campaigns that are stopped and go on."""

import importlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.attack.campaign import SCRIPTS, families_of
from tests.attack.results import Results, load

ROOT = Path(__file__).resolve().parents[2]
QUICK = (
    "known", "mutated", "noise", "gzip", "cells", "typed_words", "npz_flipped", "npz_headers", "npz_members",
    "idx", "parquet_checksums", "hdf5",
)  # fmt: skip
"""Families of data files whose cases take milliseconds."""
NONE_FAILED = "0 failed (severity 1: 0; severity 2: 0; severity 3: 0)"


def attack(*words, timeout=600):
    """Run the suite in a process of its own; return its exit status and its lines."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.attack", *map(str, words)],
        cwd=ROOT, capture_output=True, text=True, timeout=timeout, check=False,
    )  # fmt: skip
    return done.returncode, (done.stdout + done.stderr).splitlines()


def test_a_slice_finds_no_failure(tmp_path):
    """A part of the attacks on data files, the same in every run."""
    slice_ = ["--seed", "slice", "--scale", "0.004", "--minutes", "0.75", "--only"]
    status, lines = attack(*slice_, *(f"readers.{name}" for name in QUICK), "--results", tmp_path)
    assert status == 0, "\n".join(lines)


@pytest.mark.slow
def test_a_slice_with_a_new_seed_finds_no_failure(tmp_path):
    """A part of all attacks, which the seed of this test run chooses."""
    seed = os.environ["ATTACK_SEED"]
    status, lines = attack("--seed", seed, "--scale", "0.02", "--minutes", "4.5", "--results", tmp_path)
    assert status == 0, "\n".join(lines)


def test_a_second_call_with_the_same_seed_goes_on(tmp_path):
    first = ["--seed", "s", "--only", "readers.idx:0,1", "--results", tmp_path]
    assert attack(*first)[1][-1] == f"2 tried, {NONE_FAILED}"
    file = tmp_path / "s.jsonl"
    before = file.read_bytes()
    half = ["--seed", "s", "--only", "readers.idx", "--scale", "0.005", "--results", tmp_path]
    status, lines = attack(*half)
    assert status == 0 and lines[-1] == f"5 tried, {NONE_FAILED}", lines
    after = file.read_bytes()
    assert after.startswith(before) and len(load(file)) in range(5, 8)
    assert attack(*half)[1][-1] == f"5 tried, {NONE_FAILED}"
    assert file.read_bytes() == after  # nothing was left to run


def test_time_that_is_over_leaves_cases_for_the_next_call(tmp_path):
    words = ["--seed", "s", "--only", "readers.idx:0,1", "--results", tmp_path]
    status, lines = attack(*words, "--minutes", "0")
    assert status == 0 and lines[-1] == f"0 tried, {NONE_FAILED}"
    assert any(line.startswith("2 cases are left") for line in lines)
    assert Results(tmp_path / "s.jsonl").outcomes == {}


@pytest.mark.parametrize(
    ("name", "message"),
    [("nothing", "There is no script 'nothing'"), ("kill.no", "There is no family 'kill.no'")],
)
def test_an_unknown_name_is_refused(name, message, tmp_path):
    status, lines = attack("--only", name, "--results", tmp_path)
    assert status == 1 and any(line.startswith(message) for line in lines)


def test_families_have_names_of_their_own_and_cases():
    families = {script: families_of(script) for script in SCRIPTS}
    for script, found in families.items():
        module = importlib.import_module(f"tests.attack.{script}")
        assert len(found) == len(module.FAMILIES), script
        assert all(family.count > 0 for family in found.values())

    def cases(*scripts):
        return sum(family.count for script in scripts for family in families[script].values())

    signals = sum(family.count for name, family in families["kill"].items() if "signal" in name)
    assert cases("readers") >= 20_000
    assert cases("kill") - signals >= 300
    assert cases("corrupt", "hostile") >= 3_000
