"""The checkpoint of a cohort: not written all the time, but at once when a stop is requested."""

import numpy as np

from ravine.execution.checkpoint import SAVE_INTERVAL_S, RunCheckpoint
from ravine.records.os_errors import DamagedFile
from ravine.records.run_directory import RunDirectory


def allow(arrays, subject):
    """Allow all arrays."""


def test_it_saves_after_the_interval_and_before_a_stop(tmp_path):
    reasons = []
    with RunDirectory.create(name="train", out=tmp_path / "run") as run:
        checkpoint = RunCheckpoint(run, "cohort", lambda: reasons[-1] if reasons else None)
        checkpoint.save(lambda: {"step": np.array(1)})
        assert checkpoint.load(allow) is None  # the interval has just begun
        checkpoint.last -= SAVE_INTERVAL_S
        checkpoint.save(lambda: {"step": np.array(2)})
        assert checkpoint.load(allow)["step"] == 2
        checkpoint.save(lambda: {"step": np.array(3)})
        assert checkpoint.load(allow)["step"] == 2
        reasons.append("Ctrl-C")
        checkpoint.save(lambda: {"step": np.array(4)})
        assert checkpoint.load(allow)["step"] == 4


def test_a_state_that_the_training_refuses_counts_as_absent_and_the_log_says_why(tmp_path):
    def refuse(arrays, subject):
        assert list(arrays) == ["step"]
        raise DamagedFile(f"{subject} is damaged.", "It has no 'where'.")

    with RunDirectory.create(name="train", out=tmp_path / "run") as run:
        checkpoint = RunCheckpoint(run, "cohort", lambda: 75)
        checkpoint.save(lambda: {"step": np.array(1)})
        assert checkpoint.load(refuse) is None
        assert "The state cohort is damaged. It has no 'where'." in (run.path / "log.txt").read_text()
