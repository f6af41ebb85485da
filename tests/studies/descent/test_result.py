"""The result of `descent`: JSON and back, its summary, and no JAX to read it."""

import json
import subprocess
import sys
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ravine.errors import DataError
from ravine.studies.descent.result import DescentResult


def test_result_survives_json(result):
    document = json.loads(json.dumps(result.to_dict(), allow_nan=False))
    assert DescentResult.from_dict(document) == result
    assert document["widths"]["descent"]["loss"]["double_descent"] is True and document["schema_version"] == 2


def test_document_with_a_wrong_type_is_refused(result):
    document = result.to_dict()
    document["widths"]["units"][0] = "one"
    with pytest.raises(DataError, match=r"units\[0\]"):
        DescentResult.from_dict(document)


def test_summary_names_the_sweeps_that_descend_twice(result):
    assert result.summary() == "double descent in width"
    twice = result.widths.descent
    curves = [*result.epochs.curves[:2], replace(result.epochs.curves[2], descent=twice)]
    both = replace(
        result,
        epochs=replace(result.epochs, curves=curves),
        examples=replace(result.examples, descent=twice),
    )
    assert both.summary() == "double descent in width, examples, epochs"
    none = replace(result, widths=replace(result.widths, descent=result.examples.descent))
    assert none.summary() == "no double descent"


def test_status_tells_of_a_width_without_networks(result):
    assert result.incomplete()  # the widest plain network diverged on every seed
    whole = replace(result, widths=replace(result.widths, arms=result.widths.arms[1:]))
    assert not whole.incomplete()
    first, *others = whole.examples.test_loss
    for values, incomplete in (([None, *first.values[1:]], False), ([None] * len(first.values), True)):
        lost = [replace(first, mean=None, values=values), *others]
        found = replace(whole, examples=replace(whole.examples, test_loss=lost)).incomplete()
        assert found == incomplete


def test_reading_a_result_needs_no_jax():
    code = (
        "import sys\n"
        "import ravine.studies.descent.settings, ravine.studies.descent.result\n"
        "import ravine.studies.descent.view\n"
        "assert 'jax' not in sys.modules and 'numpy' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_changed_document_is_shown_as_it_stands_or_refused(result, check_changed_result, data):
    check_changed_result(data.draw, result)
