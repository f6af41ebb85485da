"""The summary of a campaign: failures with the commands that repeat them, and counts."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence

from tests.attack.case import KINDS, SEVERITIES
from tests.attack.results import Outcome

COMMAND = "python -m tests.attack"


def report(outcomes: Sequence[Outcome], seed: str) -> int:
    """Print the failures by class and the counts; return the exit status, 1 for a severity below 3."""
    groups: dict[tuple[int, str, str, str], list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        if outcome.failed:
            groups[KINDS[outcome.kind], outcome.kind, outcome.family, cause(outcome)].append(outcome)
    for (severity, kind, family, _), failed in sorted(
        groups.items(), key=lambda item: (item[0][0], -len(item[1]))
    ):
        numbers = ",".join(str(outcome.index) for outcome in failed)
        print(f"FAILED severity {severity}, {kind}, {len(failed)} x {family}: {failed[0].detail}")
        print(f"       repeat: {COMMAND} --seed {seed} --only {family}:{numbers}")
    for reason, count in Counter(outcome.detail for outcome in outcomes if outcome.skipped).items():
        print(f"skipped {count}: {reason}")
    print(last_line(outcomes))
    return int(any(outcome.failed and KINDS[outcome.kind] < max(SEVERITIES) for outcome in outcomes))


def cause(outcome: Outcome) -> str:
    """Return the detail of a failure without its numbers, which is the same for cases of one cause."""
    return re.sub(r"\d+", "#", outcome.detail)


def last_line(outcomes: Sequence[Outcome]) -> str:
    """Return `N tried, M failed (severity 1: a; severity 2: b; severity 3: c)`."""
    tried = sum(not outcome.skipped for outcome in outcomes)
    counts = Counter(KINDS[outcome.kind] for outcome in outcomes if outcome.failed)
    parts = "; ".join(f"severity {severity}: {counts[severity]}" for severity in SEVERITIES)
    return f"{tried} tried, {counts.total()} failed ({parts})"
