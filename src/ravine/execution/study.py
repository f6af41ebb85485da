"""The declaration of a study, the code behind a command such as `compare`: its name, settings and help.

A study is a package with these modules, which are imported when they are needed:

    __init__   TITLE, one line that the list of commands shows
    settings   the settings class, and `STUDY`, this declaration
    design     `design(settings, dataset, devices)` -> Design, pure; `plan(design)` -> StudyPlan; only for
               data that are not read as usual `load_data(settings)` -> Dataset; where settings can be
               checked without data, `check_settings(settings)`
    study      `run(design, context)` -> Result
    result     the classes of result and plan, named in the declaration; without JAX
    view       `view(result)`, `plan_view(plan)`, `next_steps(result)`, where useful `details(result)` for -v,
               -> blocks; without JAX

A study with pictures also has `plots` with `draw(result, folder, kind)` -> paths.
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

__all__ = ["DATA_HELP", "Design", "Study", "title_of"]

DATA_HELP = (
    f"DATA is a file ({format_list()}), '-' for standard input, or a built-in set: {', '.join(BUILTIN)}."
)


def title_of(package: str) -> str:
    """Return `TITLE` of the package of a study, "" if there is none. No other module is imported."""
    title: str = getattr(import_module(package), "TITLE", "")
    return title


class Design(Protocol):
    """The design of a study: all trainings that it derives from settings and data before it trains.

    Only tuning can add runs later.
    """

    @property
    def settings(self) -> NetworkSettings:
        """The settings of the study, completed by the choices that the user left open, such as the effort."""

    @property
    def network_steps(self) -> int:
        """Number of planned optimizer steps of all networks together; tuning can add more."""

    @property
    def estimated_seconds(self) -> float:
        """Estimated wall-clock seconds of the study on this machine, from a short measurement."""

    @property
    def notes(self) -> Sequence[str]:
        """Sentences on choices that differ from the user's settings, such as a rounded number of epochs."""

    def line(self) -> str:
        """Return a description of the planned trainings in one line."""

    def plan_document(self) -> dict[str, Any]:
        """Return the content of the file `plan.json`, which describes every planned run."""


@dataclass(frozen=True)
class Study:
    """The declaration of a study, from which the command line and the Python functions find its parts.

    name: name of the command and of the Python function. package: package of its modules. settings: class of
    its settings. result, plan: names of classes in its `result` module. help: paragraphs above the options,
    or a function that returns them. examples: commands to type.
    accepts: kinds of the first argument: "data", "run", "model". training_file: file of a finished run with
    the settings of its training; "" for a study that has many trainings and does not choose one.
    """

    name: str
    package: str
    settings: type[NetworkSettings]
    result: str
    plan: str
    help: str | Callable[[], str]
    examples: Sequence[str]
    accepts: tuple[str, ...] = ("data",)
    training_file: str = "config.toml"

    @property
    def title(self) -> str:
        """One line for the list of commands."""
        return title_of(self.package)

    @property
    def help_text(self) -> str:
        """The paragraphs of the command's help that stand above the options."""
        return self.help if isinstance(self.help, str) else self.help()

    def load(self, module: str, name: str) -> Any:
        """Import a module of the study, such as `design`, and return its object of this name."""
        return getattr(import_module(f"{self.package}.{module}"), name)

    def find(self, module: str, name: str) -> Any | None:
        """Return the object `name` of the study's module `module`; None if the module has no such object.

        The module, such as `design`, is imported.
        """
        return getattr(import_module(f"{self.package}.{module}"), name, None)

    @property
    def result_type(self) -> type[Result]:
        """The class of this study's results, whose module is imported."""
        result_type: type[Result] = self.load("result", self.result)
        return result_type

    @property
    def plan_type(self) -> type[StudyPlan]:
        """The class of the plans of this study, which a dry run shows."""
        plan_type: type[StudyPlan] = self.load("result", self.plan)
        return plan_type

    @property
    def draws(self) -> bool:
        """Whether the study has a module `plots`, which draws pictures of a result."""
        return find_spec(f"{self.package}.plots") is not None

    def design(self, settings: NetworkSettings, dataset: Dataset, devices: Devices) -> Design:
        """Return the design of the study, all its trainings, for settings and data.

        Raises UsageError and DataError for settings that do not fit the data.
        """
        make: Callable[[NetworkSettings, Dataset, Devices], Design] = self.load("design", "design")
        return make(settings, dataset, devices)

    def load_data(self, settings: NetworkSettings) -> Dataset:
        """Return the data set that settings name.

        Raises DataError for data that cannot be read, and UsageError for settings that do not fit the data.
        """
        from ravine.execution.loading import load

        read: Callable[[NetworkSettings], Dataset] = self.find("design", "load_data") or load
        return read(settings)

    def run(self, design: Design, context: RunContext) -> Result:
        """Run the trainings of a design and return the result of the study.

        Raises NothingTrained if every run diverged, Stopped on a stop request, and DataError or UsageError
        for data or settings that cannot be used.
        """
        run: Callable[[Design, RunContext], Result] = self.load("study", "run")
        return run(design, context)
