"""Programs that measure a run are kept, and dropped with all others."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import partial

import numpy as np
import pytest

from ravine.studies.diagnose.program_cache import programs
from ravine.training import drop_programs


@dataclass(frozen=True)
class Precise:
    """Stands for a plan."""

    precision: str = "float32"


def double(plan, x):
    return 2 * x


@pytest.mark.skipif(sys.platform != "linux", reason="no other system lists the mappings of a process")
def test_programs_are_used_again_until_they_are_dropped(monkeypatch):
    functions = {"double": (partial(double, Precise()), (np.ones(3, np.float32),))}
    first = programs(functions)["double"]
    assert first(np.full(3, 4, np.float32)).tolist() == [8, 8, 8]
    assert programs(functions)["double"] is first
    monkeypatch.setattr(sys.modules["ravine.training.program"], "MAX_MAPPINGS", 0)
    assert drop_programs()
    assert programs(functions)["double"] is not first
