import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from jax.example_libraries.optimizers import inverse_time_decay

from ravine.errors import UsageError
from ravine.optimizers import SCHEDULES, factors, plateau_next, plateau_start, schedule


def test_cosine_in_float32_is_right_to_the_end():
    """(1 + cos) / 2 would lose all digits there."""
    with jax.enable_x64(False):
        at = schedule("decay").at(100_000, 1)
        np.testing.assert_allclose(at(99_990), np.sin(np.pi / 2 * 1e-4) ** 2, rtol=1e-3)
        assert at(3).dtype == jnp.float32


@pytest.mark.parametrize("text", ["decay", "linear"])
def test_decay_ends_at_exactly_zero_and_falls_all_the_way(text):
    at = schedule(text).at(100, 10)
    values = np.array([float(at(t)) for t in range(130)])
    assert values[0] == 1 and (values[:100] > 0).all() and (values[100:] == 0).all()
    assert (np.diff(values[:101]) < 0).all()


def test_decay_is_an_alias_of_cosine():
    np.testing.assert_array_equal(factors("decay", STEPS, EPOCH), factors("cosine", STEPS, EPOCH))
    assert str(schedule("decay")) == str(schedule("cosine")) == "cosine"  # as plans have them


EVERY = [
    "constant",
    "constant(warmup=0.1)",
    "cosine",
    "step(0.1,every=10)",
    "step(0.5,at=3+6.5,warmup=0.2)",
    "step(0.1,at=50%+75%)",
    "exponential(0.9)",
    "exponential(end=0.01,warmup=0.05)",
    "inverse(0.5)",
    "inverse(power=0.5,end=0.1)",
    "polynomial(2.5,end=0.1)",
    "linear(end=0.2)",
    "cosine(end=0.01,warmup=0.1)",
    "onecycle",
    "onecycle(0.5,start=0.1,end=0)",
]
every_schedule = pytest.mark.parametrize("text", EVERY)
STEPS, EPOCH = 120, 12


def test_every_kind_is_under_these_tests():
    assert {schedule(text).name for text in EVERY} | {"plateau"} == set(SCHEDULES)


@every_schedule
@pytest.mark.parametrize("per_epoch", [12, 11.37, 0.4])
def test_the_table_is_the_function(text, per_epoch):
    if "every" in text and per_epoch < 1:
        per_epoch = 0.5
    spec = schedule(text)
    table, at = spec.factors(STEPS, per_epoch), spec.at(STEPS, per_epoch)
    assert table.dtype == np.float64 and table.shape == (STEPS,)
    assert np.isfinite(table).all() and (table >= 0).all() and (table <= 1).all()
    np.testing.assert_allclose(jax.jit(jax.vmap(at))(jnp.arange(STEPS)), table, rtol=1e-12, atol=1e-15)
    assert at(7).dtype == jnp.float64
    np.testing.assert_array_equal(at(STEPS + 500), at(STEPS))  # stays where it ended


@every_schedule
def test_any_length_of_run(text):
    for steps in (1, 2, 3, 17):
        table = factors(text, steps, 5)
        assert np.isfinite(table).all() and (table > 0).any()


@pytest.mark.parametrize("text", [*EVERY, "plateau(0.5,patience=3)", "plateau(0.1,least=0.001)"])
def test_round_trip(text):
    spec = schedule(text)
    assert schedule(str(spec)) == spec and hash(schedule(str(spec))) == hash(spec)
    assert schedule(spec) is spec
    assert schedule(text.replace(",", " , ").replace("=", " = ").upper()) == spec


