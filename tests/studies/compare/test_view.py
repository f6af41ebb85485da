import copy
import json
import math
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ravine.render.numbers import ScoreFormat, cells, score_format
from ravine.studies.compare.sensitivity import strips
from ravine.studies.compare.verdict import verdict
from ravine.studies.compare.view import leaderboard_text


def row(optimizer, tier, mean, half, **more):
    rates = [10 ** (-4.9 + 0.2 * index) for index in range(20)]
    return {
        "optimizer": optimizer, "learning_rate": 0.00312, "schedule": "decay", "mean": mean, "median": mean,
        "sd": 0.004, "interval": [mean - half, mean + half],
        "tuning_interval": [mean - 2 * half, mean + half],
        "tier": tier, "n_seeds": 20, "diverged": 0, "steps_to_target": 420.0, "reached_target": 1.0,
        "at_edge": False, "values": [mean] * 20, "sensitivity_width": 1.4,
        "sensitivity": {
            "learning_rate": rates,
            "score": [None if rate > 0.04 else mean - 0.05 * (math.log10(rate) + 2.5) ** 2 for rate in rates],
        },
    } | more  # fmt: skip


@pytest.fixture
def document():
    return {
        "schema_version": 1,
        "data": {"name": "digits", "sha256": "ab", "rows": 1797, "features": 64, "task": "classification"},
        "metric": {"name": "accuracy", "greater_is_better": True},
        "leaderboard": [
            row("nesterov", 1, 0.983, 0.002),
            row("adam", 1, 0.982, 0.002, reached_target=0.85),
            row("rmsprop", 1, 0.981, 0.003, at_edge="high"),
            row("sgd", 2, 0.975, 0.003, schedule="constant"),
            row("adadelta", 3, 0.950, 0.006, reached_target=0.0, steps_to_target=None),
            row("adagrad", 3, 0.9, 0.01) | {"mean": None, "interval": None, "diverged": 3},
        ],
        "pairs": [
            {"a": "nesterov", "b": "sgd", "difference": 0.008, "interval": [0.005, 0.011]},
            {"a": "adadelta", "b": "nesterov", "difference": -0.033, "interval": [-0.04, -0.03]},
            {"a": "nesterov", "b": "adagrad", "difference": None, "interval": None},
            {"a": "nesterov", "b": "adam", "difference": 0.001, "interval": [-0.001, 0.003]},
        ],
    }


def line_of(text: str, name: str) -> str:
    return next(line for line in text.splitlines() if name in line.split()[1:2])


# ------------------------------------------------------------------------------------------------ verdict


def test_the_verdict_names_ties_and_differences(document):
    assert verdict(document) == (
        "adam and rmsprop are not distinguishable from the best, nesterov (accuracy 98.3 ± 0.2 %): they tie. "
        "sgd is worse by 0.8 ± 0.3 and adadelta by 3.3 ± 0.7 points."
        " adagrad is worse, with runs that diverged."
    )


def test_one_winner_all_tied_one_rule_none(document):
    rows = document["leaderboard"]
    document["leaderboard"] = [rows[0], rows[3]]
    assert verdict(document).startswith(
        "nesterov is best (accuracy 98.3 ± 0.2 %), and distinguishable from all"
    )
    document["leaderboard"] = rows[:3]
    assert verdict(document).endswith("all 3 tie.")
    document["leaderboard"] = rows[:2]
    assert verdict(document).endswith("a tie.") and "worse" not in verdict(document)
    document["leaderboard"] = rows[:1]
    assert verdict(document) == "nesterov reaches accuracy 98.3 ± 0.2 %; nothing was compared with it."
    document["leaderboard"] = []
    assert "empty" in verdict(document)


def test_all_diverged(document):
    for each in document["leaderboard"]:
        each |= {"mean": None, "median": None, "interval": None, "diverged": 20, "tier": 1}
    assert "every evaluation diverged" in verdict(document)
    assert leaderboard_text(document, 80, False).count("diverged") >= 6


def test_without_pairs_no_difference_is_made_up(document):
    document["pairs"] = []
    assert "sgd and adadelta are worse." in verdict(document) and " by " not in verdict(document)


def test_few_seeds_are_said(document):
    for each in document["leaderboard"]:
        each["n_seeds"] = 5
    assert "With 5 seeds only large differences" in verdict(document)


