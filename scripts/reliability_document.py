"""`docs/reliability.md`, in which the counts of the attack suite come from `docs/reliability.json`.

The other parts of the document are written by hand.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

__all__ = ["counts_section", "reliability_document"]

DOCS = Path(__file__).resolve().parents[1] / "docs"
BEGIN = "<!-- counts: written by `python scripts/generate_docs.py` from reliability.json -->\n"
END = "<!-- end of counts -->\n"
ATTACKS = {
    "readers": "known, changed, damaged and odd data files",
    "numerics": "arrays, tables and options in Python",
    "corrupt": "changed run directories and models",
    "hostile": "links, pipes, pickles, odd documents, escape sequences",
    "kill": "kills and other signals, then `ravine resume`",
    "surroundings": "streams, rights, names, clocks, disks, processes",
    "limits": "memory, open files, threads, cores, many runs",
}
"""Script of the suite -> its attacks."""
COLUMNS = ("tried", "skipped", "severity_1", "severity_2", "severity_3")


def reliability_document(folder: Path = DOCS) -> str:
    """Return the text of the document with the counts of `reliability.json` in the same folder."""
    text = (folder / "reliability.md").read_text("utf-8")
    before, _, rest = text.partition(BEGIN)
    counts = counts_section(json.loads((folder / "reliability.json").read_text("utf-8")))
    return f"{before}{BEGIN}\n{counts}\n{END}{rest.partition(END)[2]}"


def counts_section(document: Mapping[str, Any]) -> str:
    """Return the table of counts, and the causes of failures, from the file of `tests.attack.summary`."""
    campaigns = document["campaigns"]
    lines = [
        *(_campaign(campaign) for campaign in campaigns),
        "",
        "| script | attacks | tried | skipped | severity 1 | severity 2 | severity 3 |",
        "|---|---|---:|---:|---:|---:|---:|",
    ]
    totals = dict.fromkeys(COLUMNS, 0)
    for script, attacks in ATTACKS.items():
        of_script = [campaign["scripts"][script] for campaign in campaigns]
        counts = {column: sum(part[column] for part in of_script) for column in COLUMNS}
        lines.append(_row(f"`{script}`", attacks, counts))
        totals = {column: totals[column] + counts[column] for column in COLUMNS}
    lines.append(_row("all", "", totals))
    failures = [failure for campaign in campaigns for failure in campaign["failures"]]
    if failures:
        lines += ["", "| failures: severity | class | family | detail | cases |", "|---:|---|---|---|---:|"]
        lines += [_failure(failure) for failure in failures]
    return "\n".join(lines) + "\n"


def _campaign(campaign: Mapping[str, Any]) -> str:
    """Return the line on one campaign: commit, seeds and number of cases."""
    commit = campaign["commit"].removesuffix("+")
    changes = " with uncommitted changes" * campaign["commit"].endswith("+")
    seeds = campaign["seeds"]
    named = f"seed{'s' * (len(seeds) != 1)} {', '.join(f'`{seed}`' for seed in seeds)}"
    tried = sum(counts["tried"] for counts in campaign["scripts"].values())
    return f"- commit `{commit}`{changes}, {named}: {tried:,} cases tried"


def _row(name: str, text: str, counts: Mapping[str, int]) -> str:
    return f"| {name} | {text} | {' | '.join(f'{counts[column]:,}' for column in COLUMNS)} |"


def _failure(failure: Mapping[str, Any]) -> str:
    detail = failure["detail"].replace("|", "\\|").replace("`", "'")
    parts = (failure["severity"], failure["class"], f"`{failure['family']}`", detail, failure["cases"])
    return f"| {' | '.join(map(str, parts))} |"
