"""A network's arrays by name, as model files keep them: `layer0.weight`, `layer2.gate.bias`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ravine.networks.network import Network

__all__ = ["from_named", "named"]


def named(params: Any, stats: Any = ()) -> dict[str, Any]:
    """Return every array by its name; those of running statistics are `statistics0.mean` and so on."""
    names: dict[str, Any] = {}

    def put(prefix: str, tree: Mapping[str, Any]) -> None:
        for name, value in tree.items():
            if isinstance(value, Mapping):
                put(f"{prefix}.{name}", value)
            else:
                names[f"{prefix}.{name}"] = value

    for start, trees in (("layer", params), ("statistics", stats)):
        for k, tree in enumerate(trees):
            put(f"{start}{k}", tree)
    return names


def from_named(network: Network, arrays: Mapping[str, Any]) -> tuple[Any, Any]:
    """Return (parameters, running statistics) from arrays by name. Raises KeyError for a missing one."""

    def take(prefix: str, tree: Mapping[str, Any]) -> dict[str, Any]:
        return {
            name: take(f"{prefix}.{name}", like) if isinstance(like, Mapping) else arrays[f"{prefix}.{name}"]
            for name, like in tree.items()
        }

    params = [take(f"layer{k}", layer.shapes()) for k, layer in enumerate(network.layout)]
    stats = tuple(take(f"statistics{k}", like) for k, like in enumerate(network.statistics()))
    return params, stats
