"""Shared parts of the rows on many small networks: the task, Ravine's side, and the comparison."""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from typing import Any

from measure import fastest, interleave, line, per_step
from peer_environment import Worker

SIZES, BATCH = [64, 64, 64, 10], 32
PASS = 36  # steps of one pass over the 1,150 training rows of the digits


def our_task(quick: bool, cache: str, networks: int = 200, **more: Any) -> dict[str, Any]:
    """Return our cohort: networks of 64-64-64-10, batches of 32, Adam, evaluated once, at the end."""
    return {
        "sizes": SIZES,
        "batch": BATCH,
        "steps": PASS * (1 if quick else 20),
        "networks": 16 if quick else networks,
        "seeds": 2 if quick else 10,
        "evaluations": 1,
        "cache": cache,
        **more,
    }


def side_by_side(
    quick: bool,
    tell: Callable[[str], None],
    peers: Callable[[Callable[..., Worker], Mapping[str, Any]], dict[str, dict[str, Worker]]] | None = None,
    wanted: Mapping[str, tuple[float | None, float | None]] | None = None,
) -> dict[str, Any]:
    """Measure ours against peers, all warm at once, in turn.

    peers(worker, task): starts workers with `worker(script, task, ...)`, by peer and setting; None: ours
    alone. wanted: what each peer's ratio must be at least, and the aim, if anything. Each peer's figure is
    that of its fastest setting; all are kept.
    """
    rounds = 2 if quick else 7
    with ExitStack() as stack:
        cache = stack.enter_context(tempfile.TemporaryDirectory())

        def worker(script: str, task: Mapping[str, Any], **more: Any) -> Worker:
            tell(f"starting {script} {more or ''}")
            return stack.enter_context(Worker(script, task, **more))

        ours = worker("ours", our_task(quick, cache))
        theirs = {} if peers is None else peers(worker, ours.ready)
        contenders = {
            (peer, name): value for peer, settings in theirs.items() for name, value in settings.items()
        }
        answers = interleave({("Ravine", ""): ours, **contenders}, rounds, tell=tell)
        mine = answers[("Ravine", "")]
        total = ours.ready["first"]["network_steps"]
        unit = "µs per network-step"
        lines = [] if theirs else [line("training steps, compiled", per_step(mine), unit)]
        settings = {}
        for peer, (at_least, aim) in (wanted or {}).items():
            if peer not in theirs:
                continue
            series = {name: per_step(answers[(peer, name)]) for name in theirs[peer]}
            best = fastest(series)
            lines.append(
                line(
                    "training steps, compiled",
                    per_step(mine),
                    unit,
                    peer=f"{peer}, {best}",
                    theirs=series[best],
                    at_least=at_least,
                    aim=aim,
                )
            )
            settings[peer] = {
                name: {"us_per_network_step": values, "ready": theirs[peer][name].ready}
                for name, values in series.items()
            }
            if at_least is None:
                continue
            lines.append(
                line(
                    "the same, compilation included",
                    per_step([ours.ready["first"]]),
                    unit,
                    peer=f"{peer}, {best}",
                    theirs=[from_cold(theirs[peer][best].ready["first"], answers[(peer, best)], total)],
                    note=f"{ours.ready['networks']} networks from a cold start, imports not counted; "
                    "the peer: its first pass, the rest of the networks at its compiled speed",
                )
            )
        warm = min(answer["seconds"] / answer["passes"] for answer in mine)
        return {
            "conditions": our_task(quick, "empty at the start") | {"rows": ours.ready["rows"]},
            "lines": lines,
            "ours": {
                "us_per_network_step": per_step(mine),
                "cpu_us_per_network_step": [1e6 * e["cpu_seconds"] / e["network_steps"] for e in mine],
                "compile_seconds": ours.ready["first"]["seconds"] - warm,
                "ready": ours.ready,
            },
            "peers": settings,
        }


def from_cold(first: Mapping[str, float], warm: Sequence[Mapping[str, float]], total: int) -> float:
    """Return µs per network-step of `total` network-steps when the first of them are a first pass."""
    rest = total - first["network_steps"]
    return 1e6 * first["seconds"] / total + statistics.median(per_step(warm)) * rest / total
