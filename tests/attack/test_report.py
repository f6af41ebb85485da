"""The summary of a campaign, on outcomes made up for it."""

import pytest

from tests.attack.report import last_line, report
from tests.attack.results import Outcome

RIGHT = [Outcome("readers.known", 1, "right"), Outcome("readers.known", 2, "refused")]
SKIPPED = [Outcome("limits.few_processes", 0, "skipped", detail="needs root")]
WRONG = Outcome("readers.known", 3, "failed", "wrong value", "line 7")
CRASH = Outcome("readers.npz_headers", 4, "failed", "crash", "SIGSEGV at data/x.py:3")
UNCLEAR = Outcome("kill.kill_train", 5, "failed", "unclear message", "status 3")


def test_the_last_line_counts_by_severity_and_leaves_skipped_cases_out():
    assert last_line([*RIGHT, *SKIPPED]) == "2 tried, 0 failed (severity 1: 0; severity 2: 0; severity 3: 0)"
    assert last_line([*RIGHT, WRONG, CRASH, UNCLEAR, WRONG]) == (
        "6 tried, 4 failed (severity 1: 2; severity 2: 1; severity 3: 1)"
    )


@pytest.mark.parametrize(
    ("failed", "status"), [([], 0), ([UNCLEAR], 0), ([CRASH], 1), ([WRONG], 1), ([UNCLEAR, CRASH], 1)]
)
def test_only_severities_1_and_2_fail_the_suite(failed, status, capsys):
    assert report([*RIGHT, *failed], "7") == status
    assert capsys.readouterr().out.splitlines()[-1] == last_line([*RIGHT, *failed])


def test_a_failure_is_printed_with_the_command_that_repeats_it(capsys):
    same_cause = Outcome("readers.known", 9, "failed", "wrong value", "line 12")
    report([*SKIPPED, CRASH, WRONG, same_cause], "seed7")
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "FAILED severity 1, wrong value, 2 x readers.known: line 7"
    assert lines[1].strip() == "repeat: python -m tests.attack --seed seed7 --only readers.known:3,9"
    assert lines[2].startswith("FAILED severity 2, crash, 1 x readers.npz_headers")
    assert "skipped 1: needs root" in lines
