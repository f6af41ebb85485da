"""The result of `memorize`: JSON and back, its summary, and no JAX to read it."""

import json
import subprocess
import sys
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ravine.errors import DataError
from ravine.studies.memorize.result import MemorizeResult


def test_result_survives_json(result):
    document = json.loads(json.dumps(result.to_dict(), allow_nan=False))
    assert MemorizeResult.from_dict(document) == result
    assert document["shares"][0]["bounds"][1]["rows"] == 36 and document["schema_version"] == 2


def test_document_without_a_measure_is_refused(result):
    document = result.to_dict()
    del document["shares"][1]["gap"]
    with pytest.raises(DataError, match="gap"):
        MemorizeResult.from_dict(document)


def test_summary_tells_the_share_memorized(result):
    assert result.summary() == "26.0% memorized"
    first = result.shares[0]
    nothing = replace(first, memorized=replace(first.memorized, mean=None))
    assert replace(result, shares=[nothing, *result.shares[1:]]).summary() == ""


def test_status_tells_of_a_group_without_networks(result):
    assert result.incomplete()  # one group of the example has no network
    shares = [replace(arm, networks=max(1, arm.networks)) for arm in result.shares]
    limits = [replace(arm, networks=max(1, arm.networks)) for arm in result.limits]
    whole = replace(result, shares=shares, limits=limits)
    assert not whole.incomplete() and whole.result.diverged
    assert replace(whole, shares=[replace(shares[0], networks=0), *shares[1:]]).incomplete()


def test_reading_a_result_needs_no_jax():
    code = (
        "import sys\n"
        "import ravine.studies.memorize.settings, ravine.studies.memorize.result\n"
        "import ravine.studies.memorize.view\n"
        "assert 'jax' not in sys.modules and 'numpy' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_changed_document_is_shown_as_it_stands_or_refused(result, check_changed_result, data):
    check_changed_result(data.draw, result)
