"""Cohorts that stop after any chunk and resume: equal bit for bit, and no step is done twice."""

import io

import numpy as np
import pytest

from ravine.records.record import Status


class Stop(Exception):
    """The user, or the queue, has had enough."""


class Memory:
    """Keeps the state as a file would: a copy of plain arrays, written after every `every`-th chunk."""

    def __init__(self, every=1):
        self.every, self.asked, self.file = every, 0, None

    def load(self, check):
        if self.file is None:
            return None
        arrays = dict(np.load(io.BytesIO(self.file), allow_pickle=False))
        check(arrays, "The memory")
        return arrays

    def save(self, arrays):
        self.asked += 1
        if self.asked % self.every == 0:
            file = io.BytesIO()
            np.savez(file, allow_pickle=False, **arrays())
            self.file = file.getvalue()


def allow(arrays, subject):
    """Allow all arrays."""


def stopping_after(count, steps):
    """Return a callback that raises at its `count`-th call and sums the steps."""
    calls = []

    def after_chunk(told):
        calls.append(told)
        steps.append(told.steps)
        if len(calls) == count:
            raise Stop

    return after_chunk


RATES = (0.1, 0.02, 0.03, 1e6, 0.05, 1e6, 0.1, 0.1, 0.01, 0.05, 0.1, 0.2, 0.04)


@pytest.fixture
def asked(cohort, dataset):
    """Three waves; runs diverge, two at once."""
    return cohort("momentum", RATES, data=dataset("regress"))


@pytest.fixture
def undisturbed(asked, run):
    steps = []
    record = run(asked, after_chunk=lambda told: steps.append(told.steps), width=5)
    assert (record.status[[3, 5]] == Status.DIVERGED).all()
    assert record.counts()["finished"] > 6
    return record, steps


def test_after_every_chunk(asked, undisturbed, run, same):
    whole, all_steps = undisturbed
    assert len(all_steps) == 12
    for stop in range(1, 13):
        memory, steps = Memory(), []
        with pytest.raises(Stop):
            run(asked, stopping_after(stop, steps), memory, width=5)
        assert len(steps) == stop
        same(run(asked, stopping_after(99, steps), memory, width=5), whole)
        assert steps == all_steps  # done once each, in the same order


def test_after_every_chunk_one_after_another(asked, undisturbed, run, same):
    """Stopped again as soon as it is resumed."""
    whole, all_steps = undisturbed
    memory, steps = Memory(), []
    for _ in range(12):
        with pytest.raises(Stop):
            run(asked, stopping_after(1, steps), memory, width=5)
    assert steps == all_steps
    same(run(asked, None, memory, width=5), whole)


@pytest.mark.parametrize("every", [2, 5])
def test_from_an_older_state(every, asked, undisturbed, run, same):
    """A store may skip a chunk. Its steps are done again, with the same result."""
    whole, _ = undisturbed
    for stop in (1, 4, 7, 11):
        memory = Memory(every)
        with pytest.raises(Stop):
            run(asked, stopping_after(stop, []), memory, width=5)
        same(run(asked, None, memory, width=5), whole)


def test_of_a_finished_cohort_nothing_is_done_again(asked, undisturbed, run, same):
    whole, _ = undisturbed
    memory, steps = Memory(), []
    run(asked, None, memory, width=5)
    same(run(asked, stopping_after(99, steps), memory, width=5), whole)
    assert steps == []


def test_of_a_cohort_in_which_all_diverged(cohort, dataset, run, same):
    asked = cohort("momentum", [1e6] * 13, data=dataset("regress"))
    whole = run(asked, width=5)
    assert whole.counts() == {"diverged": 13}
    for stop in (1, 2, 3):
        memory = Memory()
        with pytest.raises(Stop):
            run(asked, stopping_after(stop, []), memory, width=5)
        same(run(asked, None, memory, width=5), whole)


@pytest.mark.parametrize("rule", ["nesterov", "adam", "optax:lion(b1=0.8)"])
def test_whatever_the_rule_carries(rule, cohort, run, same):
    asked = cohort(rule, [0.01, 0.02, 0.05], [0, 1, 0])
    whole = run(asked)
    memory = Memory()
    with pytest.raises(Stop):
        run(asked, stopping_after(2, []), memory)
    same(run(asked, None, memory), whole)


def test_in_float64(cohort, run, same):
    asked = cohort("momentum", precision="float64")
    memory = Memory()
    with pytest.raises(Stop):
        run(asked, stopping_after(2, []), memory)
    assert {a.dtype for k, a in memory.load(allow).items() if k.startswith("series")} == {np.dtype("float64")}
    same(run(asked, None, memory), run(asked))


def test_what_is_kept_does_not_change_afterwards(asked, run):
    """Arrays of a checkpoint are not written to before the next one."""
    held = []

    class Holding(Memory):
        def save(self, arrays):
            given = arrays()
            held.append((given, {k: v.copy() for k, v in given.items()}))

    def check(_):
        for given, copy in held[-1:]:
            for name in given:
                np.testing.assert_array_equal(given[name], copy[name])

    run(asked, check, Holding(), width=5)
    assert len(held) == 12


def test_the_status_of_a_stopped_cohort_is_not_finished(asked, run):
    memory = Memory()
    with pytest.raises(Stop):
        run(asked, stopping_after(2, []), memory, width=5)
    status = memory.load(allow)["status"]
    assert np.sum(status == Status.FINISHED) == 0
    assert np.sum(status == Status.DIVERGED) >= 1
