"""How each rule looks in motion, whatever others are beside it: told apart with any colours, or none."""

from __future__ import annotations

from dataclasses import dataclass

from ravine.lecture.drawing import COLORS

__all__ = ["LOOKS", "Look"]


@dataclass(frozen=True)
class Look:
    """light, dark: colour on white and on black. dash: lengths on and off, () a full line. mark: a shape."""

    light: str
    dark: str
    dash: tuple[int, ...]
    mark: str


LOOKS = {
    "sgd": Look(COLORS[0], "#6cb8f0", (), "circle"),
    "momentum": Look(COLORS[1], "#ff9a5c", (7, 4), "square"),
    "nesterov": Look(COLORS[2], "#3fd6a8", (9, 3, 2, 3), "triangle"),
    "adagrad": Look(COLORS[4], "#f5c04e", (4, 2, 1, 2, 1, 2), "pentagon"),
    "rmsprop": Look(COLORS[3], "#f2a7d0", (2, 3), "diamond"),
    "adam": Look(COLORS[6], "#ffffff", (14, 3), "cross"),
}
