"""`ravine lecture`: the list, one claim, all claims, those that fail, and what is written."""

import json
import re
import subprocess
import sys
from itertools import pairwise

import numpy as np
import pytest

from ravine.lecture import Claim, Finding, claims, has_animation, measurement

HEAVY = ("jax", "jaxlib", "optax", "sklearn", "pandas", "numpy", "scipy", "matplotlib")


class Module:
    """Stands for a claim's file."""

    def __init__(self, measured=1.0, error=None, drawing=None):
        self.measured, self.error, self.drawing = measured, error, drawing

    def run(self):
        if self.error:
            raise self.error
        return {"x": np.array([self.measured])}

    def read(self, evidence):
        long = "what was measured, in a sentence that is longer than a narrow terminal has columns"
        return [
            Finding("x", evidence["x"][0], 1.0, 0.1, error=0.05),
            Finding(long, evidence["x"][0], None, unit="nats", note="±"),
        ]

    def draw(self, evidence):
        from ravine.lecture.plot_style import canvas

        if self.drawing:
            raise self.drawing
        return canvas("x")[0]

    def animate(self, path):
        path.write_text("moving")


@pytest.fixture
def modules(monkeypatch):
    """Every claim's file is a stand-in; a test may change one."""
    found = {each: Module() for each in claims()}
    monkeypatch.setattr(measurement, "load", lambda claim: found[claim.id])
    monkeypatch.setattr("ravine.engines.prepare", lambda device: None)
    return found


def test_the_list_names_every_claim(ravine):
    ended = ravine("lecture")
    assert (ended.status, ended.stderr) == (0, "")
    listed = [line.split()[0] for line in ended.stdout.splitlines() if line.startswith("  ")]
    assert listed == [*claims(), "ravine", "ravine"]
    document = json.loads(ravine("lecture", "--json").stdout)
    assert document["schema_version"] == 1
    assert [
        Claim(**{k: v for k, v in each.items() if k != "animated"}) for each in document["claims"]
    ] == list(claims().values())


@pytest.mark.parametrize(
    "arguments", [["lecture"], ["lecture", "--help"], ["lecture", "--json"], ["lecture", "ZZ"]]
)
def test_nothing_heavy_is_imported(folder, arguments):
    code = (
        "import sys\nfrom ravine.cli.app import run\nrun(sys.argv[1:])\n"
        f"print([m for m in {HEAVY} if m in sys.modules], file=sys.stderr)"
    )
    ended = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True)
    assert ended.stderr.splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["L22"], "'L2'"),
        (["A1", "--format", "bmp"], "--format bmp cannot be used"),
        (["A1", "--format", "gif"], "--animate"),
        (["A1", "--animate", "--format", "png"], "--format png cannot be used"),
        (["A1", "--all"], "cannot be used together"),
        (["--animate"], "No claim"),
        (["-o", "x"], "No claim"),
        (["A1", "-o", ""], "-o DIR"),
        (["A1", "--device", "tpu"], "one of cpu, gpu"),
        (["A1", "--animate"], "no animation"),
    ],
)
def test_mistakes(ravine, folder, modules, arguments, words):
    ended = ravine("lecture", *arguments)
    assert (ended.status, ended.stdout) == (2, "")
    assert words in ended.stderr
    assert not [each for each in folder.rglob("*") if each.is_file()]


