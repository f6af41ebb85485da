"""Top eigenvalue and spectrum of a network's Hessian against PyHessian and curvlinops, to equal accuracy.

The same networks (points of one training) on the full training set, in float32. Every side takes the
cheapest of its settings that is right, by the median over three starts: an eigenvalue within TOP of the truth
at all points; a spectrum whose Wasserstein distance from all eigenvalues is within SPECTRUM of their mean
size. The truth is had in float64: all eigenvalues by LAPACK; the top one must be the same by Ravine and by
curvlinops.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from environment import cores
from measure import fastest, interleave, line, main, per_step
from peer_environment import PeerError, Worker, peer_python

ROW = "curvature"
PEERS = {"PyHessian": "peer_pyhessian", "curvlinops": "peer_curvlinops"}
PACKAGES = (
    "pyhessian==0.1", "curvlinops-for-pytorch==3.0.1", "backpack-for-pytorch==1.7.1", "einops==0.8.2",
    "einconv==0.1.0", "linear_operator==0.6.1", "opt_einsum==3.4.0", "jaxtyping==0.3.11",
    "wadler_lindig==0.1.8", "unfoldNd==0.2.3", "tqdm==4.70.1",
)  # fmt: skip
"""All that they import, and no more: what BackPACK asks for besides would bring another PyTorch."""
TOP, SPECTRUM = 1e-3, 0.15
SMALL, LARGE = {"sizes": [64, 16, 10], "rows": 150}, {"rows": 1150}
TASKS = (
    ("top eigenvalue, 64-64-64-10 on 1,150 digits", {**LARGE, "sizes": [64, 64, 64, 10], "what": "top"}),
    ("top eigenvalue, 64-16-10 on 150 digits", {**SMALL, "what": "top"}),
    ("spectrum, 64-32-32-10 on 1,150 digits", {**LARGE, "sizes": [64, 32, 32, 10], "what": "spectrum"}),
    ("spectrum, 64-16-10 on 150 digits", {**SMALL, "what": "spectrum"}),
)
STEPS = {"top": (0, 10, 30, 100, 300), "spectrum": (100,)}


def measure(quick: bool, tell: Callable[[str], None]) -> dict[str, Any]:
    """Return the row."""
    python = _peers()
    lines, kept = [], {}
    for name, task in TASKS[1::2] if quick else TASKS:
        accuracy = TOP if task["what"] == "top" else SPECTRUM
        asked = {**task, "steps": STEPS[task["what"]], "accuracy": accuracy}
        with ExitStack() as stack:
            folder = stack.enter_context(TemporaryDirectory())
            asked |= {"truth": str(Path(folder) / "eigenvalues.npy")}

            def worker(script: str, more: dict[str, Any], **how: Any) -> Worker:
                tell(f"starting {script}, {name}")  # noqa: B023
                return stack.enter_context(Worker(script, {**asked, **more}, **how))  # noqa: B023

            ours = worker("our_curvature", {})
            peers = {
                (peer, f"{threads} threads"): worker(script, {"threads": threads}, python=python)
                for peer, script in PEERS.items()
                for threads in sorted({1, cores()})
            }
            for each, found in peers.items():
                _same_matrix(ours.ready, each, found.ready)
            answers = interleave({("Ravine", ""): ours, **peers}, 2 if quick else 7, tell=tell)
            mine = _milliseconds(answers["Ravine", ""])
            for peer in PEERS:
                series = {each[1]: _milliseconds(answers[each]) for each in peers if each[0] == peer}
                best = fastest(series)
                more = {"peer": f"{peer}, {best}", "theirs": series[best], "at_least": 5}
                lines.append(line(name, mine, "ms", **more))
            kept[name] = {
                "ours": ours.ready,
                "peers": {", ".join(each): found.ready for each, found in peers.items()},
            }
    return {"lines": lines, "contenders": kept}


def _peers() -> Path:
    """Return the Python of the peers' environment with PACKAGES in it. Raises PeerError."""
    python = peer_python()
    if subprocess.run([python, "-c", "import curvlinops, pyhessian"], capture_output=True).returncode:
        pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
        done = subprocess.run([*pip, *PACKAGES], capture_output=True, text=True)
        if done.returncode:
            raise PeerError(f"PyHessian and curvlinops do not install:\n{done.stderr.strip()[-2000:]}")
    return python


def _milliseconds(answers: list[dict[str, float]]) -> list[float]:
    return [each / 1e3 for each in per_step(answers)]


def _same_matrix(ours: dict[str, Any], name: tuple[str, str], peer: dict[str, Any]) -> None:
    """Raise ValueError where a peer's own top eigenvalues in float64 are not ours."""
    if "exact" not in ours or "exact" not in peer:
        return
    for one, other in zip(ours["exact"], peer["exact"], strict=True):
        if abs(other / one - 1) > 1e-8:
            raise ValueError(f"The top eigenvalue is {one!r}, by {', '.join(name)} {other!r}.")


if __name__ == "__main__":
    main(ROW, "top eigenvalue and spectrum of a Hessian against PyHessian and curvlinops", measure)
