"""A trained network with everything it takes to read new rows: what `predict` loads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ravine.data import Dataset, Encoder, Scaler
from ravine.errors import DataError
from ravine.networks import Network
from ravine.records.models import load_model, save_model
from ravine.training import outputs

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Model"]


@dataclass(frozen=True)
class Model:
    """Parameters, preprocessing, and what is known about them (`about`, plain values)."""

    network: Network
    params: list[dict[str, np.ndarray]]
    encoder: Encoder
    scaler: Scaler
    task: str
    target: str
    classes: list[Any] | None
    origin: float
    unit: float
    about: dict[str, Any]

    def outputs(self, rows: Any) -> np.ndarray:
        """Return raw outputs [N, K] for rows, a DataFrame or array [N, columns] as it was trained on."""
        x = self.scaler.apply(self.encoder.transform(rows, what="The data"))
        return outputs(self.network, self.params, x.astype(self.params[0]["weight"].dtype))

    def predict(self, rows: Any) -> np.ndarray:
        """Return the predicted label or number of each row: [N]."""
        z = self.outputs(rows)
        if self.classes is None:
            return z[:, 0].astype(np.float64) * self.unit + self.origin
        return np.asarray(self.classes)[np.argmax(z, axis=1)]

    def predict_proba(self, rows: Any) -> np.ndarray:
        """Return the probability of each class: [N, K], rows sum to 1. Raises DataError for a regression."""
        if self.classes is None:
            raise DataError("A regression has no probabilities.", "It predicts numbers.", "Use predict.")
        z = self.outputs(rows).astype(np.float64)
        e = np.exp(z - z.max(axis=1, keepdims=True))
        return e / e.sum(axis=1, keepdims=True)

    def table(self, rows: Any) -> pd.DataFrame:
        """Return a table of predictions; for classes also one probability column a class."""
        import pandas as pd

        index = rows.index if isinstance(rows, pd.DataFrame) else None
        if self.classes is None:
            return pd.DataFrame({"prediction": self.predict(rows)}, index=index)
        share = self.predict_proba(rows)
        label = np.asarray(self.classes, dtype=object)[share.argmax(axis=1)]
        columns = {"prediction": label}
        columns |= {f"probability_{each}": share[:, k] for k, each in enumerate(self.classes)}
        return pd.DataFrame(columns, index=index)

    def save(self, directory: str | Path) -> Path:
        """Write model.safetensors and model.json into a directory; return its path."""
        arrays = {
            f"layer{k}.{name}": value for k, layer in enumerate(self.params) for name, value in layer.items()
        }
        description = {
            "network": {"sizes": list(self.network.sizes), "activation": self.network.activation},
            "task": self.task,
            "target": self.target,
            "classes": None if self.classes is None else [_plain(each) for each in self.classes],
            "origin": self.origin,
            "unit": self.unit,
            "encoder": self.encoder.to_json(),
            "scaler": self.scaler.to_json(),
            "about": self.about,
        }
        save_model(directory, arrays, description)
        return Path(directory)

    @classmethod
    def load(cls, path: str | Path) -> Model:
        """Read a model: its directory, a file of it, or a run. Raises DataError."""
        arrays, what = load_model(path)
        try:
            network = Network(tuple(what["network"]["sizes"]), what["network"]["activation"])
            layers = range(len(network.sizes) - 1)
            params = [{n: arrays[f"layer{k}.{n}"] for n in ("weight", "bias")} for k in layers]
            return cls(
                network, params, Encoder.from_json(what["encoder"]), Scaler.from_json(what["scaler"]),
                what["task"], what["target"], what["classes"], what["origin"], what["unit"], what["about"],
            )  # fmt: skip
        except (KeyError, TypeError) as error:
            raise DataError(
                f"The model '{path}' is not complete.", f"It lacks {error}.", "Train it again."
            ) from error

    @classmethod
    def of(
        cls, dataset: Dataset, network: Network, params: Any, rows: Any, about: Mapping[str, Any]
    ) -> Model:
        """Return the model of one trained run; `rows` are the seed's (`Streams.rows`)."""
        return cls(
            network, params, dataset.encoder, rows.scaler, dataset.task, dataset.target, dataset.classes,
            rows.origin, rows.unit, dict(about),
        )  # fmt: skip

    def __repr__(self) -> str:
        return f"Model({self.network}, {self.task} '{self.target}', {len(self.encoder.inputs)} columns)"


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value
