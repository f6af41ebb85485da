"""Words that can be judged before JAX is imported: names of rules and metrics, sizes, times, devices.

Only what is certainly wrong is refused here; what is left, the study judges with its own tables. Tests hold
the two to each other.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ravine.errors import did_you_mean
from ravine.execution.settings import EIGHT

__all__ = ["METRICS", "mistakes"]

METRICS = ("accuracy", "balanced_accuracy", "log_loss", "auc", "rmse", "mae", "r2")
DEVICES = ("cpu", "gpu")
SIZES = r"\d+(\s*[-,x ]\s*\d+)*"
WORD = (
    r"linear|none|plain|(scaled[-_]?)?residual|highway|dense|batch[-_]?norm|layer[-_]?norm"
    r"|conv\s*=\s*[\d,x-]+|(dropout|gate|slope)\s*=\s*[-+.\w]+"
)
NET_WORDS = (
    "linear", "plain", "residual", "scaled-residual", "highway", "dense", "batchnorm", "layernorm", "conv",
    "dropout", "gate", "slope",
)  # fmt: skip
NET = rf"({SIZES}|{WORD})(\s+({SIZES}|{WORD}))*"
TIME = r"\d+(\.\d+)?\s*(s|sec|m|min|h)?"


def mistakes(given: Mapping[str, Any]) -> Iterator[str]:
    """Yield a sentence for each word among the settings given that no study could use."""
    for name in [*given.get("optimizers", ()), *(given[key] for key in ("optimizer",) if key in given)]:
        if sentence := _optimizer(name):
            yield sentence
    if "metric" in given and _plain(given["metric"]) not in METRICS:
        yield f"There is no metric '{given['metric']}'. {did_you_mean(given['metric'], METRICS)}"
    if "net" in given and not re.fullmatch(NET, given["net"].strip().lower()):
        yield f"'{given['net']}' is not a network. {_nearest(given['net'])}"
    if "budget" in given and not re.fullmatch(TIME, given["budget"].strip().lower()):
        yield f"'{given['budget']}' is not a budget of time. Write for example 60s, 2m or 1h."
    if "device" in given and given["device"] not in DEVICES:
        yield f"There is no device '{given['device']}'. {did_you_mean(given['device'], DEVICES)}"


def _nearest(net: str) -> str:
    """Return what the first word that is none may have meant."""
    words = re.sub(r"\s*=\s*", "=", net.strip().lower()).split()
    odd = next((each for each in words if not re.fullmatch(f"{SIZES}|{WORD}", each)), "")
    if not odd[:1].isalpha():
        return "Write for example --net 64-64, or --net linear."
    return f"'{odd}': {did_you_mean(odd.partition('=')[0], NET_WORDS)}"


def _optimizer(text: str) -> str | None:
    name = text.partition("(")[0].strip()
    if ":" in name or _plain(name) in EIGHT:
        return None
    if not _plain(name).isidentifier():
        return f"'{text}' names no optimizer. Write for example adam, adam(b1=0.95) or optax:lion(b1=0.9)."
    near = did_you_mean(_plain(name), EIGHT)
    return f"There is no optimizer '{name}'. {near} A rule of optax is written 'optax:{_plain(name)}'."


def _plain(name: str) -> str:
    return "_".join(name.strip().lower().replace("-", " ").split())
