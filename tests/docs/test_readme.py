"""README.md: its length, its picture and its links to every document; the index of decisions."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text("utf-8")
PICTURE = ROOT / "docs" / "landscape.png"
MAX_LINES = 130
MAX_PICTURE_BYTES = 100_000


def test_it_is_short_and_has_one_small_picture():
    assert len(README.splitlines()) <= MAX_LINES
    assert re.findall(r"!\[[^\]]+\]\(([^)]+)\)", README) == ["docs/landscape.png"]
    assert PICTURE.stat().st_size <= MAX_PICTURE_BYTES


def test_every_document_can_be_reached_from_it():
    """Links of the README, and links of the documents that it names, lead to all documents."""
    reached, waiting = set(), [ROOT / "README.md"]
    while waiting:
        document = waiting.pop().resolve()
        if document in reached:
            continue
        reached.add(document)
        targets = re.findall(r"\]\(([^)#\s]+\.md)[^)]*\)", document.read_text("utf-8"))
        waiting += [document.parent / target for target in targets if "://" not in target]
    documents = {path.resolve() for path in (ROOT / "docs").rglob("*.md")}
    assert len(documents) > 20
    assert documents <= reached


def test_the_index_of_decisions_has_every_decision_and_its_state():
    folder = ROOT / "docs" / "decisions"
    index = (folder / "README.md").read_text("utf-8")
    rows = re.findall(r"^\| \[(\d+)\]\(([^)]+)\) \| [^|]+ \| ([^|]+) \|$", index, re.MULTILINE)
    assert [name for _, name, _ in rows] == sorted(path.name for path in folder.glob("0*.md"))
    for number, name, state in rows:
        title, _, text = (folder / name).read_text("utf-8").partition("\n")
        assert int(name[:4]) == int(number)
        assert title.startswith(f"# {number}. "), f"{name}: the title has another number"
        replaced = re.match(r"\n*\*Replaced", text) is not None
        assert replaced == ("replaced" in state), f"{name}: the first line and the index disagree"


@pytest.mark.slow
def test_the_picture_is_what_its_script_draws(tmp_path):
    out = tmp_path / "picture.png"
    done = subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "draw_readme_picture.py"), "-o", str(out)],
        capture_output=True, text=True, cwd=tmp_path, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    committed, drawn = (np.asarray(imread(path))[..., :3] for path in (PICTURE, out))
    assert committed.shape == drawn.shape
    # Words of the title may change, and another processor rounds otherwise; another loss moves every contour.
    assert np.abs(committed - drawn).mean() < 0.02
