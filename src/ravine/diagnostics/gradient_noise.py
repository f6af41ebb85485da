"""Noise scale of minibatch gradients.  Lecture: "Our gradients come from minibatches so they can be noisy!".

    noise  S = tr Cov(g_i)                                         (1)   g_i: gradient of row i
    signal G = |E g|^2, estimated by |mean g|^2 - S / N            (2)   N rows
    noise scale = S / G                                            (3)   batch size at which noise = signal
    two batches b < B:  G = (B |g_B|^2 - b |g_b|^2) / (B - b)      (4)   g_b, g_B: gradients of the batches
                        S = (|g_b|^2 - |g_B|^2) / (1/b - 1/B)      (5)   of b and B rows

At batch sizes below the noise scale the noise dominates the gradient. S and G are averaged before they are
divided. Near convergence single estimates of G are often negative, so that a mean of ratios is useless. The
interval of the ratio S / G is Fieller's. If the signal cannot be distinguished from zero, the interval has no
upper end.

Source: McCandlish et al. 2018; Fieller 1954 for the interval.
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
    """Noise scale of a gradient, the batch size in rows at which noise and signal are equal.

    value    noise / signal; None if the estimate of the signal is not positive
    low      lower end of the confidence interval of the noise scale; the exact value if it is measured for
             the given rows instead of a population
    high     upper end of the interval, or this exact value; None if the signal cannot be distinguished from
             zero
    noise    trace of the covariance of the gradients of single rows, in the unit of a squared gradient
    signal   estimated |mean gradient|^2 without the noise, in the unit of a squared gradient
    """

    value: float | None
    low: float
    high: float | None
    noise: float
    signal: float

    @property
    def at_least(self) -> bool:
        """Whether the interval of the noise scale has a lower end only, since the signal may be zero."""
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
    """Return the noise scale of minibatch gradients, from the gradients of all rows of `data`.

    The noise scale is the batch size, in rows, at which gradient noise and signal are equal.

    loss     loss(params, *data) -> [], a mean over rows. It is called with single rows [1, ...], so
             that batch normalization must be in evaluation mode.
    params   parameters of the network
    data     arrays [N, ...]
    of       "population": estimate for the population from which the rows were drawn, with a jackknife
             interval; "rows": exact value for the rows of `data`
    groups   number of groups of rows in the jackknife
    batch    rows computed together
    level    probability that the interval covers the true value
    seed     random seed of the division of the rows into groups

    Raises UsageError for fewer than 4 rows, for a loss that is not finite, and if all gradients are zero.
    """
    check_parameters(params)
    if of not in ("population", "rows"):
        raise UsageError(
            f"The gradient noise of '{of}' is not defined.",
            "Allowed are 'population' (from which the rows are a sample) and 'rows' (the given rows alone).",
            "Use of='population' or of='rows'.",
        )
    lengths = {int(np.shape(leaf)[0]) if np.ndim(leaf) else 0 for leaf in jax.tree.leaves(data)}
    if len(lengths) != 1 or min(lengths) < 4:
        raise UsageError(
            f"The gradient noise cannot be measured on arrays with {sorted(lengths)} rows.",
            "All arrays need the same number of rows, at least 4.",
            "Pass data=(x, y), each [N, ...].",
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
            "The gradients of all rows are zero.",
            "At least one must differ from zero; all units are dead, or every row is fitted exactly.",
            "Measure earlier in training.",
        )
    if of == "rows":
        mean = float(((total.sum(axis=0) / count) ** 2).sum())
        spread = noise * (count - 1) / count
        ratio = spread / mean if mean > 1e-14 * squared.sum() / count else None
        return NoiseScale(ratio, ratio if ratio is not None else float(count), ratio, spread, mean)
    without_group = np.array(
        [
            _moments(total.sum(axis=0) - total[g], float(squared.sum() - squared[g]), count - sizes[g])
            for g in range(parts)
        ]
    )
    deviation = without_group - without_group.mean(axis=0)
    return _ratio(noise, signal, (parts - 1) / parts * deviation.T @ deviation, parts - 1, level)


def two_batch_noise_scale(
    small_squares: npt.ArrayLike, large_squares: npt.ArrayLike, small: int, large: int, *, level: float = 0.95
) -> NoiseScale:
    """Return the noise scale of minibatch gradients, from gradients of small and of large batches.

    The noise scale is the batch size, in rows, at which gradient noise and signal are equal.

    small_squares [T]   squared norms of the gradients of batches of `small` rows
    large_squares [T]   squared norms of the gradients of batches of `large` rows
    level               probability that the interval covers the true value

    The T pairs of gradients should be independent and belong to about the same weights. Take for example
    every 30th step, or several batches of one step.

    Raises UsageError for fewer than 3 pairs, unless 0 < small < large, and for squared norms that are
    negative, not finite or all zero.
    """
    a, b = np.asarray(small_squares, np.float64), np.asarray(large_squares, np.float64)
    if a.ndim != 1 or a.shape != b.shape or len(a) < 3:
        raise UsageError(
            f"The squared gradient norms of small and large batches have the shapes {a.shape} and {b.shape}.",
            "Both must be [T] with the same T, at least 3.",
            "Pass the squared norms of at least 3 pairs of batches.",
        )
    if not 0 < small < large:
        raise UsageError(
            f"The batches have {small} and {large} rows.",
            "0 < small < large is required.",
            "Pass the smaller batch size first.",
        )
    if not (np.isfinite(a).all() and np.isfinite(b).all()) or min(a.min(), b.min()) < 0:
        raise UsageError(
            f"The squared gradient norms range from {min(a.min(), b.min())} to {max(a.max(), b.max())}.",
            "They must be finite and at least 0.",
            "Measure before training diverges.",
        )
    if not a.any() and not b.any():
        raise UsageError(
            "All gradients are zero.", "At least one must differ from zero.", "Measure earlier in training."
        )
    signals = (large * b - small * a) / (large - small)  # (4)
    noises = (a - b) / (1 / small - 1 / large)  # (5)
    covariance = np.cov(np.stack([noises, signals])) / len(a)
    return _ratio(float(noises.mean()), float(signals.mean()), covariance, len(a) - 1, level)


def _moments(total: Vector, squared: float, count: float) -> tuple[float, float]:
    """Return noise (1) and signal (2) from the sum of the gradients, [D], and of their squared norms."""
    mean = total / count
    square_of_mean = float(mean @ mean)
    noise = max(squared - count * square_of_mean, 0.0) / (count - 1)  # (1)
    return noise, square_of_mean - noise / count  # (2)


def _ratio(noise: float, signal: float, covariance: Vector, freedom: int, level: float) -> NoiseScale:
    """Return S / G with Fieller's interval: all ratios r with (S - r G)^2 <= t^2 Var(S - r G).

    `covariance` [2, 2] belongs to (S, G), and `freedom` is the number of its degrees of freedom.
    """
    if not 0 < level < 1:
        raise UsageError(
            f"The confidence level {level} is not a probability.",
            "It must lie between 0 and 1.",
            "Use level=0.95.",
        )
    t2 = float(stdtrit(freedom, (1 + level) / 2)) ** 2
    square = signal**2 - t2 * covariance[1, 1]
    cross = noise * signal - t2 * covariance[0, 1]
    rest = noise**2 - t2 * covariance[0, 0]
    value = noise / signal if signal > 0 else None  # (3)
    inner = cross**2 - square * rest
    if square > 0 and signal > 0:
        half = float(np.sqrt(max(inner, 0.0)))
        return NoiseScale(value, max((cross - half) / square, 0.0), (cross + half) / square, noise, signal)
    low = 0.0
    if rest > 0 and inner > 0 and square < 0:
        # The interval is everything outside the two roots. Its positive part begins at the upper root.
        roots = sorted(((cross - np.sqrt(inner)) / square, (cross + np.sqrt(inner)) / square))
        low = max(float(roots[1]), 0.0)
    return NoiseScale(value, low, None, noise, signal)


@per_function
def _sums(loss: Callable[..., jax.Array], parts: int) -> Callable[..., Any]:
    """Return the compiled program that sums gradients, their squared norms and the loss over rows.

    program(params, rows, member, use) -> (gradients [parts, D], squared norms [parts], loss []). `member` is
    the group of a row, and `use` is 0 for rows that only fill up the last batch.
    """

    def program(params: Params, rows: Any, member: jax.Array, use: jax.Array) -> Any:
        flat, unravel = ravel_pytree(params)

        def slope(row: Any) -> tuple[jax.Array, jax.Array]:
            single = jax.tree.map(lambda a: a[None], row)
            return jax.value_and_grad(lambda w: loss(unravel(w), *single))(flat)

        def onward(carry: Any, piece: Any) -> tuple[Any, None]:
            batch, group, used = piece
            values, gradients = jax.vmap(slope)(batch)
            share = used.astype(flat.dtype)
            places = jnp.where(group[None, :] == jnp.arange(parts)[:, None], share[None, :], 0)
            squares = jnp.sum(gradients**2, axis=1)
            total, squared, value = carry
            sums = (total + places @ gradients, squared + places @ squares, value + jnp.sum(share * values))
            return sums, None

        first = (
            jnp.zeros((parts, flat.size), flat.dtype),
            jnp.zeros(parts, flat.dtype),
            jnp.zeros((), flat.dtype),
        )
        return jax.lax.scan(onward, first, (rows, member, use))[0]

    return jax.jit(program)
