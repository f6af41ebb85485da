"""Settings of `descent`: the network whose width, epochs and examples vary, and the noise on its labels."""

from __future__ import annotations

from dataclasses import dataclass

from ravine.execution.base_settings import GeneralizationSettings, NetworkSettings, name_of
from ravine.options.fields import option, redefined

__all__ = ["DescentSettings"]


@dataclass(frozen=True)
class DescentSettings(GeneralizationSettings):
    """Settings of a search for double descent."""

    net: str = redefined(NetworkSettings, "net", "64")
    noise: float = option(
        0.0, "Share of the training labels that are drawn at random; 0 = none.", section="Training",
        metavar="SHARE", at_least=0, at_most=1, neutral=0,
    )  # fmt: skip

    def headline(self, dry_run: bool) -> str:
        """Return the first line of the command: `Looking for double descent on digits.`"""
        noise = f", {self.noise:.0%} of the labels drawn anew" if self.noise else ""
        doing = "Planning to look" if dry_run else "Looking"
        return f"{doing} for double descent on {name_of(self.source)}{noise}."
