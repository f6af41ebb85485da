"""A wrong clock gives no time; it breaks nothing."""

import datetime
import re

import pytest

from ravine.records import clock
from ravine.records.run_directory import RunDirectory
from ravine.records.run_index import list_runs


def at(monkeypatch, moment):
    """Set the clock: a time, or the error that Python raises for a time that it cannot hold."""

    class Clock(datetime.datetime):
        @classmethod
        def now(cls, tz=None):
            if isinstance(moment, Exception):
                raise moment
            return moment.replace(tzinfo=tz)

    monkeypatch.setattr(clock.datetime, "datetime", Clock)


@pytest.mark.parametrize(
    ("moment", "stamp", "seconds"),
    [
        (datetime.datetime(1970, 1, 1), "1970-01-01T00:00:00.000+00:00", 0.0),
        (datetime.datetime(2001, 9, 9, 1, 46, 40, 250_000), "2001-09-09T01:46:40.250+00:00", 1e9 + 0.25),
        (datetime.datetime(2261, 12, 31, 23, 59, 59), "2261-12-31T23:59:59.000+00:00", 9214646399.0),
        (datetime.datetime(1969, 12, 31, 23, 59, 59), "", None),
        (datetime.datetime(2262, 1, 1), "", None),
        (OverflowError("timestamp too large"), "", None),
        (ValueError("year 10000 is out of range"), "", None),
        (OSError(75, "Value too large"), "", None),
    ],
)
def test_times_of_a_clock(monkeypatch, moment, stamp, seconds):
    at(monkeypatch, moment)
    assert (clock.time_stamp(), clock.seconds_since_1970()) == (stamp, seconds)


def test_a_run_under_a_wrong_clock_has_a_name_without_time(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    at(monkeypatch, OverflowError("timestamp too large"))
    with RunDirectory.create(name="digits") as run:
        assert re.fullmatch(r"digits-[0-9a-f]{8}", run.path.name)
        run.update(state="finished")
    monkeypatch.undo()
    monkeypatch.chdir(tmp_path)
    assert [(listed.id, listed.created, listed.state) for listed in list_runs()] == [(run.id, "", "finished")]
