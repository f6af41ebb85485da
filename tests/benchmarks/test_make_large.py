"""The large files have the stated shape in every format, and the same values."""

import numpy as np
import pytest

from ravine.data import read

ROWS, FEATURES = 120, 3


@pytest.mark.parametrize("name", ["csv", "parquet", "npz", "hdf5", "root"])
def test_a_file_has_the_values_of_the_blocks(name, module, tmp_path, monkeypatch):
    large = module("make_large")
    monkeypatch.setattr(large, "BLOCK_ROWS", 50)  # two whole blocks and a part
    path = large.write(tmp_path / "new", name, ROWS, FEATURES)
    frame = read(path).frame
    x, y = (np.concatenate(parts) for parts in zip(*large.blocks(ROWS, FEATURES), strict=True))
    assert x.dtype == np.float32 and set(y) == {0, 1}
    np.testing.assert_allclose(frame.iloc[:, :FEATURES].to_numpy(), x, atol=1e-6 if name == "csv" else 0)
    assert (frame.iloc[:, FEATURES].to_numpy() == y).all()
    assert [path] == list(path.parent.iterdir())