@pytest.mark.parametrize(
    ("text", "peer"),
    [
        ("constant(warmup=0.1)", optax.linear_schedule(1 / 13, 1.0, 12)),
        ("decay", optax.cosine_decay_schedule(1.0, STEPS)),
        ("step(0.1,every=3)", optax.exponential_decay(1.0, 3 * EPOCH, 0.1, staircase=True)),
        ("step(0.5,at=3+6)", optax.piecewise_constant_schedule(1.0, {36: 0.5, 72: 0.5})),
        ("step(0.5,at=25%+50%)", optax.piecewise_constant_schedule(1.0, {30: 0.5, 60: 0.5})),
        ("exponential(0.9)", optax.exponential_decay(1.0, EPOCH, 0.9)),
        ("exponential(end=0.01)", optax.exponential_decay(1.0, STEPS, 0.01)),
        ("inverse(0.5)", inverse_time_decay(1.0, EPOCH, 0.5)),
        ("polynomial(2.5,end=0.1)", optax.polynomial_schedule(1.0, 0.1, 2.5, STEPS)),
        ("linear(end=0.2)", optax.linear_schedule(1.0, 0.2, STEPS)),
        ("cosine(end=0.01)", optax.cosine_decay_schedule(1.0, STEPS, 0.01)),
        (
            "cosine(warmup=0.1,end=0.01)",
            optax.warmup_cosine_decay_schedule(1 / 13, 1.0, 12, STEPS, 0.01),
        ),
        ("onecycle(0.25)", optax.cosine_onecycle_schedule(STEPS, 1.0, 0.25, 25.0, 1e4)),
    ],
)
def test_equals_a_second_library(text, peer):
    with jax.numpy_dtype_promotion("standard"):
        expected = [float(peer(t)) for t in range(STEPS)]
    np.testing.assert_allclose(factors(text, STEPS, EPOCH), expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("text", "kind", "numbers", "every"),
    [
        ("step(0.3,every=2)", "StepLR", {"step_size": 2, "gamma": 0.3}, EPOCH),
        ("step(0.3,at=3+6)", "MultiStepLR", {"milestones": [3, 6], "gamma": 0.3}, EPOCH),
        ("exponential(0.9)", "ExponentialLR", {"gamma": 0.9 ** (1 / EPOCH)}, 1),
        ("polynomial(2)", "PolynomialLR", {"total_iters": STEPS, "power": 2.0}, 1),
        ("cosine(end=0.05)", "CosineAnnealingLR", {"T_max": STEPS, "eta_min": 0.05}, 1),
        # it is at its top at step pct_start total_steps - 1, and at its end at total_steps - 1
        (
            "onecycle(0.25)",
            "OneCycleLR",
            {"max_lr": 1.0, "total_steps": STEPS + 1, "pct_start": (0.25 * STEPS + 1) / (STEPS + 1)},
            1,
        ),
    ],
)
def test_equals_torch(text, kind, numbers, every):
    torch = pytest.importorskip("torch")
    optimizer = torch.optim.SGD([torch.zeros(1, dtype=torch.float64, requires_grad=True)], lr=1.0)
    peer = getattr(torch.optim.lr_scheduler, kind)(optimizer, **numbers)
    expected = []
    for t in range(STEPS):
        expected.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        if (t + 1) % every == 0:
            peer.step()
    np.testing.assert_allclose(factors(text, STEPS, EPOCH), expected, rtol=0, atol=1e-12)


def test_drops_come_at_whole_steps_whatever_the_epoch():
    """0.7 of 10 steps is 7.000000000000001 in floating point; a drop is due at 7."""
    table = factors("step(0.1,every=0.7)", 100, 10)
    np.testing.assert_array_equal(np.flatnonzero(np.diff(table)) + 1, np.arange(7, 100, 7))
    assert table[7] == 0.1
    # an epoch of 11.37 steps: the first step that begins after k epochs
    table = factors("step(0.5,every=1)", 100, 11.37)
    np.testing.assert_array_equal(np.flatnonzero(np.diff(table)) + 1, np.ceil(11.37 * np.arange(1, 9)))


