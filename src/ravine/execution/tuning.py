"""The extension of the searched range of learning rates if a best learning rate lies at its end."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

__all__ = ["MAX_EXTENSIONS", "extend_ranges"]

MAX_EXTENSIONS = 2  # of the range of learning rates, each by a decade


def extend_ranges(
    ends: Callable[[], Mapping[str, str]], extend: Callable[[Sequence[str], Sequence[str]], None]
) -> list[str]:
    """Extend the searched range of learning rates, at most twice, while a best one lies at an end.

    Returns the extended ends, "low" or "high", in order.

    ends: function that returns the end, by name of each optimizer or configuration whose best learning rate
    lies at an end. extend: function (sides, names) that trains with more learning rates beyond the last end
    in `sides`; the best learning rates of `names` lie there.
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
