"""The text of a sweep: never too wide, never more than was found."""

import copy

import pytest

from ravine.render.numbers import cells
from ravine.studies.sweep.view import sweep_plan_text, sweep_text, sweep_verdict


def paired(difference, half):
    interval = None if difference is None else [difference - half, difference + half]
    return {"difference": difference, "interval": interval, "p_better": 0.5, "p_value": 0.1, "p_holm": 0.1}


def row(k, levels, mean, tier, against=None):
    return {
        "setting": ", ".join(f"{n}={v}" for n, v in levels.items()), "index": k, "levels": levels,
        "first": k == 0, "optimizer": "adam", "learning_rate": 0.0031, "schedule": "decay", "network": "8",
        "parameters": 99, "mean": mean, "median": mean, "sd": 0.01, "n_seeds": 10, "diverged": 0,
        "interval": None if mean is None else [mean - 0.004, mean + 0.004], "values": [mean] * 10,
        "tuning_interval": None, "tier": tier, "epochs": 20.0, "at_edge": False, "against_first": against,
        "against_best": None,
    }  # fmt: skip


@pytest.fixture
def document():
    rows = [
        row(1, {"dropout": "0.2", "net": "64-64 residual batchnorm"}, 0.98, 1, paired(0.004, 0.003)),
        row(0, {"dropout": "0", "net": "64-64 residual batchnorm"}, 0.976, 2),
    ]
    effects = [
        {"factor": "dropout", "level": "0", "first": True, "mean": 0.976, "effect": None, "helps": None},
        {
            "factor": "dropout", "level": "0.2", "first": False, "mean": 0.98, "effect": paired(0.004, 0.003),
            "helps": True,
        },
        {"factor": "net", "level": "64", "first": True, "mean": 0.978, "effect": None, "helps": None},
    ]  # fmt: skip
    return {
        "schema_version": 1,
        "data": {"name": "digits", "rows": 1797, "features": 64, "task": "classify"},
        "metric": {"name": "accuracy", "greater_is_better": True},
        "design": {"kind": "grid", "factors": [{"name": "dropout"}, {"name": "net"}], "rate": "tuned"},
        "leaderboard": rows,
        "effects": effects,
        "test": {"setting": "dropout=0.2", "mean": 0.97, "interval": [0.965, 0.975], "model": 0.972},
    }


@pytest.mark.parametrize("width", [40, 60, 80, 200])
@pytest.mark.parametrize("unicode", [True, False])
def test_no_line_is_too_wide(document, width, unicode):
    document["leaderboard"][0]["levels"]["net"] = "64-" * 40 + "64 残差"
    text = sweep_text(document, width, False, unicode)
    assert max(map(cells, text.splitlines())) <= width
    assert unicode or text.isascii()
    assert "dropout" in text and "\x1b" not in text
    assert "\x1b[1m" in sweep_text(document, width, True)


def test_the_verdict_says_whether_by_how_much_and_how_surely(document):
    text = " ".join(sweep_verdict(document))
    assert "dropout=0.2 helps: +0.4 ± 0.3 points against dropout=0." in text
    assert "distinguishable from all others" in text
    change = document["effects"][1]
    change["helps"], change["effect"] = False, paired(-0.01, 0.002)
    assert "dropout=0.2 hurts: -1.0 ± 0.2 points" in sweep_verdict(document)[0]
    change["helps"], change["effect"] = None, paired(0.001, 0.002)
    assert "no difference that can be seen (+0.1 ± 0.2 points" in sweep_verdict(document)[0]
    change["effect"] = None
    assert "runs diverged" in sweep_verdict(document)[0]


def test_ties_are_ties_and_few_seeds_are_few(document):
    for each in document["leaderboard"]:
        each["tier"], each["n_seeds"] = 1, 4
    text = " ".join(sweep_verdict(document))
    assert "all 2 settings tie" in text and "With 4 seeds only large" in text


def test_an_error_that_is_less_is_better(document):
    document["metric"] = {"name": "rmse", "greater_is_better": False}
    document["effects"][1]["effect"] = paired(-0.5, 0.2)
    assert "helps: -0.5" in sweep_verdict(document)[0] and "in rmse" in sweep_verdict(document)[0]


def test_a_setting_that_diverged_is_no_number(document):
    lost = row(2, {"dropout": "0.9", "net": "x"}, None, 3)
    document["leaderboard"].append({**lost, "diverged": 10, "n_seeds": 0, "values": []})
    text = sweep_text(document)
    assert "diverged" in text and "nan" not in text.lower() and "None" not in text


def test_an_edge_is_told(document):
    assert "!" not in sweep_text(document)
    document["leaderboard"][0]["at_edge"] = "high"
    assert "0.0031!" in sweep_text(document, 120) and "there may be better" in sweep_text(document)


def test_names_from_files_cannot_command_the_terminal(document):
    document["leaderboard"][0]["levels"]["net"] = "\x1b[31mred"
    document["data"]["name"] = "a\x07b"
    assert "\x1b" not in sweep_text(document) and "\x07" not in sweep_text(document)


def test_a_plan(document):
    settings = [{"setting": f"l2={k}"} for k in range(100)]
    plan = {
        "data": document["data"], "metric": "accuracy", "design": "grid", "factors": [{"name": "l2"}],
        "rows": {"train": 10, "validation": 2}, "settings": settings, "rates": [1.0, 2.0],
        "tuning_seeds": [0, 1], "seeds": [5, 6], "runs": 12, "network_steps": 1200, "programs": 1,
        "estimated_seconds": 3.2,
    }  # fmt: skip
    text = sweep_plan_text(copy.deepcopy(plan), 60)
    assert "2 rates for each, on 2 seeds" in text and "about 3 s" in text and "and 60 more" in text
    assert max(map(len, text.splitlines())) <= 60
    assert "as given" in sweep_plan_text({**plan, "rates": None})