@pytest.mark.parametrize(("seeds", "word"), [(1, "seed"), (2, "seeds")])
def test_seeds_too_few_for_an_interval_are_said(document, seeds, word):
    document["pairs"] = []
    for each in document["leaderboard"]:
        each |= {"n_seeds": seeds, "interval": None, "tuning_interval": None, "tier": 1}
    text = leaderboard_text(document, 100)
    assert f"mean of {seeds} fresh {word}: too few seeds for an interval" in text
    assert "±" not in text and "95 %" not in text
    assert f"With {seeds} {word} no difference can be told from luck." in verdict(document)
    document["leaderboard"][0]["n_seeds"] = 3
    assert "mean of 3 fresh seeds ± 95 % interval" in leaderboard_text(document, 100)


def test_an_error_metric_has_no_points(document):
    document["metric"] = {"name": "rmse", "greater_is_better": False}
    text = verdict(document)
    assert "(rmse 0.983 ± 0.002): they tie" in text and "sgd is worse by 0.008 ± 0.003" in text
    assert "in rmse." in text and "%" not in text and "points" not in text


def test_one_optimizer_with_two_schedules(document):
    best, other = row("sgd", 1, 0.98, 0.002), row("sgd", 2, 0.97, 0.003, schedule="constant")
    document["leaderboard"] = [best, other]
    document["pairs"] = [
        {"a": "sgd", "b": "sgd", "difference": 0.5, "interval": [0.4, 0.6]},
        {"a": "sgd (decay)", "b": "sgd (constant)", "difference": 0.01, "interval": [0.006, 0.012]},
    ]
    assert "sgd (constant) is worse by 1.0 ± 0.4 points" in verdict(document)


# -------------------------------------------------------------------------------------------------- table


@pytest.mark.parametrize("width", [40, 60, 80, 120, 200])
@pytest.mark.parametrize("unicode", [True, False])
def test_no_line_is_wider_and_the_essentials_stay(document, width, unicode):
    text = leaderboard_text(document, width, False, unicode)
    assert all(cells(line) <= width for line in text.splitlines())
    assert "\x1b" not in text and (unicode or text.isascii())
    sign = "±" if unicode else "~"
    for name, score in (("nesterov", f"98.3 {sign} 0.2"), ("sgd", f"97.5 {sign} 0.3")):
        assert score in line_of(text, name)
    assert line_of(text, "adam").startswith("1= ") and line_of(text, "sgd").startswith("2 ")


def test_columns_go_by_priority(document):
    heads = [leaderboard_text(document, width, False).splitlines()[3:4][0] for width in (60, 120)]
    assert heads[0].split() == ["tier", "optimizer", "accuracy", "%", "rate", "schedule", "diverged"]
    assert heads[1].endswith("to target  good rates  median   with tuning")


def test_what_a_row_says(document):
    text = leaderboard_text(document, 120, False)
    assert "420 (85 %)" in line_of(text, "adam") and "never" in line_of(text, "adadelta")
    assert "0.00312!" in line_of(text, "rmsprop") and "3/20" in line_of(text, "adagrad")
    assert "median 90.0" in line_of(text, "adagrad") and "constant" in line_of(text, "sgd")
    assert "! rmsprop: its best rate, 0.00312, lies at the upper edge" in text
    assert text.count("lies at") == 1


def test_columns_with_nothing_to_say_are_left_out(document):
    for each in document["leaderboard"]:
        each |= {"diverged": 0, "steps_to_target": None, "reached_target": None}
        del each["sensitivity_width"]
    head = leaderboard_text(document, 120, False).splitlines()[3]
    assert head.split() == [
        "tier",
        "optimizer",
        "accuracy",
        "%",
        "rate",
        "schedule",
        "median",
        "with",
        "tuning",
    ]


def test_a_share_of_diverged_runs(document):
    document["leaderboard"][0]["diverged"] = 0.15
    assert "15 %" in line_of(leaderboard_text(document, 120, False), "nesterov")


def test_colour_changes_only_colour(document):
    plain, coloured = (leaderboard_text(document, 100, colour) for colour in (False, True))
    assert plain != coloured and re.sub("\x1b\\[\\d*m", "", coloured) == plain


def test_names_cannot_command_the_terminal(document):
    document["data"]["name"] = "a\x1b[2Jb\nc"
    document["leaderboard"][0]["optimizer"] = "x\x1b]0;y\x07"
    document["leaderboard"][1]["schedule"] = "z\r"
    text = leaderboard_text(document, 120, False)
    assert not set(text) & {"\x1b", "\x07", "\r"} and text.startswith("a?[2Jb?c:")


