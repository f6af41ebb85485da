"""The optimizer that a function in a Python file of the user builds: `own.py:lion`, `own.py:lion(b1=0.9)`.

    def lion(learning_rate, b1=0.9):
        return optax.chain(optax.scale_by_lion(b1), optax.scale_by_learning_rate(learning_rate))

    lion.learning_rates = 1e-5, 1e-2

The function takes a learning rate and returns an optimizer of optax or an `Optimizer` of Ravine. Its other
arguments are fixed in the compiled program. The attribute `learning_rates` is the range that a search tries
first. An argument `key` receives a random key, which differs between the seeds. A constructor that is
decorated by `ravine.optimizers.registry.register` is used with its whole description.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax

from ravine.errors import UsageError, did_you_mean
from ravine.optimizers.from_optax import adapted
from ravine.optimizers.hyperparameters import Rate
from ravine.optimizers.optimizer_text import ParsedOptimizer
from ravine.optimizers.per_array import Optimizer
from ravine.user_code.lapack import calls_lapack
from ravine.user_code.load import LoadedCode
from ravine.user_code.user_errors import user_code_errors

__all__ = ["FileOptimizer", "checked_constructor", "optimizer_from_file", "tries_lapack"]

USUAL_RATES = 1e-4, 1.0
EXAMPLE = "Write for example: def lion(learning_rate, b1=0.9): return optax.lion(learning_rate, b1)"

Factory = Callable[..., Any]


class FileOptimizer(NamedTuple):
    """The optimizer that a function in a Python file of the user builds, with facts about it.

    constructor: function (learning_rate, key) -> Optimizer. rate_center: middle, on the logarithmic scale, of
    the range of learning rates that a search tries first. rate_decades: width of this range; None = the usual
    one. calls_lapack: whether a step decomposes matrices. random: whether the optimizer draws random numbers.
    """

    constructor: Callable[..., Optimizer]
    rate_center: float
    rate_decades: float | None
    calls_lapack: bool
    random: bool


def optimizer_from_file(spec: ParsedOptimizer, code: LoadedCode) -> FileOptimizer:
    """Return the optimizer that a function in a Python file of the user builds. code: the function.

    Raises UsageError for keywords that the function does not have, for a range of learning rates that is
    none, and, with the line of the file, for an error in it.
    """
    random = _check_arguments(spec, code.value)
    center, decades = _rates(spec, code.value)
    constructor = _constructor(code, spec)
    return FileOptimizer(constructor, center, decades, tries_lapack(constructor, code.path, random), random)


def checked_constructor(spec: ParsedOptimizer, code: LoadedCode) -> Callable[..., Optimizer]:
    """Return a constructor of Ravine's protocol in a Python file, whose errors name the line of the file."""

    def constructor(learning_rate: Rate, **hyper: Any) -> Optimizer:
        with user_code_errors(code.path):
            return _checked(spec, code.value(learning_rate, **hyper), code.path)

    return constructor


def _check_arguments(spec: ParsedOptimizer, factory: Factory) -> bool:
    """Return whether a function has an argument `key`. Raises UsageError if it cannot build an optimizer."""
    if not callable(factory) or isinstance(factory, optax.GradientTransformation):
        raise UsageError(
            f"'{spec.short_name}' is no function.",
            "An optimizer is a function of the learning rate, which the search varies.",
            EXAMPLE,
        )
    try:
        parameters = inspect.signature(factory).parameters
    except (TypeError, ValueError):
        parameters = {}  # type: ignore[assignment]
    if "learning_rate" not in parameters:
        raise UsageError(
            f"'{spec.short_name}' has no argument learning_rate.",
            "An optimizer is a function of the learning rate, which the search varies.",
            EXAMPLE,
        )
    allowed = [name for name in parameters if name not in ("learning_rate", "key")]
    takes_any = any(item.kind is inspect.Parameter.VAR_KEYWORD for item in parameters.values())
    for name in spec.keywords:
        if name in ("learning_rate", "key") or (name not in allowed and not takes_any):
            raise UsageError(
                f"The optimizer '{spec.short_name}' has no hyperparameter '{name}'.",
                "",
                did_you_mean(name, allowed) if allowed else "It has only its learning rate.",
            )
    missing = [
        name for name in allowed
        if parameters[name].default is inspect.Parameter.empty and name not in spec.keywords
        and parameters[name].kind not in (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)
    ]  # fmt: skip
    if missing:
        raise UsageError(
            f"The optimizer '{spec.short_name}' needs a value of {missing[0]}.",
            "The argument has no default.",
            f"Write for example {spec._replace(keywords={missing[0]: 0.9}).short_name}.",
        )
    return "key" in parameters


