"""A claim of the lecture, what was measured for it, and each number held against its truth."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from ravine.errors import UsageError

if TYPE_CHECKING:
    import numpy as np

__all__ = ["SECTIONS", "Claim", "Evidence", "Finding"]

Evidence = Mapping[str, "np.ndarray"]  # all that was measured, by name; nothing judged
Number = Any  # what float() takes, such as one element of an array; a float once it is in a Finding

#: the first letter of a claim's id, in the order of the lecture
SECTIONS = {
    "A": "Networks and activations",
    "P": "Preprocessing",
    "L": "Landscape",
    "N": "SGD, noise, annealing",
    "O": "Optimizers",
    "C": "Connections",
    "G": "Memorisation and generalisation",
}


@dataclass(frozen=True)
class Claim:
    """One claim of the lecture and the experiment that measures it."""

    id: str
    """Letter of the section and a number."""
    title: str
    """The claim in a few words."""
    section: str
    """Section of the lecture."""
    says: str
    """The sentence of the lecture."""
    caveat: str
    """Where the claim fails or needs a condition."""
    try_it: str
    """Command that shows it on data of one's own."""
    run: str
    """The experiment, in one sentence."""


@dataclass(frozen=True)
class Finding:
    """One number, measured, beside the one expected.

    It holds where |measured - expected| <= tolerance (times |expected| if `relative`); with `bound` "below"
    or "above" only the side beyond the bound counts. `expected=None`: reported, not judged. `error`: half
    width of the 95 % interval of a measurement that rests on a sample. A measurement of NaN never holds.
    Raises UsageError for a tolerance or a bound that could not judge.
    """

    what: str
    measured: Number
    expected: Number | None
    tolerance: Number = 0.0
    error: Number | None = None
    relative: bool = False
    unit: str = ""
    note: str = ""
    bound: Literal["", "below", "above"] = ""

    def __post_init__(self) -> None:
        for name in ("measured", "expected", "tolerance", "error"):
            value = getattr(self, name)
            if value is not None:
                object.__setattr__(self, name, float(value))
        if not 0 <= self.tolerance < math.inf:
            raise UsageError(
                f"The tolerance of '{self.what}' is {self.tolerance}.", "It is finite and not negative."
            )
        if self.bound not in ("", "below", "above"):
            raise UsageError(f"The bound of '{self.what}' is '{self.bound}'.", "", "Use 'below' or 'above'.")

    @property
    def allowed(self) -> float:
        """How far the measurement may be from what is expected (beyond it, for a bound)."""
        return float(self.tolerance * abs(self.expected or 0.0) if self.relative else self.tolerance)

    @property
    def holds(self) -> bool | None:
        """Whether it is as expected; None where nothing is expected."""
        if math.isnan(self.measured):
            return False
        if self.expected is None:
            return None
        if self.measured == self.expected:  # also where both are infinite
            return True
        beyond = self.measured - self.expected
        if self.bound == "below":
            return bool(beyond <= self.allowed)
        if self.bound == "above":
            return bool(-beyond <= self.allowed)
        return bool(abs(beyond) <= self.allowed)
