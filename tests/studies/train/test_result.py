"""The result of a training as JSON and as tables."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ravine.studies.train.result import TrainResult


def test_it_survives_json(trained):
    document = json.loads(json.dumps(trained.to_dict()))
    assert TrainResult.from_dict(document) == trained
    assert (document["schema_version"], document["study"]) == (2, "train")


def test_learning_curves_are_a_table_of_every_seed(trained):
    table = trained.learning_curves
    assert list(table) == ["seed", "step", "train_loss", "valid_loss", "score"]
    assert sorted(set(table.seed)) == [2_000, 2_001, 2_002]
    assert isinstance(table, pd.DataFrame) and len(table) % 3 == 0


def test_the_summary_is_what_the_list_of_runs_shows(trained):
    assert trained.summary() == f"adam, accuracy {trained.result.median:.4g}"
    assert trained.incomplete() == (trained.result.diverged > 0)


def test_epochs_kept_lie_on_the_evaluations(trained):
    per_evaluation = trained.plan.epochs / len(set(trained.curves.step))
    kept = np.array(trained.result.epochs) / per_evaluation
    np.testing.assert_allclose(kept, np.round(kept), atol=1e-9)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_changed_document_is_shown_as_it_stands_or_refused(trained, check_changed_result, data):
    check_changed_result(data.draw, trained)
