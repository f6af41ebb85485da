"""The natural faults of diagnose: the frozen list, changes of files, and one count on a generated table."""

import hashlib
import importlib
import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from ravine.data import from_arrays
from ravine.execution.baselines import baseline_scores
from ravine.studies.diagnose.settings import DiagnoseSettings
from ravine.studies.diagnose.verdicts import VERDICTS

FOLDER = Path(__file__).resolve().parents[3] / "docs" / "diagnose"
LIST = """
rows = 400
seed = 1
[tables.bent]
file = "bent.csv"
form = "semicolon"
target = "label"
options = { net = "8", epochs = 5 }
[faults]
list = [
  { id = "leaking-bent", table = "bent", file = { kind = "leak", noise = 0.05 }, expected = ["leaking"] },
  { id = "rate_high-bent", table = "bent", change = { learning_rate = 1e6 }, expected = ["rate_high"] },
]
[sound]
list = [{ id = "bent-default", table = "bent" }]
"""


@pytest.fixture
def load(monkeypatch):
    """Return a function that imports a module of docs/diagnose."""
    monkeypatch.syspath_prepend(str(FOLDER))
    return importlib.import_module


@pytest.fixture
def table():
    random = np.random.default_rng(3)
    x = random.normal(size=(1000, 2))
    label = np.where(x[:, 0] + x[:, 1] ** 2 > 0.5, "in", "out")
    return pd.DataFrame({"a": x[:, 0], "b": x[:, 1], "label": label})


@pytest.fixture
def listed(tmp_path, table):
    """Write a table and a list with its digest; return the path of the list."""
    table.to_csv(tmp_path / "bent.csv", index=False, sep=";")
    path = tmp_path / "list.toml"
    path.write_text(LIST)
    path.with_suffix(".sha256").write_text(hashlib.sha256(LIST.encode()).hexdigest() + "  list.toml\n")
    return path


def test_the_list_is_the_frozen_one_and_names_every_verdict(load):
    natural = load("natural")
    listed = natural.read_list(natural.LIST, natural.DIGEST)
    assert len(listed.faults) >= 100
    assert len(listed.sound) >= 60
    assert len({entry.table for entry in listed.faults}) >= 12
    names = [entry.id for entry in (*listed.faults, *listed.sound)]
    assert len(set(names)) == len(names)
    kinds = {entry.kind for entry in listed.faults}
    observations = {"edge_of_stability"}  # no fault
    assert {verdict.name for verdict in VERDICTS} - observations <= kinds
    assert kinds >= natural.REPAIRABLE_BY_SETTINGS


