import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.ndimage
import scipy.stats

from ravine.errors import UsageError
from ravine.networks.augmentation import Mixed, augment, mixed_loss, rotate_and_shift
from ravine.networks.augmentation_text import AUGMENTATIONS
from ravine.networks.loss_functions import cross_entropy, squared_error

IMAGE = (5, 7, 2)
NAMES = tuple(AUGMENTATIONS)
OFF = dict.fromkeys(NAMES, 0.0)
one_by_one = pytest.mark.parametrize("name", NAMES)


@pytest.fixture
def x():
    return jnp.asarray(np.random.default_rng(1).normal(size=(64, 70)))


@pytest.fixture
def y():
    return jnp.arange(64) % 3


KEY = 7


def key(number=KEY):
    return jax.random.key(number)


def strong(name):
    return {"flip": 0.5, "rotate": 40.0, "shift": 2.0, "cutout": 3.0, "noise": 0.5, "mixup": 0.4}[name]


@one_by_one
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_strength_zero_is_exactly_no_change(name, dtype, x, y):
    x = x.astype(dtype)
    out, targets = augment((name,), key(), x, y, {name: 0.0}, IMAGE)
    np.testing.assert_array_equal(out, x)
    if name == "mixup":
        np.testing.assert_array_equal(targets.lam, 1.0)
        out = jnp.asarray(np.random.default_rng(2).normal(size=(64, 3)), dtype)
        np.testing.assert_array_equal(mixed_loss(cross_entropy, out, targets), cross_entropy(out, y))
    else:
        assert targets is y


def test_all_at_zero_are_no_change(x, y):
    np.testing.assert_array_equal(augment(NAMES, key(), x, y, OFF, IMAGE)[0], x)


@one_by_one
def test_strength_is_data_and_runs_stand_side_by_side(name, x, y):
    """Keys and strengths of many runs in one program, each row as it is alone."""
    traced = []

    @jax.jit
    def run(key, strength, x):
        traced.append(1)
        return augment((name,), key, x, y, {name: strength}, IMAGE)

    strengths = jnp.array([0.0, strong(name), strong(name) / 2])
    keys = jax.random.split(key(), 3)
    out, _ = jax.vmap(run, in_axes=(0, 0, None))(keys, strengths, x)
    assert len(traced) == 1 and out.dtype == x.dtype
    np.testing.assert_array_equal(out[0], x)
    for k in (1, 2):
        alone, _ = augment((name,), keys[k], x, y, {name: strengths[k]}, IMAGE)
        np.testing.assert_allclose(out[k], alone, rtol=1e-12, atol=1e-13)
        assert np.abs(out[k] - x).max() > 0.01
    assert np.abs(out[1] - out[2]).max() > 0.01


@pytest.mark.parametrize("name", [name for name in NAMES if name != "mixup"])
def test_every_row_is_drawn_for_itself(name, x, y):
    """Equal rows come out different; and a row does not depend on how many there are, nor on the others."""
    same = jnp.broadcast_to(x[:1], x.shape)
    out, _ = augment((name,), key(), same, y, {name: strong(name)}, IMAGE)
    assert len(np.unique(np.round(out, 9), axis=0)) > (1 if name == "flip" else 5)
    fewer, _ = augment((name,), key(), x[:16], y[:16], {name: strong(name)}, IMAGE)
    np.testing.assert_allclose(
        fewer, augment((name,), key(), x, y, {name: strong(name)}, IMAGE)[0][:16], rtol=1e-12, atol=1e-13
    )


@one_by_one
def test_one_more_does_not_change_what_the_others_draw(name, x, y):
    alone, _ = augment((name,), key(), x, y, {name: strong(name)}, IMAGE)
    with_all, _ = augment(NAMES, key(), x, y, {**OFF, name: strong(name)}, IMAGE)
    np.testing.assert_allclose(with_all, alone, rtol=1e-12, atol=1e-12)
    again, _ = augment((name,), key(KEY + 1), x, y, {name: strong(name)}, IMAGE)
    assert np.abs(again - alone).max() > 0.01


