"""The checkpoint of a cohort: a training goes on only from arrays that it would have written."""

from __future__ import annotations

import numpy as np
import pytest

from ravine.records.os_errors import DamagedFile


class Kept:
    """A store that holds the last state, and lets a test change it before the training goes on."""

    def __init__(self):
        self.arrays, self.refused = None, None

    def load(self, check):
        if self.arrays is None:
            return None
        try:
            check(self.arrays, "The state")
        except DamagedFile as error:
            self.refused = error
            return None
        return self.arrays

    def save(self, arrays):
        self.arrays = arrays()


class Stop(Exception):
    """The end of a training after its first chunk."""


def stop(_):
    raise Stop


@pytest.fixture
def stopped(cohort, run):
    """Return a function that trains a cohort for one chunk and returns cohort and store."""

    def make(**changed):
        made = cohort(rates=(0.1, 0.02, 0.05), seeds=(0, 1, 2), patience=np.full(3, 3), **changed)
        store = Kept()
        with pytest.raises(Stop):
            run(made, stop, store, segments=2)
        assert {"live", "state/0"} <= store.arrays.keys()
        return made, store

    return make


def test_an_unchanged_state_goes_on(stopped, run):
    made, store = stopped()
    record = run(made, None, store, segments=2)
    assert store.refused is None
    np.testing.assert_array_equal(record.series["score"], run(made, segments=2).series["score"])


CHANGES = {
    "status": lambda a: a + 3, "where": lambda a: np.array([0, 99]), "live": lambda a: a + 3,
    "series/score": lambda a: a[:, 1:], "final/evaluation": lambda a: a + 99, "final/score": lambda a: a[:1],
    "stopping/waited": lambda a: a.astype(float), "state/0": lambda a: a[..., None],
    "state/1": lambda a: None, "more": lambda a: np.ones(1),
}  # fmt: skip


@pytest.mark.parametrize("name", [*CHANGES, "wave", "twice", "no live"])
def test_a_changed_state_is_refused_by_name_and_the_training_begins_anew(stopped, run, name):
    made, store = stopped()
    arrays = dict(store.arrays)
    if name == "wave":
        arrays["where"] = np.array([1, 2])  # there is one wave
    elif name == "twice":
        arrays["live"] = np.zeros_like(arrays["live"])
    elif name == "no live":
        arrays = {key: value for key, value in arrays.items() if key != "live" and "state/" not in key}
    else:
        arrays[name] = CHANGES[name](arrays.get(name))
    store.arrays = {key: value for key, value in arrays.items() if value is not None}
    record = run(made, None, store, segments=2)
    assert store.refused is not None and store.refused.what == "The state is damaged."
    if name in CHANGES:
        assert f"'{name}'" in store.refused.why or name == "where"
    np.testing.assert_array_equal(record.series["score"], run(made, segments=2).series["score"])


def test_the_state_of_another_network_is_refused(stopped, cohort, run):
    _, store = stopped()
    other = cohort(
        rates=(0.1, 0.02, 0.05), seeds=(0, 1, 2), patience=np.full(3, 3), network={"norm": "layernorm"}
    )
    run(other, None, store, segments=2)
    assert store.refused is not None
