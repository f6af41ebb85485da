"""Faults of penalties, dropout, width, batches and length, each with cases that are nearly faulty."""

from __future__ import annotations

from planted.case import Case, case
from planted.data import classes, curve

ADAM = {"optimizer": "adam", "learning_rate": 3e-3}
FAULTY = (
    "plateau dead rate_low vanishing imbalance overfits gradient_noise edge_of_stability seed_sensitivity "
    "no_better_than_baseline few_epochs ill_conditioned label_noise"
)


def _rows(k: int, rows: int = 1600) -> object:
    return (lambda seed: classes(seed, rows=rows)) if k % 2 else (lambda seed: curve(seed, rows=rows))


def penalty_strong() -> list[Case]:
    """Return cases whose penalty keeps the weights small, and cases with a weak penalty."""
    strong = [{"l2": 0.3}, {"l2": 1.0}, {"l1": 0.1}, {"l2": 0.5}, {"weight_decay": 30.0}]
    weak = [{"l2": 1e-4}, {"l1": 1e-5}, {"weight_decay": 1e-3}]
    return [
        case("penalty_strong", _rows(k), 2200 + k, "penalty_strong", FAULTY, **ADAM, **strong[k % 5])
        for k in range(20)
    ] + [
        case("healthy", _rows(k), 2300 + k, "", "edge_of_stability", **ADAM, **weak[k % 3], epochs=20.0)
        for k in range(12)
    ]


def dropout_strong() -> list[Case]:
    """Return cases with so much dropout that most of the signal is lost, and cases with little dropout."""
    return [
        case(
            "dropout_strong", _rows(k), 2400 + k, "dropout_strong", FAULTY, **ADAM,
            net=f"24-24 dropout={[0.8, 0.9, 0.85][k % 3]}",
        )
        for k in range(20)
    ] + [
        case(
            "healthy", _rows(k), 2500 + k, "", "edge_of_stability", **ADAM, net="64-64 dropout=0.1",
            epochs=20.0,
        )
        for k in range(12)
    ]  # fmt: skip


def too_small() -> list[Case]:
    """Return cases with one or two units where many are needed, and cases with 16 units."""
    return [
        case(
            "too_small", _rows(k), 2600 + k, "too_small", FAULTY, optimizer="adam", learning_rate=0.01,
            net=["1", "2", "1-24", "24-1"][k % 4] if k % 2 == 0 else ["1", "24-1"][k // 2 % 2], epochs=60.0,
        )
        for k in range(20)
    ] + [
        case("healthy", _rows(k), 2700 + k, "", "edge_of_stability", **ADAM, net="16-16", epochs=20.0)
        for k in range(12)
    ]  # fmt: skip


def batches_small() -> list[Case]:
    """Return cases with batches of one or two rows at a rate that needs more, and at one that does not."""
    return [
        case(
            "batches_small", lambda seed: curve(seed, rows=1600, noise=1.0), 2800 + k, "batches_small",
            "rate_high overfits dead no_better_than_baseline gradient_noise edge_of_stability "
            "seed_sensitivity interpolation_peak",
            net="linear", optimizer="sgd", learning_rate=[0.06, 0.05][k % 2],
            batch_size=1 + k % 4 // 2, schedule="constant", epochs=6.0,
        )
        for k in range(20)
    ] + [
        case(
            "healthy", _rows(k), 2900 + k, "", "edge_of_stability", optimizer="sgd", learning_rate=0.02,
            batch_size=8, epochs=20.0,
        )
        for k in range(12)
    ]  # fmt: skip


def few_epochs() -> list[Case]:
    """Return cases that end after one to three passes at a usual rate."""
    ways = [{"optimizer": "adam", "learning_rate": 3e-3}, {"optimizer": "sgd", "learning_rate": 0.05},
            {"optimizer": "momentum", "learning_rate": 0.02}]  # fmt: skip
    return [
        case(
            "few_epochs", _rows(k), 3000 + k, "few_epochs", "plateau no_better_than_baseline imbalance",
            **ways[k % 3], epochs=[1.0, 2.0, 1.5][k // 3 % 3],
        )
        for k in range(20)
    ]  # fmt: skip
