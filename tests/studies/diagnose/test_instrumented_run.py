"""The measured run: it is that of `train`, planted faults are found in it, and its curvature is exact."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import ravine
from ravine.data import Dataset, from_arrays
from ravine.records.record import Record
from ravine.studies.diagnose.design import DiagnoseDesign
from ravine.studies.diagnose.observation import Observation
from ravine.studies.diagnose.verdicts import find_all

Measured = Callable[..., Record]


def given(record: Record) -> set[str]:
    return {finding.verdict for finding in find_all(record) if finding.fires}


@pytest.mark.slow
def test_it_is_the_run_that_train_makes(blobs: Dataset, measured: Measured, small) -> None:
    trained = ravine.train(blobs.x, blobs.y, optimizer="sgd", learning_rate=0.1, **small)
    record = measured(from_arrays(blobs.x, blobs.y), optimizer="sgd", learning_rate=0.1)
    # two programs of the same steps: float32 sums in another order
    assert np.allclose(record.series["valid_loss"][0, 1:], trained.curves.valid_loss, rtol=1e-4)


def test_a_healthy_network_has_no_fault(blobs: Dataset, measured: Measured) -> None:
    healthy = measured(blobs, optimizer="sgd", learning_rate=0.3, epochs=60.0)
    assert not {finding.verdict for finding in find_all(healthy) if finding.fires and finding.severity}


def test_a_rate_far_too_high_and_far_too_small(blobs: Dataset, measured: Measured) -> None:
    assert "rate_high" in given(measured(blobs, optimizer="sgd", learning_rate=1e4))
    low = given(measured(blobs, optimizer="sgd", learning_rate=1e-3))
    assert "rate_low" in low
    assert "rate_high" not in low


def test_raw_inputs_are_told_from_standardized_ones(blobs: Dataset, measured: Measured) -> None:
    far = from_arrays(blobs.x * np.float32(1) + np.float32(50), blobs.y)
    assert "not_standardized" in given(measured(far, scaling="none", optimizer="sgd", learning_rate=1e-4))
    assert "not_standardized" not in given(measured(far, optimizer="sgd", learning_rate=0.1))


def test_zero_weights_are_a_plateau_or_saddle(blobs: Dataset, measured: Measured) -> None:
    assert "plateau" in given(measured(blobs, init="zero", optimizer="sgd", learning_rate=0.1))


def test_the_sharpness_is_that_of_the_dense_hessian(
    line: Dataset, measured: Measured, designed: Callable[..., DiagnoseDesign]
) -> None:
    """Squared error of a linear network: the Hessian is 2 Z'Z / N with Z the inputs and a 1."""
    settings = {"net": "linear", "precision": "float64", "epochs": 40.0, "schedule": "constant"}
    run = Observation(measured(line, optimizer="sgd", learning_rate=0.05, **settings))
    batches = designed(line, **settings).prepared.batches
    rows = batches.order(2_000, 0, -(-batches.sizes[0] // batches.batch_size)).ravel()
    x = batches.data(2_000).train.x[rows[: run.metadata.curved]]
    z = np.concatenate([x, np.ones((len(x), 1))], axis=1)
    eigenvalues = np.linalg.eigvalsh(2 * z.T @ z / len(z))
    sharpness = run.series("sharpness")
    sharpness = sharpness[np.isfinite(sharpness)]
    assert len(sharpness) > 3
    assert np.allclose(sharpness, eigenvalues[-1], rtol=1e-5)
    assert run.final("lowest")[0] == pytest.approx(eigenvalues[0], rel=1e-4)
    ratio, _ = run.ratio()
    assert np.nanmax(ratio) == pytest.approx(eigenvalues[-1] * 0.05 / 2, rel=1e-4)
