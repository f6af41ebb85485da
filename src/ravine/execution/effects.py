"""The check for options that have no effect beside a network or a loss of a Python file."""

from __future__ import annotations

from ravine.errors import UsageError
from ravine.execution.base_settings import NetworkSettings
from ravine.networks import any_network, default_loss
from ravine.networks.network_text import FileNetworkSpec
from ravine.options.fields import options_of
from ravine.user_code.code_text import short_code

__all__ = ["check_effects"]


def check_effects(settings: NetworkSettings, task: str) -> None:
    """Raise UsageError for an option that would have no effect. task: "classify" or "regress"."""
    options = options_of(type(settings))
    if isinstance(any_network(settings.net), FileNetworkSpec):
        for key in ("activation", "init"):
            value, usual = getattr(settings, key), options[key].default
            if value != usual:
                raise UsageError(
                    f"{options[key].flag} {value} has no effect on '{short_code(settings.net)}'.",
                    "A network of a Python file has the activations and initial parameters of the file.",
                    f"Leave {options[key].flag} out.",
                    option=key, value=value, allowed=f"{usual}, for a network of a Python file",
                )  # fmt: skip
    if settings.label_smoothing and settings.loss not in (None, default_loss(task)):
        raise UsageError(
            f"--label-smoothing has no effect on the loss '{short_code(settings.loss)}'.",
            "It changes the cross entropy.",
            "Leave out --label-smoothing or --loss.",
            option="label_smoothing", value=settings.label_smoothing, allowed="0, with such a loss",
        )  # fmt: skip
