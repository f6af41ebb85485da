"""Predictions of the saved network on its validation rows and on the test rows: the file `predictions.npz`.

For each part, `validation` and `test`, the file holds these arrays:

PART_row           number of the row in its file, counted from 1 [N]
PART_target        target: index of the class, or the number [N]
PART_prediction    predicted class index, or the predicted number [N]
PART_probability   probability of each class, float32 [N, K]; only for classes
PART_weight        row weight, float32 [N]; only with row weights

`classes` [K] holds the labels as text. The validation rows are those of the seed of the saved network.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ravine.data import Dataset, split
from ravine.execution.saved_model import Model
from ravine.training import Batches, Rows, score_of

__all__ = ["MAX_BYTES", "ModelOutputs", "model_outputs", "prediction_arrays"]

MAX_BYTES = 50_000_000  # of the file
PARTS = ("test", "validation")  # the part that is dropped first stands last
RESAMPLES = 100  # of the rows, for the error of a score
MAX_ERROR_ROWS = 10_000  # rows of a resample; the error of more rows follows from it


@dataclass(frozen=True)
class ModelOutputs:
    """Outputs of a saved network on its validation rows and on the test rows.

    rows, outputs, targets have one entry for each of the parts "validation" and "test": the indices of the
    rows in the data set [N], the outputs [N, K], and the targets and weights as the metric takes them.
    metric: name of the score. target_mean, target_scale: mean and deviation of a regression target.
    """

    dataset: Dataset
    metric: str
    rows: dict[str, np.ndarray]
    outputs: dict[str, np.ndarray]
    targets: dict[str, Rows]
    target_mean: float
    target_scale: float

    def score_error(self, part: str) -> float:
        """Return the standard error of the score on the rows of a part, "validation" or "test".

        It follows from the scores on 100 random resamples of the rows; NaN if fewer than two of them have a
        score.
        """
        z, target = self.outputs[part], self.targets[part]
        size = min(len(z), MAX_ERROR_ROWS)
        random = np.random.default_rng(0)
        scores = np.empty(RESAMPLES)
        for place in range(RESAMPLES):
            chosen = random.integers(0, len(z), size)
            weight = None if target.weight is None else target.weight[chosen]
            scores[place] = score_of(self.metric, z[chosen], target.y[chosen], weight, self.target_scale)
        finite = scores[np.isfinite(scores)]  # a resample can lack a class that the metric needs
        if len(finite) < 2:
            return float("nan")
        return float(np.std(finite, ddof=1) * np.sqrt(size / len(z)))

    @cached_property
    def predictions(self) -> dict[str, dict[str, np.ndarray]]:
        """For each part, "test" and "validation": arrays of row numbers, targets and predictions, by name.

        Probabilities are added for classes, and row weights if there are any.
        """
        return {part: self._arrays(part) for part in PARTS}

    def _arrays(self, part: str) -> dict[str, np.ndarray]:
        data, rows, z = self.dataset, self.rows[part], self.outputs[part]
        numbers = rows + 1 if data.row_numbers is None else data.row_numbers[rows]
        arrays = {"row": numbers.astype(np.int64)}
        if data.classes is None:
            value = z[:, 0].astype(np.float64) * self.target_scale + self.target_mean
            arrays |= {"target": data.y[rows].astype(np.float64), "prediction": value}
        else:
            e = np.exp(z.astype(np.float64) - z.max(axis=1, keepdims=True))
            share = (e / e.sum(axis=1, keepdims=True)).astype(np.float32)
            predicted = np.argmax(z, axis=1).astype(np.int32)
            target = data.y[rows].astype(np.int32)
            arrays |= {"target": target, "prediction": predicted, "probability": share}
        if data.weights is not None:
            arrays["weight"] = data.weights[rows].astype(np.float32)
        return arrays


def model_outputs(model: Model, dataset: Dataset, batches: Batches) -> ModelOutputs:
    """Return the outputs of a saved network on the validation rows of its seed and on the test rows.

    batches: batches of the training, which scale the rows as the network needs them.
    """
    seed = int(model.metadata.seed or 0)
    targets = {"validation": batches.valid_rows(seed), "test": batches.test(seed)}
    return ModelOutputs(
        dataset,
        str(model.metadata.metric),
        {"validation": split(dataset, seed, batches.validation).valid, "test": dataset.test},
        {part: model.trained.outputs(rows.x) for part, rows in targets.items()},
        targets,
        model.target_mean,
        model.target_scale,
    )


def prediction_arrays(outputs: ModelOutputs, max_bytes: int = MAX_BYTES) -> tuple[dict[str, np.ndarray], str]:
    """Return the arrays of the file `predictions.npz` by name, and words for what was left out to save space.

    If the arrays exceed `max_bytes`, the following are left out in this order, until the rest fits: the
    probabilities of the validation rows, all of the validation rows, the probabilities of the test rows, all
    of the test rows. The words are "" if nothing was left out.
    """
    parts = {part: dict(arrays) for part, arrays in outputs.predictions.items()}
    left_out = ""
    for part in reversed(PARTS):
        if _size(parts) > max_bytes and "probability" in parts[part]:
            del parts[part]["probability"]
            left_out = f"probabilities of the {part} rows"
        if _size(parts) > max_bytes:
            del parts[part]
            left_out = f"the {part} rows" if parts else "all rows"
    if left_out.startswith("probabilities of the test"):
        left_out = f"the validation rows and the {left_out}"
    arrays = {f"{part}_{name}": array for part in parts for name, array in parts[part].items()}
    if arrays and outputs.dataset.classes is not None:
        arrays["classes"] = np.array([str(label) for label in outputs.dataset.classes])
    return arrays, left_out


def _size(parts: dict[str, dict[str, np.ndarray]]) -> int:
    """Return the number of bytes of all arrays."""
    return sum(array.nbytes for arrays in parts.values() for array in arrays.values())
