"""The rules of optax that can be compared, and those that cannot. Known without importing optax."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from ravine.errors import UsageError, did_you_mean

__all__ = ["OPTAX", "REQUIRED_ARGUMENTS", "UNSUPPORTED", "Known", "check_optax"]


class Known(NamedTuple):
    """`rate_centre`: middle of the rates searched. `flat`: False for a rule that looks at layers."""

    rate_centre: float
    flat: bool = True


# Rates: a step proportional to the gradient 0.1, divided by its size 3e-3, its sign 3e-4, own estimate 1.
OPTAX: dict[str, Known] = {
    "acprop": Known(3e-3),
    "adabelief": Known(3e-3),
    "adadelta": Known(1.0),
    "adafactor": Known(1e-2, flat=False),
    "adagrad": Known(0.03),
    "adam": Known(3e-3),
    "adamax": Known(3e-3),
    "adamaxw": Known(3e-3),
    "adamw": Known(3e-3),
    "adan": Known(3e-3),
    "ademamix": Known(1e-3),
    "adopt": Known(3e-3),
    "amsgrad": Known(3e-3),
    "cocob": Known(1.0),
    "dadapt_adamw": Known(1.0),
    "dog": Known(1.0),
    "dowg": Known(1.0),
    "fromage": Known(1e-2, flat=False),
    "galore": Known(3e-3, flat=False),
    "lamb": Known(1e-2, flat=False),
    "lars": Known(1.0, flat=False),
    "lion": Known(3e-4),
    "madgrad": Known(1e-2),
    "muon": Known(1e-2, flat=False),
    "nadam": Known(3e-3),
    "nadamw": Known(3e-3),
    "noisy_sgd": Known(0.1),
    "novograd": Known(1e-2, flat=False),
    "optimistic_adam_v2": Known(3e-3),
    "optimistic_gradient_descent": Known(0.1),
    "prodigy": Known(1.0),
    "radam": Known(3e-3),
    "rmsprop": Known(3e-3),
    "schedule_free_adamw": Known(3e-3),
    "schedule_free_sgd": Known(1.0),
    "sgd": Known(0.1),
    "sign_sgd": Known(3e-4),
    "signum": Known(3e-4),
    "simplified_ademamix": Known(1e-4),
    "sm3": Known(0.03, flat=False),
    "yogi": Known(1e-2),
}

# Keywords that optax insists on.
REQUIRED_ARGUMENTS: dict[str, dict[str, Any]] = {"noisy_sgd": {"key": 0}}

# Rules of optax that a comparison cannot run, and why.
UNSUPPORTED: dict[str, str] = {
    "dpsgd": "It needs the gradient of every single example.",
    "lbfgs": "Its line search evaluates the loss; a minibatch step has only the gradient.",
    "momo": "It needs the value of the loss at every step.",
    "momo_adam": "It needs the value of the loss at every step.",
    "optimistic_adam": "optax has deprecated it in favour of optimistic_adam_v2.",
    "polyak_sgd": "It needs the value of the loss at every step.",
    "rprop": "Its learning rate is only the first step's, so a schedule would change nothing.",
    "sophia": "It needs second derivatives of the loss.",
}


def check_optax(name: str) -> None:
    """Raise UsageError for a rule that optax does not have, or that cannot be used here."""
    if name in UNSUPPORTED:
        raise UsageError(f"optax:{name} cannot be compared here.", UNSUPPORTED[name], "Choose another rule.")
    if name not in OPTAX:
        near = re.sub(r"'(\w+)'", r"'optax:\1'", did_you_mean(name, OPTAX))  # as it is typed
        raise UsageError(f"There is no optimizer 'optax:{name}'.", "", near)
