"""A model on disk predicts what it predicted in memory."""

from __future__ import annotations

import json

import numpy as np
import pytest

from ravine.errors import DataError
from ravine.execution.saved_model import Model
from ravine.records.model_files import digest_of


def test_a_model_is_written_and_read_again(trained, frame, tmp_path):
    model = trained.model
    folder = model.save(tmp_path / "m")
    for path in (folder, folder / "model.json", folder / "model.safetensors", trained.path):
        again = Model.load(path)
        np.testing.assert_array_equal(again.predict_proba(frame), model.predict_proba(frame))
        assert (again.network, again.classes, again.metadata) == (
            model.network,
            model.classes,
            model.metadata,
        )
        assert repr(again) == repr(model)


def test_labels_are_those_of_the_most_probable_class(trained, frame):
    model = trained.model
    share = model.predict_proba(frame)
    assert share.shape == (80, 3) and share.sum(axis=1) == pytest.approx(1.0)
    table = model.table(frame.set_axis(range(100, 180)))
    assert list(table.index) == list(range(100, 180))
    assert list(table.columns) == ["prediction", *(f"probability_{name}" for name in "abc")]
    np.testing.assert_array_equal(table.prediction, np.array(list("abc"))[share.argmax(axis=1)])
    np.testing.assert_array_equal(table.prediction, model.predict(frame))


def test_a_model_file_without_a_part_is_refused_by_name(trained, tmp_path):
    path = trained.model.save(tmp_path / "m") / "model.json"
    document = json.loads(path.read_text())
    del document["description"]["scaler"]
    path.write_text(json.dumps(document | {"model_sha256": digest_of(document)}))
    with pytest.raises(DataError, match=r"description\.scaler is missing"):
        Model.load(tmp_path / "m")


def test_a_folder_without_a_model_is_refused(tmp_path):
    with pytest.raises(DataError):
        Model.load(tmp_path)
