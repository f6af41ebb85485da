"""Programs that measure a run, compiled in parallel and kept for later runs; and a clock of their seconds."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import jax
import numpy as np

from ravine.engines import precision_context
from ravine.training import clear_with_programs

__all__ = ["Clock", "programs"]


@dataclass
class Clock:
    """Clock that adds up wall-clock seconds by kind of work, such as training or measuring curvature."""

    seconds: dict[str, float] = field(default_factory=dict)

    def run(self, name: str, function: Callable[..., Any], *arguments: object) -> Any:
        """Call a function, return its result, and add the wall-clock seconds of the call to a sum.

        name: kind of work to whose sum they are added, such as "curvature". arguments: arguments of the
        function. The time includes the wait until all arrays of the result are computed.
        """
        begin = time.perf_counter()
        result = jax.block_until_ready(function(*arguments))
        self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - begin
        return result


_compiled: dict[Any, Any] = {}
clear_with_programs(_compiled.clear)


def programs(functions: dict[str, tuple[Callable[..., Any], tuple[Any, ...]]]) -> dict[str, Any]:
    """Return compiled programs by name, from the functions to compile and example arguments.

    functions: {name: (function, example arguments)}. A function is a `functools.partial` whose first fixed
    argument is the plan, the compiled part of a training. The examples fix shapes and types of the arguments.
    A program that an earlier call compiled is used again; the others are compiled in parallel threads.
    """

    def compiled(item: tuple[Callable[..., Any], tuple[Any, ...]]) -> Any:
        function, arguments = item
        leaves, tree = jax.tree.flatten(arguments)
        shapes = tuple((np.shape(leaf), str(np.asarray(leaf).dtype)) for leaf in leaves)
        bound: Any = function
        key = bound.func, bound.args, tree, shapes
        if key not in _compiled:
            with precision_context(bound.args[0].precision):
                _compiled[key] = jax.jit(function).lower(*arguments).compile()
        return _compiled[key]

    with ThreadPoolExecutor(len(functions)) as pool:
        return dict(zip(functions, pool.map(compiled, functions.values()), strict=True))
