"""`docs/benchmarks.md`, from the files in `benchmarks/results/`: measured values, targets and baselines."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

__all__ = ["benchmarks_document"]

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results"
VERSION_1_UNTIL = "2026-11-27T01:33:06Z"
"""Date (UTC) of commit cada66e, the last one of version 1."""

HEAD = """# Benchmarks

This document is generated from the results of benchmarks in `benchmarks/results/` by
`python scripts/generate_docs.py`. Do not edit it by hand.

The tables of benchmarks compare the speed of Ravine with that of other libraries, or with a target:
- A peer is another library that does the same task. Ravine and its peer take turns. A value is the median
  of all repetitions, with the smallest and the largest in brackets if there are several.
- The ratio is the peer's time divided by Ravine's time, both from the same round of measurements. A ratio
  above 1 means that Ravine is faster.
- In a row with a peer, the target is the smallest ratio that Ravine should reach. In a row without a peer,
  the target is a bound for Ravine's own value.
- "Hoped for" is a second, more ambitious target, where there is one.
- Several settings of each peer, such as numbers of threads, are measured, and the fastest setting counts.
- A network-step is one training step of one network. "Cold" means that no compiled program is cached.

To repeat a table of benchmarks on your machine, run the command that stands above the table.
[benchmarks/README.md](../benchmarks/README.md) describes the peers (other libraries) and the conditions.
Some targets are not reached. For them, decisions [5](decisions/0005-what-a-step-costs-on-a-cpu.md),
[12](decisions/0012-full-precision-on-a-gpu.md) and
[13](decisions/0013-what-curvature-and-planes-cost.md) describe where the time goes and what was tried.
"""
NO_VALUE = "–"


def benchmarks_document(folder: Path = RESULTS) -> str:
    """Return the text of the file. Raises ValueError if `folder` holds no result."""
    files = sorted(folder.glob("*/*.json"))
    if not files:
        raise ValueError(f"There is no result in {folder}.")
    documents = [(file, json.loads(file.read_text("utf-8"))) for file in files]
    parts = [HEAD, _versions([document for _, document in documents]), _missed(documents)]
    machine = ""
    for file, document in documents:
        if machine != file.parent.name:
            machine = file.parent.name
            parts.append(f"## {_machine(document['environment'])}\n")
        parts.append(_section(file, document))
    return "\n".join(parts)


def _machine(environment: Mapping[str, Any]) -> str:
    """Return the name of the machine, as a title."""
    return environment.get("gpu") or f"{environment['processor']}, {environment['cores']} cores"


def _version(environment: Mapping[str, Any]) -> int:
    return 1 if environment["date"] <= VERSION_1_UNTIL else 2


def _code(environment: Mapping[str, Any]) -> str:
    """Return version and commit of Ravine, in words. A plus sign marks changes that were not committed."""
    commit = environment["commit"]
    changes = " with uncommitted changes" * commit.endswith("+")
    return f"version {_version(environment)} of Ravine (commit {commit.removesuffix('+')}{changes})"


def _versions(documents: list[Mapping[str, Any]]) -> str:
    """Return a sentence that names the version of Ravine behind the figures."""
    old = sum(_version(document["environment"]) == 1 for document in documents)
    count = "All" if old == len(documents) else f"{old} of the {len(documents)}"
    return (
        f"{count} tables of benchmarks were measured with version 1 of Ravine, before its code was\n"
        "restructured. The text above each table names the version. `python benchmarks/two_versions.py OLD\n"
        "NEW` compares the speed of two checkouts of Ravine in the folders OLD and NEW.\n"
    )


def _missed(documents: list[tuple[Path, Mapping[str, Any]]]) -> str:
    """Return the list of all targets that a median does not reach."""
    rows = [
        f"| {_machine(document['environment'])} | {line['what']} | {line['peer'] or NO_VALUE} | "
        f"{_number(_judged(line)['median'])}{_unit(line)} | {_target(line)} |"
        for _, document in documents
        for line in document["lines"]
        if line["reached"] is False
    ]
    head = ["| machine | measured | peer | value | target |", "|---|---|---|---|---|"]
    return "\n".join(["## Targets not reached\n", *head, *rows, ""])


def _section(file: Path, document: Mapping[str, Any]) -> str:
    """Return the heading, the command and the table of one result file."""
    environment = document["environment"]
    path = file.relative_to(file.parents[2])
    script = f"python benchmarks/{document['row']}.py"
    text = [
        f"### {document['row']}\n",
        f"The benchmark `{document['row']}` of Ravine measures speed: {document['what']}.",
        f"Measured by `{script}` on {environment['date'][:10]}, with {_code(environment)}. All numbers of "
        f"the measurement are in [benchmarks/{path}](../benchmarks/{path}).\n",
        "| measured | Ravine | peer | peer's value | ratio | target | reached | hoped for |",
        "|---|---|---|---|---|---|---|---|",
        *(_row(line) for line in document["lines"]),
        "",
    ]
    if document.get("not_measured"):
        text.append(f"Not measured by this benchmark: {'; '.join(document['not_measured'])}.\n")
    return "\n".join(text)


def _row(line: Mapping[str, Any]) -> str:
    """Return one row of a table; a note follows the name of the quantity."""
    cells = (
        line["what"] + (f" ({line['note']})" if line["note"] else ""),
        _spread(line["ours"], f" {line['unit']}"),
        line["peer"] or NO_VALUE,
        _spread(line["theirs"], f" {line['unit']}"),
        _spread(line["ratio"], ""),
        _target(line),
        {True: "yes", False: "no", None: NO_VALUE}[line["reached"]],
        NO_VALUE if line["aim"] is None else _number(line["aim"]),
    )
    return f"| {' | '.join(cells)} |"


def _judged(line: Mapping[str, Any]) -> Mapping[str, float]:
    """Return the spread that is compared with the target: the ratio if there is a peer."""
    return line["ratio"] or line["ours"]


def _unit(line: Mapping[str, Any]) -> str:
    return " times" if line["ratio"] else f" {line['unit']}"


def _target(line: Mapping[str, Any]) -> str:
    if line["at_least"] is not None:
        return f"at least {_number(line['at_least'])}"
    if line["at_most"] is not None:
        return f"at most {_number(line['at_most'])}"
    return NO_VALUE


def _spread(values: Mapping[str, float] | None, unit: str) -> str:
    """Return the median with its unit, and the smallest and the largest value if there are several."""
    if values is None:
        return NO_VALUE
    text = f"{_number(values['median'])}{unit}"
    if values["count"] > 1:
        text += f" [{_number(values['min'])}, {_number(values['max'])}]"
    return text


def _number(value: float) -> str:
    """Return three significant digits, never in powers of ten: 0.131, 22.3, 4,480."""
    if value == 0 or value != value:
        return f"{value:g}"
    rounded = float(f"{value:.3g}")
    return f"{rounded:,.0f}" if abs(rounded) >= 100 else f"{rounded:g}"
