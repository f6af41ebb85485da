"""The declaration of a study: its name, settings and help. Its other parts are imported on use.

A study is a package with five modules:

    settings   the settings class, and `STUDY`, this declaration
    design     `design(settings, dataset, devices)` -> Design, pure; `plan(design)` -> StudyPlan; only for
               data that are not read as usual `load_data(settings)` -> Dataset
    study      `run(design, context)` -> Result
    result     the classes of result and plan, named in the declaration; no JAX
    view       `view(result)`, `plan_view(plan)`, `next_steps(result)`, where useful `details(result)` for -v,
               -> blocks; no JAX

and, where it draws, `plots` with `draw(result, folder, kind)` -> paths.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Protocol

from ravine.data.builtin import BUILTIN
from ravine.data.formats import format_list

if TYPE_CHECKING:
    from ravine.data import Dataset
    from ravine.engines import Devices
    from ravine.execution.base_settings import NetworkSettings
    from ravine.execution.context import RunContext
    from ravine.execution.result import Result, StudyPlan

__all__ = ["DATA_HELP", "Design", "Study"]

DATA_HELP = (
    f"DATA is a file ({format_list()}), '-' for standard input, or a built-in set: {', '.join(BUILTIN)}."
)


class Design(Protocol):
    """A study fixed before training: every run, with nothing left to choose but what tuning will find."""

    @property
    def settings(self) -> NetworkSettings:
        """The settings with every open choice made."""

    @property
    def network_steps(self) -> int:
        """Network steps planned; later stages may add more."""

    def line(self) -> str:
        """Return what is going to be done, in one line."""

    def plan_document(self) -> dict[str, Any]:
        """Return what `plan.json` holds: every run."""


@dataclass(frozen=True)
class Study:
    """A study. accepts: what the command takes in place of DATA: "data", "run", "model".

    title: one line for the list of commands. help: paragraphs above the options, or a function that returns
    them. result, plan: names of
    classes in the `result` module.
    """

    name: str
    package: str
    settings: type[NetworkSettings]
    result: str
    plan: str
    title: str
    help: str | Callable[[], str]
    examples: Sequence[str]
    accepts: tuple[str, ...] = ("data",)

    @property
    def help_text(self) -> str:
        """The paragraphs above the options."""
        return self.help if isinstance(self.help, str) else self.help()

    def load(self, module: str, name: str) -> Any:
        """Import a module of the study's package and return an object of it."""
        return getattr(import_module(f"{self.package}.{module}"), name)

    def find(self, module: str, name: str) -> Any | None:
        """Return an object as `load` does; None if the module has no such object."""
        return getattr(import_module(f"{self.package}.{module}"), name, None)

    @property
    def result_type(self) -> type[Result]:
        """The class of the study's results."""
        found: type[Result] = self.load("result", self.result)
        return found

    @property
    def plan_type(self) -> type[StudyPlan]:
        """The class of what its dry run shows."""
        found: type[StudyPlan] = self.load("result", self.plan)
        return found

    @property
    def draws(self) -> bool:
        """Whether the study draws pictures."""
        return find_spec(f"{self.package}.plots") is not None

    def design(self, settings: NetworkSettings, dataset: Dataset, devices: Devices) -> Design:
        """Return the design. Raises UsageError, DataError for what does not fit."""
        make: Callable[[NetworkSettings, Dataset, Devices], Design] = self.load("design", "design")
        return make(settings, dataset, devices)

    def load_data(self, settings: NetworkSettings) -> Dataset:
        """Return the data that settings name. Raises DataError, UsageError."""
        from ravine.execution.loading import load

        read: Callable[[NetworkSettings], Dataset] = self.find("design", "load_data") or load
        return read(settings)

    def run(self, design: Design, context: RunContext) -> Result:
        """Run a design. Raises DataError, UsageError, Stopped, NothingTrained."""
        run: Callable[[Design, RunContext], Result] = self.load("study", "run")
        return run(design, context)
