import json

import pytest

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
                peers="--no-peers" not in sys.argv, not_measured=["Keras: no"])
open(sys.argv[sys.argv.index("--json") + 1], "w").write(json.dumps(document))
"""


@pytest.fixture
def runner(module, tmp_path, monkeypatch):
    """Return the script with rows that answer at once; `main_job` fails."""
    found = module("run")
    for row in found.ROWS:
        (tmp_path / f"{row}.py").write_text(SCRIPT.replace("{fails}", str(row == "main_job")))
    monkeypatch.setattr(found.run_rows, "__defaults__", (tmp_path,))
    return found


def test_rows_run_in_their_order_and_a_failure_is_reported(runner):
    told = []
    document = runner.run_rows(["main_job", "small_networks_sklearn"], [], told.append)
    assert document["failed"] == [{"row": "main_job", "error": "the peer would not install"}]
    assert len(document["rows"]) == 1
    assert told[0].startswith("row 1 of 2, small_networks_sklearn")
    assert "  working on it" in told
    assert json.loads(json.dumps(document)) == document

    text = runner.table(document)
    row = next(line for line in text.splitlines() if line.startswith("steps"))
    assert " ".join(row.split()) == "steps P 2 us 60 30x (20 to 40) >= 20, aim 35 yes"
    assert "main_job failed: the peer would not install" in text
    assert "not measured: Keras: no" in text
    assert "Abacus" in text


def test_the_command_runs_all_rows_and_passes_flags_on(runner, capsys):
    assert runner.main(["--quick", "--no-peers", "--json"]) == 1
    document = json.loads(capsys.readouterr().out)
    assert len(document["rows"]) == len(runner.ROWS) - 1
    assert {(row["quick"], row["peers"]) for row in document["rows"]} == {(True, False)}
    assert "not measurements" in runner.table(document)


def test_the_command_prints_a_table_and_ends_with_0_where_all_ran(runner, capsys):
    assert runner.main(["curvature"]) == 0
    shown = capsys.readouterr()
    assert shown.out.startswith("row") and "30x" in shown.out
    assert "row 1 of 1, curvature" in shown.err


def test_unknown_row_is_answered_with_its_neighbor(runner, capsys):
    with pytest.raises(SystemExit) as ended:
        runner.main(["main_jobs"])
    assert ended.value.code == 2
    assert "there is no row 'main_jobs'. Did you mean main_job?" in capsys.readouterr().err


def test_table_where_all_rows_failed(runner):
    document = {
        "quick": False, "environment": None, "rows": [], "failed": [{"row": "main_job", "error": "no disk"}],
    }  # fmt: skip
    assert "main_job failed: no disk" in runner.table(document)
