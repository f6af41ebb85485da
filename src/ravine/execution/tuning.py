"""Extension of the range of learning rates while some best one lies at its end."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

__all__ = ["MAX_EXTENSIONS", "extend_ranges"]

MAX_EXTENSIONS = 2


def extend_ranges(
    ends: Callable[[], Mapping[str, str]], extend: Callable[[Sequence[str], Sequence[str]], None]
) -> list[str]:
    """Extend the range of all at one side while somebody's best lies there; return the sides extended.

    ends() returns the side ("low" or "high") of everybody whose best lies at an end, by name.
    extend(sides, names) tries more rates at the last of `sides`; `names` have their best there.
    """
    extended: list[str] = []
    while len(extended) < MAX_EXTENSIONS:
        found = ends()
        side = next((side for side in ("high", "low") if side in found.values()), None)
        if side is None:
            break
        extended.append(side)
        extend(extended, [name for name, end in found.items() if end == side])
    return extended
