"""The registry of studies. One line adds a study.

Other packages add theirs by an entry point of the group `ravine.studies`.
"""

from __future__ import annotations

from functools import cache
from pkgutil import resolve_name

from ravine.errors import UsageError, did_you_mean
from ravine.execution.study import Study

__all__ = ["STUDIES", "find_study", "study_names"]

STUDIES = {
    "compare": "ravine.studies.compare.settings:STUDY",
    "train": "ravine.studies.train.settings:STUDY",
    "diagnose": "ravine.studies.diagnose.settings:STUDY",
    "sweep": "ravine.studies.sweep.settings:STUDY",
    "landscape": "ravine.studies.landscape.settings:STUDY",
    "memorise": "ravine.studies.memorize.settings:STUDY",
    "descent": "ravine.studies.descent.settings:STUDY",
}


@cache
def _references() -> dict[str, str]:
    """Return the reference of every study by name, those of other packages included."""
    from importlib.metadata import entry_points  # slow to import; a study of our own does not need it

    others = {point.name: point.value for point in entry_points(group="ravine.studies")}
    return STUDIES | {name: reference for name, reference in others.items() if name not in STUDIES}


def study_names() -> list[str]:
    """Return the names of all studies, in the order in which help lists them."""
    return list(_references())


def find_study(name: str) -> Study:
    """Return the study of that name. Raises UsageError if there is none."""
    reference = STUDIES.get(name) or _references().get(name)
    if reference is None:
        raise UsageError(f"There is no study '{name}'.", "", did_you_mean(name, study_names()))
    study: Study = resolve_name(reference)
    return study
