"""Top eigenvalue and spectrum of a network's Hessian against PyHessian and curvlinops, at equal accuracy.

All sides use the same networks (points of one training) on the full training set, in float32. Each side uses
the fastest of its settings that is accurate enough, by the median over three starts. An eigenvalue must be
within 1e-3 of the exact one at all points. A spectrum must have a Wasserstein distance from the exact
eigenvalues of at most 0.15 of their mean size. The exact values are computed in float64: all eigenvalues by
LAPACK, the top one by Ravine and by curvlinops, which must agree. `--top` and `--spectrum` select one half.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from environment import cores
from measure import fastest, interleave, line, main, per_step, sentence
from peer_environment import ON_GPU, PeerError, Worker, peer_python

ROW = "curvature"
PEERS = {"PyHessian": "peer_pyhessian", "curvlinops": "peer_curvlinops"}
PACKAGES = (
    "pyhessian==0.1", "curvlinops-for-pytorch==3.0.1", "backpack-for-pytorch==1.7.1", "einops==0.8.2",
    "einconv==0.1.0", "linear_operator==0.6.1", "opt_einsum==3.4.0", "jaxtyping==0.3.11",
    "wadler_lindig==0.1.8", "unfoldNd==0.2.3", "tqdm==4.70.1",
)  # fmt: skip
"""The packages that the peers import. Further requirements of BackPACK would bring another PyTorch."""
ACCURACIES = {"top": 1e-3, "spectrum": 0.15}
SMALL, LARGE = {"sizes": [64, 16, 10], "rows": 150}, {"rows": 1150}
TASKS = (
    ("top eigenvalue, 64-64-64-10 on 1,150 digits", {**LARGE, "sizes": [64, 64, 64, 10], "what": "top"}),
    ("top eigenvalue, 64-16-10 on 150 digits", {**SMALL, "what": "top"}),
    ("spectrum, 64-32-32-10 on 1,150 digits", {**LARGE, "sizes": [64, 32, 32, 10], "what": "spectrum"}),
    ("spectrum, 64-16-10 on 150 digits", {**SMALL, "what": "spectrum"}),
)
STEPS = {"top": (0, 10, 30, 100, 300), "spectrum": (100,)}
FLAGS = tuple(f"--{what}" for what in STEPS)
ROUNDS = {"cpu": 7, "gpu": 3}

Who = tuple[str, str]  # a side, and the way in which it is run
OURS: Who = ("Ravine", "")


def measure(
    quick: bool, tell: Callable[[str], None], peers: bool = True, device: str = "cpu"
) -> dict[str, Any]:
    """Return the row, every side on `device` (cpu, gpu).

    On a GPU the workers of all tasks start before anything is timed, side by side: its time is scarce.
    """
    python = _peers() if peers else None
    named = {what for what in STEPS if f"--{what}" in sys.argv} or set(STEPS)
    selected = {name: task for name, task in (TASKS[1::2] if quick else TASKS) if task["what"] in named}
    lines, contender_facts = [], {}
    for names in [list(selected)] if device == "gpu" else [[name] for name in selected]:
        with ExitStack() as stack:
            tasks = {name: selected[name] for name in names}
            for name, contenders in _contenders(tasks, device, python, stack, tell).items():
                answers = interleave(contenders, 2 if quick else ROUNDS[device], tell=tell)
                new_lines = _lines(
                    name,
                    {contender: _milliseconds(peer_answers) for contender, peer_answers in answers.items()},
                )
                if not quick:  # a run that is cut short has printed its results
                    tell("\n".join(map(sentence, new_lines)))
                lines += new_lines
                ready = {contender: worker.ready for contender, worker in contenders.items()}
                contender_facts[name] = {
                    "ours": ready.pop(OURS),
                    "peers": {", ".join(k): v for k, v in ready.items()},
                }
    left = [name for name, task in TASKS if task["what"] not in named]
    return {"lines": lines, "not_measured": left, "contenders": contender_facts}


def _contenders(
    tasks: Mapping[str, Mapping[str, Any]],
    device: str,
    python: Path | None,
    stack: ExitStack,
    tell: Callable[[str], None],
) -> dict[str, dict[Who, Worker]]:
    """Start the workers of some tasks, on a GPU side by side, to be ended by `stack`.

    Ours first: they find the truth, and compilers that try programs out are not to meet peers at work. Peers
    only where there is a `python` for them.
    """
    folder = Path(stack.enter_context(TemporaryDirectory()))
    on_gpu = device == "gpu"
    ways = {"on the GPU": 1} if on_gpu else {f"{count} threads": count for count in sorted({1, cores()})}

    def start(contender: tuple[str, Who]) -> Worker:
        name, (side, way) = contender
        task = {
            **tasks[name],
            "device": device,
            "steps": STEPS[tasks[name]["what"]],
            "accuracy": ACCURACIES[tasks[name]["what"]],
            "truth": str(folder / f"{name}.npy"),
            "threads": ways.get(way),
        }
        script = PEERS.get(side, "our_curvature")
        tell(f"starting {script}, {name}")
        how = {"python": python if side in PEERS else None, **(ON_GPU if on_gpu else {})}
        return stack.enter_context(Worker(script, task, **how))

    workers_by_task: dict[str, dict[Who, Worker]] = {name: {} for name in tasks}
    theirs = [] if python is None else [(peer, way) for peer in PEERS for way in ways]
    for sides in ([OURS], theirs):
        wanted = [(name, side) for name in tasks for side in sides]
        with ThreadPoolExecutor(max(1, len(wanted)) if on_gpu else 1) as pool:
            for (name, side), worker in zip(wanted, pool.map(start, wanted), strict=True):
                workers_by_task[name][side] = worker
    for workers in workers_by_task.values():
        for side, worker in workers.items():
            _same_matrix(workers[OURS].ready, side, worker.ready)
    return workers_by_task


def _lines(name: str, rounds: Mapping[Who, list[float]]) -> list[dict[str, Any]]:
    """Return a line for each peer, with its fastest setting; without peers one line.

    rounds: milliseconds of each contender's rounds.
    """
    if set(rounds) == {OURS}:
        return [line(name, rounds[OURS], "ms")]
    lines = []
    for peer in PEERS:
        series = {contender[1]: values for contender, values in rounds.items() if contender[0] == peer}
        best = fastest(series)
        more = {"peer": f"{peer}, {best}", "theirs": series[best], "at_least": 5}
        lines.append(line(name, rounds[OURS], "ms", **more))
    return lines


def _peers() -> Path:
    """Return the Python of the peers' environment with PACKAGES in it. Raises PeerError.

    Into one that RAVINE_PEER_PYTHON names nothing is installed.
    """
    python = peer_python()
    tried = subprocess.run([python, "-c", "import curvlinops, pyhessian"], capture_output=True, text=True)
    if tried.returncode and os.environ.get("RAVINE_PEER_PYTHON"):
        raise PeerError(
            f"{python}, which RAVINE_PEER_PYTHON names, cannot import curvlinops and pyhessian:\n"
            f"{tried.stderr.strip()[-2000:]}\nInstall there {' '.join(PACKAGES)}, with PyTorch."
        )
    if tried.returncode:
        pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
        done = subprocess.run([*pip, *PACKAGES], capture_output=True, text=True)
        if done.returncode:
            raise PeerError(f"PyHessian and curvlinops do not install:\n{done.stderr.strip()[-2000:]}")
    return python


def _milliseconds(answers: list[dict[str, float]]) -> list[float]:
    return [duration / 1e3 for duration in per_step(answers)]


def _same_matrix(ours: dict[str, Any], name: Who, peer: dict[str, Any]) -> None:
    """Raise ValueError if the top eigenvalues of a peer in float64 differ from Ravine's."""
    if "exact" not in ours or "exact" not in peer:
        return
    for our_value, other in zip(ours["exact"], peer["exact"], strict=True):
        if abs(other / our_value - 1) > 1e-8:
            raise ValueError(f"The top eigenvalue is {our_value!r}, by {', '.join(name)} {other!r}.")


if __name__ == "__main__":
    main(ROW, "top eigenvalue and spectrum of a Hessian against PyHessian and curvlinops", measure, FLAGS)
