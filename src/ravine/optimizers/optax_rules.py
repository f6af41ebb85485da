"""The optimizers of optax that Ravine can use, and those that it cannot use, with the reason.

This file does not import optax, so that a name can be checked without the import time of optax.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from ravine.errors import UsageError, did_you_mean

__all__ = ["OPTAX", "REQUIRED_ARGUMENTS", "UNSUPPORTED", "OptaxRule", "check_optax"]


class OptaxRule(NamedTuple):
    """Facts about an optimizer of optax that a training or a search needs to know.

    rate_center: middle, on the logarithmic scale, of the range of learning rates that a search tries first.
    accepts_vector: whether the optimizer can treat all parameters as one vector. calls_lapack: whether a step
    decomposes matrices. random: whether the optimizer draws random numbers.
    """

    rate_center: float
    accepts_vector: bool = True
    calls_lapack: bool = False
    random: bool = False


# Learning rates by kind of update: 0.1 in proportion to the gradient, 3e-3 divided by its size, 3e-4 by its
# sign, 1 with a step size that the optimizer estimates itself. See also `register`.
OPTAX: dict[str, OptaxRule] = {
    "acprop": OptaxRule(3e-3),
    "adabelief": OptaxRule(3e-3),
    "adadelta": OptaxRule(1.0),
    "adafactor": OptaxRule(1e-2, accepts_vector=False),
    "adagrad": OptaxRule(0.03),
    "adam": OptaxRule(3e-3),
    "adamax": OptaxRule(3e-3),
    "adamaxw": OptaxRule(3e-3),
    "adamw": OptaxRule(3e-3),
    "adan": OptaxRule(3e-3),
    "ademamix": OptaxRule(1e-3),
    "adopt": OptaxRule(3e-3),
    "amsgrad": OptaxRule(3e-3),
    "cocob": OptaxRule(1.0),
    "dadapt_adamw": OptaxRule(1.0),
    "dog": OptaxRule(1.0),
    "dowg": OptaxRule(1.0),
    "fromage": OptaxRule(1e-2, accepts_vector=False),
    "galore": OptaxRule(3e-3, accepts_vector=False, calls_lapack=True),
    "lamb": OptaxRule(1e-2, accepts_vector=False),
    "lars": OptaxRule(1.0, accepts_vector=False),
    "lion": OptaxRule(3e-4),
    "madgrad": OptaxRule(1e-2),
    "muon": OptaxRule(1e-2, accepts_vector=False),
    "nadam": OptaxRule(3e-3),
    "nadamw": OptaxRule(3e-3),
    "noisy_sgd": OptaxRule(0.1, random=True),
    "novograd": OptaxRule(1e-2, accepts_vector=False),
    "optimistic_adam_v2": OptaxRule(3e-3),
    "optimistic_gradient_descent": OptaxRule(0.1),
    "prodigy": OptaxRule(1.0),
    "radam": OptaxRule(3e-3),
    "rmsprop": OptaxRule(3e-3),
    "schedule_free_adamw": OptaxRule(3e-3),
    "schedule_free_sgd": OptaxRule(1.0),
    "sgd": OptaxRule(0.1),
    "sign_sgd": OptaxRule(3e-4),
    "signum": OptaxRule(3e-4),
    "simplified_ademamix": OptaxRule(1e-4),
    "sm3": OptaxRule(0.03, accepts_vector=False),
    "yogi": OptaxRule(1e-2),
}

# Arguments that optax requires. A training combines the key of noisy_sgd with the random key of its run.
REQUIRED_ARGUMENTS: dict[str, dict[str, Any]] = {"noisy_sgd": {"key": 0}}

# Optimizers of optax that a comparison cannot run, with the reason.
UNSUPPORTED: dict[str, str] = {
    "dpsgd": "It needs the gradient of every single example.",
    "lbfgs": "Its line search evaluates the loss; a minibatch step has only the gradient.",
    "momo": "It needs the value of the loss at every step.",
    "momo_adam": "It needs the value of the loss at every step.",
    "optimistic_adam": "optax has deprecated it in favor of optimistic_adam_v2.",
    "polyak_sgd": "It needs the value of the loss at every step.",
    "rprop": "Its learning rate is only the first step's, so a schedule would change nothing.",
    "sophia": "It needs second derivatives of the loss.",
}


def check_optax(name: str) -> None:
    """Raise UsageError for the name of an optimizer that optax does not have or that Ravine cannot run."""
    if name in UNSUPPORTED:
        raise UsageError(
            f"Ravine cannot train with optax:{name}.", UNSUPPORTED[name], "Choose another optimizer."
        )
    if name not in OPTAX:
        near = re.sub(r"'(\w+)'", r"'optax:\1'", did_you_mean(name, OPTAX))  # as it is typed
        raise UsageError(f"There is no optimizer 'optax:{name}'.", "", near)
