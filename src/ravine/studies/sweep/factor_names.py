"""Names of the factors that a sweep can vary: options of a training, and words of a network's text."""

from __future__ import annotations

from ravine.execution.training_settings import FixedTrainingSettings
from ravine.networks.network_text import NUMBERS
from ravine.options.fields import options_of

__all__ = ["FIELDS", "WORDS", "factors_help"]

SHARED = ("seed", "seeds")  # settings that cannot vary, besides data and machine
SECTIONS = ("Network", "Training", "Regularization")
FIELDS = tuple(
    key
    for key, option in options_of(FixedTrainingSettings).items()
    if option.section in SECTIONS and option.stored and key not in SHARED
)
"""Options of a training that a sweep can vary."""
WORDS = ("connection", "norm", "conv", "width", "depth", *NUMBERS)
"""Words of a network's text that a sweep can vary."""


def factors_help() -> str:
    """Return the sentence of the help of `ravine sweep` that lists all factors that a sweep can vary."""
    return (
        f"KEY is any of {', '.join(FIELDS)}; of the network {', '.join(WORDS)}; or a hyperparameter of the "
        "optimizer, such as b1."
    )
