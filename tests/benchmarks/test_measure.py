import json
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
BENCHMARKS = ROOT / "benchmarks"


@pytest.fixture(scope="module")
def measure(module):
    return module("measure")


def test_contenders_take_turns_and_every_second_round_goes_backwards(measure):
    seen = []

    def contender(name):
        return lambda: (seen.append(name), {"seconds": len(seen), "network_steps": 2})[1]

    answers = measure.interleave({name: contender(name) for name in "abc"}, 3, pause=0)
    assert seen == list("abccbaabc")
    assert [each["seconds"] for each in answers["a"]] == [1, 6, 7]
    assert measure.per_step(answers["c"]) == [1.5e6, 2e6, 4.5e6]


def test_ratio_is_formed_within_each_round(measure):
    # both slow down tenfold in round two: the ratio does not notice, a ratio of sums would
    line = measure.line("x", [1, 10, 1], "s", peer="p", theirs=[3, 30, 4], at_least=3, aim=3.5)
    assert line["ratio"] == {"median": 3, "min": 3, "max": 4, "count": 3}
    assert (line["reached"], line["aim_reached"]) == (True, False)


@pytest.mark.parametrize(("value", "reached"), [(0.29, True), (0.31, False)])
def test_without_a_peer_the_figure_itself_is_judged(measure, value, reached):
    assert measure.line("first line", [value], "s", at_most=0.3)["reached"] is reached
    assert measure.line("share", [value], "", at_least=0.3)["reached"] is not reached
    assert measure.line("only told", [value], "s")["reached"] is None


def test_unpaired_and_empty_rounds_are_refused(measure):
    with pytest.raises(ValueError, match="2 rounds cannot be paired with 1"):
        measure.ratios([1, 2], [1])
    with pytest.raises(ValueError, match="no values"):
        measure.spread([])


def test_fastest_goes_by_the_median(measure):
    assert measure.fastest({"lucky once": [1, 9, 9], "steady": [5, 5, 5]}) == "steady"


def test_main_writes_the_document_and_judges_nothing_when_quick(measure, tmp_path, monkeypatch, capsys):
    def row(quick, tell, peers):
        return {"lines": [measure.line("x", [1.0, 2.0, 4.0], "s", at_most=3)]}

    path = tmp_path / "deep" / "x.json"
    monkeypatch.setattr(sys, "argv", ["x", "--json", str(path)])
    measure.main("x", "an x", row)
    document = json.loads(path.read_text())
    assert document["lines"][0]["reached"] is True
    assert document["lines"][0]["ours"] == {"median": 2.0, "min": 1.0, "max": 4.0, "count": 3}
    assert {"processor", "cores", "versions", "date", "commit"} <= document["environment"].keys()
    assert "reached" in capsys.readouterr().out

    monkeypatch.setattr(sys, "argv", ["x", "--json", str(path), "--quick"])
    measure.main("x", "an x", row)
    assert json.loads(path.read_text())["lines"][0]["reached"] is None
    assert "not a measurement" in capsys.readouterr().out


def test_estimate_of_the_whole_plan_is_unbiased_and_its_error_honest(module):
    main_job = module("main_job")
    generator = np.random.default_rng(0)
    runs = [{"rule": rule, "rate": k} for rule in "ab" for k in range(100)]
    cost = {(rule, k): scale * (1 + k / 50) for rule, scale in (("a", 1.0), ("b", 3.0)) for k in range(100)}
    truth = 5 + sum(cost.values()) / 2
    z = []
    for _ in range(300):
        chosen = main_job.draw(runs, 20, generator)
        sample = [(run["rule"], cost[run["rule"], run["rate"]]) for run in chosen]
        total, error = main_job.estimate({"a": 100, "b": 100}, sample, 5.0)
        z.append((total - truth) / error)
    assert abs(np.mean(z)) < 0.2
    assert 0.85 < np.std(z) < 1.2


def test_estimate_is_exact_where_all_runs_were_trained(module):
    main_job = module("main_job")
    runs = [{"rule": rule} for rule in "aab"]
    chosen = main_job.draw(runs, None, np.random.default_rng(0))
    assert sorted(run["rule"] for run in chosen) == ["a", "a", "b"]
    total, error = main_job.estimate({"a": 2, "b": 1}, [("a", 1.0), ("a", 3.0), ("b", 6.0)], 1.0)
    assert (total, error) == (1 + 10 / 2, 0)
    with pytest.raises(ValueError, match="rules"):
        main_job.estimate({"a": 2, "b": 1}, [("a", 1.0)], 1.0)


@pytest.mark.slow
def test_a_worker_answers_line_by_line_and_its_end_is_told(module, tmp_path, monkeypatch):
    peers = module("peer_environment")
    (tmp_path / "serve.py").write_text((BENCHMARKS / "workers" / "serve.py").read_text())
    (tmp_path / "counts.py").write_text(
        "import time\n"
        "from serve import serve\n"
        "def setup(task):\n"
        "    print('not an answer')\n"
        "    left = [7] * task['passes']\n"
        "    def once():\n"
        "        time.sleep(0.8)\n"
        "        return left.pop()\n"
        "    return {'told': task['passes']}, once\n"
        "serve(setup)\n"
    )
    monkeypatch.setattr(peers, "WORKERS", tmp_path)
    with peers.Worker("counts", {"passes": 3}) as worker:
        assert worker.ready["told"] == 3
        assert worker.ready["first"]["network_steps"] == 7
        assert worker()["network_steps"] == 14  # a short pass is repeated
        with pytest.raises(peers.PeerError, match="pop from empty list"):
            worker()


def test_what_is_visible_of_a_terminal(module):
    command = module("command")
    assert command.INVISIBLE.sub(b"", b"\x1b[?25l\x1b[2K\r \n\x1b]0;title\x07") == b""
    assert command.INVISIBLE.sub(b"", b"\x1b[1mReading\x1b[0m") == b"Reading"
