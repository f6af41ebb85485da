"""The comparison of two recordings, on documents made up for it."""

import copy
import importlib
import sys
from pathlib import Path

import numpy as np
import pytest

FOLDER = Path(__file__).parent


@pytest.fixture(scope="module")
def comparison():
    """Return the module `comparison`, which stands next to this file and not in a package."""
    sys.path.insert(0, str(FOLDER))
    try:
        yield importlib.import_module("comparison")
    finally:
        sys.path.remove(str(FOLDER))
        sys.modules.pop("comparison", None)


@pytest.fixture
def recording():
    rates = np.array([0.1, 0.01, np.nan])
    return {
        "command": "compare data.csv",
        "status": 0,
        "stdout": {
            "plan": {"runs": 84, "epochs": 2.5},
            "seconds": {"total": 1.5},
            "run_dir": "runs/one",
            "test": {"model": 0.75},
            "leaderboard": [
                {"optimizer": "adam", "rate": 0.003, "tier": 1, "best": True, "to_target": None},
                {"optimizer": "sgd", "rate": 0.1, "tier": 2, "best": False, "to_target": 12},
            ],
            "notes": [],
        },
        "files": {"leaderboard.json": {"winner": "adam"}, "plan.json": {"rate": 0.25}},
        "arrays": {
            "cohorts:0a1b": {"hyper/rate": rates, "hyper/seed": np.array([2000, 2001, 2002])},
            "cohorts:ff00": {"hyper/rate": 2 * rates, "hyper/seed": np.array([3000, 3001, 3002])},
        },
    }


def change(recording, place, value):
    """Return a copy with another value at a place, such as `stdout/plan/runs`; None takes the place away."""
    changed = copy.deepcopy(recording)
    *folders, last = [int(part) if part.isdigit() else part for part in place.split("/")]
    target = changed
    for part in folders:
        target = target[part]
    if value is None:
        del target[last]
    else:
        target[last] = value
    return changed


def differing(comparison, old, new, exact=False, case="compare-classes", **tables):
    """Return the paths that differ."""
    found, _ = comparison.compare_recordings(case, old, new, comparison.Renamed(**tables), exact)
    return [difference.path for difference in found]


def test_equal_recordings(comparison, recording):
    differences, count = comparison.compare_recordings("any", recording, copy.deepcopy(recording), exact=True)
    assert differences == []
    # command, status, plan 2, test, leaderboard 10, notes, files 2, arrays 4; not seconds and run_dir
    assert count == 22


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("status", 5),
        ("stdout/plan/runs", 85),
        ("stdout/test/model", 0.76),
        ("stdout/leaderboard/1/tier", 1),
        ("stdout/leaderboard/0/best", 1),
        ("stdout/leaderboard/0/optimizer", "adamw"),
        ("stdout/leaderboard/1/to_target", 13),
        ("stdout/leaderboard/1/to_target", "12"),
    ],
)
def test_changed_value_is_found(comparison, recording, place, value):
    assert differing(comparison, recording, change(recording, place, value)) == [place]


def test_difference_shows_both_values(comparison, recording):
    new = change(recording, "stdout/plan/runs", 85)
    (difference,), _ = comparison.compare_recordings("any", recording, new)
    assert (difference.old, difference.new) == ("84", "85")


@pytest.mark.parametrize(("factor", "equal"), [(1 + 5e-7, True), (1 + 2e-6, False), (1 - 2e-6, False)])
def test_floats_agree_to_one_in_a_million(comparison, recording, factor, equal):
    new = change(recording, "stdout/leaderboard/0/rate", 0.003 * factor)
    expected = [] if equal else ["stdout/leaderboard/0/rate"]
    assert differing(comparison, recording, new) == expected
    assert differing(comparison, recording, new, exact=True) == ["stdout/leaderboard/0/rate"]


def test_infinite_is_not_close_to_finite(comparison, recording):
    new = change(recording, "stdout/leaderboard/0/rate", float("inf"))
    assert differing(comparison, recording, new) == ["stdout/leaderboard/0/rate"]


@pytest.mark.parametrize("place", ["stdout/plan/epochs", "files/plan.json/rate"])
def test_plans_are_compared_exactly(comparison, recording, place):
    start, key = place.rsplit("/", 1)
    old = recording["stdout"]["plan"] if start == "stdout/plan" else recording["files"]["plan.json"]
    new = change(recording, place, old[key] * (1 + 1e-9))
    assert differing(comparison, recording, new) == [place]


@pytest.mark.parametrize(
    ("place", "value"),
    [("stdout/seconds/total", 99.0), ("stdout/seconds", None), ("stdout/run_dir", "elsewhere")],
)
def test_excepted_key_is_ignored(comparison, recording, place, value):
    assert differing(comparison, recording, change(recording, place, value), exact=True) == []


def test_missing_and_additional_keys_are_found(comparison, recording):
    shorter = change(recording, "stdout/leaderboard/0/tier", None)
    assert differing(comparison, recording, shorter) == ["stdout/leaderboard/0/tier"]
    assert differing(comparison, shorter, recording) == ["stdout/leaderboard/0/tier"]
    shorter = change(recording, "stdout/leaderboard/1", None)
    assert len(differing(comparison, recording, shorter)) == 5
    filled = change(recording, "stdout/notes", ["a column is constant"])
    assert differing(comparison, recording, filled) == ["stdout/notes", "stdout/notes/0"]


