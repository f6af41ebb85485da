"""The messages of a worker process: arrays in files, and failures that can travel."""

import cloudpickle
import numpy as np

from ravine.engines.process_worker import Failure, SharedArray, _failure


def test_a_shared_array_is_mapped_and_cannot_be_written(tmp_path):
    array = np.arange(12, dtype=np.int16).reshape(3, 4)
    array.tofile(tmp_path / "array")
    found = SharedArray(str(tmp_path / "array"), array.dtype.str, array.shape).read()
    np.testing.assert_array_equal(found, array)
    assert type(found) is np.ndarray and found.dtype == array.dtype and not found.flags.writeable


def test_a_failure_keeps_its_type_if_it_can():
    failure = cloudpickle.loads(_failure(KeyError("x")))
    assert isinstance(failure, Failure) and isinstance(failure.error, KeyError)

    class Held(Exception):
        def __reduce__(self):
            raise TypeError

    failure = cloudpickle.loads(_failure(Held("y")))
    assert isinstance(failure.error, RuntimeError) and str(failure.error) == "Held: y"
