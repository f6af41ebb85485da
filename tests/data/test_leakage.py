"""Columns that give the target away, and honest ones."""

from __future__ import annotations

import numpy as np
import pytest

from ravine.data import prepare, read


def test_leaks_are_named_and_kept(table, notes_of):
    y = np.arange(300) % 3
    noise = np.random.default_rng(1).normal(size=(4, 300))
    marks = {f"is{k}": np.where(y == k, 1, -1) for k in range(3)}
    data = prepare(table(a=noise[0], copy=y * 2.0 + 0.1 * np.tanh(noise[1]), **marks, b=noise[2], y=y))
    assert notes_of(
        data, "suspected leak: copy (it gives the target away alone; to leave out: --drop 'copy')"
    )
    assert notes_of(data, "suspected leak: is0, is1, is2 (together")
    assert "copy" in data.features
    z = noise[3]
    data = prepare(table(a=noise[0], up=np.exp(z), sign=np.where(z > 0.3, "s", "u"), b=z + noise[1], y=z))
    (note,) = notes_of(data, "suspected leak")
    assert "up, sign (each" in note


@pytest.mark.parametrize("seed", range(5))
def test_a_leak_is_found_where_its_bins_lie_across_two_classes(table, notes_of, seed):
    random = np.random.default_rng(seed)
    y = random.integers(0, 3, 640)
    given, close = y + 0.01 * random.normal(size=640), y + 1.0 * random.normal(size=640)
    data = prepare(table(a=random.normal(size=640), given=given, close=close, y=y))
    (note,) = notes_of(data, "suspected leak")
    assert "given" in note and "close" not in note


def test_honest_columns_are_not_accused(table, notes_of):
    for name in ("iris", "wine", "breast_cancer", "diabetes"):
        assert not notes_of(prepare(read(name)), "leak")
    noise = np.random.default_rng(1).normal(size=(2, 300))
    assert not notes_of(prepare(table(a=noise[0], b=noise[1], y=np.arange(300) % 2)), "leak")