def test_one_claim_is_told_whole_and_drawn(ravine, folder, modules):
    ended = ravine("lecture", "a1")
    claim = claims()["A1"]
    assert ended.status == 0
    assert ended.stderr == f"Measuring A1: {claim.title}.\n"
    for part in (
        claim.title,
        "The lecture:",
        "Experiment:",
        "1 ± 0.05",
        "1 ± 0.1",
        "The claim holds",
        "Caveat:",
        claim.try_it,
    ):
        assert part in ended.stdout
    assert "runs/lecture/A1.png" in ended.stdout
    assert (folder / "runs/lecture/A1.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("width", ["40", "60", "100"])
@pytest.mark.parametrize("arguments", [[], ["A1"], ["--all"]])
def test_no_line_is_wider_than_the_terminal(ravine, modules, arguments, width):
    modules["P1"].error = ValueError("a long sentence that tells what went wrong, much longer than a line")
    ended = ravine("lecture", *arguments, env={"COLUMNS": width})
    lines = ended.stdout.splitlines()
    # a word of a command stays whole, however wide: the command is there to be copied
    words = {line.strip() for before, line in pairwise(lines) if before.endswith("\\")}
    assert max(len(line) for line in lines if line.strip() not in words) <= int(width)


def test_what_does_not_hold_shows_and_sets_the_status(ravine, modules):
    modules["A1"].measured = 1.2
    ended = ravine("lecture", "A1")
    assert ended.status == 5
    assert "The claim does not hold: 1 of 1 numbers is not" in ended.stdout
    assert "!" in ended.stdout
    modules["A1"].measured = np.nan
    ended = ravine("lecture", "A1", "--json")
    assert ended.status == 5
    finding = json.loads(ended.stdout)["claims"][0]["findings"][0]
    assert (finding["measured"], finding["holds"]) == (None, False)
    assert "nan" not in ravine("lecture", "A1").stdout


def test_a_claim_that_raises_is_told_of_and_the_others_go_on(ravine, modules):
    modules["A2"].error = ValueError("no such thing")
    ended = ravine("lecture", "--all", "-v")
    lines = ended.stdout.splitlines()
    assert ended.status == 5
    assert sum(line.endswith(" holds") for line in lines) == len(claims()) - 1
    assert next(line for line in lines if line.startswith("A2")).endswith("failed")
    assert "A2 failed: ValueError: no such thing" in ended.stdout
    assert "Traceback" in ended.stderr
    assert "Traceback" not in ravine("lecture", "A2").stderr


@pytest.mark.slow
def test_all_is_one_document_and_a_folder(ravine, folder, modules):
    modules["A2"].drawing = ZeroDivisionError("in the picture")
    ended = ravine("lecture", "--all", "--json", "-o", "out", "--format", "svg")
    document = json.loads(ended.stdout)
    assert ended.status == 5
    assert document["schema_version"] == 1
    assert document["holds"] == len(claims()) - 1
    assert [each["id"] for each in document["claims"]] == list(claims())
    broken = next(each for each in document["claims"] if each["id"] == "A2")
    assert (broken["failure"], broken["picture"]) == ("ZeroDivisionError: in the picture", None)
    first = document["claims"][0]
    assert (folder / first["picture"]).read_bytes().startswith(b"<?xml")
    assert dict(np.load(folder / first["evidence"]))["x"] == [1.0]
    assert json.loads((folder / "out" / "lecture.json").read_text()) == document
    assert json.loads((folder / "out" / "A1.json").read_text())["claims"] == [first]


def test_a_folder_that_cannot_be_is_told_before_anything_runs(ravine, folder, modules):
    (folder / "file").write_text("")
    modules["A1"].error = AssertionError("was run")
    ended = ravine("lecture", "A1", "-o", "file")
    assert (ended.status, ended.stdout) == (3, "")
    assert "'file'" in ended.stderr


def test_an_animation_is_one_file(ravine, folder, modules, monkeypatch):
    monkeypatch.setattr("ravine.lecture.registry.has_animation", lambda claim: claim.id == "A1")
    ended = ravine("lecture", "A1", "--animate", "-o", "out", "--format", "gif")
    assert (ended.status, ended.stdout) == (0, "Animation  out/A1.gif\n")
    assert (folder / "out" / "A1.gif").read_text() == "moving"
    document = json.loads(ravine("lecture", "a1", "--animate", "--json").stdout)
    assert document["claims"] == [{"id": "A1", "animation": "runs/lecture/A1.html"}]


def test_the_help_names_the_claims_with_an_animation(ravine):
    first, *_, last = (claim.id for claim in claims().values() if has_animation(claim))
    animated = [f"O{number}" for number in range(int(first[1:]), int(last[1:]) + 1)]
    assert [claim.id for claim in claims().values() if has_animation(claim)] == animated
    assert f"one of {first} to {last}" in " ".join(ravine("lecture", "--help").stdout.split())


def test_all_animations_are_those_of_the_claims_that_the_list_marks(ravine, folder, modules):
    ended = ravine("lecture", "--all", "--animate", "-o", "out")
    drawn = sorted(path.stem for path in (folder / "out").iterdir())
    listed = ravine("lecture").stdout
    marked = [name for name in claims() if re.search(rf"^\s*{name} .*\(\*\)$", listed, re.M)]
    assert ended.status == 0 and drawn == sorted(marked) == ["O1", "O2", "O3", "O4", "O5"]
    assert "ravine lecture O1 --animate" in listed


def test_a_claim_whose_experiment_alone_is_checked_is_measured_not_judged(ravine, modules):
    modules["G11"].read = lambda evidence: [
        Finding("sharpness", evidence["x"][0], None),
        Finding("residual", 0.0, 0.0, 1e-3, is_check=True),
    ]
    ended = ravine("lecture", "--all")
    line = next(line for line in ended.stdout.splitlines() if line.startswith("G11"))
    assert ended.status == 0 and line.endswith("measured, not judged")
    count = len(claims())
    assert f"{count - 1} of {count} claims hold, 1 measured, not judged;" in ended.stdout
    alone = ravine("lecture", "G11").stdout
    assert "The claim is measured, not judged" in alone and "check of the experiment" in alone


def test_ascii_where_the_terminal_has_no_more(shell):
    ended = shell("lecture", "A1", "--quiet", env={"PYTHONIOENCODING": "ascii", "COLUMNS": "60"})
    assert ended.stdout.isascii()
    assert b"~" in ended.stdout
    assert b"\\u" not in ended.stdout


def test_two_claims_are_told_one_after_the_other(ravine, modules):
    ended = ravine("lecture", "A2", "a1", "A2", "--json")
    assert [each["id"] for each in json.loads(ended.stdout)["claims"]] == ["A2", "A1"]
