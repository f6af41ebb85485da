"""The registered optimizers and their descriptions, of type `Rule`: hyperparameters, search ranges, ...

`RULES` holds them by name; `resolve` returns the rule that a user's text names, also for optimizers of optax.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from pkgutil import resolve_name
from typing import Any, NamedTuple, TypeVar

import numpy as np
import optax

from ravine.errors import UsageError, did_you_mean
from ravine.optimizers import OPTIMIZERS
from ravine.optimizers.hyperparameters import Decay, Number, Rate, decay
from ravine.optimizers.optax_rules import OPTAX
from ravine.optimizers.optimizer_text import (
    ParsedOptimizer,
    parse_optimizer,
    read_optimizer,
    read_optimizers,
)
from ravine.optimizers.per_array import Diagonal, Optimizer, diagonal_of_state
from ravine.optimizers.plot_style import PlotStyle
from ravine.optimizers.ranges import Range, log_range, one_minus_range
from ravine.user_code.code_text import CodeText
from ravine.user_code.load import LoadedCode, absolute_path, load_code, load_same_code, run_source, source_of

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


class Stability(NamedTuple):
    """The stability limit of an optimizer: the largest Hessian eigenvalue at which it does not diverge.

    formula: the limit as text, for example "2 / eta" with learning rate eta. limit: function (learning_rate,
    hyper) -> limit; hyper holds hyperparameters by name.

    The limit is exact for a loss c w^2 / 2 of one weight w with curvature c, for which the optimizer is a
    linear recursion. With a preconditioner P, it holds for P^(-1/2) H P^(-1/2) in place of the Hessian H.
    """

    formula: str
    limit: Callable[[float, Mapping[str, Any]], float]


@dataclass(frozen=True)
class Rule:
    """An optimizer with all that the studies need to know about it.

    name: name as the user types it, with keywords; for an optimizer of a Python file of the user without the
    folder of the file. title: name that tables show.
    constructor: function (learning_rate, **hyper) -> Optimizer.
    rate_center: middle, on the logarithmic scale, of the range of learning rates that a search tries first.
    defaults: hyperparameters that can differ between runs, with their default values.
    averaging_rates: names of those hyperparameters that are averaging rates and enter as the pair (b, 1 - b).
    search_ranges: search ranges of the hyperparameters, for a search that tunes all of them.
    accepts_vector: whether it can treat all parameters as one vector; False if it depends on layers.
    elementwise: whether the update of a weight is known to depend only on the gradients of that weight.
    calls_lapack: whether a step decomposes matrices. On a CPU such programs run one at a time.
    random: whether it draws random numbers. Its constructor then takes `key`, the random key of a run [2].
    stability: the stability limit, None if it is not known.
    diagonal: preconditioner P of the update -eta P^-1 m, None for one learning rate for all weights.
    style: plot style, None for the next free style.
    rate_decades: width of the range of learning rates around `rate_center`; None = the usual one.
    code: SHA-256 of the user's Python file that defines the optimizer, "" for all others.
    full_text: the text that `resolve` reads again, "" if it is the name.
    """

    name: str
    title: str
    constructor: Callable[..., Optimizer] = field(repr=False, compare=False)
    rate_center: float
    defaults: Mapping[str, float] = field(default_factory=dict, compare=False)
    averaging_rates: tuple[str, ...] = ()
    search_ranges: Mapping[str, Range] = field(default_factory=dict, repr=False, compare=False)
    accepts_vector: bool = True
    elementwise: bool = True
    calls_lapack: bool = False
    random: bool = False
    stability: Stability | None = field(default=None, repr=False, compare=False)
    diagonal: Diagonal | None = field(default=None, repr=False, compare=False)
    style: PlotStyle | None = field(default=None, repr=False, compare=False)
    rate_decades: float | None = None
    code: str = ""
    full_text: str = ""

    @property
    def text(self) -> str:
        """The text that `resolve` reads again. For an optimizer of a Python file it holds the whole path."""
        return self.full_text or self.name

    def __reduce__(self) -> Any:
        """Pickle the rule of a Python file as its text with the content of the file, for other machines."""
        if not self.code:
            return super().__reduce__()
        spec = parse_optimizer(self.text)
        path = absolute_path(spec.source)
        return _rule_of_source, (str(spec._replace(source=str(path))), self.code, source_of(path, self.code))

    @property
    def base_name(self) -> str:
        """The name without keywords: `adam` for `adam(b1=0.95)`."""
        return self.name.partition("(")[0]

    @property
    def preconditioned(self) -> bool:
        """Whether the optimizer has a preconditioner P, as in the update -eta P^-1 g.

        The stability limit then refers to eigenvalues of P^(-1/2) H P^(-1/2) in place of the Hessian H.
        """
        return self.diagonal is not None

    def stability_limit(
        self, learning_rate: float, hyper: Mapping[str, Number] | None = None
    ) -> float | None:
        """Return the largest eigenvalue of the Hessian at which the optimizer is stable; None if not known.

        For an optimizer with a preconditioner P, the eigenvalue is that of P^(-1/2) H P^(-1/2). hyper:
        hyperparameters by name, as Python numbers; the others are at their defaults. Raises UsageError for a
        learning rate that is not finite and above 0, and for a hyperparameter that the optimizer does not
        have.
        """
        if not (np.isfinite(learning_rate) and learning_rate > 0):
            raise UsageError(
                f"With the learning rate {learning_rate}, no optimizer has a stability limit.",
                "The learning rate must be a finite number above zero.",
                "Give the learning rate in use.",
            )
        self.check(hyper or {})
        if self.stability is None:
            return None
        return float(self.stability.limit(learning_rate, {**self.defaults, **(hyper or {})}))

    def preconditioner(
        self, state: optax.OptState, hyper: Mapping[str, Number | Decay] | None = None
    ) -> optax.Params | None:
        """Return the preconditioner P of the update -eta P^-1 m, a tree like the parameters.

        m is the gradient or its running mean, eta the learning rate. The result is None for an optimizer
        without a preconditioner. state: state of one run, also with transforms around the optimizer. hyper:
        hyperparameters as `as_data` returns them; None = the defaults. The function can be traced by JAX.
        """
        if self.diagonal is None:
            return None
        return diagonal_of_state(self.diagonal, state, self.as_data() if hyper is None else hyper)

    def build(self, rate: Rate, **hyper: Number | Decay) -> Optimizer:
        """Return the optimizer at a learning rate (number, scalar array or schedule).

        Hyperparameters that `hyper` leaves out are at their defaults.
        """
        return self.constructor(rate, **{**self.defaults, **hyper})

    def as_data(self, **hyper: Number | Decay) -> dict[str, np.ndarray | Decay]:
        """Return all hyperparameters as float64 arrays, by name, to be inputs of a compiled program.

        An averaging rate b is a pair (b, 1 - b). hyper: numbers or arrays [run], by name; the others are at
        their defaults. Raises UsageError for a name that the optimizer does not have, and for an averaging
        rate that is not in [0, 1).
        """
        self.check(hyper)
        values = {**self.defaults, **hyper}
        return {
            name: Decay(*map(np.asarray, decay(value)))
            if name in self.averaging_rates
            else np.asarray(value, np.float64)
            for name, value in values.items()
        }

    def check(self, hyper: Mapping[str, object]) -> None:
        """Raise UsageError for the name of a hyperparameter that this optimizer does not have."""
        for name in hyper:
            if name not in self.defaults:
                if name in ("learning_rate", "rate", "lr"):
                    raise UsageError(
                        f"The keywords of the optimizer '{self.name}' contain a learning rate.",
                        "The learning rate is an option of its own, or is tuned.",
                        "Leave it out here. Use for example --learning-rate 0.1 or --schedule.",
                    )
                hint = (
                    did_you_mean(name, self.defaults) if self.defaults else "It has only its learning rate."
                )
                raise UsageError(f"The optimizer '{self.name}' has no hyperparameter '{name}'.", "", hint)

    def with_hyper(self, hyper: Mapping[str, float]) -> Rule:
        """Return this optimizer with fixed values of some hyperparameters, such as `adam(b1=0.95)`.

        The values become defaults, appear in the name, and are no longer tuned. Raises UsageError for a name
        or a value that the optimizer cannot use.
        """
        if not hyper:
            return self
        self.check(hyper)
        for name, value in hyper.items():
            if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e300:
                raise UsageError(
                    f"The optimizer '{self.name}' cannot use {name}={value!r}.",
                    f"The value of {name} must be a finite number.",
                )
        self.constructor(
            self.rate_center, **{**self.defaults, **hyper}
        )  # raises for a value that the optimizer refuses
        inside = ", ".join(f"{name}={value!r}" for name, value in hyper.items())
        return replace(
            self,
            name=f"{self.name}({inside})",
            title=f"{self.title} ({inside})",
            defaults={**self.defaults, **hyper},
            search_ranges={name: bounds for name, bounds in self.search_ranges.items() if name not in hyper},
        )


RULE_OF_CONSTRUCTOR: dict[Callable[..., Optimizer], Rule] = {}
"""The rule of every constructor that is imported so far."""


def rule_of(constructor: Callable[..., Optimizer]) -> Rule:
    """Return the `Rule` that describes an optimizer, for its constructor, such as the function `adam`.

    Raises TypeError for a constructor that is not decorated by `register`.
    """
    if constructor not in RULE_OF_CONSTRUCTOR:
        raise TypeError(f"{constructor!r} is no optimizer: decorate it with @register(...).")
    return RULE_OF_CONSTRUCTOR[constructor]


class _Rules(Mapping[str, Rule]):
    """The rules of `OPTIMIZERS` by name. The file of an optimizer is imported when its rule is first read."""

    def __getitem__(self, name: str) -> Rule:
        rule = rule_of(resolve_name(OPTIMIZERS[name]))
        if rule.name != name:
            raise TypeError(
                f"The optimizer '{name}' is registered with the constructor '{OPTIMIZERS[name]}', which has "
                "another name. Use one name."
            )
        return rule

    def __contains__(self, name: object) -> bool:
        return name in OPTIMIZERS

    def __iter__(self) -> Iterator[str]:
        return iter(OPTIMIZERS)

    def __len__(self) -> int:
        return len(OPTIMIZERS)


RULES: Mapping[str, Rule] = _Rules()
"""All registered optimizers by name."""


def register(
    title: str,
    *,
    rate_center: float,
    averaging_rates: tuple[str, ...] = (),
    search_ranges: Mapping[str, Range] | None = None,
    stability: Stability | None = None,
    diagonal: Diagonal | None = None,
    style: PlotStyle | None = None,
) -> Callable[[F], F]:
    """Return a decorator that adds a description, a `Rule`, to the constructor of an optimizer.

    Hyperparameters and their defaults come from the signature of the constructor. The other arguments are
    fields of `Rule`. A line in `OPTIMIZERS` makes the optimizer known by its name.

    rate_center is the middle of the four decades of learning rates that a search covers, for a small network
    on standardized data. Its gradients are of order 0.1 to 1. An optimizer with updates in proportion to the
    gradient therefore needs a learning rate near 0.1, and less with momentum, which repeats every gradient
    1 / (1 - rho) times. For an optimizer that divides by the size of the gradient, the learning rate is the
    size of an update, a few thousandths, or more where updates decrease (AdaGrad). AdaDelta finds its own
    size, with a learning rate of 1.
    """

    def describe(constructor: F) -> F:
        parameters = dict(inspect.signature(constructor).parameters)
        del parameters["learning_rate"]
        defaults = {name: parameter.default for name, parameter in parameters.items()}
        RULE_OF_CONSTRUCTOR[constructor] = Rule(
            name=constructor.__name__,
            title=title,
            constructor=constructor,
            rate_center=rate_center,
            defaults=defaults,
            averaging_rates=averaging_rates,
            search_ranges=dict(search_ranges or {}),
            stability=stability,
            diagonal=diagonal,
            style=style,
        )
        return constructor

    return describe


def resolve(text: str) -> Rule:
    """Return the optimizer that a text such as `adam`, `adam(b1=0.95)` or `optax:lion(b1=0.9)` names.

    The result is the `Rule` that describes it. Raises UsageError for an unknown name, with the nearest known
    name, and for keywords that are not allowed.
    """
    return _rule(read_optimizer(text))


def resolve_all(texts: str | Sequence[str]) -> list[Rule]:
    """Return the optimizers that a text such as `sgd,adam,optax:lion(b1=0.9)` names, each as a `Rule`.

    texts: a text with commas between optimizers, or a sequence of such texts. Raises UsageError for an empty
    list, for an unknown name, for keywords that are not allowed, and for an optimizer that occurs twice.
    """
    return [_rule(spec) for spec in read_optimizers(texts)]


def _rule(spec: ParsedOptimizer) -> Rule:
    if not spec.source:
        return RULES[spec.name].with_hyper(spec.keywords)
    if spec.in_file:
        return _rule_of_file(spec, load_code(CodeText(spec.source, spec.name)))
    from ravine.optimizers.from_optax import from_optax  # imports all of optax.contrib

    constructor = from_optax(spec.name, spec.keywords)
    optax_rule = OPTAX[spec.name]
    return Rule(
        str(spec),
        str(spec),
        constructor,
        optax_rule.rate_center,
        accepts_vector=optax_rule.accepts_vector,
        elementwise=False,
        calls_lapack=optax_rule.calls_lapack,
        random=optax_rule.random,
    )


def _rule_of_source(text: str, sha256: str, source: bytes) -> Rule:
    """Return the optimizer that a text names, in a Python file of which another process sent the content."""
    spec = parse_optimizer(text)
    run_source(Path(spec.source), source)
    return _rule_of_file(spec, load_same_code(CodeText(spec.source, spec.name), sha256))


def _rule_of_file(spec: ParsedOptimizer, code: LoadedCode) -> Rule:
    """Return the description of an optimizer that a function in a Python file of the user builds."""
    from ravine.optimizers.from_file import checked_constructor, optimizer_from_file, tries_lapack

    plain = spec._replace(keywords={}).short_name
    if inspect.isfunction(code.value) and code.value in RULE_OF_CONSTRUCTOR:
        constructor = checked_constructor(spec, code)
        known = replace(
            RULE_OF_CONSTRUCTOR[code.value], name=plain, title=plain, constructor=constructor,
            code=code.sha256, elementwise=False,
        )  # fmt: skip
        found_rule = replace(known.with_hyper(spec.keywords), full_text=str(spec))
        lapack = tries_lapack(found_rule.build, code.path, False)
        return replace(found_rule, calls_lapack=lapack)
    found = optimizer_from_file(spec, code)
    return Rule(
        spec.short_name,
        spec.short_name,
        found.constructor,
        found.rate_center,
        accepts_vector=False,
        elementwise=False,
        calls_lapack=found.calls_lapack,
        random=found.random,
        rate_decades=found.rate_decades,
        code=code.sha256,
        full_text=str(spec),
    )