@pytest.mark.parametrize("distance", [(0.0, 0.0), (1.0, 0.0), (0.0, -2.0), (0.3, 1.7), (-30.0, 2.5)])
def test_shift_equals_scipy(distance, x):
    pixels = x.reshape(64, *IMAGE)[:4]
    ours = rotate_and_shift(pixels, None, jnp.broadcast_to(jnp.array(distance), (4, 2)))
    peer = scipy.ndimage.shift(np.asarray(pixels), (0, *distance, 0), order=1, mode="nearest")
    np.testing.assert_allclose(ours, peer, rtol=0, atol=1e-12)


@pytest.mark.parametrize("angle", [0.0, 90.0, -17.0, 33.3, 180.0])
@pytest.mark.parametrize("image", [(5, 7, 2), (6, 6, 1), (1, 9, 1)])
def test_rotate_equals_scipy(angle, image):
    pixels = np.random.default_rng(3).normal(size=(4, *image))
    ours = rotate_and_shift(jnp.asarray(pixels), jnp.full(4, angle), None)
    peer = scipy.ndimage.rotate(pixels, angle, axes=(1, 2), reshape=False, order=1, mode="nearest")
    np.testing.assert_allclose(ours, peer, rtol=0, atol=1e-12)


def test_turning_and_moving_are_one_affine_map():
    pixels = np.random.default_rng(3).normal(size=(1, 6, 8, 1))
    ours = rotate_and_shift(jnp.asarray(pixels), jnp.array([25.0]), jnp.array([[1.3, -0.6]]))[0, :, :, 0]
    angle = np.deg2rad(25.0)
    back = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    middle = np.array([2.5, 3.5])
    offset = middle - back @ (middle + np.array([1.3, -0.6]))
    peer = scipy.ndimage.affine_transform(pixels[0, :, :, 0], back, offset, order=1, mode="nearest")
    np.testing.assert_allclose(ours, peer, rtol=0, atol=1e-12)


def test_a_quarter_turn_is_that_of_numpy():
    pixels = np.random.default_rng(3).normal(size=(1, 6, 6, 2))
    ours = rotate_and_shift(jnp.asarray(pixels), jnp.array([90.0]), None)
    np.testing.assert_allclose(ours, np.rot90(pixels, axes=(1, 2)), atol=1e-12)


