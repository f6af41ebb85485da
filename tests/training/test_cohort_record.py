"""The record of a finished cohort, taken over from a file: only if the training would have returned it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ravine.records.os_errors import DamagedFile
from ravine.records.record import Record, Status
from ravine.training import check_record


@pytest.fixture(scope="module")
def trained(cohort, run):
    """A cohort with a run that diverges, and its record."""
    made = cohort(rates=(0.1, 1e6, 0.05), seeds=(0, 1, 2), network={"norm": "batchnorm"})
    return made, run(made)


def test_the_record_of_the_training_is_taken_over(trained, tmp_path):
    cohort, record = trained
    record.save(tmp_path / "a.npz")
    check_record(cohort, Record.load(tmp_path / "a.npz"), "'a'")


@pytest.mark.parametrize(
    ("group", "name", "change", "says"),
    [
        ("hyper", "rate", lambda a: a * 2, "other values of rate"),
        ("hyper", "seed", lambda a: a[::-1].copy(), "other values of seed"),
        ("hyper", "schedule", lambda a: a.astype("<U20"), ""),
        ("series", "score", lambda a: a[:, 1:], "'score'"),
        ("series", "score", lambda a: a.astype("f8"), "'score'"),
        ("series", "train_loss", lambda a: None, "lacks the array 'train_loss'"),
        ("final", "evaluation", lambda a: a + 99, "'evaluation' has numbers"),
        ("final", "parameters", lambda a: a[:, :-1], "'parameters'"),
        ("final", "statistics", lambda a: None, "lacks the array 'statistics'"),
        ("final", "score", lambda a: a.astype(int), "'score'"),
    ],
)
def test_an_array_that_does_not_fit_is_named(trained, group, name, change, says):
    cohort, record = trained
    arrays = dict(getattr(record, group))
    with np.errstate(invalid="ignore"):
        arrays[name] = change(arrays[name])
    changed = replace(record, **{group: {key: value for key, value in arrays.items() if value is not None}})
    if not says:  # a text of another length is the same text
        check_record(cohort, changed, "'a'")
        return
    with pytest.raises(DamagedFile, match=says) as caught:
        check_record(cohort, changed, "'a'")
    assert caught.value.what == "'a' is damaged."


def test_a_record_of_other_or_unfinished_runs_is_refused(trained):
    cohort, record = trained
    with pytest.raises(DamagedFile):
        check_record(cohort, record.select([0, 1]), "'a'")
    pending = np.where(np.arange(3) == 0, Status.PENDING, record.status)
    with pytest.raises(DamagedFile, match="did not end"):
        check_record(cohort, replace(record, status=pending), "'a'")
