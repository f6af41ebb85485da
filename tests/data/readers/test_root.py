"""ROOT files: flat trees, which tree is asked, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ravine.data import prepare, read
from ravine.errors import DataError

X = np.array([[1.5, -2.0, 0.25], [3.0, 4.5, -1.0], [0.5, 8.0, 2.0], [7.25, 0.125, 9.0]])
Y = np.array([0, 1, 0, 1])


@pytest.fixture
def tree(tmp_path):
    uproot = pytest.importorskip("uproot")
    awkward = pytest.importorskip("awkward")
    path = tmp_path / "x.root"
    with uproot.recreate(path) as f:
        f.mktree(
            "events",
            {"m": "float64", "n": "int32", "flag": "bool", "p": ("float32", (2,)), "jet": "var * float64"},
        )
        f["events"].extend(
            {
                "m": X[:, 0], "n": Y.astype(np.int32), "flag": Y == 1, "p": X[:, :2].astype(np.float32),
                "jet": awkward.Array([[1.0], [], [2.0, 3.0], []]),
            }
        )  # fmt: skip
        f["folder/other"] = {"a": X[:, 1]}
        f["note"] = "text"
    return path


def test_a_flat_tree(tree):
    table = read(f"{tree}:events")
    assert {"m", "n", "flag", "p[0]", "p[1]"} <= set(table.frame.columns)
    assert "jet" not in table.frame.columns and any("jet" in note for note in table.notes)
    np.testing.assert_array_equal(table.frame["m"], X[:, 0])
    np.testing.assert_array_equal(table.frame["p[1]"], X[:, 1])
    np.testing.assert_array_equal(read(f"{tree}:folder/other").frame["a"], X[:, 1])
    assert read(f"{tree}:events;1").frame.equals(table.frame)
    assert prepare(table, target="n", task="regress").x.dtype == np.float32


@pytest.mark.parametrize(
    ("inner", "says"),
    [("", "Which tree.*events"), (":event", "Did you mean 'events'"), (":note", "no tree 'note'")],
)
def test_which_tree_is_asked(tree, inner, says):
    with pytest.raises(DataError, match=says):
        read(f"{tree}{inner}")


@pytest.mark.parametrize("part", [0.02, 0.3, 0.6, 0.9])
def test_a_cut_root_file_is_refused(tree, part):
    whole = tree.read_bytes()
    tree.write_bytes(whole[: int(part * len(whole))])
    with pytest.raises(DataError, match="'x' is cut"):
        read(f"{tree}:events")


@pytest.mark.parametrize("seed", range(5))
def test_a_damaged_root_file_is_a_sentence(tree, seed):
    whole = bytearray(tree.read_bytes())
    at = 100 + np.random.default_rng(seed).permutation(len(whole) - 100)[: len(whole) // 4]
    for each in at:
        whole[each] ^= 0x5A
    tree.write_bytes(bytes(whole))
    with pytest.raises(DataError, match="'x'"):
        read(f"{tree}:events")


def test_a_tree_without_rows_is_refused(tmp_path):
    uproot = pytest.importorskip("uproot")
    with uproot.recreate(tmp_path / "e.root") as f:
        f.mktree("t", {"a": "float64"})
    with pytest.raises(DataError, match="no rows"):
        read(tmp_path / "e.root")


def test_the_question_for_a_tree_names_the_file_with_its_ending(tmp_path):
    uproot = pytest.importorskip("uproot")
    path = tmp_path / "events.root"
    with uproot.recreate(path) as f:
        for name in ("signal", "background"):
            f[name] = {"a": [1.0, 2.0]}
    with pytest.raises(DataError, match=r"^Which tree of 'events\.root'\?") as refused:
        read(path)
    assert refused.value.fix == f"Name one, as in {path}:signal."
    assert read(f"{path}:signal").frame["a"].tolist() == [1.0, 2.0]


def test_a_real_tree():
    beside = [each / "shared/data/zmumu_root/uproot-Zmumu.root" for each in Path(__file__).resolve().parents]
    path = next((each for each in beside if each.exists()), None)
    if path is None:
        pytest.skip("the shared data are not here")
    pytest.importorskip("uproot")
    table = read(path)
    assert table.frame.shape == (2304, 20)
    f = table.frame
    mass = np.sqrt((f.E1 + f.E2) ** 2 - (f.px1 + f.px2) ** 2 - (f.py1 + f.py2) ** 2 - (f.pz1 + f.pz2) ** 2)
    np.testing.assert_allclose(mass, f.M, rtol=1e-3)  # what the set's README says of M
    assert sorted(f.Type.unique()) == ["GG", "GT", "TT"]
    assert prepare(table, target="M", groups="Event").task == "regress"
