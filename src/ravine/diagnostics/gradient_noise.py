"""How noisy minibatch gradients are.  Lecture: "Our gradients come from minibatches so they can be noisy!".

    noise  S = tr Cov(g_i)                                         (1)   g_i: gradient of one row
    signal G = |E g|^2, unbiased: |mean g|^2 - S / N               (2)
    scale  B = S / G                                               (3)   batch below which noise dominates
    two batches b < B:  G = (B |g_B|^2 - b |g_b|^2) / (B - b)      (4)
                        S = (|g_b|^2 - |g_B|^2) / (1/b - 1/B)      (5)

Numerator and denominator are averaged before dividing: near convergence (2) is often negative, and the mean
of ratios means nothing. The interval of the ratio is Fieller's: where the signal cannot be told from zero it
has no upper end, and all that is known is "at least". Source: McCandlish et al. 2018.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt
from jax.flatten_util import ravel_pytree
from scipy.special import stdtrit

from ravine.diagnostics.flatten import Params, Vector, check_parameters, precision_of
from ravine.diagnostics.hessian import check_finite
from ravine.diagnostics.jit_cache import per_function
from ravine.errors import UsageError

__all__ = ["NoiseScale", "noise_scale", "two_batch_noise_scale"]


class NoiseScale(NamedTuple):
    """Equation (3), rows: `value` within `low` to `high`, with its `noise` (1) and `signal` (2).

    `high` None: no upper end, the signal is lost in the noise; say "at least `low`". `value` None: the
    estimate of the signal is not even positive.
    """

    value: float | None
    low: float
    high: float | None
    noise: float
    signal: float

    @property
    def at_least(self) -> bool:
        """Whether only the lower end is known."""
        return self.high is None


def noise_scale(
    loss: Callable[..., jax.Array],
    params: Params,
    data: tuple[Any, ...],
    *,
    of: Literal["population", "rows"] = "population",
    groups: int = 20,
    batch: int = 32,
    level: float = 0.95,
    seed: int = 0,
) -> NoiseScale:
    """Return the noise scale from the gradient of every row of `data` [N, ...], `batch` rows at a time.

    loss(params, *data) is a mean over rows and is called with single rows [1, ...] (a network in batch-norm
    training mode has no gradient of a row: freeze it). `of`: the population the rows are a sample of, with a
    jackknife over `groups`; or these `rows` themselves, which is exact. Raises UsageError: too few rows, a
    loss that is not finite, no row with a gradient.
    """
    check_parameters(params)
    if of not in ("population", "rows"):
        raise UsageError(f"The noise of '{of}' is not defined.", "", "Use of='population' or of='rows'.")
    lengths = {int(np.shape(each)[0]) if np.ndim(each) else 0 for each in jax.tree.leaves(data)}
    if len(lengths) != 1 or min(lengths) < 4:
        raise UsageError(
            f"Noise between rows cannot be measured on data with {sorted(lengths)} rows.",
            "",
            "Pass data=(x, y), each [N, ...] with the same N of 4 or more.",
        )
    count = lengths.pop()
    parts = max(2, min(groups, count // 2))
    member = np.random.default_rng(seed).permutation(count) % parts
    padded = -(-count // batch) * batch
    order = np.minimum(np.arange(padded), count - 1)
    use = (np.arange(padded) < count).astype(float)
    with precision_of(params):
        rows = jax.tree.map(lambda a: np.asarray(a)[order].reshape(-1, batch, *np.shape(a)[1:]), data)
        sums, squares, value = _sums(loss, parts)(
            params, rows, member[order].reshape(-1, batch), jnp.asarray(use.reshape(-1, batch), float)
        )
        total, squared = np.asarray(sums, np.float64), np.asarray(squares, np.float64)
        check_finite(float(value), float(squared.sum()))
    sizes = np.bincount(member, minlength=parts).astype(np.float64)
    noise, signal = _moments(total.sum(axis=0), float(squared.sum()), float(count))
    if squared.sum() == 0:
        raise UsageError(
            "No row has a gradient here.",
            "All weights are at a flat place: the network is dead, or fits every row exactly.",
            "Measure earlier in training.",
        )
    if of == "rows":
        mean = float(((total.sum(axis=0) / count) ** 2).sum())
        spread = noise * (count - 1) / count
        ratio = spread / mean if mean > 1e-14 * squared.sum() / count else None
        return NoiseScale(ratio, ratio if ratio is not None else float(count), ratio, spread, mean)
    left = np.array(
        [
            _moments(total.sum(axis=0) - total[g], float(squared.sum() - squared[g]), count - sizes[g])
            for g in range(parts)
        ]
    )
    off = left - left.mean(axis=0)
    return _ratio(noise, signal, (parts - 1) / parts * off.T @ off, parts - 1, level)


def two_batch_noise_scale(
    small_squares: npt.ArrayLike, large_squares: npt.ArrayLike, small: int, large: int, *, level: float = 0.95
) -> NoiseScale:
    """Return the noise scale from squared gradient norms of small and large batches, [T] each.

    Equations (4, 5). The T pairs should be independent draws at about the same point (a few dozen steps
    apart, or one step with several batches). Raises UsageError: fewer than 3 pairs, sizes that are not small
    < large, values not finite.
    """
    a, b = np.asarray(small_squares, np.float64), np.asarray(large_squares, np.float64)
    if a.ndim != 1 or a.shape != b.shape or len(a) < 3:
        raise UsageError(
            f"Squared norms of shapes {a.shape} and {b.shape}.", "", "Pass 3 pairs or more, [T] each."
        )
    if not 0 < small < large:
        raise UsageError(f"Batches of {small} and {large} rows.", "The first is the smaller one.")
    if not (np.isfinite(a).all() and np.isfinite(b).all()) or min(a.min(), b.min()) < 0:
        raise UsageError(
            "Squared norms are finite and not below zero.", "", "Measure before training diverges."
        )
    if not a.any() and not b.any():
        raise UsageError("All gradients are zero.", "There is neither noise nor signal.")
    signals = (large * b - small * a) / (large - small)  # (4)
    noises = (a - b) / (1 / small - 1 / large)  # (5)
    covariance = np.cov(np.stack([noises, signals])) / len(a)
    return _ratio(float(noises.mean()), float(signals.mean()), covariance, len(a) - 1, level)


def _moments(total: Vector, squared: float, count: float) -> tuple[float, float]:
    mean = total / count
    long = float(mean @ mean)
    noise = max(squared - count * long, 0.0) / (count - 1)  # (1)
    return noise, long - noise / count  # (2)


def _ratio(noise: float, signal: float, covariance: Vector, freedom: int, level: float) -> NoiseScale:
    """Return Fieller's interval: all ratios r with (S - r G)^2 <= t^2 Var(S - r G)."""
    if not 0 < level < 1:
        raise UsageError(f"The level {level} is no probability.", "", "Use 0.95.")
    t2 = float(stdtrit(freedom, (1 + level) / 2)) ** 2
    square = signal**2 - t2 * covariance[1, 1]
    cross = noise * signal - t2 * covariance[0, 1]
    rest = noise**2 - t2 * covariance[0, 0]
    value = noise / signal if signal > 0 else None
    inner = cross**2 - square * rest
    if square > 0 and signal > 0:
        half = float(np.sqrt(max(inner, 0.0)))
        return NoiseScale(value, max((cross - half) / square, 0.0), (cross + half) / square, noise, signal)
    low = 0.0
    if rest > 0 and inner > 0 and square < 0:
        # everything outside the two roots: the ratios above zero start at the upper one
        roots = sorted(((cross - np.sqrt(inner)) / square, (cross + np.sqrt(inner)) / square))
        low = max(float(roots[1]), 0.0)
    return NoiseScale(value, low, None, noise, signal)


@per_function
def _sums(loss: Callable[..., jax.Array], parts: int) -> Callable[..., Any]:
    def program(params: Params, rows: Any, member: jax.Array, use: jax.Array) -> Any:
        flat, unravel = ravel_pytree(params)

        def slope(row: Any) -> tuple[jax.Array, jax.Array]:
            one = jax.tree.map(lambda a: a[None], row)
            return jax.value_and_grad(lambda w: loss(unravel(w), *one))(flat)

        def onward(carry: Any, piece: Any) -> tuple[Any, None]:
            batch, group, used = piece
            values, gradients = jax.vmap(slope)(batch)
            share = used.astype(flat.dtype)
            places = jnp.where(group[None, :] == jnp.arange(parts)[:, None], share[None, :], 0)
            squares = jnp.sum(gradients**2, axis=1)
            total, squared, value = carry
            found = (total + places @ gradients, squared + places @ squares, value + jnp.sum(share * values))
            return found, None

        first = (
            jnp.zeros((parts, flat.size), flat.dtype),
            jnp.zeros(parts, flat.dtype),
            jnp.zeros((), flat.dtype),
        )
        return jax.lax.scan(onward, first, (rows, member, use))[0]

    return jax.jit(program)
