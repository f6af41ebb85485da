"""Extension of the range of learning rates while a best rate lies at its end."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

__all__ = ["MAX_EXTENSIONS", "extend_ranges"]

MAX_EXTENSIONS = 2  # of the range of learning rates, each by a decade


def extend_ranges(
    ends: Callable[[], Mapping[str, str]], extend: Callable[[Sequence[str], Sequence[str]], None]
) -> list[str]:
    """Extend the range of learning rates while a best rate lies at its end.

    Return the extended sides, low or high, in order.

    ends(): returns the side of each optimizer or group whose best rate lies at an end of the range.
    extend(sides, names): trains with more rates on the last of `sides`, where the best rates of `names` lie.
    """
    extended: list[str] = []
    while len(extended) < MAX_EXTENSIONS:
        sides = ends()
        side = next((side for side in ("high", "low") if side in sides.values()), None)
        if side is None:
            break
        extended.append(side)
        extend(extended, [name for name, end in sides.items() if end == side])
    return extended
