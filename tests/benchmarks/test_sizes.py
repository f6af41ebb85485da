"""The grid of the row `sizes`, its targets, and its picture."""

from PIL import Image


def test_the_grid_has_45_cells_of_equal_length(module):
    sizes = module("sizes")
    cells = list(sizes.cells())
    assert len(cells) == len({cell.name for cell in cells}) == 45
    assert all(cell.evaluations(False) >= 1 == cell.evaluations(True) for cell in cells)
    short, long = sizes.Cell(784, 2_000, "512-512-512", 512), sizes.Cell(28, 2_000, "64-64", 32)
    assert short.evaluations(False) < long.evaluations(False)


def test_targets(module):
    cell = module("sizes").Cell
    wanted = {("64-64", 128): 4.0, ("64-64", 512): 2.5, ("256-256", 128): 1.5, ("512-512-512", 32): 1.2}
    for (network, batch), ratio in wanted.items():
        assert cell(28, 2_000, network, batch).at_least == ratio
    assert cell(28, 2_000, "512-512-512", 512).at_least == 1.0


def test_the_picture_shows_both_sides(module, tmp_path):
    picture = module("sizes_picture")
    cells = [
        {"features": features, "rows": rows, "network": network, "batch": 32, "ours": [9.0, 10.0, 12.0]}
        for features in (28, 784) for network in ("64-64", "256-256") for rows in (2_000, 50_000)
    ]  # fmt: skip
    alone = picture.draw({"cells": cells}, tmp_path / "alone.png")
    both = picture.draw({"cells": [{**cell, "theirs": [50.0]} for cell in cells]}, tmp_path / "both.png")
    with Image.open(alone) as one, Image.open(both) as other:
        assert one.size == other.size and one.tobytes() != other.tobytes()