@pytest.mark.parametrize("width", [0, 40, 60])
def test_long_and_wide_names(document, width):
    document["data"]["name"] = "日本語" * 20
    document["metric"]["name"] = "a_metric_with_a_very_long_name_indeed"
    document["leaderboard"][0]["optimizer"] = (
        "optax:adamw(b1=0.95,b2=0.999,weight_decay=0.0001,nesterov=True)"
    )
    text = leaderboard_text(document, width, False)
    assert all(cells(line) <= max(40, width) for line in text.splitlines())
    assert "optax:a" in text and "…" in text


@pytest.mark.parametrize("scale", [1e-9, 1e-3, 1.0, 1e6, 1e12])
def test_errors_of_any_size_keep_their_digits(document, scale):
    document["metric"] = {"name": "rmse", "greater_is_better": False}
    document["pairs"] = []
    best = row("adam", 1, 1.234 * scale, 0.3 * scale)
    document["leaderboard"] = [best, row("sgd", 2, 2.5 * scale, 0.5 * scale)]
    shown = line_of(leaderboard_text(document, 80, False), "adam").split()
    assert shown[3] == "±"
    assert float(shown[2]) == pytest.approx(best["mean"], rel=0.06)
    assert float(shown[4]) == pytest.approx(0.3 * scale, rel=0.01)


def test_a_document_with_hardly_anything_in_it():
    assert "empty" in leaderboard_text({}, 80, False)
    text = leaderboard_text({"leaderboard": [{"optimizer": "sgd"}]}, 60, True)
    assert "sgd" in text and "nan" not in text.lower() and "None" not in text


def test_intervals_are_never_shown_tighter_than_they_are(document):
    document["leaderboard"][0]["interval"] = [0.973, 0.984]  # 1.0 below the mean, 0.1 above
    assert "98.3 ± 1.0" in line_of(leaderboard_text(document, 80, False), "nesterov")


@pytest.mark.parametrize(
    ("mean", "interval", "shown"),
    [
        (0.97, [0.83, 1.0], "97 [83, 100]"),  # ± 14 would say 111 %
        (0.02, [0.0, 0.14], "2 [0, 14]"),
        (0.90, [0.80, 1.0], "90 ± 10"),  # as long on both sides: nothing goes beyond
        (0.97, [0.90, 0.99], "97 ± 7"),
        (1.0, [1.0, 1.0], "100 ± 0"),
    ],
)
def test_no_interval_goes_beyond_what_its_metric_can_be(mean, interval, shown):
    style = ScoreFormat("accuracy", True, 100.0, 0)
    assert style.with_interval(mean, interval) == shown
    assert ScoreFormat("rmse", False, 1.0, 1).with_interval(0.3, [0.0, 1.3]) == "0.3 [0.0, 1.3]"


leaf = (
    st.none()
    | st.floats(-1e300, 1e300)
    | st.sampled_from([math.nan, math.inf, -math.inf])
    | st.integers(-(10**20), 10**20)
)
numbers = st.fixed_dictionaries(
    {
        "optimizer": st.text(max_size=30), "mean": leaf, "median": leaf,
        "tier": st.none() | st.integers(1, 9),
        "learning_rate": leaf, "diverged": leaf, "steps_to_target": leaf, "sensitivity_width": leaf,
        "reached_target": leaf, "n_seeds": leaf, "interval": st.none() | st.tuples(leaf, leaf),
        "tuning_interval": st.none() | st.tuples(leaf, leaf),
        "sensitivity": st.lists(st.tuples(leaf, leaf), max_size=5).map(
            lambda trials: {"learning_rate": [t[0] for t in trials], "score": [t[1] for t in trials]}
        ),
    }
)  # fmt: skip


@settings(deadline=None, max_examples=150)
@given(
    st.lists(numbers, max_size=4), st.integers(1, 130), st.sampled_from(["accuracy", "rmse"]), st.booleans()
)
def test_any_numbers_give_lines_that_fit_and_no_nan(rows, width, metric, greater):
    document = {"leaderboard": rows, "metric": {"name": metric, "greater_is_better": greater}}
    text = leaderboard_text(document, width, False)
    names = "".join(each["optimizer"] for each in rows).lower()
    assert all(len(line) <= max(40, width) for line in text.splitlines())
    for word in ("nan", "inf", "none"):
        assert word in names or not re.search(rf"\b{word}\b", text.lower())