@pytest.mark.slow
def test_angles_and_distances_fill_their_range():
    """Read back from a ramp, which moves as it stands: uniform between the bounds (Kolmogorov-Smirnov)."""
    count, size = 2000, 41
    rows = jnp.broadcast_to(jnp.arange(size, dtype=float)[None, :, None, None], (count, size, size, 1))
    flat = rows.reshape(count, -1)
    image = (size, size, 1)
    out, _ = augment(("shift",), key(), flat, None, {"shift": 3.0}, image)
    down = size // 2 - np.asarray(out).reshape(count, size, size)[:, size // 2, size // 2]
    assert scipy.stats.kstest(down, scipy.stats.uniform(-3, 6).cdf).pvalue > 1e-3
    out, _ = augment(("rotate",), key(), flat, None, {"rotate": 30.0}, image)
    lines = np.asarray(out).reshape(count, size, size)[:, size // 2, size // 2 :]
    angle = np.rad2deg(np.arcsin(lines[:, 1] - lines[:, 0]))
    assert scipy.stats.kstest(angle, scipy.stats.uniform(-30, 60).cdf).pvalue > 1e-3


def test_flip_is_a_mirror_with_its_probability(x, y):
    mirrored = x.reshape(64, *IMAGE)[:, :, ::-1].reshape(64, 70)
    np.testing.assert_array_equal(augment(("flip",), key(), x, y, {"flip": 1.0}, IMAGE)[0], mirrored)
    many = jnp.tile(x[:1], (10_000, 1))
    out, _ = augment(("flip",), key(), many, None, {"flip": 0.3}, IMAGE)
    flipped = np.all(np.asarray(out) == np.asarray(mirrored[0]), axis=1)
    np.testing.assert_array_equal(out[~flipped], many[~flipped])
    assert abs(flipped.mean() - 0.3) < 4 * np.sqrt(0.21 / 10_000)


def test_cutout_is_one_square_of_zeros():
    count, size = 4000, 12
    image = (size, size, 2)
    out, _ = augment(("cutout",), key(), jnp.ones((count, 288)), None, {"cutout": 3.0}, image)
    holes = np.asarray(out).reshape(count, size, size, 2) == 0
    np.testing.assert_array_equal(holes[..., 0], holes[..., 1])  # all channels of a pixel
    for hole in holes[:200, :, :, 0]:
        rows, columns = np.flatnonzero(hole.any(1)), np.flatnonzero(hole.any(0))
        np.testing.assert_array_equal(hole, np.outer(hole.any(1), hole.any(0)))
        for places in (rows, columns):
            assert len(places) <= 3 and (np.diff(places) == 1).all()
            assert len(places) == 3 or places[0] == 0 or places[-1] == size - 1
    # A pixel more than half a side from the edges is in the square with probability 3/12 x 3/12.
    share = holes[:, 2:-2, 2:-2, 0].mean(axis=(1, 2))
    assert abs(share.mean() - 1 / 16) < 4 * share.std() / np.sqrt(count)
    everything, _ = augment(("cutout",), key(), jnp.ones((8, 288)), None, {"cutout": 100.0}, image)
    np.testing.assert_array_equal(everything, 0)


def test_noise_is_normal_with_its_standard_deviation():
    out, _ = augment(("noise",), key(), jnp.zeros((300, 40)), None, {"noise": 0.7})
    assert scipy.stats.kstest(np.ravel(out), scipy.stats.norm(0, 0.7).cdf).pvalue > 1e-3


def test_noise_is_ridge():
    """G10. Least squares on inputs with noise of variance s^2 is, on average, ridge with N s^2."""
    n, d, s, draws = 40, 4, 0.6, 20_000
    random = np.random.default_rng(5)
    x = jnp.asarray(random.normal(size=(n, d)))
    y = x @ jnp.asarray([1.0, -2.0, 0.5, 0.0]) + 0.1 * jnp.asarray(random.normal(size=n))

    def squares(key):
        noisy, target = augment(("noise",), key, x, y, {"noise": s})
        return noisy.T @ noisy, noisy.T @ target

    gram, moment = jax.jit(jax.vmap(squares))(jax.random.split(key(), draws))
    ridge = np.linalg.solve(x.T @ x + n * s**2 * np.eye(d), x.T @ y)
    residual = np.asarray(moment - gram @ ridge)  # the gradient at the ridge solution, zero on average
    error = residual.std(0) / np.sqrt(draws)
    assert (np.abs(residual.mean(0)) < 4 * error).all()
    plain = np.linalg.solve(x.T @ x, x.T @ y)
    assert (np.abs(np.mean(moment - gram @ plain, axis=0)) > 20 * error).any()


@pytest.mark.parametrize("a", [0.05, 0.4, 1.0, 3.0])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_mixup_draws_from_beta(a, dtype):
    _, targets = augment(("mixup",), key(), jnp.zeros((5000, 1), dtype), jnp.arange(5000), {"mixup": a})
    lam = np.asarray(targets.lam)
    assert ((lam >= 0.5) & (lam <= 1)).all()
    beta = scipy.stats.beta(a, a)
    # the larger of lam and 1 - lam; below one rounding of 1 the two are not told apart
    smaller = np.minimum(1 - lam, 0.5)
    resolution = np.finfo(dtype).eps
    np.testing.assert_allclose(
        [np.mean(smaller <= q) for q in (resolution, 1e-4, 0.01, 0.1, 0.25, 0.4)],
        [2 * beta.cdf(q) for q in (resolution, 1e-4, 0.01, 0.1, 0.25, 0.4)],
        atol=4 * 0.5 / np.sqrt(5000),
    )


def test_mixup_mixes_each_row_with_another_and_their_targets(x, y):
    out, targets = augment(("mixup",), key(), x, y, {"mixup": 1.0})
    lam = np.asarray(targets.lam)[:, None]
    np.testing.assert_allclose(out, lam * x + (1 - lam) * np.roll(x, 1, axis=0), rtol=1e-12)
    np.testing.assert_array_equal(targets.y, y)
    np.testing.assert_array_equal(targets.y2, np.roll(y, 1))


def test_the_loss_of_mixed_targets(x, y):
    """For classes the cross entropy with the mixed one-hot target; for numbers the gradient of that."""
    outputs = jnp.asarray(np.random.default_rng(6).normal(size=(64, 3)))
    _, targets = augment(("mixup",), key(), x, y, {"mixup": 1.0})
    lam = targets.lam[:, None]
    soft = lam * jax.nn.one_hot(targets.y, 3) + (1 - lam) * jax.nn.one_hot(targets.y2, 3)
    np.testing.assert_allclose(
        mixed_loss(cross_entropy, outputs, targets),
        -jnp.sum(soft * jax.nn.log_softmax(outputs), axis=1),
        rtol=1e-12,
    )
    number = jnp.linspace(-1.0, 1.0, 64)
    pair = Mixed(number, jnp.roll(number, 1), targets.lam)
    mixed = targets.lam * pair.y + (1 - targets.lam) * pair.y2
    np.testing.assert_allclose(
        jax.grad(lambda z: mixed_loss(squared_error, z, pair).sum())(outputs[:, :1]),
        jax.grad(lambda z: squared_error(z, mixed).sum())(outputs[:, :1]),
        rtol=1e-12,
        atol=1e-14,
    )


def test_weights_go_with_their_targets(x, y):
    """A row of weight 0 has no say, also where it is mixed in."""
    outputs = jnp.asarray(np.random.default_rng(6).normal(size=(64, 3)))
    weight = jnp.ones(64).at[5].set(0.0)
    _, targets = augment(("mixup",), key(), x, y, {"mixup": 1.0})

    def total(y):
        return mixed_loss(cross_entropy, outputs, Mixed(y, jnp.roll(y, 1), targets.lam), weight).sum()

    np.testing.assert_array_equal(total(y), total(y.at[5].set((y[5] + 1) % 3)))
    assert total(y) != total(y.at[6].set((y[6] + 1) % 3))
    np.testing.assert_array_equal(
        mixed_loss(cross_entropy, outputs, y, weight), cross_entropy(outputs, y) * weight
    )


def test_one_row_and_one_pixel():
    numbers = {**OFF, "shift": 3.0, "rotate": 90.0, "mixup": 0.5}
    out, targets = augment(NAMES, key(), jnp.ones((1, 1)), jnp.zeros(1, int), numbers, (1, 1, 1))
    np.testing.assert_allclose(out, 1.0, rtol=1e-15)
    assert targets.y2.shape == (1,)


def test_no_names_are_no_change(x, y):
    out, targets = augment((), key(), x, y, {})
    assert out is x and targets is y


def test_a_row_that_is_not_finite_stays_so(x, y):
    bad = x.at[3].set(jnp.nan)
    for name in ("rotate", "shift", "noise"):
        out, _ = augment((name,), key(), bad, y, {name: strong(name)}, IMAGE)
        np.testing.assert_array_equal(np.isnan(out).any(1), np.arange(64) == 3)


@pytest.mark.parametrize("name", ["flip", "rotate", "shift", "cutout"])
def test_tables_have_no_images(name):
    with pytest.raises(UsageError, match="needs images"):
        augment((name,), key(), jnp.ones((2, 4)), jnp.zeros(2, int), {name: 1.0})
