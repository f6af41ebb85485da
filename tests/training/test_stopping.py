"""Early stopping: known cases, the traced machine against a plain loop over curves of all kinds."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ravine.errors import UsageError
from ravine.training.stopping import Stopping, patient, stop_epoch, watch


def by_the_book(losses, patience, min_change):
    """What the docstring says, written without a state machine: look back from every epoch."""
    best, best_loss = None, np.inf
    for epoch, loss in enumerate(losses):
        if loss < best_loss - min_change:
            best, best_loss = epoch, loss
        if epoch - (-1 if best is None else best) >= patience:
            return epoch, best
    return None, best


def in_a_scan(losses, patience, min_change):
    """The same machine, compiled, over all epochs without leaving early."""
    with jax.enable_x64(True):
        start = jax.tree.map(jnp.asarray, patient())
        go = jax.jit(
            lambda curve, p, m: jax.lax.scan(lambda s, loss: (watch(s, loss, p, m), None), start, curve)[0]
        )
        end = go(jnp.asarray(losses, jnp.float64), jnp.int32(patience), jnp.float64(min_change))
        return Stopping(*map(np.asarray, end))


def test_the_lectures_curve():
    assert stop_epoch([5, 4, 3, 3.1, 2.9, 2.95, 2.96, 2.97, 2.8], 3) == (7, 4)


@pytest.mark.parametrize(
    ("losses", "patience", "min_change", "expected"),
    [
        ([], 3, 0.0, (None, None)),
        ([1.0], 1, 0.0, (None, 0)),
        ([1.0, 1.0], 1, 0.0, (1, 0)),  # equal is not better
        ([3, 2, 1, 0.5], 1, 0.0, (None, 3)),
        ([3, 2.95, 2.9, 2.85], 3, 0.2, (3, 0)),  # small steps do not add up to patience
        ([3, 2.9, 2.75, 2.7], 3, 0.2, (None, 2)),  # each is compared with the best, not with the last
        ([np.nan] * 4, 2, 0.0, (1, None)),  # diverged from the start: nothing to restore
        ([2, np.nan, 1, np.nan, np.nan], 2, 0.0, (4, 2)),
        ([np.inf, 5], 3, 0.0, (None, 1)),
        ([-1e300, -np.inf], 3, 0.0, (None, 1)),
    ],
)
def test_known_cases(losses, patience, min_change, expected):
    assert stop_epoch(losses, patience, min_change) == expected


levels = st.sampled_from([0.0, 0.25, 0.5, 1.0, 2.0, np.nan, np.inf])


@given(st.lists(levels, max_size=12), st.integers(1, 5), st.sampled_from([0.0, 0.25, 0.5]))
def test_every_curve_stops_where_the_book_says(losses, patience, min_change):
    assert stop_epoch(losses, patience, min_change) == by_the_book(losses, patience, min_change)


@pytest.mark.parametrize("seed", range(5))
def test_the_traced_machine_is_the_same(seed):
    generator = np.random.default_rng(seed)
    losses = generator.choice([0.5, 1.0, 2.0, 3.0, np.nan], 20)
    end = in_a_scan(losses, 4, 0.25)
    stopped, best = stop_epoch(losses, 4, 0.25)
    assert bool(end.stopped) == (stopped is not None)
    assert int(end.best_epoch) == (-1 if best is None else best)
    if stopped is not None:
        assert int(end.best_epoch + end.waited) == stopped
    if best is not None:
        assert end.best_loss == losses[best]


def test_many_runs_side_by_side_stop_each_for_itself():
    generator = np.random.default_rng(0)
    losses = generator.choice([0.5, 1.0, 2.0, np.nan], (30, 15))
    patience = generator.integers(1, 5, 30).astype(np.int32)
    state = patient((30,))
    for column in losses.T:
        state = watch(state, column, patience, np.zeros(30))
    for run in range(30):
        stopped, best = stop_epoch(losses[run], int(patience[run]))
        assert bool(state.stopped[run]) == (stopped is not None)
        assert state.best_epoch[run] == (-1 if best is None else best)


def test_a_float32_state_stays_float32_in_a_loop():
    end = jax.jit(
        lambda curve: jax.lax.scan(
            lambda s, loss: (watch(s, loss, jnp.int32(2), jnp.float32(0)), None),
            jax.tree.map(jnp.asarray, patient(dtype="float32")),
            curve,
        )[0]
    )(jnp.asarray([2.0, 1.0, 1.5, 1.5, 0.1], jnp.float32))
    assert end.best_loss.dtype == jnp.float32
    assert (float(end.best_loss), int(end.best_epoch), bool(end.stopped)) == (1.0, 1, True)


@pytest.mark.parametrize("patience", [0, -1, 2.5, True, None])
def test_a_patience_that_is_none_is_refused(patience):
    with pytest.raises(UsageError, match="patience"):
        stop_epoch([1.0], patience)


@pytest.mark.parametrize("min_change", [-0.1, np.nan, np.inf])
def test_a_change_that_is_none_is_refused(min_change):
    with pytest.raises(UsageError, match="min_change"):
        stop_epoch([1.0], 3, min_change)


def test_losses_of_many_runs_are_refused():
    with pytest.raises(UsageError, match="not one run"):
        stop_epoch(np.ones((2, 3)), 3)
