"""Checks of names and texts that need no JAX: optimizers, metrics, networks, times.

Only what is certainly wrong is refused here. The study judges the rest with its own tables.
"""

from __future__ import annotations

import re

from ravine.errors import UsageError, did_you_mean

__all__ = [
    "BUILTIN", "DEFAULT_OPTIMIZERS", "METRICS", "SCHEDULES", "check_budget", "check_metric", "check_net",
    "check_optimizer", "check_schedule",
]  # fmt: skip

DEFAULT_OPTIMIZERS = ("sgd", "momentum", "nesterov", "local_gains", "adagrad", "rmsprop", "adadelta", "adam")
ACTIVATIONS = ("sigmoid", "tanh", "relu", "leaky_relu", "softplus", "elu")
INITIALIZATIONS = ("he", "glorot", "lecun", "zero", "scaled")
SCHEDULES = (
    "constant", "decay", "step", "exponential", "inverse", "polynomial", "linear", "cosine", "onecycle",
    "plateau",
)  # fmt: skip
METRICS = ("accuracy", "balanced_accuracy", "log_loss", "auc", "rmse", "mae", "r2")
BUILTIN = ("digits", "breast_cancer", "wine", "iris", "diabetes")
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


def check_optimizer(text: str) -> None:
    """Raise UsageError for a text that names no optimizer."""
    name = text.partition("(")[0].strip()
    if ":" in name or _plain(name) in DEFAULT_OPTIMIZERS:
        return
    if not _plain(name).isidentifier():
        raise UsageError(
            f"'{text}' names no optimizer.",
            "",
            "Write for example adam, adam(b1=0.95) or optax:lion(b1=0.9).",
        )
    near = did_you_mean(_plain(name), DEFAULT_OPTIMIZERS)
    raise UsageError(
        f"There is no optimizer '{name}'.", near, f"A rule of optax is written 'optax:{_plain(name)}'."
    )


def check_schedule(text: str) -> None:
    """Raise UsageError for a text that names no schedule."""
    name = text.split("(")[0].strip().lower()
    if name not in SCHEDULES:
        raise UsageError(f"There is no schedule '{text}'.", "", did_you_mean(name, SCHEDULES))


def check_metric(text: str) -> None:
    """Raise UsageError for a text that names no metric."""
    if _plain(text) not in METRICS:
        raise UsageError(f"There is no metric '{text}'.", "", did_you_mean(text, METRICS))


def check_net(text: str) -> None:
    """Raise UsageError for a text that is no network."""
    if not re.fullmatch(NET, text.strip().lower()):
        raise UsageError(f"'{text}' is not a network.", "", _nearest(text))


def check_budget(text: str) -> None:
    """Raise UsageError for a text that is no time."""
    if not re.fullmatch(TIME, text.strip().lower()):
        raise UsageError(f"'{text}' is not a budget of time.", "", "Write for example 60s, 2m or 1h.")


def _nearest(net: str) -> str:
    """Return what the first word that is none may have meant."""
    words = re.sub(r"\s*=\s*", "=", net.strip().lower()).split()
    odd = next((each for each in words if not re.fullmatch(f"{SIZES}|{WORD}", each)), "")
    if not odd[:1].isalpha():
        return "Write for example --net 64-64, or --net linear."
    return f"'{odd}': {did_you_mean(odd.partition('=')[0], NET_WORDS)}"


def _plain(name: str) -> str:
    return "_".join(name.strip().lower().replace("-", " ").split())
