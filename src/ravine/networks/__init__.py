"""Networks: activations and their facts, how weights start, layers, losses, metrics."""

from ravine.networks.activations import ACTIVATIONS, Activation, activation
from ravine.networks.initialisation import INITIALISATIONS, initialise
from ravine.networks.losses import LOSSES, cross_entropy, squared_error, weighted_mean
from ravine.networks.metrics import METRICS, Metric, default_metric, metric
from ravine.networks.network import Network, check_initialisation, hidden_layers

__all__ = [
    "ACTIVATIONS",
    "INITIALISATIONS",
    "LOSSES",
    "METRICS",
    "Activation",
    "Metric",
    "Network",
    "activation",
    "check_initialisation",
    "cross_entropy",
    "default_metric",
    "hidden_layers",
    "initialise",
    "metric",
    "squared_error",
    "weighted_mean",
]
