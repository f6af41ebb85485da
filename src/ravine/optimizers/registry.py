"""Rules: what each registered optimizer says of itself, and the rule that a text names."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pkgutil import resolve_name
from typing import Any, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt
import optax

from ravine.errors import UsageError, did_you_mean
from ravine.optimizers import OPTIMIZERS
from ravine.optimizers.hyperparameters import Decay, Number, Rate, decay
from ravine.optimizers.optax_rules import OPTAX
from ravine.optimizers.optimizer_text import ParsedOptimizer, read_optimizer, read_optimizers
from ravine.optimizers.per_array import Diagonal, Optimizer, diagonal_of_state
from ravine.optimizers.plot_style import PlotStyle

__all__ = [
    "RULES",
    "Diagonal",
    "Range",
    "Rule",
    "Stability",
    "log_range",
    "one_minus_range",
    "register",
    "resolve",
    "resolve_all",
    "rule_of",
]  # fmt: skip

F = TypeVar("F", bound=Callable[..., Optimizer])


class Range(NamedTuple):
    """Where a hyperparameter is searched: log-uniform between `low` and `high`, in 1 - b if `one_minus`."""

    low: float
    high: float
    one_minus: bool = False

    def at(self, u: npt.ArrayLike) -> npt.NDArray[np.float64]:
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


class Stability(NamedTuple):
    """`formula`: the limit as text. limit(learning_rate, hyper): the largest curvature of a stable step.

    The limit is exact on the quadratic curvature w^2 / 2, where the rule is a linear recursion.
    """

    formula: str
    limit: Callable[[float, Mapping[str, Any]], float]


@dataclass(frozen=True)
class Rule:
    """An optimizer that can be compared.

    name: as the user types it, keywords included. title: as tables show it.
    constructor(learning_rate, **hyper) -> Optimizer.
    defaults: hyperparameters that may be data (numbers). decays: those of them that enter as b and 1 - b.
    rate_centre: middle, in the logarithm, of the learning rates searched.
    tuned: search ranges of the track `full`.
    flat: may be given all parameters as one vector (False for rules that look at layers).
    elementwise: the step of a weight depends on the gradients of that weight alone.
    stability: limit of the curvature, None where none is known. diagonal: P of the step -eta P^-1 m, None for
    a rule with one rate for all weights. style: how pictures draw it, None for the next free style.
    """

    name: str
    title: str
    constructor: Callable[..., Optimizer] = field(repr=False, compare=False)
    rate_centre: float
    defaults: Mapping[str, float] = field(default_factory=dict, compare=False)
    decays: tuple[str, ...] = ()
    tuned: Mapping[str, Range] = field(default_factory=dict, repr=False, compare=False)
    flat: bool = True
    elementwise: bool = True
    stability: Stability | None = field(default=None, repr=False, compare=False)
    diagonal: Diagonal | None = field(default=None, repr=False, compare=False)
    style: PlotStyle | None = field(default=None, repr=False, compare=False)

    @property
    def base_name(self) -> str:
        """The name without keywords: `adam` of `adam(b1=0.95)`."""
        return self.name.partition("(")[0]

    @property
    def preconditioned(self) -> bool:
        """Whether the step has a diagonal preconditioner: the stability limit is for P^(-1/2) H P^(-1/2)."""
        return self.diagonal is not None

    def stability_limit(
        self, learning_rate: float, hyper: Mapping[str, Number] | None = None
    ) -> float | None:
        """Return the largest curvature at which a step is stable, None where no limit is known.

        hyper: host numbers, by default the rule's own. Raises UsageError: a learning rate that is not above
        zero, a hyperparameter that the rule does not have or cannot use.
        """
        if not (np.isfinite(learning_rate) and learning_rate > 0):
            raise UsageError(
                f"The learning rate {learning_rate} has no stability limit.",
                "The rate must be a finite number above zero.",
                "Give the learning rate in use.",
            )
        self.check(hyper or {})
        if self.stability is None:
            return None
        return float(self.stability.limit(learning_rate, {**self.defaults, **(hyper or {})}))

    def preconditioner(
        self, state: optax.OptState, hyper: Mapping[str, Number | Decay] | None = None
    ) -> optax.Params | None:
        """Return the diagonal P of the step -eta P^-1 m, a tree like the parameters, or None without one.

        state: of one run; it may be the state of a transformation around the rule. hyper: as from `as_data`,
        by default the rule's own. Traceable.
        """
        if self.diagonal is None:
            return None
        return diagonal_of_state(self.diagonal, state, self.as_data() if hyper is None else hyper)

    def build(self, rate: Rate, **hyper: Number | Decay) -> Optimizer:
        """Return the optimizer at `rate` (number, array, schedule); what is not given is at its default."""
        return self.constructor(rate, **{**self.defaults, **hyper})

    def as_data(self, **hyper: Number | Decay) -> dict[str, np.ndarray | Decay]:
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

    def check(self, hyper: Mapping[str, object]) -> None:
        """Raise UsageError for a hyperparameter this rule does not have."""
        for name in hyper:
            if name not in self.defaults:
                if name in ("learning_rate", "rate", "lr"):
                    raise UsageError(
                        f"'{self.name}' was given a learning rate.",
                        "It is what is searched.",
                        "Leave it out.",
                    )
                hint = (
                    did_you_mean(name, self.defaults) if self.defaults else "It has only its learning rate."
                )
                raise UsageError(f"The optimizer '{self.name}' has no hyperparameter '{name}'.", "", hint)

    def with_hyper(self, hyper: Mapping[str, float]) -> Rule:
        """Return this rule with other defaults, and so named; what is fixed by hand is no longer tuned."""
        if not hyper:
            return self
        self.check(hyper)
        for name, value in hyper.items():
            if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e300:
                raise UsageError(f"'{self.name}' cannot use {name}={value!r}.", "It must be a finite number.")
        self.constructor(self.rate_centre, **{**self.defaults, **hyper})  # refuses values that cannot be used
        inside = ", ".join(f"{name}={value!r}" for name, value in hyper.items())
        return replace(
            self,
            name=f"{self.name}({inside})",
            title=f"{self.title} ({inside})",
            defaults={**self.defaults, **hyper},
            tuned={name: where for name, where in self.tuned.items() if name not in hyper},
        )


DESCRIBED: dict[Callable[..., Optimizer], Rule] = {}
"""Rule of every constructor that was imported."""


def rule_of(constructor: Callable[..., Optimizer]) -> Rule:
    """Return the rule of a constructor decorated with `register`. Raises TypeError for another one."""
    if constructor not in DESCRIBED:
        raise TypeError(f"{constructor!r} is no optimizer: decorate it with @register(...).")
    return DESCRIBED[constructor]


class _Rules(Mapping[str, Rule]):
    """The rules of `OPTIMIZERS` by name; the file of a rule is imported when the rule is first read."""

    def __getitem__(self, name: str) -> Rule:
        rule = rule_of(resolve_name(OPTIMIZERS[name]))
        if rule.name != name:
            raise TypeError(f"The optimizer '{name}' is registered as '{OPTIMIZERS[name]}'. Use one name.")
        return rule

    def __contains__(self, name: object) -> bool:
        return name in OPTIMIZERS

    def __iter__(self) -> Iterator[str]:
        return iter(OPTIMIZERS)

    def __len__(self) -> int:
        return len(OPTIMIZERS)


RULES: Mapping[str, Rule] = _Rules()


def register(
    title: str,
    *,
    rate_centre: float,
    decays: tuple[str, ...] = (),
    tuned: Mapping[str, Range] | None = None,
    stability: Stability | None = None,
    diagonal: Diagonal | None = None,
    style: PlotStyle | None = None,
) -> Callable[[F], F]:
    """Describe the decorated constructor as a rule of the same name, with the defaults of its signature.

    `OPTIMIZERS` in `ravine.optimizers` says where to find it.

    The rate centre is the middle of the four decades searched, for a small network on standardized data.
    Gradients there are of order 0.1 to 1. A rule that steps in proportion to them wants a rate near 0.1, less
    with momentum, which repeats each gradient 1/(1 - rho) times. A rule that divides by the gradient's size
    wants the size of a step: a few thousandths, more where steps die out (AdaGrad). AdaDelta's own rate is 1.
    """

    def enter(constructor: F) -> F:
        parameters = dict(inspect.signature(constructor).parameters)
        del parameters["learning_rate"]
        defaults = {name: parameter.default for name, parameter in parameters.items()}
        DESCRIBED[constructor] = Rule(
            name=constructor.__name__,
            title=title,
            constructor=constructor,
            rate_centre=rate_centre,
            defaults=defaults,
            decays=decays,
            tuned=dict(tuned or {}),
            stability=stability,
            diagonal=diagonal,
            style=style,
        )
        return constructor

    return enter


def resolve(text: str) -> Rule:
    """Return the rule a user names: `adam`, `Adam`, `adam(b1=0.95)`, `optax:lion(b1=0.9)`.

    Raises UsageError with the nearest name for one that does not exist, and for what it cannot use.
    """
    return _rule(read_optimizer(text))


def resolve_all(texts: str | Sequence[str]) -> list[Rule]:
    """Return the rules of a list with commas, `sgd,adam,optax:lion(b1=0.9)`, or of a sequence of names.

    Raises UsageError for an empty list, an unknown name, or the same rule twice.
    """
    return [_rule(spec) for spec in read_optimizers(texts)]


def _rule(spec: ParsedOptimizer) -> Rule:
    if not spec.source:
        return RULES[spec.name].with_hyper(spec.keywords)
    from ravine.optimizers.from_optax import from_optax  # imports all of optax.contrib

    constructor = from_optax(spec.name, spec.keywords)
    known = OPTAX[spec.name]
    return Rule(str(spec), str(spec), constructor, known.rate_centre, flat=known.flat, elementwise=False)
