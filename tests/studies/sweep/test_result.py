"""The result of a sweep: JSON and back, tables, and no JAX where it is read."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ravine.studies.sweep.result import TABLE_COLUMNS, SweepResult


def test_it_is_the_same_after_json(found: SweepResult) -> None:
    document = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    again = SweepResult.from_dict(document)
    assert again == found and again.to_dict() == found.to_dict()
    assert document["schema_version"] == 2 and document["study"] == "sweep"


def test_tables_have_one_row_for_each_configuration(found: SweepResult) -> None:
    assert list(found.leaderboard_table.columns)[:2] == ["net", "l2"]
    assert list(found.leaderboard_table["setting"]) == [row.setting for row in found.leaderboard]
    assert found.values.shape == (10, 4) and found.values.dtypes.eq("float64").all()
    assert found.values[found.best.setting].tolist() == found.best.values
    table = found.tables()["leaderboard"]
    assert (
        tuple(table.columns) == TABLE_COLUMNS and table["interval_low"][0] == (found.best.interval or [0])[0]
    )


def test_the_summary_names_winner_and_ties(found: SweepResult) -> None:
    first, second = found.leaderboard[:2]
    assert first.tier == second.tier
    assert found.summary() == f"{first.setting} and 1 tied, accuracy {first.median:.4g}"


def test_the_status_tells_of_a_configuration_without_a_score(found: SweepResult) -> None:
    last = found.leaderboard[-1]
    assert not found.incomplete()
    for lost, incomplete in ((1, False), (last.n_seeds, True)):
        rows = [*found.leaderboard[:-1], replace(last, diverged=lost)]
        assert found.replace(leaderboard=rows).incomplete() == incomplete


def test_it_has_a_readable_repr_in_terminals_and_notebooks(found: SweepResult) -> None:
    assert "net=16 helps: +" in repr(found) and "l2=1e-6 makes no visible difference" in repr(found)
    page = found._repr_html_()
    assert page.count("<table") == 2 and "net=16 helps" in page


def test_settings_result_and_view_import_no_jax() -> None:
    modules = ", ".join(f"ravine.studies.sweep.{name}" for name in ("settings", "factors", "result", "view"))
    program = f"import sys, {modules}; assert 'jax' not in sys.modules"
    subprocess.run([sys.executable, "-c", program], check=True)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_changed_document_is_shown_as_it_stands_or_refused(found, check_changed_result, data):
    check_changed_result(data.draw, found)
