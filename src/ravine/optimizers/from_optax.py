"""Any rule of optax among ours: `optax:NAME(keyword=value, ...)`, the learning rate injected as data.

The keywords are fixed when the rule is made (optax forms 1 - b from them in float64); the rate may be
a traced array or a schedule for every rule, also for those whose own signature takes a number only.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
import optax.contrib

from ravine.errors import UsageError, did_you_mean
from ravine.optimizers.hyperparameters import Rate, check_rate
from ravine.optimizers.per_array import Optimizer

__all__ = ["OPTAX", "Known", "OptaxState", "from_optax"]


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

# Keywords optax insists on.
_NEEDED: dict[str, dict[str, Any]] = {"noisy_sgd": {"key": 0}}

_REFUSED = {
    "dpsgd": "It needs the gradient of every single example.",
    "lbfgs": "Its line search evaluates the loss; a minibatch step has only the gradient.",
    "momo": "It needs the value of the loss at every step.",
    "momo_adam": "It needs the value of the loss at every step.",
    "optimistic_adam": "optax has deprecated it in favour of optimistic_adam_v2.",
    "polyak_sgd": "It needs the value of the loss at every step.",
    "rprop": "Its learning rate is only the first step's, so a schedule would change nothing.",
    "sophia": "It needs second derivatives of the loss.",
}


class OptaxState(NamedTuple):
    """`t`: steps taken, None for a constant rate. `inner`: the rule's own state."""

    t: jax.Array | None
    inner: Any


def _near(name: str) -> str:
    """Return the rules meant, as they are typed."""
    return re.sub(r"'(\w+)'", r"'optax:\1'", did_you_mean(name, OPTAX))


def from_optax(name: str, keywords: Mapping[str, Any] | None = None) -> Callable[[Rate], Optimizer]:
    """Return a constructor: learning rate (number, scalar array or schedule of t = 0, 1, ...) -> Optimizer.

    Raises UsageError for a name or keyword optax does not have, one that cannot be used here, or a value the
    rule refuses (it is tried on a small array).
    """
    if name in _REFUSED:
        raise UsageError(f"optax:{name} cannot be compared here.", _REFUSED[name], "Choose another rule.")
    if name not in OPTAX:
        raise UsageError(f"There is no optimizer 'optax:{name}'.", "", _near(name))
    factory = getattr(optax, name, None) or getattr(optax.contrib, name)
    keywords = {**_NEEDED.get(name, {}), **(keywords or {})}
    allowed = [each for each in inspect.signature(factory).parameters if each != "learning_rate"]
    for keyword in keywords:
        if keyword == "learning_rate":
            raise UsageError(
                f"optax:{name} was given a learning rate.",
                "It is what is searched.",
                "Leave it out.",
            )
        if keyword not in allowed:
            raise UsageError(f"optax:{name} has no keyword '{keyword}'.", "", did_you_mean(keyword, allowed))

    def constructor(learning_rate: Rate = OPTAX[name].rate_centre) -> Optimizer:
        return _adapted(lambda eta: factory(learning_rate=eta, **keywords), learning_rate, _JUDGED.get(name))

    _try(constructor, name, keywords)
    return constructor


def _schedule_free_point(params: Any, state: OptaxState) -> Any:
    return optax.contrib.schedule_free_eval_params(state.inner, params)


_JUDGED = {"schedule_free_sgd": _schedule_free_point, "schedule_free_adamw": _schedule_free_point}


def _adapted(
    rule: Callable[[jax.Array], optax.GradientTransformation],
    rate: Rate,
    judged: Callable[[Any, Any], Any] | None,
) -> Optimizer:
    """The rule is made anew at each step with that step's rate, so no rule needs to know of schedules."""
    check_rate(rate)

    def at(t: jax.Array | None, like: Any) -> jax.Array:
        dtype = jnp.result_type(next(iter(jax.tree.leaves(like)), jnp.float32))
        return jnp.asarray(rate(t) if callable(rate) else rate, jnp.finfo(dtype).dtype)  # type: ignore[arg-type]

    def init(params: Any) -> OptaxState:
        t = jnp.zeros((), jnp.int32) if callable(rate) else None
        return OptaxState(t, rule(at(t, params)).init(params))

    def update(grads: Any, state: OptaxState, params: Any = None, **extra: Any) -> tuple[Any, OptaxState]:
        like = grads if params is None else params
        inner = optax.with_extra_args_support(rule(at(state.t, like)))
        updates, after = inner.update(grads, state.inner, params, **extra)
        updates = jax.tree.map(lambda u, w: jnp.asarray(u, jnp.result_type(w)), updates, like)
        return updates, OptaxState(None if state.t is None else optax.safe_increment(state.t), after)

    return Optimizer(init, update, judged)


def _try(constructor: Callable[[Rate], Optimizer], name: str, keywords: Mapping[str, Any]) -> None:
    """Trace one step on a small matrix: a value the rule cannot use is found now, not later."""

    def one_step(rate: jax.Array, w: jax.Array) -> Any:
        optimizer = constructor(rate)
        return optimizer.update(w, optimizer.init(w), w)

    small = jax.ShapeDtypeStruct((2, 2), jnp.float32)
    try:
        jax.eval_shape(one_step, jax.ShapeDtypeStruct((), jnp.float32), small)
    except Exception as error:  # optax raises whatever its arithmetic raises
        inside = ", ".join(f"{key}={value!r}" for key, value in keywords.items())
        first = str(error).strip().split("\n")[0]
        raise UsageError(
            f"optax:{name}({inside}) cannot be used.",
            f"optax says: {first}",
            f"See the keywords of optax.{name}.",
        ) from error
