"""`docs/benchmarks.md` shows the values, targets and baselines of the result files."""

from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "benchmarks.md").read_text(encoding="utf-8")
RESULTS = sorted((ROOT / "benchmarks" / "results").glob("*/*.json"))


def _module():
    path = ROOT / "scripts" / "benchmarks_document.py"
    spec = importlib.util.spec_from_file_location("benchmarks_document", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


document = _module().benchmarks_document


def _spread(median, low, high, count=3):
    return {"median": median, "min": low, "max": high, "count": count}


def _line(**changes):
    line = {
        "what": "baking", "peer": "the oven next door", "unit": "s", "ours": _spread(2.0, 1.5, 2.5),
        "theirs": _spread(9.0, 8.0, 10.0), "ratio": _spread(4.5, 4.0, 5.0), "at_least": 5, "at_most": None,
        "aim": 12, "reached": False, "aim_reached": False, "note": None,
    }  # fmt: skip
    return line | changes


@pytest.fixture
def folder(tmp_path):
    """Return a folder of results with one file, and a function that writes the lines of that file."""

    def write(*lines, date="2026-11-26T10:00:00Z", commit="abc1234"):
        environment = {"processor": "Sun 4", "cores": 1, "commit": commit, "date": date}
        path = tmp_path / "results" / "sun-4" / "bake.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        result = {"row": "bake", "what": "loaves", "environment": environment, "lines": lines}
        path.write_text(json.dumps(result), "utf-8")
        return tmp_path / "results"

    return write


def test_a_line_with_a_peer_shows_value_baseline_ratio_and_target(folder):
    text = document(folder(_line()))
    assert (
        "| baking | 2 s [1.5, 2.5] | the oven next door | 9 s [8, 10] | 4.5 [4, 5] | at least 5 | no | 12 |"
        in text
    )
    assert "## Sun 4, 1 cores" in text
    assert (
        "Measured by `python benchmarks/bake.py` on 2026-11-26, with version 1 of Ravine (commit abc1234)."
        in text
    )


def test_a_line_without_a_peer_shows_a_dash_and_a_single_value_has_no_range(folder):
    line = _line(
        peer=None, theirs=None, ratio=None, at_least=None, at_most=3, reached=True, aim=None,
        ours=_spread(1234.5, 1234.5, 1234.5, 1), note="cold",
    )  # fmt: skip
    assert "| baking (cold) | 1,230 s | – | – | – | at most 3 | yes | – |" in document(folder(line))


def test_only_a_target_that_is_not_reached_is_listed_as_such(folder):
    text = document(folder(_line(), _line(what="frying", reached=True), _line(what="brewing", reached=None)))
    missed = text.split("## Targets not reached")[1].split("\n## ")[0]
    assert "| Sun 4, 1 cores | baking | the oven next door | 4.5 times | at least 5 |" in missed
    assert "frying" not in missed and "brewing" not in missed


def test_the_version_follows_the_date(folder):
    assert "All tables of benchmarks were measured with version 1" in document(folder(_line()))
    text = document(folder(_line(), date="2026-12-24T00:00:00Z"))
    assert "0 of the 1 tables of benchmarks were measured with version 1" in text
    assert "version 2 of Ravine (commit abc1234)" in text


def test_uncommitted_changes_are_stated_in_words(folder):
    text = document(folder(_line(), commit="abc1234+"))
    assert "version 1 of Ravine (commit abc1234 with uncommitted changes)" in text
    assert "+" not in text.split("### bake")[1]


def test_a_folder_without_results_is_an_error(tmp_path):
    with pytest.raises(ValueError, match="no result"):
        document(tmp_path)


@pytest.mark.parametrize("path", RESULTS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_every_result_file_is_shown_with_its_command(path):
    assert f"](../{path.relative_to(ROOT)})" in TEXT
    script = json.loads(path.read_text("utf-8"))["row"]
    assert f"`python benchmarks/{script}.py`" in TEXT
    assert (ROOT / "benchmarks" / f"{script}.py").is_file()


def test_every_number_of_the_tables_is_in_a_result_file():
    """Three digits of every median appear, so no figure is typed by hand."""
    lines = [line for path in RESULTS for line in json.loads(path.read_text("utf-8"))["lines"]]
    digits = {f"{value:.2e}".split("e")[0].rstrip("0.") for line in lines for value in _values(line)}
    tables = [line for line in TEXT.splitlines() if line.startswith("| ")]
    shown = {
        match.replace(",", "")
        for row in tables
        for cell in row.split("|")[2:6]
        for match in re.findall(r"^ ?(\d[\d,.]*)(?= |$)", cell)
    }
    assert len(shown) > 50
    assert {f"{float(value):.2e}".split("e")[0].rstrip("0.") for value in shown} <= digits


def _values(line):
    return [line[side]["median"] for side in ("ours", "theirs", "ratio") if line[side]] + [0.0]
