"""The view of a comparison at several widths: what stays, what goes, what a row says."""

import math
import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ravine.execution.describe import score_format_of
from ravine.execution.length_advice import length_advice
from ravine.execution.result_parts import MetricFacts
from ravine.render.cells import display_width
from ravine.render.html import html
from ravine.render.text import text
from ravine.studies.compare.view import details, next_steps, style_of, view


def line_of(shown, name):
    return next(line for line in shown.splitlines() if name in line.split()[1:2])


def shown(result, width=100, **more):
    return text(view(result), width, **more)


@pytest.mark.parametrize("width", [40, 60, 80, 120, 200])
@pytest.mark.parametrize("unicode", [True, False])
def test_no_line_is_wider_and_the_essentials_stay(result, width, unicode):
    report = shown(result, width, unicode=unicode)
    assert all(display_width(line) <= width for line in report.splitlines())
    assert "\x1b" not in report and (unicode or report.isascii())
    sign = "±" if unicode else "~"
    for name, score in (("nesterov", f"98.3 {sign} 0.2"), ("sgd", f"97.5 {sign} 0.3")):
        assert score in line_of(report, name)
    assert line_of(report, "adam").startswith("1= ") and line_of(report, "sgd").startswith("2 ")


def test_columns_go_by_priority(result):
    heads = [
        next(line for line in shown(result, width).splitlines() if line.startswith("tier"))
        for width in (60, 120)
    ]
    assert heads[0].split("  ")[:3] == ["tier", "optimizer", "accuracy %"]
    assert heads[0].endswith("failed  learning rate  schedule")
    assert heads[1].endswith("steps to 97.2 %  rates within 5 %    tuned anew")


def test_the_heading_says_what_was_measured(result):
    lines = shown(result).splitlines()
    assert lines[:2] == [
        "digits: 1,797 rows, 64 features, classify",
        "validation accuracy, median of 20 fresh seeds ± 95 % interval",
    ]


def test_what_a_row_says(result):
    report = shown(result, 120)
    assert "420" in line_of(report, "adam") and "never" in line_of(report, "adadelta")
    assert "25-fold" in line_of(report, "adam")  # 10^1.4
    assert "0.00312!" in line_of(report, "rmsprop") and "4/20" in line_of(report, "adagrad")
    assert "90.0 ± 1.0" in line_of(report, "adagrad") and "constant" in line_of(report, "sgd")
    assert "! adagrad: 4 of 20 seeds failed (3 diverged; 1 no better" in " ".join(report.split())
    assert "! rmsprop: its best learning rate, 0.00312, lies at the upper end" in report
    assert report.count("lies at") == 1
    assert "On the test rows, read once: nesterov accuracy 96.5 ± 1.0 %; the saved network 97.0 %." in report


def test_an_optimizer_that_always_diverged_has_no_numbers(rows, row_of, result_of):
    nothing = dict.fromkeys(("learning_rate", "schedule", "mean", "median", "sd", "interval"))
    nothing |= {"tuning_interval": None, "steps_to_target": None, "n_seeds": 0, "diverged": 36, "values": []}
    nothing |= {"median_interval": None, "failed": 36}
    lost = row_of("adagrad", 2, 0.9, 0.1, reached_target=0.0, sensitivity_width=None, **nothing)
    line = line_of(shown(result_of([rows[0], lost]), 120), "adagrad")
    assert line.split() == ["2", "adagrad", "diverged", "all", "–", "–", "never", "–", "–"]


def test_columns_with_nothing_to_say_are_left_out(rows, result_of):
    silent = {"steps_to_target": None, "reached_target": None, "sensitivity_width": None, "failed": 0}
    report = shown(result_of([replace(row, **silent) for row in rows]), 120)
    head = next(line for line in report.splitlines() if line.startswith("tier"))
    assert re.split(" {2,}", head) == [
        "tier", "optimizer", "accuracy %", "learning rate", "schedule", "tuned anew",
    ]  # fmt: skip


@pytest.mark.parametrize(("seeds", "words"), [(1, "1 fresh seed"), (2, "2 fresh seeds")])
def test_seeds_too_few_for_an_interval(rows, seeds, words, result_of):
    few = {"n_seeds": seeds, "values": [0.9] * seeds, "diverged": 0, "failed": 0}
    few |= {"median_interval": None, "tuning_interval": None, "tier": 1}
    result = result_of([replace(row, **few) for row in rows])
    report = shown(result.replace(test=replace(result.test, median_interval=None)))
    assert f"median of {words}, too few for an interval" in report
    assert "±" not in report and "95 %" not in report


