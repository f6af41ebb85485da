"""A view with every kind of block, every field of it set."""

import math

import pytest

from ravine.render.blocks import (
    Chart,
    Column,
    Commands,
    Facts,
    Files,
    Heading,
    Item,
    Items,
    Mark,
    Paragraph,
    Series,
    Sparkline,
    Sparklines,
    Steps,
    Table,
)


@pytest.fixture
def every_kind():
    """Return one block of every kind."""
    return [
        Heading("iris: 150 rows", ["accuracy ± 95 % interval"]),
        Paragraph("Ties are ties.", "warning"),
        Items(["plain", Item("1 finding", ["evidence"], "strong")], "Findings", "number"),
        Facts([("Data", "iris"), ("Split", "96, 24, 30")], "Plan"),
        Table(
            [
                Column("optimizer", ["adam", "sgd"], "left", shrink=16),
                Column("accuracy", ["98 ± 1", "97 ± 1"], unit="%", priority=0),
                Column("rate", ["0.003", "0.1"], priority=1, widest=8),
            ],
            "Leaderboard",
            "! at the edge",
            rules=[0, 1],
            strong=[0],
            errors=[1],
            tight=True,
        ),
        Sparklines(
            [Sparkline("adam", [1e-3, 1e-2, 1e-1], [0.5, math.nan, 1.0], "1", "0.5")],
            "accuracy", "validation", "own", 0.0, 1.0, True, "log", "decades", ("a", "b"), "rate", 0.01, 72,
        ),
        Steps("cosine", [0, 1, 2], [0.1, 0.05, 0], "epoch", "rate", "2 epochs"),
        Chart(
            "loss", [Series("adam", [1, 2], [3, None], [2, 1], [4, 2], "line")], "epoch", "loss", True, True,
            [Mark(1.5, "here")],
        ),
        Files([("Picture", "a.png")]),
        Commands([("Again:", "ravine resume 'a b'")], "Next:"),
    ]  # fmt: skip