def test_in_float32_the_drops_stay_where_they_are():
    with jax.enable_x64(False):
        at = schedule("step(0.1,every=1)").at(10_000_000, 1e6 / 3)
        steps = np.array([333_333, 333_334, 9_666_666, 9_666_667])
        np.testing.assert_allclose(jax.vmap(at)(steps), [1, 0.1, 1e-28, 1e-29], rtol=1e-5)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "No schedule"),
        ("cosin", "'cosine'"),
        ("cosine(warm=0.1)", "'warmup'"),
        ("cosine(0.1,0.2)", "no name"),
        ("decay(end=1.5)", "from 0 to 1"),
        ("decai", "'decay'"),
        ("cosine(end=1.5)", "from 0 to 1"),
        ("cosine(end=nan)", "from 0 to 1"),
        ("cosine(end=)", "from 0 to 1"),
        ("cosine(end=__import__)", "from 0 to 1"),
        ("cosine(end=0.1,end=0.2)", "twice"),
        ("cosine(warmup=1)", "below 1"),
        ("cosine(warmup=-0.1)", "from 0"),
        ("cosine(", "brackets"),
        ("cosine)", "brackets"),
        ("cosine(0.1)(0.1)", "cannot"),
        ("cosine(,)", "cannot use"),
        ("step", "'every' or 'at'"),
        ("step(0.1,every=10,at=30)", "not both"),
        ("step(0,every=10)", "above 0"),
        ("step(2,every=10)", "at most 1"),
        ("step(0.1,every=0)", "above 0"),
        ("step(0.1,every=inf)", "above 0"),
        ("step(0.1,at=60+30)", "rising"),
        ("step(0.1,at=30+30)", "rising"),
        ("step(0.1,at=30+75%)", "one kind"),
        ("step(0.1,at=30+)", "rising"),
        ("exponential", "'gamma' or 'end'"),
        ("exponential(1.1)", "at most 1"),
        ("exponential(end=0)", "never reached"),
        ("inverse(-1)", "not negative"),
        ("polynomial(0)", "above 0"),
        ("onecycle(1)", "below 1"),
        ("plateau(1)", "below 1"),
        ("plateau(0.1,patience=2.5)", "whole"),
        ("plateau(0.1,patience=-1)", "whole"),
    ],
)
def test_refused(text, says):
    with pytest.raises(UsageError, match=says):
        schedule(text)


def test_a_run_it_does_not_fit():
    for steps, per_epoch in ((0, 1), (1.5, 1), (10, 0), (10, -1), (10, np.inf), (10, np.nan)):
        with pytest.raises(UsageError, match="run of"):
            factors("decay", steps, per_epoch)
    with pytest.raises(UsageError, match=r"every 0\.1 steps"):
        factors("step(0.1,every=0.01)", 100, 10)
    with pytest.raises(UsageError, match="too large for a number"):
        factors("inverse(power=0.01,end=0.0001)", 100, 10)
    with pytest.raises(UsageError, match="not known before training"):
        factors("plateau(0.1)", 10, 1)


LOSSES = [
    5,
    4,
    3,
    3.1,
    2.9,
    2.95,
    2.96,
    2.97,
    2.9,
    2.9,
    2.8,
    2.8,
    2.7999,
    2.8,
    2.8,
    2.8,
    2.8,
    2.8,
    2.0,
    3,
    3,
    3,
]


@pytest.mark.parametrize("patience", [0, 1, 3])
@pytest.mark.parametrize("cooldown", [0, 2])
@pytest.mark.parametrize("least", [0.0, 0.05])
def test_plateau_equals_torch(patience, cooldown, least):
    torch = pytest.importorskip("torch")
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    peer = torch.optim.lr_scheduler.ReduceLROnPlateau(
        optimizer, factor=0.3, patience=patience, cooldown=cooldown, min_lr=least, eps=0
    )
    numbers = schedule(f"plateau(0.3,patience={patience},cooldown={cooldown},least={least})").numbers
    step, state = jax.jit(plateau_next), plateau_start(jnp.float64)
    seen, expected = [], []
    for loss in [*LOSSES, *([2.5] * 12)]:
        optimizer.step()
        peer.step(loss)
        state = step(numbers, state, jnp.float64(loss))
        seen.append(float(state.factor))
        expected.append(optimizer.param_groups[0]["lr"])
    assert len(set(expected)) > 2
    np.testing.assert_allclose(seen, expected, rtol=1e-12)


def test_plateau_counts_what_is_not_a_number_as_no_better():
    numbers = schedule("plateau(0.1,patience=1)").numbers
    state = plateau_start(jnp.float64)
    for loss in (1.0, np.nan, np.nan, np.inf):
        state = plateau_next(numbers, state, jnp.float64(loss))
    assert float(state.best) == 1.0 and float(state.factor) == 0.1 and int(state.waited) == 1


def test_plateaus_side_by_side():
    """Runs that wait and runs that drop, in one program."""
    numbers = schedule("plateau(0.1,patience=1)").numbers
    state = jax.vmap(lambda _: plateau_start(jnp.float64))(jnp.arange(2))
    for loss in ([1.0, 1.0], [0.5, 1.0], [0.2, 1.0]):
        state = jax.vmap(plateau_next, in_axes=(None, 0, 0))(numbers, state, jnp.array(loss))
    np.testing.assert_array_equal(state.factor, [1.0, 0.1])
