"""Measurement in turns (A B A B ...), medians, and ratios within each round.

The load of the machine changes with time, and sides that take turns meet the same load. So a ratio is
formed within each round, and the result is the median of the ratios with the smallest and the largest.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from environment import environment

SCHEMA_VERSION = 1
RESULTS = Path(__file__).resolve().parent / "results"
Name = TypeVar("Name", str, tuple[str, str])
PAUSE = 0.4  # seconds between contenders: idle threads of the last one stop spinning


def interleave(
    contenders: Mapping[Name, Callable[[], Mapping[str, float]]],
    rounds: int,
    *,
    pause: float = PAUSE,
    tell: Callable[[str], None] | None = None,
) -> dict[Name, list[dict[str, float]]]:
    """Call every contender once a round, in turn, every second round backwards; return answers by name."""
    answers: dict[Name, list[dict[str, float]]] = {name: [] for name in contenders}
    for number in range(rounds):
        names = list(contenders)
        for name in names if number % 2 == 0 else reversed(names):
            time.sleep(pause)
            answers[name].append(dict(contenders[name]()))
            if tell is not None:
                said = name if isinstance(name, str) else ", ".join(filter(None, name))
                tell(f"round {number + 1} of {rounds}: {said}")
    return answers


def per_step(answers: Sequence[Mapping[str, float]]) -> list[float]:
    """Return microseconds per network-step of each answer."""
    return [1e6 * answer["seconds"] / answer["network_steps"] for answer in answers]


def spread(values: Sequence[float]) -> dict[str, float]:
    """Return median, min, max and count. Raises ValueError for no values."""
    if not values:
        raise ValueError("There is nothing to summarise: no values were measured.")
    return {
        "median": statistics.median(values),
        "min": min(values),
        "max": max(values),
        "count": len(values),
    }


def ratios(above: Sequence[float], below: Sequence[float]) -> list[float]:
    """Return above / below, round by round. Raises ValueError if the rounds do not match."""
    if len(above) != len(below):
        raise ValueError(f"{len(above)} rounds cannot be paired with {len(below)}.")
    return [a / b for a, b in zip(above, below, strict=True)]


def fastest(series: Mapping[str, Sequence[float]]) -> str:
    """Return the name with the smallest median: the setting that a skilled user would choose."""
    return min(series, key=lambda name: statistics.median(series[name]))


def line(
    what: str,
    ours: Sequence[float],
    unit: str,
    *,
    peer: str | None = None,
    theirs: Sequence[float] | None = None,
    at_least: float | None = None,
    at_most: float | None = None,
    aim: float | None = None,
    note: str | None = None,
) -> dict[str, Any]:
    """Return one line of a row. The target refers to theirs / ours if there is a peer, else to ours.

    at_least, at_most: what must be reached, by the median. aim: what is hoped for, in the same direction.
    """
    judged = ours if theirs is None else ratios(theirs, ours)
    middle = statistics.median(judged)

    def holds(limit: float | None) -> bool | None:
        if limit is None:
            return None
        return middle <= limit if at_most is not None else middle >= limit

    return {
        "what": what,
        "peer": peer,
        "unit": unit,
        "ours": spread(ours),
        "theirs": None if theirs is None else spread(theirs),
        "ratio": None if theirs is None else spread(judged),
        "at_least": at_least,
        "at_most": at_most,
        "aim": aim,
        "reached": holds(at_most if at_most is not None else at_least),
        "aim_reached": holds(aim),
        "note": note,
    }


def main(
    row: str,
    what: str,
    measure: Callable[[bool, Callable[[str], None], bool], dict[str, Any]],
    flags: Sequence[str] = (),
    gpu: bool = False,
) -> dict[str, Any]:
    """Run a row from the command line. `measure(quick, tell, peers)` returns `lines`.

    Further keys are kept. The document goes to `--json FILE`, without it to results/<machine>/<row>.json (not
    with --quick or --no-peers).
    """
    parser = argparse.ArgumentParser(description=what)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the result to FILE")
    parser.add_argument(
        "--quick", action="store_true", help="tiny sizes: shows that it works, measures nothing"
    )
    parser.add_argument(
        "--no-peers", action="store_true", help="run Ravine's side only: no other library, no network"
    )
    for flag in flags:  # the row reads them itself
        parser.add_argument(flag, action="store_true", help="see the top of the file")
    options = parser.parse_args()

    about = environment(gpu)
    clock = time.perf_counter()
    measured = measure(
        options.quick,
        lambda text: print(f"{text}\n", end="", file=sys.stderr, flush=True),
        not options.no_peers,
    )
    if options.quick:  # too small to judge by
        for measurement in measured["lines"]:
            measurement.update(reached=None, aim_reached=None)
    document = {
        "schema_version": SCHEMA_VERSION,
        "row": row,
        "what": what,
        "quick": options.quick,
        "no_peers": options.no_peers,
        "environment": about,
        "seconds": round(time.perf_counter() - clock, 1),
        **measured,
    }
    path = options.json
    if path is None and not options.quick and not options.no_peers:
        path = RESULTS / about["machine"] / f"{row}.json"
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(document, indent=2, allow_nan=False) + "\n")
    print(text(document))
    return document


def text(document: Mapping[str, Any]) -> str:
    """Return the row as a few lines."""
    rows = [f"{document['row']}{' (quick: not a measurement)' if document['quick'] else ''}"]
    rows += [f"  {sentence(row)}" for row in document["lines"]]
    rows += [f"  not measured: {name}" for name in document.get("not_measured", [])]
    return "\n".join(rows)


def sentence(row: Mapping[str, Any]) -> str:
    """Return a line in words."""
    ours, theirs, ratio = row["ours"], row["theirs"], row["ratio"]
    value = f"{ours['median']:.4g} {row['unit']} [{ours['min']:.4g}, {ours['max']:.4g}]"
    if theirs is not None:
        value += f", {row['peer']} {theirs['median']:.4g}: {ratio['median']:.3g} times"
        value += f" [{ratio['min']:.3g}, {ratio['max']:.3g}]"
    return f"{row['what']}: {value}{wanted(row)}"


def wanted(row: Mapping[str, Any]) -> str:
    """Return the target of a line, and whether it is reached, in words."""
    limit = row["at_most"] if row["at_most"] is not None else row["at_least"]
    if limit is None:
        return ""
    way = "at most" if row["at_most"] is not None else "at least"
    aim = "" if row["aim"] is None else f", aim {row['aim']:g}"
    verdict = {True: ": reached", False: ": NOT reached", None: ""}[row["reached"]]
    return f" ({way} {limit:g}{aim}{verdict})"
