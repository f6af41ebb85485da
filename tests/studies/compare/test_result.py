"""The result through JSON, as tables, and without JAX."""

import json
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ravine.studies.compare.result import CompareResult


def test_a_result_is_the_same_after_json(result):
    again = CompareResult.from_dict(json.loads(json.dumps(result.to_dict(), allow_nan=False)))
    assert again == result
    assert [row.at_edge for row in again.leaderboard[:3]] == [False, False, "high"]


def test_the_leaderboard_as_a_table(result):
    table = result.tables()["leaderboard"]
    assert list(table.columns) == [
        "optimizer", "learning_rate", "schedule", "mean", "median", "sd", "interval_low", "interval_high",
        "tier", "n_seeds", "diverged", "failed", "steps_to_target", "reached_target", "at_edge",
        "sensitivity_width",
    ]  # fmt: skip
    assert table.interval_low[0] == pytest.approx(0.981) and table.interval_high[0] == pytest.approx(0.985)
    lost = table.to_csv(index=False).splitlines()[6]
    assert lost == "adagrad,0.00312,decay,,0.9,,,,3,20,3,4,420.0,1.0,False,1.4"


def test_data_frames(result):
    assert list(result.leaderboard_table.optimizer) == [row.optimizer for row in result.leaderboard]
    assert {"mean", "tuning_interval", "hyperparameters"} <= set(result.leaderboard_table.columns)
    assert not {"values", "sensitivity"} & set(result.leaderboard_table.columns)
    assert result.pairs_table.loc[0, ["a", "b", "difference"]].tolist() == ["nesterov", "sgd", 0.008]
    assert len(result.sensitivity) == 6 * 20 and set(result.sensitivity.optimizer) == set(result.values)
    assert result.best == "nesterov"


def test_one_optimizer_has_no_pairs(row_of, result_of):
    frame = result_of([row_of("sgd", 1, 0.9, 0.1)]).pairs_table
    assert frame.empty and "p_holm" in frame.columns


def test_values_hold_a_diverged_run_as_nan(rows, row_of, result_of):
    lost = row_of("adam", 2, 0.9, 0.1, values=[0.9] * 19 + [None])
    values = result_of([rows[0], lost]).values
    assert values.shape == (20, 2) and np.isnan(values.adam[19]) and values.dtypes.eq(np.float64).all()


def test_the_list_of_runs_names_winner_and_ties(result):
    assert result.summary() == "nesterov and 2 tied, accuracy 0.983"


def test_an_optimizer_that_diverges_is_a_result(result):
    assert any(row.diverged for row in result.leaderboard) and not result.incomplete()


def test_settings_result_and_view_need_no_jax():
    imports = "; ".join(f"import ravine.studies.compare.{name}" for name in ("settings", "result", "view"))
    code = f"{imports}; import sys; print({{'jax', 'optax', 'pandas'}} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_changed_document_is_shown_as_it_stands_or_refused(result, check_changed_result, data):
    check_changed_result(data.draw, result)
