"""The registry of studies, which are the code behind commands such as `compare`. One line adds a study.

Other packages add studies by entry points of the group `ravine.studies`.
"""

from __future__ import annotations

import sys
from functools import cache
from glob import escape, iglob
from importlib import import_module

from ravine.errors import UsageError, did_you_mean
from ravine.execution.study import Study, title_of

__all__ = ["ALIASES", "STUDIES", "find_study", "study_names", "study_title"]

STUDIES = {
    "compare": "ravine.studies.compare.settings:STUDY",
    "train": "ravine.studies.train.settings:STUDY",
    "diagnose": "ravine.studies.diagnose.settings:STUDY",
    "sweep": "ravine.studies.sweep.settings:STUDY",
    "landscape": "ravine.studies.landscape.settings:STUDY",
    "memorize": "ravine.studies.memorize.settings:STUDY",
    "descent": "ravine.studies.descent.settings:STUDY",
}
"""The studies of this package: name -> "module:object", imported on use."""
ALIASES = {"memorise": "memorize"}
"""Other spellings of a study's name."""

GROUP = "ravine.studies"


@cache
def _of_other_packages() -> dict[str, str]:
    """Return the reference of every study that another package adds, by name."""
    if not _any_package_names(GROUP):
        return {}
    from importlib.metadata import entry_points

    return {point.name: point.value for point in entry_points(group=GROUP)}


def _any_package_names(group: str) -> bool:
    """Return whether an installed package has entry points of a group.

    This search in the files takes 1 ms, `importlib.metadata` takes 20 ms. `--help` would have to wait for it,
    and for `pathlib`, which takes 3 ms to import.
    """
    for folder in sys.path:
        for path in iglob(f"{escape(folder or '.')}/*-info/entry_points.txt"):  # noqa: PTH207
            with open(path, "rb") as file:  # noqa: PTH123
                if group.encode() in file.read():
                    return True
    return False


def study_names() -> list[str]:
    """Return the names of all studies, in the order in which help lists them."""
    return [*STUDIES, *(name for name in _of_other_packages() if name not in STUDIES)]


def study_title(name: str) -> str:
    """Return what the study `name` does, in one line.

    A study of Ravine itself is not imported for this, except for its package.
    """
    if name not in STUDIES:
        return find_study(name).title
    return title_of(STUDIES[name].rpartition(".")[0])


def find_study(name: str) -> Study:
    """Return the study that a name such as `compare` means. Raises UsageError for an unknown name.

    Another spelling, such as `memorise`, is allowed. The module of the study is imported.
    """
    name = ALIASES.get(name, name)
    reference = STUDIES.get(name) or _of_other_packages().get(name)
    if reference is None:
        raise UsageError(f"There is no study '{name}'.", "", did_you_mean(name, study_names()))
    module, _, attribute = reference.partition(":")
    study: Study = getattr(import_module(module), attribute)
    return study
