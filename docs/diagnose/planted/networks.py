"""Faults of the network: flat units, vanishing and exploding gradients, normalization."""

from __future__ import annotations

from planted.case import DEEP, Case, case
from planted.data import classes, curve


def saturated() -> list[Case]:
    """Return cases with initial weights so large that tanh and sigmoid saturate."""
    return [
        case(
            "saturated",
            classes if k % 2 else curve,
            400 + k,
            "saturated",
            "overfits gradient_noise exploding vanishing rate_low plateau rate_high ill_conditioned "
            "edge_of_stability interpolation_peak seed_sensitivity no_better_than_baseline few_epochs "
            "too_small label_noise",
            activation="tanh" if k % 4 < 2 else "sigmoid",
            init_scale=20.0 if k % 4 < 2 else 60.0,
        )
        for k in range(12)
    ]


def dead() -> list[Case]:
    """Return cases with raw inputs so far from 0 that ReLU units are 0 for all rows."""
    return [
        case(
            "dead",
            lambda seed: classes(seed, offset=100.0),
            500 + k,
            "dead not_standardized",
            "ill_conditioned rate_high rate_low gradient_noise plateau overfits edge_of_stability exploding "
            "imbalance vanishing seed_sensitivity no_better_than_baseline few_epochs too_small label_noise",
            scaling="none",
            optimizer="adam",
            learning_rate=1e-4,
        )
        for k in range(12)
    ]


def vanishing() -> list[Case]:
    """Return deep networks with almost no gradient at the first layer."""
    ways = [("sigmoid", "he", 1.0), ("relu", "he", 0.3), ("tanh", "lecun", 0.4), ("softplus", "lecun", 0.3)]
    return [
        case(
            "vanishing",
            classes if k % 2 else curve,
            600 + k,
            "vanishing",
            "plateau rate_low saturated dead imbalance seed_sensitivity overfits few_epochs too_small "
            "no_better_than_baseline label_noise",
            net=DEEP,
            activation=ways[k % 4][0],
            init=ways[k % 4][1],
            init_scale=ways[k % 4][2],
        )
        for k in range(12)
    ]


def exploding() -> list[Case]:
    """Return deep networks with a far too large gradient at the first layer."""
    ways = [("relu", 3.0), ("leaky_relu", 4.0), ("elu", 4.0), ("relu", 5.0)]
    return [
        case(
            "exploding",
            classes if k % 2 else curve,
            700 + k,
            "exploding",
            "rate_high dead overfits saturated gradient_noise plateau rate_low ill_conditioned "
            "edge_of_stability interpolation_peak seed_sensitivity imbalance no_better_than_baseline "
            "few_epochs too_small label_noise",
            net=DEEP,
            activation=ways[k % 4][0],
            init_scale=ways[k % 4][1],
        )
        for k in range(12)
    ]


def batchnorm() -> list[Case]:
    """Return cases of batch normalization with batches of two rows."""
    return [
        case(
            "batchnorm",
            lambda seed: curve(seed, rows=300),
            1200 + k,
            "batchnorm",
            "gradient_noise overfits rate_high ill_conditioned plateau edge_of_stability dead "
            "seed_sensitivity rate_low batches_small no_better_than_baseline",
            net="24-24 batchnorm",
            batch_size=2,
            optimizer="sgd" if k % 2 else "adam",
            learning_rate=0.05 if k % 2 else 0.01,
            schedule="constant",
            epochs=8.0,
        )
        for k in range(20)
    ]


def units_alike() -> list[Case]:
    """Return networks whose weights all start at zero, so that the units of a layer stay equal."""
    return [
        case(
            "units_alike",
            classes if k % 2 else curve,
            3800 + k,
            "units_alike",
            "plateau dead vanishing rate_low saturated imbalance seed_sensitivity no_better_than_baseline "
            "overfits too_small few_epochs",
            activation=["tanh", "relu", "sigmoid"][k % 3],
            init="zero",
            optimizer="adam" if k % 2 else "sgd",
            learning_rate=3e-3 if k % 2 else 0.1,
        )
        for k in range(20)
    ]
