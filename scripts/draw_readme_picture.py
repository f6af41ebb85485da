"""The picture of README.md: the loss of three trained networks on the plane through them.

    python scripts/draw_readme_picture.py [-o FILE]      default: docs/landscape.png

It is `plane-solutions.png` of `ravine landscape digits`, made smaller: fewer pixels and 64 colors.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from PIL import Image

import ravine

PICTURE = Path(__file__).resolve().parents[1] / "docs" / "landscape.png"
WIDTH_PX = 1000
COLORS = 64


def main() -> None:
    """Train, draw the plane, and write it as a small file."""
    parser = argparse.ArgumentParser(description="Draw the picture of README.md.")
    parser.add_argument("-o", "--out", type=Path, default=PICTURE, metavar="FILE", help="a PNG file")
    target = parser.parse_args().out
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder) / "run"
        ravine.landscape("digits", out=run)
        with Image.open(run / "pictures" / "plane-solutions.png") as picture:
            size = (WIDTH_PX, round(WIDTH_PX * picture.height / picture.width))
            small = picture.convert("RGB").resize(size, Image.Resampling.LANCZOS).quantize(COLORS)
    small.save(target, optimize=True)
    print(f"{target}: {target.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