def _rates(spec: ParsedOptimizer, factory: Factory) -> tuple[float, float | None]:
    """Return middle and width, in decades, of the learning rates that a search tries; None = usual width."""
    given = getattr(factory, "learning_rates", None)
    if given is None:
        return math.sqrt(USUAL_RATES[0] * USUAL_RATES[1]), None
    try:
        low, high = (float(rate) for rate in given)
    except (TypeError, ValueError):
        low, high = math.nan, math.nan
    if not 0 < low < high < math.inf:
        raise UsageError(
            f"The learning rates of '{spec.short_name}' are {given!r}.",
            "They must be two numbers above zero, the smaller one first.",
            f"Write for example {spec.name}.learning_rates = 1e-4, 1e-1",
        )
    return math.sqrt(low * high), math.log10(high / low)


def _constructor(code: LoadedCode, spec: ParsedOptimizer) -> Callable[..., Optimizer]:
    """Return the function (learning_rate, key) -> Optimizer; errors in the file name its line."""

    def constructor(learning_rate: Rate, key: jax.Array | None = None) -> Optimizer:
        keywords = spec.keywords if key is None else {**spec.keywords, "key": jax.random.wrap_key_data(key)}

        def build(rate: jax.Array) -> optax.GradientTransformation:
            with user_code_errors(code.path):
                return _checked(spec, code.value(learning_rate=rate, **keywords), code.path)

        return adapted(build, learning_rate)

    return constructor


def _checked(spec: ParsedOptimizer, built: Any, path: Path) -> Optimizer:
    """Return a built optimizer, whose functions name the line of the file in their errors."""
    if not all(callable(getattr(built, name, None)) for name in ("init", "update")):
        raise UsageError(
            f"'{spec.short_name}' returns {type(built).__name__}, which is no optimizer.",
            "It must return an optimizer of optax, or an Optimizer of Ravine.",
            EXAMPLE,
        )
    takes_more = isinstance(built, optax.GradientTransformationExtraArgs)

    def init(params: optax.Params) -> Any:
        with user_code_errors(path):
            return built.init(params)

    def update(
        grads: optax.Updates, state: Any, params: optax.Params | None = None, **more: Any
    ) -> tuple[optax.Updates, Any]:
        with user_code_errors(path):
            updates, after = built.update(grads, state, params, **(more if takes_more else {}))
        if jax.tree.map(jnp.shape, updates) != jax.tree.map(jnp.shape, grads):
            raise UsageError(
                f"'{spec.short_name}' returns updates of other shapes than the parameters.",
                f"The parameters have {_shapes(grads)}, the updates {_shapes(updates)}.",
                "Return one update for each parameter.",
            )
        return updates, after

    def eval_params(params: optax.Params, state: Any) -> optax.Params:
        with user_code_errors(path):
            return built.eval_params(params, state)

    return Optimizer(init, update, eval_params if hasattr(built, "eval_params") else None)


def tries_lapack(constructor: Callable[..., Optimizer], path: Path, random: bool) -> bool:
    """Trace two steps on small parameters, and return whether they decompose matrices.

    Raises UsageError for an error in the file, and for a state that changes its form.
    """
    like = [{"weight": jnp.zeros((3, 2), jnp.float32), "bias": jnp.zeros(2, jnp.float32)}]

    def two_steps(rate: jax.Array, key: jax.Array, params: optax.Params) -> Any:
        optimizer = constructor(rate, key) if random else constructor(rate)
        state = optimizer.init(params)
        for _ in range(2):
            _, after = optimizer.update(params, state, params)
            if _form(after) != _form(state):
                raise UsageError(
                    f"The state of the optimizer in '{path}' changes its shapes or types in a step.",
                    f"It begins as {_shapes(state)} and becomes {_shapes(after)}.",
                    "Return a state of equal shapes and types, for example with jnp.asarray(x, like.dtype).",
                )
            state = after
        return optimizer.eval_params(params, state)

    with user_code_errors(path):
        traced = jax.make_jaxpr(two_steps)(jnp.float32(0.01), jnp.zeros(2, jnp.uint32), like)
    return calls_lapack(traced)


def _form(tree: Any) -> tuple[Any, str]:
    """Return the structure of a tree, and shapes and types of its arrays."""
    return jax.tree.structure(tree), _shapes(tree)


def _shapes(tree: Any) -> str:
    """Return shapes and types of the arrays of a tree as text."""
    return str([f"{jnp.result_type(leaf)}{list(jnp.shape(leaf))}" for leaf in jax.tree.leaves(tree)])
