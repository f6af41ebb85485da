"""Data classes of the lecture: claims, and findings (measured numbers with their expected values)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from ravine.errors import UsageError

if TYPE_CHECKING:
    import numpy as np

__all__ = ["SECTIONS", "Claim", "Evidence", "Finding"]

Evidence = Mapping[str, "np.ndarray"]  # measured arrays by name
Number = Any  # any argument of float(), such as an element of an array; a Finding turns it into a float

SECTIONS = {  # by the first letter of a claim's id, in the order of the lecture
    "A": "Networks and activations",
    "P": "Preprocessing",
    "L": "Landscape",
    "N": "SGD, noise, annealing",
    "O": "Optimizers",
    "C": "Connections",
    "G": "Memorization and generalization",
}


@dataclass(frozen=True)
class Claim:
    """One claim of the lecture on neural networks, as texts: statement, caveat, experiment and a command."""

    id: str
    """Letter of the section and a number."""
    title: str
    """The claim in a few words."""
    section: str
    """Section of the lecture."""
    says: str
    """The sentence of the lecture."""
    caveat: str
    """Cases in which the claim fails, or a condition that it needs."""
    try_it: str
    """Command that shows the effect; it also works with the user's own data."""
    run: str
    """The experiment, in one sentence."""


@dataclass(frozen=True)
class Finding:
    """A measured number with its expected value, which tests a claim of the lecture or is only reported.

    Without `bound`, the finding holds if |measured - expected| is at most the tolerance. If `relative`, the
    tolerance is a share of |expected|. bound="below" allows every smaller measurement as well, and
    bound="above" every larger one. With expected=None the number is reported and not judged. A measurement of
    NaN never holds.

    error: half width of the 95 % interval if the measurement comes from a sample, else None. is_check:
    whether the number only checks the experiment, such as its accuracy. A failed check makes the claim fail,
    but passed checks alone do not make it hold. Raises UsageError for a tolerance that is negative or not
    finite, and for an unknown bound.
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
    is_check: bool = False

    def __post_init__(self) -> None:
        for name in ("measured", "expected", "tolerance", "error"):
            value = getattr(self, name)
            if value is not None:
                object.__setattr__(self, name, float(value))
        if not 0 <= self.tolerance < math.inf:
            raise UsageError(
                f"The tolerance of '{self.what}' is {self.tolerance}.", "It must be finite and not negative."
            )
        if self.bound not in ("", "below", "above"):
            raise UsageError(
                f"The bound of '{self.what}' is '{self.bound}'.",
                "",
                "Use 'below' to allow all smaller numbers too, 'above' to allow all larger ones, else ''.",
            )

    @property
    def allowed(self) -> float:
        """Largest allowed distance of the measured number from its expected value.

        If only one side is judged (`bound`), it limits the distance on the wrong side of the expected value.
        """
        return float(self.tolerance * abs(self.expected or 0.0) if self.relative else self.tolerance)

    @property
    def holds(self) -> bool | None:
        """Whether the measured number is as expected; None if nothing is expected, False for NaN."""
        if math.isnan(self.measured):
            return False
        if self.expected is None:
            return None
        if self.measured == self.expected:  # also if both are infinite
            return True
        beyond = self.measured - self.expected
        if self.bound == "below":
            return bool(beyond <= self.allowed)
        if self.bound == "above":
            return bool(-beyond <= self.allowed)
        return bool(abs(beyond) <= self.allowed)
