"""Which rules there are, and how a user names one: `adam`, `adam(b1=0.95)`, `optax:lion(b1=0.9)`."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, NamedTuple, TypeVar

import numpy as np

from ravine.errors import UsageError, did_you_mean
from ravine.optimizers.hyperparameters import Decay, decay
from ravine.optimizers.per_array import Optimizer

__all__ = ["RULES", "Range", "Rule", "listed", "log_range", "one_minus_range"]

F = TypeVar("F", bound=Callable[..., Optimizer])


class Range(NamedTuple):
    """Where a hyperparameter is searched: log-uniform between `low` and `high`, in 1 - b if `one_minus`."""

    low: float
    high: float
    one_minus: bool = False

    def at(self, u: Any) -> Any:
        """Map u in [0, 1] (number or array) to values of the hyperparameter, float64."""
        value = np.exp(np.log(self.low) + np.asarray(u, np.float64) * (np.log(self.high) - np.log(self.low)))
        value = np.clip(value, self.low, self.high)
        return 1 - value if self.one_minus else value


def log_range(low: float, high: float) -> Range:
    """Log-uniform between `low` and `high`."""
    return Range(low, high)


def one_minus_range(low: float, high: float) -> Range:
    """Values b whose 1 - b is log-uniform between `low` and `high`."""
    return Range(low, high, one_minus=True)


@dataclass(frozen=True)
class Rule:
    """An optimizer that can be compared.

    name: as the user types it, keywords included. title: as tables show it.
    constructor(rate, **hyper) -> Optimizer.
    defaults: hyperparameters that may be data (numbers). decays: those of them that enter as b and 1 - b.
    rate_centre: middle, in the logarithm, of the learning rates searched.
    tuned: search ranges of the track `full`.
    flat: may be given all parameters as one vector (False for rules that look at layers).
    """

    name: str
    title: str
    constructor: Callable[..., Optimizer] = field(repr=False)
    rate_centre: float
    defaults: Mapping[str, float] = field(default_factory=dict)
    decays: tuple[str, ...] = ()
    tuned: Mapping[str, Range] = field(default_factory=dict, repr=False)
    flat: bool = True

    def build(self, rate: Any, **hyper: Any) -> Optimizer:
        """Return the optimizer at `rate` (number, array, schedule); what is not given is at its default."""
        return self.constructor(rate, **{**self.defaults, **hyper})

    def as_data(self, **hyper: Any) -> dict[str, np.ndarray | Decay]:
        """Return all hyperparameters as float64 arrays to hand to a compiled program, decay rates as pairs.

        Each may be a number or an array [run]; what is not given is at its default.
        """
        self.check(hyper)
        values = {**self.defaults, **hyper}
        return {
            name: Decay(*map(np.asarray, decay(value)))
            if name in self.decays
            else np.asarray(value, np.float64)
            for name, value in values.items()
        }

    def check(self, hyper: Mapping[str, Any]) -> None:
        """Raise UsageError for a hyperparameter this rule does not have."""
        for name in hyper:
            if name not in self.defaults:
                hint = (
                    did_you_mean(name, self.defaults) if self.defaults else "It has only its learning rate."
                )
                raise UsageError(f"The optimizer '{self.name}' has no hyperparameter '{name}'.", "", hint)

    def having(self, hyper: Mapping[str, float]) -> Rule:
        """Return this rule with other defaults, and so named; what is fixed by hand is no longer tuned."""
        if not hyper:
            return self
        self.check(hyper)
        self.constructor(self.rate_centre, **{**self.defaults, **hyper})  # refuses values that cannot be used
        inside = ", ".join(f"{name}={value!r}" for name, value in hyper.items())
        return replace(
            self,
            name=f"{self.name}({inside})",
            title=f"{self.title} ({inside})",
            defaults=MappingProxyType({**self.defaults, **hyper}),
            tuned=MappingProxyType({name: r for name, r in self.tuned.items() if name not in hyper}),
        )


# In the order of the lecture, which is the order `ravine.optimizers` imports them in.
RULES: dict[str, Rule] = {}


def listed(
    title: str, *, rate_centre: float, decays: tuple[str, ...] = (), tuned: Mapping[str, Range] | None = None
) -> Callable[[F], F]:
    """Enter the decorated constructor into RULES under its own name, with the defaults of its signature.

    The rate centre is the middle of the four decades searched, for a small network on standardised data.
    Gradients there are of order 0.1 to 1, so a rule that steps in proportion to them wants a rate near 0.1, and
    less with momentum, which repeats each gradient 1/(1 - rho) times. A rule that divides by the gradient's size
    wants the size of a step itself: a few thousandths, more where steps die out (AdaGrad). AdaDelta's own rate
    is 1.
    """

    def enter(constructor: F) -> F:
        parameters = dict(inspect.signature(constructor).parameters)
        del parameters["rate"]
        defaults = {name: parameter.default for name, parameter in parameters.items()}
        name = constructor.__name__
        if name in RULES:
            raise UsageError(
                f"There is already an optimizer '{name}'.", "Names are unique.", "Choose another name."
            )
        RULES[name] = Rule(
            name=name,
            title=title,
            constructor=constructor,
            rate_centre=rate_centre,
            defaults=MappingProxyType(defaults),
            decays=decays,
            tuned=MappingProxyType(dict(tuned or {})),
        )
        return constructor

    return enter
