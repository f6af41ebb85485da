"""The programs of an observation: compiled side by side, found again, and the seconds that each takes."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import jax
import numpy as np

from ravine.engines import precision_context

__all__ = ["Clock", "programs"]


@dataclass
class Clock:
    """Seconds by what they were spent on."""

    seconds: dict[str, float] = field(default_factory=dict)

    def run(self, name: str, function: Callable[..., Any], *arguments: object) -> Any:
        """Call, wait for the result, add the time."""
        begin = time.perf_counter()
        found = jax.block_until_ready(function(*arguments))
        self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - begin
        return found


_compiled: dict[Any, Any] = {}


def programs(wanted: dict[str, tuple[Callable[..., Any], tuple[Any, ...]]]) -> dict[str, Any]:
    """Return the compiled programs for such arguments, made side by side where they are not there yet."""

    def make(item: tuple[Callable[..., Any], tuple[Any, ...]]) -> Any:
        function, arguments = item
        leaves, tree = jax.tree.flatten(arguments)
        shapes = tuple((np.shape(leaf), str(np.asarray(leaf).dtype)) for leaf in leaves)
        inner: Any = function
        key = inner.func, inner.args, tree, shapes
        if key not in _compiled:
            with precision_context(inner.args[0].precision):
                _compiled[key] = jax.jit(function).lower(*arguments).compile()
        return _compiled[key]

    with ThreadPoolExecutor(len(wanted)) as pool:
        return dict(zip(wanted, pool.map(make, wanted.values()), strict=True))
