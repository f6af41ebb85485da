"""The picture of the row `sizes`: time of a step against rows, for each network, batch size and peer.

python benchmarks/sizes_picture.py RESULT [-o FILE]      RESULT: sizes.json; default: sizes.png beside it
"""

from __future__ import annotations

import argparse
import json
import statistics
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ravine.render.plot_style import COLORS, MARKS, save, style

SIDES = {"ours": ("-", "Ravine"), "theirs": ("--", "PyTorch loops")}


def main() -> None:
    """Draw the picture of one result."""
    parser = argparse.ArgumentParser(description="Draw the picture of the benchmark row `sizes`.")
    parser.add_argument("result", type=Path, metavar="RESULT", help="a file sizes.json")
    parser.add_argument("-o", "--out", type=Path, metavar="FILE", help="a PNG, SVG or PDF file")
    given = parser.parse_args()
    document = json.loads(given.result.read_text("utf-8"))
    print(draw(document, given.out or given.result.with_suffix(".png")))


def draw(document: Mapping[str, Any], path: Path) -> Path:
    """Draw one panel for each number of features and batch size; return the path."""
    import matplotlib.pyplot as plt
    from matplotlib.lines import Line2D

    cells = document["cells"]
    features, batches, networks = (
        list(dict.fromkeys(cell[key] for cell in cells)) for key in ("features", "batch", "network")
    )
    with style(11):
        figure, panels = plt.subplots(
            len(features), len(batches), figsize=(4 * len(batches), 3.2 * len(features)),
            sharex=True, sharey=True, squeeze=False, layout="constrained",
        )  # fmt: skip
        for row, count in zip(panels, features, strict=True):
            for panel, batch in zip(row, batches, strict=True):
                for k, network in enumerate(networks):
                    wanted = count, batch, network
                    chosen = [c for c in cells if (c["features"], c["batch"], c["network"]) == wanted]
                    for side, (line, _) in SIDES.items():
                        points = [(c["rows"], statistics.median(c[side])) for c in chosen if side in c]
                        if points:
                            panel.plot(*zip(*points, strict=True), line, color=COLORS[k], marker=MARKS[k])
                panel.set(xscale="log", yscale="log", title=f"{count} features, batch {batch}")
        for panel in panels[-1]:
            panel.set_xlabel("rows")
        for row in panels:
            row[0].set_ylabel("µs for a step of one network")
        marks = [Line2D([], [], color=COLORS[k], marker=MARKS[k]) for k in range(len(networks))]
        lines = [Line2D([], [], color="black", linestyle=line) for line, _ in SIDES.values()]
        figure.legend(
            marks + lines, [*networks, *(name for _, name in SIDES.values())], loc="outside lower center",
            ncols=len(networks) + len(SIDES),
        )  # fmt: skip
        save(figure, path)
        plt.close(figure)
    return path


if __name__ == "__main__":
    main()
