"""Facts about the network that a study saves: its predictions, and an unexpectedly bad test score."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ravine.execution.context import RunContext
from ravine.execution.predictions import model_outputs, prediction_arrays
from ravine.execution.result import PREDICTIONS
from ravine.execution.result_parts import MetricFacts
from ravine.execution.run_files import split_sizes
from ravine.execution.saved_model import Model
from ravine.execution.test_rows import TestRows, find_test_rows
from ravine.training import Batches

__all__ = ["SavedNetworkFacts", "saved_network_facts"]


@dataclass(frozen=True)
class SavedNetworkFacts:
    """Facts about the network that a study saves, for the result of the study.

    test_rows: differences between test rows and other rows, None if the test score is as expected. path: file
    of the network's predictions, None without a run directory. left_out: predictions that the file lacks, in
    words. arrays: content of the file by name.
    """

    test_rows: TestRows | None
    path: str | None
    left_out: str
    arrays: Mapping[str, np.ndarray]

    def fields(self) -> dict[str, Any]:
        """Return the facts as values of the fields of a `NetworkResult`, by name."""
        return {
            "test_rows": self.test_rows,
            "predictions": self.path if self.arrays else None,
            "predictions_left_out": self.left_out,
        }


def saved_network_facts(
    context: RunContext,
    model: Model,
    batches: Batches,
    metric: MetricFacts,
    valid: Sequence[float | None],
    test: Sequence[float | None],
) -> SavedNetworkFacts:
    """Return the facts about the network that a study saves: its predictions, and remarks on the test rows.

    batches: batches of the training. metric: metric of the scores. valid, test: validation and test scores of
    the same training on all seeds, None for a diverged run.
    """
    outputs = model_outputs(model, context.dataset, batches)
    arrays, left_out = prediction_arrays(outputs)
    sizes = split_sizes(context.dataset, batches)
    found = find_test_rows(context.dataset, metric, valid, test, sizes, outputs.score_error)
    path = None if context.run is None else str(context.run.path / PREDICTIONS)
    return SavedNetworkFacts(found, path, left_out, arrays)
