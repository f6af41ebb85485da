"""Faults of the data: missing standardization, imbalance, leaks, contradictions, constant columns."""

from __future__ import annotations

from planted.case import Case, case
from planted.data import classes, idle, leaky, rare, square, twice


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
            "interpolation_peak edge_of_stability exploding seed_sensitivity imbalance",
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
                "overfits interpolation_peak gradient_noise",
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
                "overfits gradient_noise",
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
                "overfits gradient_noise edge_of_stability ill_conditioned rate_low",
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
