"""What a run directory holds: cohorts, states, what is known of the run, its log."""

import numpy as np
import pytest

from ravine.errors import DataError, UsageError
from ravine.records.run_directory import RunDirectory
from ravine.records.run_file import RunData


def test_cohorts_and_states(here, make, record):
    with make() as run:
        assert run.find_cohort("c1") is None and run.load_state("s") is None
        run.save_cohort("c1", record)
        assert run.find_cohort("c1") is not None
        np.testing.assert_array_equal(run.load_cohort("c1").series["loss"], record.series["loss"])
        run.save_state("s", {"step": np.array(3)})
        run.save_state("s", {"step": np.array(4)})
        assert run.load_state("s")["step"] == 4
        run.drop_state("s")
        run.drop_state("s")
        assert run.load_state("s") is None
        with pytest.raises(DataError, match="There is no"):
            run.load_cohort("c2")


def test_the_same_cohort_twice_is_harmless(here, make, record):
    with make() as run:
        run.save_cohort("c", record)
        before = (run.path / "cohorts" / "c.npz").read_bytes()
        run.save_cohort("c", record)
        assert (run.path / "cohorts" / "c.npz").read_bytes() == before


@pytest.mark.parametrize("share", [0.0, 0.3, 0.5, 0.99])
def test_a_damaged_cohort_or_state_counts_as_absent_and_the_log_says_so(here, make, record, share):
    with make() as run:
        run.save_cohort("c", record)
        run.save_state("s", {"x": np.ones(9)})
        for path in (run.path / "cohorts" / "c.npz", run.path / "state" / "s.npz"):
            whole = path.read_bytes()
            path.write_bytes(whole[: int(len(whole) * share)])
        assert run.find_cohort("c") is None and run.load_state("s") is None
        log = (run.path / "log.txt").read_text()
        assert "cohort c is damaged" in log and "state s is damaged" in log
    before = (run.path / "log.txt").read_text()
    assert RunDirectory.open().find_cohort("c") is None  # a reader leaves no traces
    assert (run.path / "log.txt").read_text() == before


@pytest.mark.parametrize("bad", ["", "../x", "a/b", ".hidden", "a b", "x" * 200, "a\n"])
def test_names_that_could_leave_the_folder(here, make, record, bad):
    with make() as run, pytest.raises(UsageError, match="cannot name"):
        run.save_cohort(bad, record)


def test_update(here, make):
    with make() as run:
        run.update(data={"sha256": "ff"}, split_hash="aa", seconds=1.5)
        about = RunDirectory.open().metadata
        assert about.data == RunData(name="digits", sha256="ff") and about.split_hash == "aa"
        assert about.more == {"seconds": 1.5}
        for bad in ({"state": "done"}, {"id": "x"}, {"schema_version": 2}):
            with pytest.raises(UsageError):
                run.update(**bad)
        assert RunDirectory.open().metadata == about


def test_lock_reads_what_the_writer_before_wrote(here, make):
    make().close()
    reader = RunDirectory.open()
    with RunDirectory.open().lock() as writer:
        writer.update(note="new")
    with reader.lock():
        reader.update(state="stopped")
    assert RunDirectory.open().metadata.more["note"] == "new"


def test_log_is_one_line_each(here, make):
    with make() as run:
        run.log("two\nlines")
        run.log("caf\udce9")
        lines = (run.path / "log.txt").read_text("utf-8").splitlines()
        assert len(lines) == 3 and lines[1].endswith("two lines") and lines[2].endswith("caf\\udce9")
