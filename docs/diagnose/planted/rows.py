"""Faults of the data: missing standardization, imbalance, leaks, contradictions, constant columns."""

from __future__ import annotations

from planted.case import Case, case
from planted.data import (
    classes,
    guesses,
    idle,
    in_order,
    leaky,
    overlapping,
    rare,
    repeated,
    square,
    twice,
)

ADAM = {"optimizer": "adam", "learning_rate": 3e-3}


def raw_inputs() -> list[Case]:
    """Return cases with inputs far from 0, or with very different scales, without standardization."""
    shapes = [(5.0, 1.0), (50.0, 1.0), (0.0, 1e3), (3.0, 100.0), (-20.0, 1.0), (0.0, 1e5)]
    return [
        case(
            "not_standardized",
            lambda seed, s=shapes[k % 6]: classes(seed, offset=s[0], spread=s[1]),
            300 + k,
            "not_standardized",
            "ill_conditioned rate_high rate_low dead saturated gradient_noise plateau overfits "
            "interpolation_peak edge_of_stability exploding seed_sensitivity imbalance few_epochs too_small "
            "no_better_than_baseline label_noise",
            scaling="none",
            optimizer="adam" if k % 2 else "sgd",
            learning_rate=3e-3 if k % 2 else 0.01,
        )
        for k in range(14)
    ]


def data_faults() -> list[Case]:
    """Return cases with a rare class, a leak, contradictions, many inputs, or constant columns."""
    cases = []
    for k in range(20):
        cases.append(
            case(
                "imbalance",
                rare,
                1500 + k,
                "imbalance",
                "overfits interpolation_peak gradient_noise no_better_than_baseline",
                optimizer="adam",
                learning_rate=3e-3,
            )
        )
        cases.append(case("leaking", leaky, 1600 + k, "leaking", "", optimizer="adam", learning_rate=3e-3))
        cases.append(
            case(
                "contradicting",
                twice,
                1700 + k,
                "contradicting",
                "overfits gradient_noise near_duplicates label_noise",
                optimizer="adam",
                learning_rate=3e-3,
            )
        )
        cases.append(
            case(
                "interpolation_peak",
                square,
                1800 + k,
                "interpolation_peak",
                "overfits gradient_noise edge_of_stability ill_conditioned rate_low no_better_than_baseline",
                net="linear",
                optimizer="momentum",
                learning_rate=0.02,
                epochs=2000.0,
                batch_size=64,
                schedule="constant",
            )
        )
        cases.append(
            case(
                "constant_columns",
                lambda seed, n=1 + k % 3: idle(seed, n),
                1900 + k,
                "constant_columns",
                "",
                optimizer="adam",
                learning_rate=3e-3,
                precision="float64" if k % 4 == 3 else "float32",
            )
        )
    return cases


def label_noise() -> list[Case]:
    """Return cases with random labels in 30 to 50 % of the rows, and cases of classes that overlap."""
    return [
        case(
            "label_noise",
            lambda seed, noise=[0.3, 0.4, 0.5][k % 3]: classes(seed, rows=2400, noise=noise),
            3100 + k, "label_noise",
            "overfits gradient_noise interpolation_peak edge_of_stability seed_sensitivity",
            **ADAM,
        )
        for k in range(20)
    ] + [
        case("healthy", overlapping, 3200 + k, "", "edge_of_stability", optimizer="adam", learning_rate=0.01,
             net="16", epochs=15.0)
        for k in range(12)
    ]  # fmt: skip


def no_better_than_baseline() -> list[Case]:
    """Return cases of a target that does not depend on the inputs."""
    return [
        case(
            "no_better_than_baseline", lambda seed, n=bool(k % 2): guesses(seed, numbers=n), 3300 + k,
            "no_better_than_baseline",
            "overfits gradient_noise interpolation_peak edge_of_stability seed_sensitivity label_noise "
            "plateau dead ill_conditioned",
            **ADAM,
        )
        for k in range(20)
    ]  # fmt: skip


def near_duplicates() -> list[Case]:
    """Return tables in which every row occurs twice, nearly equal or clearly shifted."""
    return [
        case(
            "near_duplicates", lambda seed, d=[1e-3, 1e-2, 1e-6][k % 3]: repeated(seed, distance=d), 3400 + k,
            "near_duplicates", "edge_of_stability", **ADAM,
        )
        for k in range(20)
    ] + [
        case("healthy", lambda seed: repeated(seed, distance=0.2), 3500 + k, "", "edge_of_stability", **ADAM,
             epochs=20.0)
        for k in range(12)
    ]  # fmt: skip


def order_not_exchangeable() -> list[Case]:
    """Return time series, tables that drift, and independent rows that are sorted by class or by target."""
    kinds = ["series", "drift"] * 10 + ["class", "target"] * 6
    return [
        case(
            "order_not_exchangeable", lambda seed, s=kind: in_order(seed, kind=s), 3600 + k,
            "order_not_exchangeable", "edge_of_stability", **ADAM,
        )
        for k, kind in enumerate(kinds)
    ]  # fmt: skip