def test_color_changes_only_color(result):
    plain, colored = (shown(result, color=color) for color in (False, True))
    assert plain != colored and re.sub("\x1b\\[\\d*m", "", colored) == plain


def test_names_cannot_command_the_terminal(rows, result_of):
    rows = [replace(rows[0], optimizer="x\x1b]0;y\x07"), replace(rows[1], schedule="z\r")]
    result = result_of(rows)
    report = shown(result.replace(data=replace(result.data, name="a\x1b[2Jb\nc")), 120)
    assert not set(report) & {"\x1b", "\x07", "\r"} and report.startswith("a?[2Jb?c:")


@pytest.mark.parametrize("width", [0, 40, 60])
def test_long_and_wide_names(rows, width, result_of):
    rows[0] = replace(rows[0], optimizer="optax:adamw(b1=0.95,b2=0.999,weight_decay=0.0001,nesterov=True)")
    result = result_of(rows)
    metric = MetricFacts(name="a_metric_with_a_very_long_name_indeed", greater_is_better=True)
    report = shown(result.replace(metric=metric, data=replace(result.data, name="日本語" * 20)), width)
    assert all(display_width(line) <= max(40, width) for line in report.splitlines())
    assert "optax:" in report and "…" in report


@pytest.mark.parametrize("scale", [1e-9, 1e-3, 1.0, 1e6, 1e12])
def test_errors_of_any_size_keep_their_digits(scale, row_of, result_of):
    best = row_of("adam", 1, 1.234 * scale, 0.3 * scale)
    report = shown(result_of([best, row_of("sgd", 2, 2.5 * scale, 0.5 * scale)], metric="rmse"), 80)
    words = line_of(report, "adam").split()
    assert words[3] == "±"
    assert float(words[2]) == pytest.approx(best.median, rel=0.06)
    assert float(words[4]) == pytest.approx(0.3 * scale, rel=0.01)


def test_intervals_are_never_shown_tighter_than_they_are(rows, result_of):
    rows[0] = replace(rows[0], median_interval=[0.973, 0.984])  # 1.0 below the mean, 0.1 above
    assert "98.3 ± 1.0" in line_of(shown(result_of(rows), 80), "nesterov")


def test_the_format_is_as_fine_as_the_smallest_uncertainty(row_of, result_of):
    rmse = MetricFacts(name="rmse", greater_is_better=False)
    for half, decimals in ((0.3, 1), (0.14, 2), (0.02, 2), (0.019, 3), (5.0, 0), (120.0, 0)):
        rows = [row_of("a", 1, 1.0, half), row_of("b", 1, 1.0, half * 50)]
        assert score_format_of(rmse, rows).decimals == decimals, half
        assert style_of(result_of(rows, metric="rmse")).decimals == decimals, half


number = st.none() | st.floats(-1e300, 1e300)
share = st.none() | st.floats(0, 1)
positive = st.none() | st.floats(1e-300, 1e300)
interval = st.none() | st.lists(number, min_size=2, max_size=2)
any_row = st.fixed_dictionaries(
    {
        "optimizer": st.text(max_size=30), "tier": st.integers(1, 9), "mean": number, "median": number,
        "learning_rate": positive, "diverged": st.integers(0, 40), "n_seeds": st.integers(0, 40),
        "steps_to_target": positive, "reached_target": share, "sensitivity_width": share,
        "median_interval": interval, "tuning_interval": interval, "failed": st.integers(0, 40),
        "trials": st.lists(st.tuples(positive, number), min_size=1, max_size=5),
    }
)  # fmt: skip