def test_a_changed_list_is_refused(listed, tmp_path):
    listed.write_text(LIST + "\n# one more line\n")
    command = [sys.executable, str(FOLDER / "natural.py"), str(tmp_path), "--list", str(listed)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 1
    assert "SHA-256" in done.stderr


@pytest.mark.slow
def test_counts_are_saved_and_resumed(listed, tmp_path, run):
    out = tmp_path / "out"
    arguments = [tmp_path, "--list", listed, "--no-proof", "--out", out]
    run("diagnose/natural.py", *arguments, "--only", "leaking-bent")
    first = json.loads((out / "natural.json").read_text())
    assert first["leaking-bent"]["verdicts"][0] == "leaking"
    printed = run("diagnose/natural.py", *arguments)
    assert "leaking-bent" not in printed
    rows = json.loads((out / "natural.json").read_text())
    assert rows["leaking-bent"] == first["leaking-bent"]
    assert "rate_high" in rows["rate_high-bent"]["verdicts"]
    assert set(rows) == {"leaking-bent", "rate_high-bent", "bent-default"}
    text = (out / "natural.md").read_text()
    assert "| leaking | 1 | 1 | 100 % |" in text
    assert "| all faults | 2 | 2 | 100 % |" in text


def test_the_table_counts_by_hand(load):
    natural = load("natural")
    settings = {"seconds": 60.0, "metric": "rmse", "proved": True}
    proof = {"changes": {"l2": 0.0}, "test": {"before": 2.0, "after": 1.0}}
    rows = {
        "found": {**settings, **proof, "kind": "leaking", "expected": ["leaking"], "verdicts": ["leaking"]},
        "missed": {**settings, "kind": "leaking", "expected": ["leaking"], "verdicts": ["overfits"],
                   "changes": {}, "test": None},
        "worse": {**settings, "kind": "rate_low", "expected": ["rate_low", "plateau"],
                  "verdicts": ["plateau"], "changes": {"l2": 1.0}, "test": {"before": 1.0, "after": 1.5}},
        "sound": {**settings, "kind": "sound", "expected": [], "verdicts": [], "changes": {}, "test": None},
        "noted": {**settings, "kind": "sound", "expected": [], "verdicts": [], "changes": {}, "test": None,
                  "noted": ["constant_columns", "label_noise"]},
        "calm": {**settings, "kind": "sound", "expected": [], "verdicts": [], "changes": {}, "test": None,
                 "noted": ["constant_columns"]},
        "alarm": {**settings, "kind": "sound", "expected": [], "verdicts": ["dead"], "changes": {},
                  "test": None},
    }  # fmt: skip
    text = natural.table(rows)
    assert "| leaking | 2 | 1 | 50 % |" in text
    assert "| rate_low | 1 | 1 | 100 % |" in text
    assert "| all faults | 3 | 2 | 67 % |" in text
    assert "- missed: overfits" in text
    assert "Sound configurations with a finding: 2 of 4. In 1 of them the" in text
    assert "- noted: constant_columns (note), label_noise (note)" in text
    assert "- alarm: dead" in text
    assert "| faults | 3 | 2 (67 %) | 1 (33 %) |" in text
    assert "| faults that settings can repair | 1 | 0 (0 %) | 0 (0 %) |" in text
    assert "| sound configurations | 4 | 4 (100 %) | 0 (0 %) |" in text


def test_changes_of_files(load, table):
    changes = load("natural_cases.changes").CHANGES

    def changed(kind, **arguments):
        return changes[kind](table, "label", np.random.default_rng(0), **arguments)

    flipped, _ = changed("flip_labels", share=0.3)
    assert (flipped.label != table.label).mean() == pytest.approx(0.3, abs=0.05)
    shuffled, _ = changed("shuffle_target", share=1.0)
    assert sorted(shuffled.label) == sorted(table.label)
    assert (shuffled.label != table.label).mean() > 0.3
    rare, _ = changed("rare_class", label="in", share=0.05)
    assert (rare.label == "in").mean() == pytest.approx(0.05, abs=0.002)
    assert (rare.label == "out").sum() == (table.label == "out").sum()
    marked, _ = changed("mark_class", label="in", share=1.0)
    assert ((marked["mark"] == 1) == (table.label == "in")).all()
    empty, _ = changed("empty_for_class", column="a", label="out")
    assert (empty.a.isna() == (table.label == "out")).all()
    leak, _ = changed("leak", noise=0.0)
    assert set(leak.reading[table.label == "in"]).isdisjoint(leak.reading[table.label == "out"])
    blended, _ = changed("shared_part", share=0.98)
    assert np.corrcoef(blended.a, blended.b)[0, 1] == pytest.approx(0.98, abs=0.01)
    repeated, _ = changed("repeat_rows", share=0.5, noise=0.0)
    assert len(repeated) == 1500
    assert repeated.duplicated().sum() == 500
    wrong, _ = changed("contradict", share=0.2)
    assert wrong.duplicated(["a", "b"]).sum() == 200
    assert wrong.duplicated().sum() == 0
    ordered, _ = changed("sort_by_target", noise=0.0)
    assert ordered.label.is_monotonic_increasing
    train, test = changed("test_above", column="a", share=0.25)
    assert train.a.max() <= test.a.min()
    assert len(train) + len(test) == 1000
    train, test = changed("test_unit", column="b", factor=100.0, offset=5.0)
    both = pd.concat([train, test.assign(b=(test.b - 5) / 100)]).sort_index()
    pd.testing.assert_frame_equal(both, table)
    train, test = changed("test_where", column="label", values=["in"])
    assert set(train.label) == {"out"}
    assert set(test.label) == {"in"}
    train, test = changed("test_empty", columns=["a"])
    assert test.a.isna().all()
    assert train.a.notna().all()
    few, _ = changed("few_rows", rows=50)
    assert len(few) == 50


def test_samples_keep_their_rows_and_the_order_of_the_file(load, table):
    tables = load("natural_cases.tables")
    shuffled = tables.sampled(table, 300, tables.random_of(1, "t"))
    ordered = tables.sampled(table, 300, tables.random_of(1, "t"), in_file_order=True)
    assert len(shuffled) == 300
    pd.testing.assert_frame_equal(
        shuffled.sort_values("a", ignore_index=True), ordered.sort_values("a", ignore_index=True)
    )
    places = [int(np.flatnonzero(table.a == value)[0]) for value in ordered.a]
    assert places == sorted(places)
    assert not shuffled.equals(ordered)


def test_baselines_are_computed_once_for_equal_rows(load, tmp_path):
    cache = load("natural_cases.baseline_cache")
    random = np.random.default_rng(0)
    x, y = random.normal(size=(60, 2)), random.normal(size=60)
    settings, calls = DiagnoseSettings.from_dict({}), []

    def context(x):
        return SimpleNamespace(dataset=from_arrays(x, y, name="table", seed=0))

    def computed(context, settings, metric, seeds):
        calls.append(seeds)
        return baseline_scores(context.dataset, metric, seeds, names=["constant"])

    run = cache.cached(computed, tmp_path)
    first = run(context(x), settings, "rmse", [0, 1])
    assert run(context(x), settings, "rmse", [0, 1]) == first
    assert calls == [[0, 1]]
    run(context(x), settings, "mae", [0, 1])
    run(context(x**3), settings, "rmse", [0, 1])
    run(context(x), settings, "rmse", [0])
    assert len(calls) == 4
