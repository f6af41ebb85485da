"""The count of tables on which the default trains long enough, on a small table and on numbers by hand."""

import importlib
import itertools
import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

DOCS = Path(__file__).resolve().parents[3] / "docs"


def pair(a, b, difference, width=0.005):
    return [a, b, difference, [difference - width, difference + width]]


@pytest.fixture
def levels(monkeypatch):
    """The script as a module."""
    monkeypatch.setattr(sys, "path", [str(DOCS / "scores"), *sys.path])
    return importlib.import_module("levels")


def row(recommended, metric="accuracy", greater=True, **scores):
    pairs = [
        [a, b, None, None] if None in (scores[a], scores[b]) else pair(a, b, scores[a] - scores[b])
        for a, b in itertools.combinations(scores, 2)
    ]
    return {
        "pairs": pairs,
        "recommended": recommended,
        "metric": metric,
        "greater_is_better": greater,
        "scores": scores,
        "effort": "standard",
        "steps": 100,
        "epochs": 20.0,
        "still_fell": recommended == "sgd",
        "first_scores_s": 12.0,
        "seconds": 40.0,
    }


def test_a_recommendation_holds_within_the_smallest_difference_that_matters(levels):
    longer = row("adam", adam=0.90, rmsprop=0.896, sgd=0.88, momentum=None)
    verdicts = {name: levels.judged(row(name), longer) for name in longer["scores"]}
    assert {name: verdict["holds"] for name, verdict in verdicts.items()} == {
        "adam": True, "rmsprop": True, "sgd": False, "momentum": False,
    }  # fmt: skip
    assert verdicts["sgd"]["behind"] == pytest.approx(0.02) and verdicts["sgd"]["best"] == "adam"
    assert verdicts["momentum"]["behind"] is None and verdicts["momentum"]["proved"]
    assert verdicts["sgd"]["proved"] and not verdicts["rmsprop"]["proved"]
    wide = {**longer, "pairs": [pair("sgd", "adam", -0.02, 0.016)]}
    assert not levels.judged(row("sgd"), wide)["proved"]  # it may be behind by 0.004 only
    errors = row("adam", metric="rmse", greater=False, adam=2.0, sgd=2.01, momentum=2.05)
    assert [levels.judged(row(name), errors)["holds"] for name in ("sgd", "momentum")] == [True, False]


def test_the_report_counts_tables_that_hold_and_those_that_say_why_not(levels):
    longer = row("adam", adam=0.90, sgd=0.88)
    done = {
        "a": {"rows": 3_000, "default": row("adam"), "longer": longer},
        "b": {"rows": 4_000, "default": row("sgd"), "longer": longer},
        "c": {"rows": 1_000, "skipped": "fewer than 2,000 rows"},
        "d": {"rows": 5_000, "default": row("sgd")},
    }
    text = " ".join(levels.report(done).split())
    assert "| compared | 2 | | the recommended optimizer holds | 1 (50 %) | | it does not hold | 1 |" in text
    assert "says that the loss still fell | 1 | | of these: the 95 % interval" in text
    assert "differences too small to matter | 0 |" in text
    assert "| a | 3,000 | standard | 100 (20) | adam | adam | 0 | 0.005 | yes | no | 12 | 40 |" in text
    assert "| b | 4,000 | standard | 100 (20) | sgd | adam | 0.02 | 0.005 | no | yes | 12 | 40 |" in text


@pytest.mark.slow
def test_the_script_saves_each_comparison_and_resumes(tmp_path, run):
    data, out = tmp_path / "data", tmp_path / "out"
    (data / "wine_quality").mkdir(parents=True)
    x = np.random.default_rng(0).normal(size=(2_200, 3))
    frame = pd.DataFrame(x, columns=list("abc")).assign(quality=x @ [1.0, 2.0, 3.0])
    frame.to_csv(data / "wine_quality" / "winequality-white.csv", sep=";", index=False)
    run("scores/levels.py", data, "wine_white", "--quick", "--out", out)
    saved = json.loads((out / "levels.json").read_text())
    kept = saved["wine_quality: wine_white"]
    assert kept["longer"]["steps"] == pytest.approx(4 * kept["default"]["steps"], abs=20)
    del kept["longer"]
    kept["default"]["seconds"] = -1.0
    (out / "levels.json").write_text(json.dumps(saved))
    run("scores/levels.py", data, "wine_white", "--quick", "--out", out)
    again = json.loads((out / "levels.json").read_text())["wine_quality: wine_white"]
    assert again["default"]["seconds"] == -1.0 and again["longer"]["seconds"] > 0
    assert "| wine_quality: wine_white | 2,200 |" in (out / "levels.md").read_text()