@settings(deadline=None, max_examples=150)
@given(
    rows=st.lists(any_row, min_size=1, max_size=4),
    width=st.integers(1, 130),
    metric=st.sampled_from(["accuracy", "rmse"]),
)
def test_any_numbers_give_lines_that_fit_and_no_nan(rows, width, metric, row_of, curve_of, result_of):
    made = []
    for fields in rows:
        rates, scores = zip(*fields["trials"], strict=True)
        known = {key: value for key, value in fields.items() if key not in ("optimizer", "tier", "trials")}
        seeds = known["n_seeds"]
        known["values"] = [0.5] * seeds
        if seeds:  # without seeds, the counts are those of tuning
            known |= {name: min(known[name], seeds) for name in ("diverged", "failed")}
        row = row_of(fields["optimizer"], fields["tier"], 0.5, 0.1)
        made.append(replace(row, **known, sensitivity=curve_of(list(rates), list(scores))))
    report = shown(result_of(made, metric=metric), width)
    names = "".join(row.optimizer for row in made).lower()
    assert all(display_width(line) <= max(40, width) for line in report.splitlines())
    for word in ("nan", "inf", "none"):
        assert word in names or not re.search(rf"\b{word}\b", report.lower())


def test_the_full_track_says_so_and_shows_what_it_tuned(result):
    assert "--tune all" not in shown(result) and "tuned besides" not in shown(result)
    rows = list(result.leaderboard)
    rows[1] = replace(rows[1], hyperparameters={"b1": 0.8243247, "b2": 0.9993942, "eps": 4.14284e-08})
    full = result.replace(leaderboard=rows, plan=replace(result.plan, tuning_scope="all"))
    report = " ".join(shown(full, 60).split())
    assert "all hyperparameters of each optimizer tuned (--tune all)" in report
    assert "tuned besides the learning rate: adam b1 0.82432, b2 0.99939, eps 4.1428e-08" in report


def test_next_steps_name_the_run_and_follow_the_advice(result, falling):
    kept = result.replace(run_dir="runs/a b", source="data.csv", model_dir="runs/a b/models/best")
    assert "train" not in text(next_steps(kept), 100)  # no advice
    longer = kept.replace(advice=length_advice(falling, 20.0, None))
    report = text(next_steps(longer), 100)
    assert "ravine predict 'runs/a b' data.csv -o predictions.csv" in report
    assert "ravine train -c 'runs/a b/best.toml' --epochs 100" in report
    assert "Train the winner longer: the validation loss still fell by 3.1 % in the last tenth" in report
    assert "ravine resume 'runs/a b'" in report
    assert "With nesterov, the validation loss still fell by 3.1 %" in " ".join(shown(longer).split())


def test_after_a_sample_of_the_rows_the_winner_is_trained_on_all(result):
    sample = result.replace(
        run_dir="runs/a", source="data.csv", data=replace(result.data, unused=900, rows=100)
    )
    assert "ravine train -c runs/a/best.toml --rows 0" in text(next_steps(sample), 100)
    assert "--rows" not in text(next_steps(sample.replace(source="")), 100)  # data from Python


def test_an_interval_that_is_cut_or_open_is_left_out(rows, result_of):
    cut = [replace(rows[0], tuning_interval=[0.9, 1.0]), replace(rows[1], tuning_interval=[0.9, None])]
    report = shown(result_of([*cut, rows[3]]), 140)
    ends = [line_of(report, name).split()[-1] for name in ("nesterov", "adam")]
    assert ends == ["–", "–"] and line_of(report, "sgd").endswith("96.9 to 97.8")


def test_the_legend_explains_the_columns_that_are_shown(result):
    assert "steps to 97.2 %: median over seeds" in shown(result, 120)
    assert "steps to" not in shown(result, 60) and "failed: diverged, no better than" in shown(result, 60)


def test_a_notebook_shows_the_same_scores(result):
    page = html(view(result))
    assert "98.3 ± 0.2" in page and "nesterov" in page
    assert result._repr_html_() == page and math.isclose(result.leaderboard[0].mean, 0.983)


def test_rules_of_optax_are_not_said_to_be_tuned_in_all(rows, pairs, result_of):
    result = result_of([replace(rows[0], optimizer="optax:lion(b1=0.9)"), *rows[1:]], pairs)
    tuned = replace(result, plan=replace(result.plan, tuning_scope="all"))
    assert "of optax:lion(b1=0.9) the learning rate only" in " ".join(shown(tuned).split())
    assert "the learning rate only" not in shown(result)


def test_details_show_every_pair_with_its_interval_and_p_value(result, result_of, rows):
    report = " ".join(text(details(result), 120).split())
    assert "nesterov - sgd 0.8 0.5 to 1.1 0.02" in report
    assert "nesterov - adagrad – – 0.02" in report
    assert details(result_of(rows)) == []
