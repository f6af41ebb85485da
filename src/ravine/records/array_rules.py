"""Rules for the arrays in a file that Ravine wrote: their names, types and shapes, checked before any use.

    {"status": ArrayRule("i", ("run",)), "loss": ArrayRule("f", ("run", "time"))}

An axis with a name has the same length in all arrays. A file with other arrays, types or shapes is damaged.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import EllipsisType
from typing import TYPE_CHECKING, Any

from ravine.records.os_errors import DamagedFile
from ravine.records.strict_json import FIX, short_text

if TYPE_CHECKING:
    import numpy as np

__all__ = ["NUMBERS", "ArrayRule", "Axis", "check_arrays"]

NUMBERS = "biuf"
"""Kinds of arrays of numbers, with booleans."""
WORDS = {
    "b": "booleans", "i": "whole numbers", "u": "whole numbers", "f": "floating-point numbers", "U": "text",
}  # fmt: skip
"""Letter of the kind of a NumPy type -> words."""

Axis = int | str | None | EllipsisType
"""Length of an axis: a number, a name for one length in all arrays, None for any length, ... for any axes."""


@dataclass(frozen=True)
class ArrayRule:
    """The type and shape of one array in a file.

    kinds      letters of the kinds of NumPy types that are allowed, such as "iu"
    shape      length of each axis, see `Axis`; ... only at the end
    type       name of the only NumPy type that is allowed; "" = every type of these kinds
    finite     whether NaN and infinity are refused
    within     smallest and largest number that is allowed; None = any
    optional   whether the file may lack the array
    """

    kinds: str
    shape: tuple[Axis, ...]
    type: str = ""
    finite: bool = False
    within: tuple[int, int] | None = None
    optional: bool = False

    @classmethod
    def like(cls, array: np.ndarray, *axes: Axis) -> ArrayRule:
        """Return the rule for arrays of the type and shape of `array` [...].

        axes: lengths of the first axes, in place of those of the array.
        """
        return cls(array.dtype.kind, (*axes, *array.shape[len(axes) :]), str(array.dtype))

    def filled(self, value: float) -> np.ndarray:
        """Return an array [...] of this type and shape, full of one value. All lengths must be numbers."""
        import numpy as np

        shape: Any = self.shape
        return np.full(shape, value, self.type)

    def __str__(self) -> str:
        words = self.type or " or ".join(dict.fromkeys(WORDS[kind] for kind in self.kinds))
        axes = ("..." if axis is ... else "any" if axis is None else str(axis) for axis in self.shape)
        return f"{words} [{', '.join(axes)}]"


def check_arrays(
    arrays: Mapping[str, np.ndarray],
    rules: Mapping[str, ArrayRule],
    subject: str,
    lengths: Mapping[str, int] | None = None,
) -> dict[str, int]:
    """Return the lengths of all axes that have a name in the rules, after checking the arrays.

    arrays, rules: by name. subject: words for their file in messages, such as `'model.safetensors'`.
    lengths: lengths that are known before, by name of the axis. Raises DamagedFile for a missing array, for
    one that has no rule, and for one of another type or shape than its rule states.
    """
    for name in arrays:
        if name not in rules:
            raise DamagedFile(
                f"{subject} is damaged.",
                f"It holds an array {short_text(name)} that does not belong there.",
                FIX,
            )
    known = dict(lengths or {})
    for name, rule in rules.items():
        if name in arrays:
            _check(name, arrays[name], rule, known, subject)
        elif not rule.optional:
            raise DamagedFile(f"{subject} is damaged.", f"It lacks the array {short_text(name)}.", FIX)
    return known


def _check(name: str, array: np.ndarray, rule: ArrayRule, known: dict[str, int], subject: str) -> None:
    """Check one array, and note the lengths of its axes in `known`. Raises DamagedFile."""
    import numpy as np

    shape, axes = array.shape, rule.shape
    fits = array.dtype.kind in rule.kinds and array.dtype.isnative
    fits = fits and rule.type in ("", str(array.dtype))
    if axes[-1:] == (...,):
        axes = axes[:-1] + (None,) * (len(shape) - len(axes) + 1)
    fits = fits and len(axes) == len(shape)
    for axis, length in zip(axes, shape, strict=False):
        wanted = known.setdefault(axis, length) if isinstance(axis, str) and fits else axis
        fits = fits and wanted in (None, length)
    if not fits:
        lengths = "".join(
            f", {axis} = {known[axis]}" for axis in axes if isinstance(axis, str) and axis in known
        )
        raise DamagedFile(
            f"{subject} is damaged.",
            f"Its array {short_text(name)} is {array.dtype} {list(shape)}; allowed is {rule}{lengths}.",
            FIX,
        )
    if rule.within is not None and array.size:
        (low, high), smallest, largest = rule.within, array.min(), array.max()
        if smallest < low or largest > high:
            raise DamagedFile(
                f"{subject} is damaged.",
                f"Its array {short_text(name)} has numbers from {smallest} to {largest}; "
                f"allowed are {low} to {high}.",
                FIX,
            )
    if rule.finite and not np.isfinite(array).all():
        raise DamagedFile(
            f"{subject} is damaged.", f"Its array {short_text(name)} holds NaN or infinity.", FIX
        )
