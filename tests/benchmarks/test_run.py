import json

import pytest
from ravine.studies.bench import ROWS, bench, bench_text, benchmarks_folder

from ravine.errors import UsageError
from ravine.studies import bench as module

SCRIPT = """
import json, sys
print("noise")
print("working on it", file=sys.stderr)
if {fails}:
    sys.exit("the peer would not install")
one = dict(median=2.0, min=1.0, max=3.0, count=3)
line = dict(what="steps", peer="P", unit="us", ours=one, theirs=dict(one, median=60.0),
            ratio=dict(median=30.0, min=20.0, max=40.0, count=3), at_least=20, at_most=None, aim=35,
            reached=None if "--quick" in sys.argv else True, aim_reached=None, note=None)
about = dict(processor="Abacus", cores=2, date="today", commit="c0ffee")
document = dict(row="r", quick="--quick" in sys.argv, environment=about, lines=[line],
                not_measured=["Keras: no"])
open(sys.argv[sys.argv.index("--json") + 1], "w").write(json.dumps(document))
"""


@pytest.fixture
def scripts(tmp_path, monkeypatch):
    for row in ROWS:
        (tmp_path / f"{row}.py").write_text(SCRIPT.replace("{fails}", str(row == "main_job")))
    monkeypatch.setattr(module, "benchmarks_folder", lambda: tmp_path)


def test_rows_run_in_their_order_and_a_failure_is_told(scripts):
    events = []
    document = bench(["main_job", "small_networks_sklearn"], notify=events.append)
    assert [each["row"] for each in document["failed"]] == ["main_job"]
    assert document["failed"][0]["error"] == "the peer would not install"
    assert len(document["rows"]) == 1
    assert [each.done for each in events if ROWS["main_job"] in each.message] == [1]
    assert any("working on it" in each.message for each in events)
    assert json.loads(json.dumps(document)) == document

    text = bench_text(document)
    row = next(line for line in text.splitlines() if line.startswith("steps"))
    assert " ".join(row.split()) == "steps P 2 us 60 30x (20 to 40) >= 20, aim 35 yes"
    assert "main_job failed: the peer would not install" in text
    assert "not measured: Keras: no" in text
    assert "Abacus" in text


def test_all_rows_quick(scripts):
    document = bench(quick=True)
    assert len(document["rows"]) == len(ROWS) - 1
    assert document["rows"][0]["quick"] is True
    assert "not measurements" in bench_text(document)


def test_unknown_row_is_named_with_its_neighbour():
    with pytest.raises(UsageError, match="main_job"):
        bench(["main_jobs"])


def test_checkout_has_its_benchmarks_and_an_installed_package_says_where_to_go(tmp_path, monkeypatch):
    assert (benchmarks_folder() / "main_job.py").is_file()
    monkeypatch.setattr(module, "__file__", str(tmp_path / "a" / "b" / "c" / "d" / "bench.py"))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match="checkout"):
        benchmarks_folder()


def test_text_when_everything_failed():
    document = {
        "quick": False, "environment": None, "rows": [], "failed": [{"row": "main_job", "error": "no disk"}],
    }  # fmt: skip
    assert "main_job failed: no disk" in bench_text(document)
