"""Pictures of a double descent from plain values."""

import numpy as np

from ravine.studies.descent.plots import descent_pictures

POINT = {"mean": 0.1, "interval": [-0.3, 0.5], "values": [0.0, 0.2]}
MEASURES = {f"{on}_{what}": [POINT] * 3 for on in ("train", "test") for what in ("loss", "error")}
CURVES = {"units": 4, "valid_loss": [POINT] * 3, "valid_error": [POINT] * 3}
DOCUMENT = {
    "data": {"name": "rows.csv"}, "rows": {"train": 100}, "metric": {"name": "rmse"}, "plan": {"noise": 0.0},
    "widths": {"units": [1, 2, 4], "arms": [{"name": "plain", **MEASURES}], "threshold": {"units": None}},
    "epochs": {"epoch": [1.0, 2.0, 3.0], "curves": [CURVES]},
    "examples": {"rows": [10, 20, 40], "units": 4, **MEASURES, "threshold": {"rows": 20}},
}  # fmt: skip


def test_no_band_goes_below_what_an_error_can_be(monkeypatch, tmp_path):
    drawn = {}
    monkeypatch.setattr(
        "ravine.studies.descent.plots.save", lambda figure, path: drawn.setdefault(path.stem, figure)
    )
    descent_pictures(DOCUMENT, tmp_path)
    for axes in drawn["epochs"].axes:
        (band,) = axes.collections
        heights = band.get_paths()[0].vertices[:, 1]
        np.testing.assert_allclose([heights.min(), heights.max()], [0.0, 0.5])
    for name in ("width", "examples"):
        assert all(axes.get_ylim()[0] == 0 for axes in drawn[name].axes)
