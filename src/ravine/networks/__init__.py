"""Networks: activations and their facts, how weights start, layers, losses, metrics."""

from ravine.networks.activations import ACTIVATIONS, Activation, activation
from ravine.networks.connections import CONNECTIONS, GATE_BIAS
from ravine.networks.initialisation import INITIALISATIONS, check_initialisation, initialise
from ravine.networks.losses import LOSSES, cross_entropy, squared_error, weighted_mean
from ravine.networks.metrics import METRICS, Metric, default_metric, metric
from ravine.networks.naming import from_named, named
from ravine.networks.network import Network
from ravine.networks.network_text import NetworkSpec, hidden_layers, read_network

__all__ = [
    "ACTIVATIONS",
    "CONNECTIONS",
    "GATE_BIAS",
    "INITIALISATIONS",
    "LOSSES",
    "METRICS",
    "Activation",
    "Metric",
    "Network",
    "NetworkSpec",
    "activation",
    "check_initialisation",
    "cross_entropy",
    "default_metric",
    "from_named",
    "hidden_layers",
    "initialise",
    "metric",
    "named",
    "read_network",
    "squared_error",
    "weighted_mean",
]