def test_renamed_key_is_matched(comparison, recording):
    new = copy.deepcopy(recording)
    for row in new["stdout"]["leaderboard"]:
        row["learning_rate"] = row.pop("rate")
    new["files"]["result.json"] = new["files"].pop("leaderboard.json")
    assert len(differing(comparison, recording, new)) == 6
    paths = {
        "stdout/leaderboard/*/rate": "stdout/leaderboard/*/learning_rate",
        "files/leaderboard.json": "files/result.json",
    }
    assert differing(comparison, recording, new, paths=paths) == []
    # a renamed key is compared like any other
    new["stdout"]["leaderboard"][1]["learning_rate"] = 0.2
    assert differing(comparison, recording, new, paths=paths) == ["stdout/leaderboard/1/learning_rate"]


def test_renamed_key_at_any_depth_and_for_some_cases(comparison, recording):
    new = change(change(recording, "stdout/test/model", None), "stdout/test/network", 0.75)
    paths = {"compare-*:**/test/model": "**/test/network"}
    assert differing(comparison, recording, new, paths=paths) == []
    assert differing(comparison, recording, new, paths=paths, case="sweep-grid") == [
        "stdout/test/model",
        "stdout/test/network",
    ]


def test_renamed_removed_and_added_values(comparison, recording):
    new = change(recording, "stdout/leaderboard/0/optimizer", "Adam")
    assert differing(comparison, recording, new, values={"adam": "Adam"}) == ["files/leaderboard.json/winner"]
    winner = ["files/leaderboard.json/winner"]
    assert differing(comparison, recording, new, values={"compare-*:adam": "Adam"}) == winner
    assert len(differing(comparison, recording, new, values={"other-*:adam": "Adam"})) == 1
    new = change(recording, "stdout/notes", None)
    assert differing(comparison, recording, new, removed={"stdout/notes": "empty"}) == []
    assert differing(comparison, new, recording, added={"stdout/notes": "new"}) == []


def test_renamed_values_at_a_path(comparison, recording):
    new = change(recording, "stdout/leaderboard/0/optimizer", "Adam")
    texts = {"adam": "Adam"}
    assert differing(comparison, recording, new, values_at={"**/optimizer": texts}) == []
    assert len(differing(comparison, recording, new, values_at={"**/winner": texts})) == 2
    assert len(differing(comparison, recording, new, values_at={"**/optimizer": {}, "stdout": texts})) == 1
    assert len(differing(comparison, recording, new, values_at={"other-*:**/optimizer": texts})) == 1
    path = "arrays/cohorts:0a1b/hyper/schedule"
    old, new = (
        change(recording, "arrays/cohorts:0a1b", {"hyper/schedule": np.array(texts)})
        for texts in (
            [["decay", "constant"], ["step", "decay"]],
            [["cosine", "constant"], ["step", "cosine"]],
        )
    )
    assert differing(comparison, old, new) == [path]
    assert differing(comparison, old, new, values_at={"**/schedule": {"decay": "cosine"}}) == []
    assert differing(comparison, old, new, values_at={"**/schedule": {"decay": "linear"}}) == [path]


def test_tolerance_of_one_path(comparison, recording):
    new = change(recording, "stdout/test/model", 0.7507)
    assert differing(comparison, recording, new, tolerances={"stdout/test/model": 1e-3}) == []
    assert differing(comparison, recording, new, tolerances={"stdout/test/model": 1e-4}) == [
        "stdout/test/model"
    ]


def test_absolute_tolerance_and_values_that_may_change(comparison, recording):
    new = change(recording, "stdout/test/model", recording["stdout"]["test"]["model"] + 0.01)
    path = "stdout/test/model"
    assert differing(comparison, recording, new, absolute={path: 0.02}) == []
    assert differing(comparison, recording, new, absolute={path: 0.005}) == [path]
    assert differing(comparison, recording, new, changed={path: "rounding"}) == []
    gone = copy.deepcopy(recording)
    del gone["stdout"]["test"]["model"]
    assert differing(comparison, recording, gone, changed={path: "rounding"}) != []


def test_arrays_are_compared_number_by_number(comparison, recording):
    rates = recording["arrays"]["cohorts:0a1b"]["hyper/rate"]
    path = "arrays/cohorts:0a1b/hyper/rate"

    def new(values):
        changed = copy.deepcopy(recording)
        changed["arrays"]["cohorts:0a1b"]["hyper/rate"] = values
        return changed

    assert differing(comparison, recording, new(rates * (1 + 1e-7))) == []
    assert differing(comparison, recording, new(rates * (1 + 1e-7)), exact=True) == [path]
    assert differing(comparison, recording, new(rates * [1, 1.1, 1])) == [path]
    assert differing(comparison, recording, new(np.array([0.1, 0.01, 0.0]))) == [path]  # no longer NaN
    assert differing(comparison, recording, new(rates[:2])) == [path]
    assert differing(comparison, recording, new(rates.astype("float32"))) == [path]


def test_files_of_arrays_are_paired_by_content(comparison, recording):
    new = copy.deepcopy(recording)
    first, second = new["arrays"].values()
    new["arrays"] = {"cohorts:aaaa": second, "cohorts:bbbb": first}
    assert differing(comparison, recording, new, exact=True) == []
    second["hyper/seed"][0] = 7
    assert differing(comparison, recording, new) == ["arrays/cohorts:aaaa/hyper/seed"]
    del new["arrays"]["cohorts:aaaa"]
    assert len(differing(comparison, recording, new)) == 2


def test_file_of_renamed_keys_can_be_read(comparison, tmp_path):
    comparison.load_renamed(FOLDER / "renamed.toml")
    wrong = tmp_path / "renamed.toml"
    wrong.write_text("[path]\na = 'b'\n")
    with pytest.raises(TypeError, match="path"):
        comparison.load_renamed(wrong)