def test_the_document_is_read_not_written(document):
    before = copy.deepcopy(document)
    leaderboard_text(document, 80, True)
    assert document == before
    assert leaderboard_text(json.loads(json.dumps(document)), 80, True) == leaderboard_text(
        document, 80, True
    )


# ------------------------------------------------------------------------------------------------- strips


def test_a_strip_peaks_at_its_best_rate_and_marks_divergence(document):
    document["leaderboard"] = document["leaderboard"][:1]
    line, axis = strips(document, 80)
    margin = len("nesterov  ")
    columns = 80 - margin if 80 - margin < 72 else 72
    best = (
        margin + (-2.5 + 5) / 4 * columns
    )  # the axis runs over four decades from 1e-5, the peak is at 10^-2.5
    assert line[int(best)] == "█" and line[margin:].strip()[0] == "▁" and line[-1] == "x"
    first_x = margin + (math.log10(0.04) + 5) / 4 * columns
    assert abs(line.index("x") - first_x) <= 0.1 / 4 * columns + 1  # half a gap between two trials
    assert axis.split() == ["1e-5", "1e-4", "1e-3", "1e-2"]


def test_lower_is_better_turns_the_strip_over(document):
    trials = {"learning_rate": [1e-3, 1e-2, 1e-1], "score": [3.0, 1.0, 2.0]}
    document |= {
        "metric": {"name": "rmse", "greater_is_better": False},
        "leaderboard": [row("sgd", 1, 1.0, 0.1, sensitivity=trials)],
    }
    strip = strips(document, 40)[0].removeprefix("sgd").strip()
    levels = ["▁▂▃▄▅▆▇█".index(each) for each in strip]
    assert levels[0] == min(levels) and max(levels) == 7 and levels[-1] not in (0, 7)


def test_strips_share_one_axis_and_one_scale(document):
    low = row("low", 1, 0.9, 0.1, sensitivity={"learning_rate": [1e-4, 1e-3], "score": [0.9, 0.9]})
    high = row("high", 2, 0.5, 0.1, sensitivity={"learning_rate": [1e-1, 1.0], "score": [0.7, 0.7]})
    document["leaderboard"] = [low, high]
    first, second, _ = (line.ljust(60)[6:] for line in strips(document, 60))
    assert all(a == " " or b == " " for a, b in zip(first, second, strict=True))
    assert set(first) == {" ", "█"} and set(second) == {" ", "▁"}


@pytest.mark.parametrize(
    "trials",
    [
        {},
        {"learning_rate": [], "score": []},
        {"learning_rate": [0.1], "score": [None]},
        {"learning_rate": [1.0, 1.0], "score": [0.5, 0.5]},
        {"learning_rate": [1e-300, 1e300], "score": [0.1, 1e300]},
        {"learning_rate": [0.0, -1.0], "score": [0.1, 0.2]},
    ],
)
def test_odd_trials(document, trials):
    document["leaderboard"] = [row("sgd", 1, 0.9, 0.1, sensitivity=trials)]
    assert all(len(line) <= 60 for line in strips(document, 60))
    assert strips(document, 10) == []


def test_the_format_is_as_fine_as_the_smallest_uncertainty(document):
    document["metric"] = {"name": "rmse", "greater_is_better": False}
    for half, decimals in ((0.3, 1), (0.14, 2), (0.02, 2), (0.019, 3), (5.0, 0), (120.0, 0)):
        document["leaderboard"] = [row("a", 1, 1.0, half), row("b", 1, 1.0, half * 50)]
        assert score_format(document).decimals == decimals, half


def test_the_full_track_says_so_and_shows_what_it_tuned(document):
    assert "track full" not in leaderboard_text(document, 100)
    assert "tuned beside" not in leaderboard_text(document, 100)
    document["plan"] = {"track": "full"}
    document["leaderboard"][1]["hyperparameters"] = {"b1": 0.8243247, "b2": 0.9993942, "eps": 4.14284e-08}
    text = " ".join(leaderboard_text(document, 60).split())
    assert "all numbers of each rule tuned (track full)" in text
    assert "tuned beside the rate: adam b1 0.82432, b2 0.99939, eps 4.1428e-08" in text
