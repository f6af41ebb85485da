import pytest

from ravine.studies.memorize.view import _bounds


def _share(share: float) -> dict:
    measured = {"mean": 0.31, "interval": [0.2756, 0.3444]}
    bounds = [{"name": "pac_bayes", "of": "error", "value": 0.998, "vacuous": True}]
    information = {"bound": 1.02, "bound_high": 1.0634, "vacuous": True}
    return {
        "share": share,
        "gap": measured,
        "held_out": measured,
        "bounds": bounds,
        "information": information,
    }


@pytest.mark.parametrize("width", [60, 110])
def test_bounds_are_whole_at_any_width(width: int) -> None:
    text = "\n".join(_bounds([_share(0.0), _share(0.5), _share(1.0)], width))
    assert max(map(len, text.splitlines())) <= width
    assert "…" not in text
    assert text.count("102 (to 106) vacuous") == 3
    assert text.count("99.8 vacuous") == 3
    assert not _bounds([], width)
