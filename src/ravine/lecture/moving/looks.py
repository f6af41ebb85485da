"""How each rule looks in motion, whatever others are beside it: told apart with any colours, or none."""

from __future__ import annotations

from dataclasses import dataclass

from ravine.lecture.drawing import COLOURS

__all__ = ["LOOKS", "Look"]


@dataclass(frozen=True)
class Look:
    """light, dark: colour on white and on black. dash: lengths on and off, () a full line. mark: a shape."""

    light: str
    dark: str
    dash: tuple[int, ...]
    mark: str


LOOKS = {
    "sgd": Look(COLOURS[0], "#6cb8f0", (), "circle"),
    "momentum": Look(COLOURS[1], "#ff9a5c", (7, 4), "square"),
    "nesterov": Look(COLOURS[2], "#3fd6a8", (9, 3, 2, 3), "triangle"),
    "adagrad": Look(COLOURS[4], "#f5c04e", (4, 2, 1, 2, 1, 2), "pentagon"),
    "rmsprop": Look(COLOURS[3], "#f2a7d0", (2, 3), "diamond"),
    "adam": Look(COLOURS[6], "#ffffff", (14, 3), "cross"),
}
