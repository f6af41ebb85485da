"""The adapter that makes an optimizer of optax, `optax:NAME(keyword=value, ...)`, usable in a training.

The keywords are fixed in the compiled program, since optax computes 1 - b for an averaging rate b in float64.
The learning rate is an input of the program. It can be a traced array or a schedule for every optimizer, also
where optax itself takes only a number.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
import optax.contrib

from ravine.errors import UsageError, did_you_mean
from ravine.optimizers.hyperparameters import Rate, check_rate
from ravine.optimizers.optax_rules import OPTAX, REQUIRED_ARGUMENTS, check_optax
from ravine.optimizers.per_array import Optimizer

__all__ = ["OptaxState", "adapted", "from_optax"]


class OptaxState(NamedTuple):
    """The state of an optimizer that the adapter takes from optax.

    t: number of steps, int32, None without a schedule. inner: state of the optax optimizer, in which random
    keys are arrays of integers (`jax.random.key_data`), so that the state can be saved.
    """

    t: jax.Array | None
    inner: Any


def from_optax(name: str, keywords: Mapping[str, object] | None = None) -> Callable[..., Optimizer]:
    """Return the constructor of an optimizer of optax: a function (learning_rate, key) -> Optimizer.

    name: name of the optimizer in optax, such as `lion`. keywords: its keyword arguments in optax. The
    argument `key` of the constructor is the random key [2] of a run, for an optimizer that draws random
    numbers. Without a key, the optimizer draws the same numbers in every run.

    Raises UsageError for an optimizer that optax does not have or that a training cannot run, for an unknown
    keyword, and for a value that optax refuses.
    """
    check_optax(name)
    factory = getattr(optax, name, None) or getattr(optax.contrib, name)
    keywords = {**REQUIRED_ARGUMENTS.get(name, {}), **(keywords or {})}
    allowed = [name for name in inspect.signature(factory).parameters if name != "learning_rate"]
    for keyword in keywords:
        if keyword == "learning_rate":
            raise UsageError(
                f"The keywords of optax:{name} contain a learning rate.",
                "The learning rate is an option of its own, or is tuned.",
                "Leave it out of the brackets. Use for example --learning-rate 0.1.",
            )
        if keyword not in allowed:
            raise UsageError(
                f"optax:{name} has no keyword '{keyword}'.",
                "",
                did_you_mean(keyword, allowed),
                allowed=tuple(allowed),
            )

    def constructor(learning_rate: Rate = OPTAX[name].rate_center, key: jax.Array | None = None) -> Optimizer:
        chosen = keywords if key is None else {**keywords, "key": _key_of_run(key, keywords["key"])}
        return adapted(lambda eta: factory(learning_rate=eta, **chosen), learning_rate, EVAL_PARAMS.get(name))

    _try_step(constructor, name, keywords)
    return constructor


def _key_of_run(key: jax.Array, keyword: Any) -> jax.Array:
    """Return the random key that the key of a run [2] and the keyword `key=3` fix together."""
    return jax.random.fold_in(jax.random.wrap_key_data(key), int(keyword) % 2**32)


def _schedule_free_point(params: optax.Params, state: OptaxState) -> Any:
    return optax.contrib.schedule_free_eval_params(state.inner, params)


EVAL_PARAMS = {"schedule_free_sgd": _schedule_free_point, "schedule_free_adamw": _schedule_free_point}


def adapted(
    rule: Callable[[jax.Array], optax.GradientTransformation],
    rate: Rate,
    eval_params: Callable[[optax.Params, OptaxState], optax.Params] | None = None,
) -> Optimizer:
    """Return the optimizer that builds `rule` anew in every step, with the learning rate of that step.

    eval_params: function (params, state) -> weights to evaluate; None = that of the built optimizer, if it
    has one, else the stored parameters.
    """
    check_rate(rate)

    def at(t: jax.Array | None, like: optax.Params) -> jax.Array:
        dtype = jnp.result_type(next(iter(jax.tree.leaves(like)), jnp.float32))
        return jnp.asarray(rate(t) if callable(rate) else rate, jnp.finfo(dtype).dtype)  # type: ignore[arg-type]

    def init(params: optax.Params) -> OptaxState:
        t = jnp.zeros((), jnp.int32) if callable(rate) else None
        return OptaxState(t, _with_plain_keys(rule(at(t, params)).init(params)))

    def update(
        grads: optax.Updates, state: OptaxState, params: optax.Params | None = None, **extra: object
    ) -> tuple[optax.Updates, OptaxState]:
        like = grads if params is None else params
        inner = optax.with_extra_args_support(rule(at(state.t, like)))
        typed = _with_typed_keys(state.inner, jax.eval_shape(inner.init, like))
        updates, after = inner.update(grads, typed, params, **extra)
        updates = jax.tree.map(lambda u, w: jnp.asarray(u, jnp.result_type(w)), updates, like)
        return updates, OptaxState(
            None if state.t is None else optax.safe_increment(state.t), _with_plain_keys(after)
        )

    def point(params: optax.Params, state: OptaxState) -> optax.Params:
        built = rule(at(state.t, params))
        return built.eval_params(params, state.inner) if isinstance(built, Optimizer) else params

    return Optimizer(init, update, eval_params or point)


def _is_key(leaf: Any) -> bool:
    return hasattr(leaf, "dtype") and jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key)


def _with_plain_keys(state: Any) -> Any:
    """Return a state in which every random key is an array of integers."""
    return jax.tree.map(lambda leaf: jax.random.key_data(leaf) if _is_key(leaf) else leaf, state)


def _with_typed_keys(state: Any, like: Any) -> Any:
    """Return a state in which those arrays are random keys that are random keys in `like`."""
    return jax.tree.map(
        lambda leaf, kind: jax.random.wrap_key_data(leaf) if _is_key(kind) else leaf, state, like
    )


def _try_step(constructor: Callable[[Rate], Optimizer], name: str, keywords: Mapping[str, object]) -> None:
    """Trace one step on a small matrix, so that a keyword that optax refuses raises before the training."""

    def one_step(rate: jax.Array, w: jax.Array) -> Any:
        optimizer = constructor(rate)
        return optimizer.update(w, optimizer.init(w), w)

    small = jax.ShapeDtypeStruct((2, 2), jnp.float32)
    try:
        jax.eval_shape(one_step, jax.ShapeDtypeStruct((), jnp.float32), small)
    except Exception as error:  # the arithmetic inside optax can raise anything
        inside = ", ".join(f"{key}={value!r}" for key, value in keywords.items())
        first = str(error).strip().split("\n")[0]
        raise UsageError(
            f"optax:{name}({inside}) cannot be used.",
            f"optax says: {first}",
            f"See the keywords of optax.{name}.",
        ) from error
