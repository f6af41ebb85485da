"""A saved model: a trained network with the encoder of its inputs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ravine.data import Dataset, Encoder, Scaler
from ravine.engines import check_not_forked
from ravine.errors import DataError
from ravine.execution.model_description import (
    PARAMETERS,
    STATISTICS,
    ModelDescription,
    arrays_of,
    named_arrays,
)
from ravine.execution.model_metadata import ModelMetadata
from ravine.networks import AnyNetwork
from ravine.networks.file_network import FileNetwork
from ravine.records.documents import check_document
from ravine.records.model_files import find_model_file, load_model, model_files, save_model
from ravine.training import TrainedNetwork
from ravine.user_code.trust import trust as trust_file

if TYPE_CHECKING:
    import pandas as pd

    from ravine.training.batches import SeedScaling

__all__ = ["Model"]


@dataclass(frozen=True)
class Model:
    """A trained network with the preprocessing of its inputs, which predicts new rows.

    trained: network with parameters. encoder, scaler: preprocessing of inputs. task: classify or regress.
    target: name of the target. classes: labels in the order of the outputs, None for a regression.
    target_mean, target_scale: prediction = output * target_scale + target_mean, for a regression.
    metadata: facts about the training. missing: codes and words for "missing" in the target.
    """

    trained: TrainedNetwork
    encoder: Encoder
    scaler: Scaler
    task: str
    target: str
    classes: list[Any] | None
    target_mean: float
    target_scale: float
    metadata: ModelMetadata
    missing: tuple[str, ...] = ()

    @property
    def network(self) -> AnyNetwork:
        """The architecture of the network, without its parameters."""
        return self.trained.network

    def outputs(self, rows: pd.DataFrame | np.ndarray) -> np.ndarray:
        """Return the outputs of the network, [N, K]: logits of classes, or the standardized number.

        rows: DataFrame or array [N, columns] with the columns of training. Raises DataError for a missing
        column.
        """
        check_not_forked()
        x = self.scaler.apply(self.encoder.transform(rows, what="The data"))
        return self.trained.outputs(x.astype(self.trained.precision))

    def predict(self, rows: pd.DataFrame | np.ndarray) -> np.ndarray:
        """Return the predicted class label or number of each row, [N].

        rows: DataFrame or array [N, columns] with the columns of training. Raises DataError for a missing
        column.
        """
        return self._predicted(self.outputs(rows))

    def _predicted(self, z: np.ndarray) -> np.ndarray:
        """Return the predicted label or number of each row of outputs [N, K]."""
        if self.classes is None:
            return z[:, 0].astype(np.float64) * self.target_scale + self.target_mean
        labels: np.ndarray = np.asarray(self.classes)[np.argmax(z, axis=1)]
        return labels

    def predict_proba(self, rows: pd.DataFrame | np.ndarray) -> np.ndarray:
        """Return the probability of each class, [N, K]; each row sums to 1.

        Raises DataError for a regression, and for a missing column.
        """
        if self.classes is None:
            raise DataError("A regression has no probabilities.", "It predicts numbers.", "Use predict.")
        return self._shares(self.outputs(rows))

    @staticmethod
    def _shares(outputs: np.ndarray) -> np.ndarray:
        """Return the probability of each class from outputs [N, K]."""
        z = outputs.astype(np.float64)
        e = np.exp(z - z.max(axis=1, keepdims=True))
        shares: np.ndarray = e / e.sum(axis=1, keepdims=True)
        return shares

    def table(self, rows: pd.DataFrame | np.ndarray, outputs: np.ndarray | None = None) -> pd.DataFrame:
        """Return the predictions for rows [N, columns] as a DataFrame; for classes, with probabilities.

        outputs: outputs of the network for these rows, [N, K]; None to compute them.
        """
        import pandas as pd

        index = rows.index if isinstance(rows, pd.DataFrame) else None
        z = self.outputs(rows) if outputs is None else outputs
        if self.classes is None:
            return pd.DataFrame({"prediction": self._predicted(z)}, index=index)
        share = self._shares(z)
        labels = np.asarray(self.classes, dtype=object)[share.argmax(axis=1)]
        columns = {"prediction": labels}
        columns |= {f"probability_{label}": share[:, k] for k, label in enumerate(self.classes)}
        return pd.DataFrame(columns, index=index)

    def save(self, directory: str | Path) -> Path:
        """Write the model into a directory, as model.safetensors and model.json; return the directory's path.

        Raises DataError if a file cannot be written.
        """
        save_model(directory, *self._content())
        return Path(directory)

    def files(self) -> dict[str, bytes]:
        """Return the bytes of the files that `save` writes, by name."""
        return model_files(*self._content())

    def _content(self) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        """Return the arrays of the model by name, and its description in plain values."""
        named = named_arrays(self.trained.params, PARAMETERS) | named_arrays(self.trained.stats, STATISTICS)
        arrays = {name: np.asarray(array) for name, array in named.items()}
        description = {
            **_network_field(self.network),
            "numbers": dict(self.trained.hyper),
            "task": self.task,
            "target": self.target,
            "classes": None if self.classes is None else [_plain(label) for label in self.classes],
            "origin": self.target_mean,
            "unit": self.target_scale,
            "encoder": self.encoder.to_json(),
            "scaler": self.scaler.to_json(),
            "about": self.metadata.to_dict(),
            **({"missing": list(self.missing)} if self.missing else {}),
        }
        return arrays, description

    @classmethod
    def load(cls, path: str | Path, trust: bool = False) -> Model:
        """Return the saved model in a directory; `path` can also be one of its files, or a run.

        trust: whether a Python file of the model's network may run, also if it was never named on this
        machine. Raises UsageError for such a file without trust. Raises DataError if the model is missing, or
        if a newer version of Ravine wrote it. Raises DamagedFile if its files are not complete, or do not fit
        each other.
        """
        file = find_model_file(path)
        arrays, plain = load_model(file)
        found = check_document(plain, ModelDescription, f"'{file}'", field="description", exact=True)
        network = found.any_network
        if trust and isinstance(network, FileNetwork):
            trust_file(Path(network.path), network.code)
        params, stats = arrays_of(network, arrays, f"'{file.with_suffix('.safetensors')}'")
        trained = TrainedNetwork(network, params, stats, found.numbers)
        return cls(
            trained, found.encoder, found.scaler, found.task, found.target, found.classes, found.origin,
            found.unit, found.about, tuple(found.missing),
        )  # fmt: skip

    @classmethod
    def of(
        cls, dataset: Dataset, trained: TrainedNetwork, of_seed: SeedScaling, metadata: ModelMetadata
    ) -> Model:
        """Return the model of a trained network, with the preprocessing of the data that trained it.

        of_seed: standardization of the network's seed, from `Batches.scaling_of`.
        """
        return cls(
            trained, dataset.encoder, of_seed.scaler, dataset.task, dataset.target, dataset.classes,
            of_seed.target_mean, of_seed.target_scale, metadata, dataset.missing,
        )  # fmt: skip

    def __repr__(self) -> str:
        return f"Model({self.network}, {self.task} '{self.target}', {len(self.encoder.inputs)} columns)"


def _network_field(network: AnyNetwork) -> dict[str, Any]:
    """Return the entry of the description of a model that holds its network, by the name of the field."""
    if isinstance(network, FileNetwork):
        return {"file_network": network.fields()}
    return {"network": network.describe()}


def _plain(value: object) -> object:
    return value.item() if isinstance(value, np.generic) else value
