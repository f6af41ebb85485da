"""Healthy cases, in which every reported fault is a false alarm."""

from __future__ import annotations

from planted.case import Case, case
from planted.data import alike, classes, curve


def healthy() -> list[Case]:
    """Return networks that learn well, on independent columns and on nearly equal columns."""
    ways = [
        {"optimizer": "adam", "learning_rate": 3e-3},
        {"optimizer": "sgd", "learning_rate": 0.1},
        {"optimizer": "momentum", "learning_rate": 0.02},
        {"optimizer": "adam", "learning_rate": 3e-3, "activation": "tanh", "init": "glorot"},
        {"optimizer": "rmsprop", "learning_rate": 2e-3},
        {"optimizer": "adam", "learning_rate": 3e-3, "net": "24-24 batchnorm"},
        {
            "optimizer": "adam",
            "learning_rate": 2e-2,
            "net": "24-24-24-24 residual",
        },  # 3e-3 is too low
        {"optimizer": "nesterov", "learning_rate": 0.02},
    ]
    lower = {"sgd": 0.03, "momentum": 0.01, "nesterov": 0.01, "adam": 3e-3, "rmsprop": 2e-3}
    return [
        case(
            "healthy",
            (lambda seed: classes(seed, rows=1600)) if k % 2 else (lambda seed: curve(seed, rows=1600)),
            2000 + k,
            "",
            "edge_of_stability",
            k % 4 == 0,
            **{**ways[(k // 2) % 8], "epochs": 20.0},
        )
        for k in range(64)
    ] + [  # inputs of a high condition number, and curvature, that do not stand in the way
        case(
            "healthy",
            lambda seed: alike(seed, rows=1600, part=0.05, shared=True),
            2100 + k,
            "",
            "edge_of_stability",
            **{**ways[k % 8], "epochs": 20.0, "learning_rate": lower[str(ways[k % 8]["optimizer"])]},
        )
        for k in range(16)
    ]
