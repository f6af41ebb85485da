"""The checkpoint of a cohort: not written all the time, but at once when a stop is requested."""

import numpy as np

from ravine.execution.checkpoint import SAVE_INTERVAL_S, RunCheckpoint
from ravine.records.run_directory import RunDirectory


def test_it_saves_after_the_interval_and_before_a_stop(tmp_path):
    reasons = []
    with RunDirectory.create(name="train", out=tmp_path / "run") as run:
        checkpoint = RunCheckpoint(run, "cohort", lambda: reasons[-1] if reasons else None)
        checkpoint.save(lambda: {"step": np.array(1)})
        assert checkpoint.load() is None  # the interval has just begun
        checkpoint.last -= SAVE_INTERVAL_S
        checkpoint.save(lambda: {"step": np.array(2)})
        assert checkpoint.load()["step"] == 2
        checkpoint.save(lambda: {"step": np.array(3)})
        assert checkpoint.load()["step"] == 2
        reasons.append("Ctrl-C")
        checkpoint.save(lambda: {"step": np.array(4)})
        assert checkpoint.load()["step"] == 4
