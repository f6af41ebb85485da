"""Faults of the training: learning rates, batches, curvature, initial weights and seeds."""

from __future__ import annotations

from planted.case import DEEP, Case, case
from planted.data import alike, classes, curve, exclusive_or


def rate_high() -> list[Case]:
    """Return cases whose loss becomes infinite or rises far above its start."""
    settings = [
        ("sgd", 10.0),
        ("sgd", 30.0),
        ("adam", 1.0),
        ("adam", 3.0),
        ("momentum", 3.0),
        ("sgd", 100.0),
        ("rmsprop", 1.0),
    ]
    return [
        case(
            "rate_high",
            classes if k % 2 else curve,
            100 + k,
            "rate_high",
            "dead saturated plateau gradient_noise overfits edge_of_stability seed_sensitivity "
            "no_better_than_baseline label_noise",
            optimizer=settings[k % 7][0],
            learning_rate=settings[k % 7][1] * (1 if k % 2 else 3),
        )
        for k in range(14)
    ]


def rate_low() -> list[Case]:
    """Return cases with steps so small that training is unfinished at the end."""
    settings = [
        ("sgd", 1e-3),
        ("adam", 1e-5),
        ("adam", 3e-5),
        ("sgd", 3e-3),
        ("momentum", 1e-4),
        ("rmsprop", 1e-5),
    ]
    return [
        case(
            "rate_low",
            classes if k % 2 else curve,
            200 + k,
            "rate_low",
            "plateau no_better_than_baseline",
            optimizer=settings[k % 6][0],
            learning_rate=settings[k % 6][1],
            schedule="constant" if k < 12 else "decay",
        )
        for k in range(20)
    ]


def gradient_noise() -> list[Case]:
    """Return cases with batches of two rows and a noisy target, so that the weights fluctuate."""
    return [
        case(
            "gradient_noise",
            lambda seed: curve(seed, rows=600, noise=1.0),
            900 + k,
            "gradient_noise",
            "rate_high overfits edge_of_stability interpolation_peak batches_small no_better_than_baseline",
            net="linear",
            optimizer="sgd",
            learning_rate=[0.05, 0.08, 0.06][k % 3],
            batch_size=2,
            schedule="constant",
        )
        for k in range(12)
    ]


def ill_conditioned() -> list[Case]:
    """Return cases with nearly equal inputs and a target that depends on their differences."""
    return [
        case(
            "ill_conditioned",
            lambda seed, p=[0.03, 0.05, 0.1][k % 3]: alike(seed, part=p),
            1000 + k,
            "ill_conditioned",
            "edge_of_stability few_epochs too_small",
            net="linear",
            optimizer="sgd",
            learning_rate=[0.04, 0.05][k % 2],
            batch_size=256,
            epochs=200.0,
            schedule="constant",
        )
        for k in range(20)
    ]


def plateau() -> list[Case]:
    """Return cases with initial weights at which the gradient almost vanishes."""
    ways = [
        ("tanh", "zero", 1.0, "24-24"),
        ("relu", "zero", 1.0, "24-24"),
        ("tanh", "lecun", 0.01, DEEP),
        ("sigmoid", "zero", 1.0, "24-24"),
    ]
    return [
        case(
            "plateau",
            classes if k % 2 else curve,
            1100 + k,
            "plateau",
            "vanishing dead rate_low saturated imbalance seed_sensitivity units_alike "
            "no_better_than_baseline",
            activation=ways[k % 4][0],
            init=ways[k % 4][1],
            init_scale=ways[k % 4][2],
            net=ways[k % 4][3],
            optimizer="sgd",
            learning_rate=0.05,
        )
        for k in range(12)
    ]


def edge_of_stability() -> list[Case]:
    """Return long full-batch trainings on few rows, whose curvature rises to the stability limit."""
    return [
        case(
            "edge_of_stability",
            lambda seed: curve(seed, rows=100),
            1300 + k,
            "edge_of_stability",
            "overfits rate_low ill_conditioned interpolation_peak gradient_noise seed_sensitivity",
            net="24-24",
            activation="tanh",
            init="glorot",
            optimizer="sgd",
            learning_rate=[0.2, 0.25, 0.3][k % 3],
            batch_size=4096,
            epochs=4000.0,
            schedule="constant",
        )
        for k in range(20)
    ]


def seed_sensitivity() -> list[Case]:
    """Return networks with two or three units for XOR, which only some seeds solve."""
    return [
        case(
            "seed_sensitivity",
            exclusive_or,
            1400 + k,
            "seed_sensitivity",
            "plateau rate_low overfits gradient_noise edge_of_stability dead saturated ill_conditioned "
            "imbalance too_small",
            True,
            net="2" if k % 2 else "3",
            activation="relu",
            optimizer="adam",
            learning_rate=0.03,
            epochs=60.0,
        )
        for k in range(20)
    ]


def overfits() -> list[Case]:
    """Return networks with far more weights than 200 rows, some of them with random labels."""
    return [
        case(
            "overfits",
            lambda seed, n=0.3 + 0.1 * (k % 3): classes(seed, rows=200, noise=n),
            800 + k,
            "overfits",
            "interpolation_peak gradient_noise seed_sensitivity edge_of_stability ill_conditioned imbalance",
            net="128-128",
            optimizer="adam" if k % 2 else "rmsprop",
            learning_rate=3e-3,
            epochs=120.0,
            batch_size=16,
        )
        for k in range(14)
    ]
