"""Many small networks on one GPU against PyTorch, ensembles in PyTorch and JAX, and the product peak there.

RAVINE_PEER_PYTHON names a Python with PyTorch for CUDA, JAX and optax. An ensemble is measured with the
number of networks of the CPU row and with Ravine's; the faster one counts.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from measure import fastest, interleave, line, main, per_step, ratios
from peer_environment import ON_GPU, Worker, peer_python
from small_networks import BATCH, SIZES, our_task

ROW = "gpu_small_networks"
NETWORKS = 4096
WANTED = {
    "PyTorch loop, fused Adam, on the GPU": (1000, None),
    "torch.func ensemble on the GPU": (3, None),
    "JAX vmap and optax on the GPU": (3, None),
}


def measure(quick: bool, tell: Callable[[str], None], peers: bool = True) -> dict[str, Any]:
    """Return the row."""
    python = peer_python() if peers else None
    with ExitStack() as stack:

        def worker(script: str, task: dict[str, Any], **more: Any) -> Worker:
            tell(f"starting {script}")
            everything = {"device": "cuda", **task}
            return stack.enter_context(Worker(script, everything, **ON_GPU, **more))

        cache = stack.enter_context(tempfile.TemporaryDirectory())
        ours = worker("ours", our_task(quick, cache, NETWORKS, device="gpu"))
        task = {key: ours.ready[key] for key in ("steps", "rows", "held")} | {"sizes": SIZES, "batch": BATCH}
        task |= {"threads": 1}
        many = 16 if quick else NETWORKS
        theirs = {} if python is None else _peers(worker, task, quick, many, python)
        peaks = {
            name: worker("peak", {"size": 1024 if quick else 8192, "products": 4, "precision": name})
            for name in ("float32", "tensorfloat32")
        }
        contenders = {
            (peer, name): contender for peer, some in theirs.items() for name, contender in some.items()
        }
        limits = {("peak", name): peak for name, peak in peaks.items()}
        answers = interleave({("Ravine", ""): ours, **contenders, **limits}, 2 if quick else 3, tell=tell)

    mine = per_step(answers[("Ravine", "")])
    what = f"training steps of {many} networks, compiled"
    lines = [] if theirs else [line(what, mine, "µs per network-step")]
    settings = {}
    for peer in theirs:
        at_least, aim = WANTED[peer]
        series = {name: per_step(answers[(peer, name)]) for name in theirs[peer]}
        best = fastest(series)
        lines.append(
            line(
                what, mine, "µs per network-step",
                peer=f"{peer}, {best}", theirs=series[best], at_least=at_least, aim=aim,
            )
        )  # fmt: skip
        settings[peer] = {
            name: {"us_per_network_step": values, "ready": theirs[peer][name].ready}
            for name, values in series.items()
        }
    speed = [ours.ready["flops_per_step"] / duration * 1e6 for duration in mine]
    gflops = {"ours": [value / 1e9 for value in speed]}
    for name, peak in peaks.items():
        limit = [
            answer["network_steps"] * peak.ready["flops"] / answer["seconds"]
            for answer in answers[("peak", name)]
        ]
        gflops[f"peak, {name}"] = [value / 1e9 for value in limit]
        lines.append(
            line(
                f"share of the {name} product peak", ratios(speed, limit), "of the peak",
                at_least=0.3 if name == "float32" else None,
            )
        )  # fmt: skip
    return {
        "conditions": our_task(quick, "empty at the start", NETWORKS, device="gpu"),
        "lines": lines,
        "ours": {"us_per_network_step": mine, "ready": ours.ready},
        "gflops": gflops,
        "peers": settings,
    }


def _peers(
    worker: Callable[..., Worker], task: dict[str, Any], quick: bool, many: int, python: Path
) -> dict[str, dict[str, Worker]]:
    """Start the peers' workers, by peer and setting."""
    torch_loop, torch_func, jax_vmap = WANTED
    return {
        torch_loop: {
            "one after another": worker(
                "torch_loop", task | {"networks": 1 if quick else 2, "compiled": False}, python=python
            )
        },
        torch_func: {
            f"{count} networks": worker(
                "torch_ensemble", task | {"networks": count, "one_rate": True}, python=python
            )
            for count in (40, many)
        },
        jax_vmap: {
            f"{count} networks": worker("jax_ensemble", task | {"networks": count}, python=python)
            for count in (64, many)
        },
    }


if __name__ == "__main__":
    main(ROW, "training steps of 64-64-64-10 networks on one GPU", measure, gpu=True)
