"""The result of a diagnosis: JSON and back, what it says of itself, and no JAX where it is read."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ravine.studies.diagnose.result import DiagnosePlan, DiagnoseResult


def test_it_is_the_same_after_json(found: DiagnoseResult, planned: DiagnosePlan) -> None:
    for document in (found, planned):
        plain = json.loads(json.dumps(document.to_dict(), allow_nan=False))
        again = type(document).from_dict(plain)
        assert again == document and again.to_dict() == document.to_dict()
        assert plain["schema_version"] == 2 and plain["study"] == "diagnose"


def test_it_names_verdicts_and_changes(found: DiagnoseResult) -> None:
    assert found.verdicts == ["not_standardized", "constant_columns"]
    assert found.codes == ["RAV401", "RAV406"]
    assert found.recommended == {"scaling": None}
    assert found.replace(recommendation=None).recommended == {}
    assert not found.incomplete()


def test_the_summary_names_faults_only(found: DiagnoseResult) -> None:
    assert found.summary() == "not_standardized, accuracy 0.9"
    assert found.replace(findings=found.findings[1:]).summary() == "no fault found, accuracy 0.9"
    muted = dataclasses.replace(found.findings[0], muted=True)
    assert found.replace(findings=[muted]).summary() == "no fault found, accuracy 0.9"


def test_the_curves_are_a_table(found: DiagnoseResult) -> None:
    table = found.curves_frame
    assert table.shape == (2, 10)
    assert table["step"].tolist() == [0.0, 10.0]
    assert table["sharpness"].isna().tolist() == [True, False]


def test_it_has_a_readable_repr_in_terminals_and_notebooks(found: DiagnoseResult) -> None:
    assert "The inputs are not standardised" in repr(found)
    page = found._repr_html_()
    assert "The inputs are not standardised" in page and "<svg" in page


def test_settings_result_and_view_import_no_jax() -> None:
    modules = ", ".join(f"ravine.studies.diagnose.{name}" for name in ("settings", "result", "view"))
    program = f"import sys, {modules}; assert 'jax' not in sys.modules and 'numpy' not in sys.modules"
    subprocess.run([sys.executable, "-c", program], check=True)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_changed_document_is_shown_as_it_stands_or_refused(found, check_changed_result, data):
    check_changed_result(data.draw, found)
