"""Settings of `memorise`: the network whose memory is measured."""

from __future__ import annotations

from dataclasses import dataclass

from ravine.execution.base_settings import GeneralizationSettings, name_of

__all__ = ["MemorizeSettings"]


@dataclass(frozen=True)
class MemorizeSettings(GeneralizationSettings):
    """Settings of a measurement of memory."""

    def headline(self, dry_run: bool) -> str:
        """Return the first line of the command."""
        doing = "Planning to measure" if dry_run else "Measuring"
        return f"{doing} what '{self.net}' with {self.optimizer} memorises of {name_of(self.source)}."
