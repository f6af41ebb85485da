"""Networks: layers, activations, connections, normalization, initialization, losses and metrics.

The package exports the most important names of its files. It imports a file, and with it JAX, only when one
of its names is used, so that tables of names and the parser of network texts are available without JAX.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ravine.networks.activations import ACTIVATIONS as ACTIVATIONS
    from ravine.networks.activations import Activation as Activation
    from ravine.networks.activations import activation as activation
    from ravine.networks.connections import CONNECTIONS as CONNECTIONS
    from ravine.networks.connections import GATE_BIAS as GATE_BIAS
    from ravine.networks.initialization import INITIALIZATIONS as INITIALIZATIONS
    from ravine.networks.loss_functions import cross_entropy as cross_entropy
    from ravine.networks.loss_functions import squared_error as squared_error
    from ravine.networks.loss_functions import weighted_mean as weighted_mean
    from ravine.networks.losses import LOSSES as LOSSES
    from ravine.networks.losses import default_loss as default_loss
    from ravine.networks.losses import find_loss as find_loss
    from ravine.networks.losses import loss_named as loss_named
    from ravine.networks.metrics import METRICS as METRICS
    from ravine.networks.metrics import Metric as Metric
    from ravine.networks.metrics import default_metric as default_metric
    from ravine.networks.metrics import find_metric as find_metric
    from ravine.networks.metrics import metric as metric
    from ravine.networks.network import Network as Network
    from ravine.networks.network_text import NetworkSpec as NetworkSpec
    from ravine.networks.network_text import any_network as any_network
    from ravine.networks.network_text import read_network as read_network
    from ravine.networks.normalization import NORMALIZATIONS as NORMALIZATIONS
    from ravine.networks.protocol import AnyNetwork as AnyNetwork
    from ravine.networks.protocol import layered as layered

_FILES = {
    "protocol": ("AnyNetwork", "layered"),
    "activations": ("ACTIVATIONS", "Activation", "activation"),
    "connections": ("CONNECTIONS", "GATE_BIAS"),
    "initialization": ("INITIALIZATIONS",),
    "loss_functions": ("cross_entropy", "squared_error", "weighted_mean"),
    "losses": ("LOSSES", "default_loss", "find_loss", "loss_named"),
    "metrics": ("METRICS", "Metric", "default_metric", "find_metric", "metric"),
    "network": ("Network",),
    "network_text": ("NetworkSpec", "any_network", "read_network"),
    "normalization": ("NORMALIZATIONS",),
}
_FILE_OF = {name: file for file, names in _FILES.items() for name in names}

__all__ = [
    "ACTIVATIONS",
    "CONNECTIONS",
    "GATE_BIAS",
    "INITIALIZATIONS",
    "LOSSES",
    "METRICS",
    "NORMALIZATIONS",
    "Activation",
    "AnyNetwork",
    "Metric",
    "Network",
    "NetworkSpec",
    "activation",
    "any_network",
    "cross_entropy",
    "default_loss",
    "default_metric",
    "find_loss",
    "find_metric",
    "layered",
    "loss_named",
    "metric",
    "read_network",
    "squared_error",
    "weighted_mean",
]


def __getattr__(name: str) -> Any:
    if name in _FILE_OF:
        return getattr(import_module(f"ravine.networks.{_FILE_OF[name]}"), name)
    raise AttributeError(f"module 'ravine.networks' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted(__all__)
