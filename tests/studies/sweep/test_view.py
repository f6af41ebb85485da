"""The views of a sweep: never too wide, never more than was found."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ravine.execution.length_advice import LengthAdvice, LossTrend, length_advice
from ravine.execution.result_parts import DataFacts, MetricFacts, Seconds, SplitSizes
from ravine.render.cells import display_width
from ravine.render.text import text
from ravine.studies.sweep.result import (
    AdjustedDifference,
    BestScores,
    ConfigurationRow,
    DesignFacts,
    DevelopmentSizes,
    FactorFacts,
    LevelEffect,
    PlannedConfiguration,
    SweepFacts,
    SweepPlan,
    SweepResult,
)
from ravine.studies.sweep.view import next_steps, verdict

NET = "64-64 residual batchnorm"
DATA = DataFacts(
    name="digits", sha256="0", rows=1797, features=64, task="classify", target="digit", classes=None, notes=[]
)


def difference(value: float, half: float) -> AdjustedDifference:
    return AdjustedDifference(
        difference=value, interval=[value - half, value + half], p_better=0.5, p_value=0.1, p_holm=0.1
    )


def row(index: int, levels: dict[str, str], mean: float | None, tier: int, **more: Any) -> ConfigurationRow:
    values: dict[str, Any] = {
        "mean": mean, "median": mean, "sd": 0.01, "n_seeds": 10, "diverged": 0, "values": [mean] * 10,
        "interval": None, "index": index, "levels": levels,
        "median_interval": None if mean is None else [mean - 0.004, mean + 0.004],
        "setting": ", ".join(f"{name}={level}" for name, level in levels.items()), "first": index == 0,
        "optimizer": "adam", "learning_rate": 0.0031, "schedule": "decay", "network": "8", "parameters": 99,
        "tuning_interval": None, "tier": tier, "epochs": 20.0, "at_edge": False, "against_first": None,
        "against_best": None,
    }  # fmt: skip
    return ConfigurationRow(**{**values, **more})


def effect(factor: str, level: str, mean: float, **more: Any) -> LevelEffect:
    values: dict[str, Any] = {"first": False, "effect": None, "helps": None, "n_runs": 10}
    return LevelEffect(factor=factor, level=level, median=mean, **{**values, **more})


@pytest.fixture
def result() -> SweepResult:
    change = difference(0.004, 0.003)
    return SweepResult(
        study="sweep",
        data=DATA,
        split=SplitSizes(train=1, validation=1, test=1),
        metric=MetricFacts(name="accuracy", greater_is_better=True),
        design=DesignFacts(
            kind="grid",
            factors=[FactorFacts(name="dropout"), FactorFacts(name="net")],
            settings=2,
            learning_rate="tuned",
        ),
        plan=SweepFacts(
            effort="quick", runs=20, network_steps=1, steps=800, epochs=20.0, programs=1, cohorts=1,
            extended_ends=[],
        ),
        seconds=Seconds(total=1.0, compile=0.5, train=0.5),
        leaderboard=[
            row(1, {"dropout": "0.2", "net": NET}, 0.98, 1, against_first=change),
            row(0, {"dropout": "0", "net": NET}, 0.976, 2),
        ],
        effects=[
            effect("dropout", "0", 0.976, first=True),
            effect("dropout", "0.2", 0.98, effect=change, helps=True),
            effect("net", "64", 0.978, first=True),
        ],
        test=BestScores(
            setting="dropout=0.2", mean=0.97, median=0.97, sd=0.01, interval=[0.965, 0.975], n_seeds=10,
            diverged=0, values=[0.97] * 10, model=0.972, median_interval=[0.965, 0.975],
        ),
    )  # fmt: skip


def with_first_row(result: SweepResult, **changes: Any) -> SweepResult:
    return replace(result, leaderboard=[replace(result.leaderboard[0], **changes), *result.leaderboard[1:]])


def with_effect(result: SweepResult, **changes: Any) -> SweepResult:
    effects = list(result.effects)
    effects[1] = replace(effects[1], **changes)
    return replace(result, effects=effects)


@pytest.mark.parametrize("width", [40, 60, 80, 100, 200])
@pytest.mark.parametrize("unicode", [True, False])
def test_no_line_is_too_wide(result: SweepResult, width: int, unicode: bool) -> None:
    wide = with_first_row(result, levels={"dropout": "0.2", "net": "64-" * 40 + "64 残差"})
    shown = text(wide.view(), width, False, unicode)
    assert max(map(display_width, shown.splitlines())) <= width
    assert unicode or shown.isascii()
    assert "dropout" in shown and "\x1b" not in shown
    assert "\x1b[1m" in text(wide.view(), width, True)


@pytest.mark.parametrize("width", [40, 60, 80, 200])
def test_of_many_factors_the_last_give_way(result: SweepResult, width: int) -> None:
    names = [f"factor_{k}" for k in range(9)]
    levels = dict.fromkeys(names, "a long level")
    many = replace(
        result,
        design=replace(result.design, factors=[FactorFacts(name=name) for name in names]),
        leaderboard=[replace(part, levels=levels) for part in result.leaderboard],
        effects=[],
    )
    lines = text(many.view(), width).splitlines()
    assert max(map(display_width, lines)) <= width
    assert "98.0 ± 0.4" in next(line for line in lines if line.startswith("1 "))


def test_columns_give_way_before_factors(result: SweepResult) -> None:
    def head(width: int) -> list[str]:
        table = text(result.view()[1:2], width).splitlines()
        return table[0].replace("against first", "against").replace("accuracy %", "accuracy").split()

    assert head(100) == ["tier", "dropout", "net", "accuracy", "against", "learning", "rate"]
    assert head(60) == ["tier", "dropout", "net", "accuracy", "against"]
    assert head(45) == ["tier", "dropout", "net", "accuracy"]


def test_the_verdict_says_direction_size_and_certainty(result: SweepResult) -> None:
    sentences = " ".join(verdict(result))
    assert "dropout=0.2 helps: +0.4 ± 0.3 points against dropout=0." in sentences
    assert "distinguishable from all others" in sentences
    hurts = with_effect(result, helps=False, effect=difference(-0.01, 0.002))
    assert "dropout=0.2 hurts: -1.0 ± 0.2 points" in verdict(hurts)[1]
    unseen = with_effect(result, helps=None, effect=difference(0.001, 0.002))
    assert "no visible difference (+0.1 ± 0.2 points" in verdict(unseen)[1]
    change = replace(difference(0.004, 0.002), p_better=0.9, p_value=0.03)
    chance = with_effect(result, helps=None, effect=change)
    assert "may help: +0.4 ± 0.2 points" in verdict(chance)[1]
    assert "not significant among 1 comparisons" in verdict(chance)[1]
    small = with_effect(result, matters=False)
    assert "against dropout=0: significant, but too small to matter." in verdict(small)[1]


def test_the_verdict_names_length_and_trend(result: SweepResult) -> None:
    falling = LossTrend(
        direction="falling", change=-0.03, agreeing=1.0, rise=0.0, lowest_step=800, lowest_epochs=20.0,
        score_improves=True, seeds=10,
    )  # fmt: skip
    sentences = verdict(with_first_row(result, trend=falling))
    assert sentences[0] == "These results hold for 800 steps (20 epochs)."
    shorter = with_first_row(result, epochs=5.0)
    assert verdict(shorter)[0] == "These results hold for at most 800 steps (20 epochs)."
    assert "Best: dropout=0.2" in " ".join(sentences)
    assert "still fell at the end for 1 of 2 configurations; 1 has no trend" in sentences[-1]
    advised = replace(result, advice=length_advice(falling, 20.0, None))
    shown = " ".join(text(advised.view(), 100).split())
    assert "800 steps (20 epochs) each" in shown and "still fell by 3.0 % in the last tenth" in shown
    assert "--epochs 100" in text(next_steps(advised), 200)


@pytest.mark.parametrize(
    ("better", "helps", "sentence"),
    [
        (0.0, False, "dropout=0.2 is worse than dropout=0: 10 of 10 runs diverge."),
        (0.3, None, "dropout=0.2 may be worse than dropout=0: 10 of 10 runs diverge."),
        (1.0, True, "dropout=0.2 is better than dropout=0, which diverges."),
        (0.5, None, "dropout=0.2 and dropout=0 both diverge."),
    ],
)
def test_a_level_that_diverges_is_worse(
    result: SweepResult, better: float, helps: bool | None, sentence: str
) -> None:
    lost = AdjustedDifference(difference=None, interval=None, p_better=better, p_value=0.002, p_holm=0.002)
    changed = with_effect(result, effect=lost, helps=helps, diverged=10, median=None)
    assert verdict(changed)[1] == sentence
    assert "diverged" in text(changed.view())


def test_a_level_that_helps_but_diverges_sometimes(result: SweepResult) -> None:
    sentence = verdict(with_effect(result, diverged=1))[1]
    assert (
        sentence == "dropout=0.2 helps: +0.4 ± 0.3 points against dropout=0, although 1 of 10 runs diverge."
    )


def test_failed_seeds_are_reported_and_avoided(result: SweepResult) -> None:
    rows = [replace(part, tier=1) for part in result.leaderboard]
    failing = replace(result, leaderboard=[replace(rows[0], failed=1), rows[1]])
    assert failing.best.levels["dropout"] == "0" and result.best.levels["dropout"] == "0.2"
    shown = " ".join(text(failing.view(), 120).split())
    assert "1/10" in shown and f"! dropout=0.2, net={NET}: 1 of 10 seeds failed" in shown
    assert f"Best: dropout=0, net={NET} (accuracy 97.6 ± 0.4 %). dropout=0.2, net={NET} has the best" in shown
    assert "but failed on more seeds" in shown and "tie with" not in shown and "ties with" not in shown
    assert [block.columns[0].texts for block in failing.view()[1:2]] == [("1", "1")]
    assert [block.columns[0].texts for block in replace(result, leaderboard=rows).view()[1:2]] == [
        ("1=", "1=")
    ]
    assert "tied" not in failing.summary()
    assert f"dropout=0.2, net={NET} and 1 tied" in replace(result, leaderboard=rows).summary()
    few = replace(
        failing,
        leaderboard=[replace(part, n_seeds=5, values=part.values[:5]) for part in failing.leaderboard],
    )
    assert "Best median among those with the fewest failed seeds: dropout=0," in " ".join(verdict(few))


def test_ties_and_few_seeds_are_named(result: SweepResult) -> None:
    rows = [replace(part, tier=1, n_seeds=8, values=part.values[:8]) for part in result.leaderboard]
    sentences = " ".join(verdict(replace(result, leaderboard=rows)))
    assert "both configurations tie" in sentences and "With 8 seeds only large" in sentences


def test_below_six_seeds_nothing_ties_and_a_large_difference_is_named(result: SweepResult) -> None:
    rows = [replace(part, tier=1, n_seeds=5, values=part.values[:5]) for part in result.leaderboard]
    change = AdjustedDifference(difference=-0.21, interval=None, p_better=0.1, p_value=0.06, p_holm=0.12)
    few = with_effect(replace(result, leaderboard=rows), helps=None, effect=change)
    sentences = " ".join(verdict(few))
    looks = "dropout=0.2 looks worse than dropout=0 by 21.0 points; 5 seeds cannot confirm it."
    assert looks in sentences and "no visible" not in sentences and "tie" not in sentences
    assert f"Best median: dropout=0.2, net={NET} (accuracy 98.0 ± 0.4 %)." in sentences
    assert "With 5 seeds no difference can be distinguished from chance." in sentences
    better = replace(few, metric=MetricFacts(name="rmse", greater_is_better=False))
    assert "dropout=0.2 looks better than dropout=0 by 0.21" in " ".join(verdict(better))
    small = with_effect(few, matters=False)
    assert "dropout=0.2 makes no visible difference (-21.0 points" in " ".join(verdict(small))


def test_a_configuration_that_failed_on_more_seeds_does_not_tie(result: SweepResult) -> None:
    best, other = (replace(part, tier=1) for part in result.leaderboard)
    rows = [best, other, row(2, {"dropout": "0.9", "net": "8"}, 0.9, 1, failed=3)]
    sentences = " ".join(verdict(replace(result, leaderboard=rows)))
    assert (
        "; one other ties with it. dropout=0.9, net=8 is not distinguishable from it, but failed" in sentences
    )
    assert "all 3" not in sentences
    alone = " ".join(verdict(replace(result, leaderboard=[best, rows[2]])))
    assert "%). dropout=0.9, net=8 is not distinguishable" in alone and "ties" not in alone
    many = [best, rows[2], replace(rows[2], setting="dropout=0.8")]
    shown = " ".join(verdict(replace(result, leaderboard=many)))
    assert "2 configurations are not distinguishable from it, but failed on more seeds." in shown


def test_of_an_error_less_is_better(result: SweepResult) -> None:
    error = replace(result, metric=MetricFacts(name="rmse", greater_is_better=False))
    sentence = verdict(with_effect(error, effect=difference(-0.5, 0.2)))[1]
    assert "helps: -0.5" in sentence and "in rmse" in sentence


def test_a_configuration_that_diverged_has_no_number(result: SweepResult) -> None:
    lost = row(
        2, {"dropout": "0.9", "net": "x"}, None, 3, diverged=10, failed=10, n_seeds=0, values=[], epochs=None,
        learning_rate=None,
    )  # fmt: skip
    shown = text(replace(result, leaderboard=[*result.leaderboard, lost]).view())
    assert "diverged" in shown and "nan" not in shown.lower() and "None" not in shown


def test_a_best_rate_at_the_end_is_marked_and_told(result: SweepResult) -> None:
    assert "!" not in text(result.view())
    end = with_first_row(result, at_edge="high")
    assert "0.0031!" in text(end.view(), 120) and "a better one may lie" in text(end.view())


def test_names_from_files_cannot_command_the_terminal(result: SweepResult) -> None:
    hostile = with_first_row(result, levels={"dropout": "0", "net": "\x1b[31mred"})
    shown = text(replace(hostile, data=replace(DATA, name="a\x07b")).view())
    assert "\x1b" not in shown and "\x07" not in shown


def test_a_long_leaderboard_is_cut_and_says_so(result: SweepResult) -> None:
    rows = [row(k, {"dropout": str(k), "net": "8"}, 0.9, 1) for k in range(50)]
    shown = text(replace(result, leaderboard=rows).view())
    assert "and 10 more; all are in the JSON document" in shown


def test_the_next_commands_name_run_and_winner(result: SweepResult) -> None:
    advice = LengthAdvice(action="earlier", reason="why", settings={"early_stop": 3.0})
    kept = replace(
        result, run_dir="runs/a b", model_dir="runs/a b/models/best", source="table.csv", advice=advice
    )
    shown = text(next_steps(kept), 200)
    assert "ravine train -c 'runs/a b/best.toml' --early-stop 3" in shown
    assert "ravine predict 'runs/a b' table.csv -o predictions.csv" in shown
    assert "Model  runs/a b/models/best" in shown
    sample = replace(kept, data=replace(kept.data, unused=5))
    assert "ravine train -c 'runs/a b/best.toml' --rows 0" in text(next_steps(sample), 200)


@pytest.fixture
def plan() -> SweepPlan:
    rows = [
        PlannedConfiguration(
            setting=f"l2={k}", levels={"l2": str(k)}, optimizer="adam", learning_rate="tuned",
            schedule="decay", numbers={}, program="program 1",
        )
        for k in range(100)
    ]  # fmt: skip
    return SweepPlan(
        study="sweep", data=DATA, effort="quick", metric="accuracy", design="grid",
        factors=[FactorFacts(name="l2")], settings=rows, plans={"program 1": {"steps": 100}},
        rates=[1.0, 2.0], runs=12,
        network_steps=1200, programs=1, rows=DevelopmentSizes(train=10, validation=2), tuning_seeds=[0, 1],
        seeds=[5, 6], estimated_seconds=3.2, effort_chosen="the default",
    )  # fmt: skip


@pytest.mark.parametrize("width", [40, 60, 100, 200])
@pytest.mark.parametrize("unicode", [True, False])
def test_a_plan(plan: SweepPlan, width: int, unicode: bool) -> None:
    shown = text(plan.view(), width, False, unicode)
    assert max(map(display_width, shown.splitlines())) <= width
    joined = " ".join(shown.split())
    assert "2 for each configuration, on 2 seeds" in joined
    assert "quick (the default)" in joined and "12 in all of 100 steps" in joined
    two_sizes = replace(plan, plans={"program 1": {"steps": 100}, "program 2": {"steps": 1_100}})
    assert "12 in all of 100 to 1,100 steps" in " ".join(text(two_sizes.view(), 200).split())
    assert "about 3 s" in joined and "and 60 more" in joined
    assert "grid of 100 configurations: l2" in joined
    assert "as given" in text(replace(plan, rates=None).view(), width)
