"""Certificates: an upper limit on the error of a noisy network that holds.  Lecture: "Generalization bounds".

    kl(q, p)      = q ln(q/p) + (1 - q) ln((1 - q)/(1 - p))                          (1)
    Maurer        kl(error, bound) = (KL + ln(2 sqrt(N) / delta)) / N                (2)
    McAllester    bound = error + sqrt((KL + ln(2 sqrt(N) / delta)) / 2N)            (3)
    Catoni        bound = (1 - exp(-C error - (KL + ln(1/delta))/N)) / (1 - exp(-C)) (4)   C chosen beforehand
    KL            = 1/2 (D (s^2/l - 1 - ln(s^2/l)) + |w - w0|^2 / l)                 (5)
    Monte Carlo   kl(mean of n draws, error) <= ln(2 / delta') / n                   (6)

(5): posterior N(w, s^2 I), prior N(w0, l I) on D weights. The posterior may be chosen freely; the prior may
not, so its scale l comes from a grid fixed beforehand and every member pays ln(members). Sources: Maurer
2004, McAllester 1999, Catoni 2007, Langford & Caruana 2002 for (6), Dziugaite & Roy 2017. Everything in
nats; errors within [0, 1].
"""

from __future__ import annotations

from collections.abc import Callable
from math import exp, log, sqrt
from typing import Any, Literal, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree

from ravine.diagnostics.flatten import Params, check_parameters, precision_of, to_vector
from ravine.diagnostics.jit_cache import per_function
from ravine.diagnostics.loss_barrier import check_alike
from ravine.errors import UsageError, did_you_mean

__all__ = ["Certificate", "catoni", "certificate", "gaussian_kl", "kl_inverse", "maurer", "mcallester"]

Form = Literal["maurer", "mcallester", "catoni"]

RELATIVE_WIDTHS = tuple(float(each) for each in np.geomspace(1e-3, 1.0, 13))
"""Posterior widths tried, as shares of the weights' root mean square."""

PRIOR_VARIANCES = tuple(float(each) for each in np.geomspace(1e-6, 1e2, 65))
"""Prior variances l, fixed before any data are seen."""

CATONI_CONSTANTS = tuple(float(each) for each in np.geomspace(0.1, 30.0, 16))
"""Catoni's C, fixed before any data are seen; each pays its share of delta."""


class Certificate(NamedTuple):
    """With probability 1 - delta over the data, the noisy network's true error is at most `bound`.

    `error`: its error on the training rows, `draws` networks; `upper`: what that mean can be at most,
    equation (6); `divergence`: KL in nats; `width`: s; `prior_scale`: l; `vacuous`: no better than guessing
    (`chance`).
    """

    bound: float
    error: float
    upper: float
    divergence: float
    width: float
    prior_scale: float
    rows: int
    delta: float
    draws: int
    chance: float

    @property
    def vacuous(self) -> bool:
        """Whether the bound says less than guessing would."""
        return self.bound >= self.chance


def kl_inverse(error: float, budget: float) -> float:
    """Return the largest p with kl(error, p) <= budget, equation (1), to 1e-12, from above."""
    _check_share("error", error)
    if not budget >= 0:
        raise UsageError(f"A divergence of {budget} cannot be met.", "It is never below zero.")
    if error >= 1 or budget == 0:
        return float(error)
    low, high = float(error), 1.0
    while high - low > 1e-13:
        middle = (low + high) / 2
        if middle in (low, high):
            break
        low, high = (middle, high) if _kl(error, middle) <= budget else (low, middle)
    return high


def maurer(error: float, divergence: float, rows: int, delta: float = 0.05) -> float:
    """Return the bound (2).

    `error` on the training rows, `divergence` KL in nats, `rows` N. Tightest in general.
    """
    return kl_inverse(error, _budget(error, divergence, rows, delta) / rows)


def mcallester(error: float, divergence: float, rows: int, delta: float = 0.05) -> float:
    """Return the bound (3), at most 1: never tighter than Maurer's."""
    return min(1.0, error + sqrt(_budget(error, divergence, rows, delta) / (2 * rows)))


def catoni(error: float, divergence: float, rows: int, delta: float = 0.05) -> float:
    """Return the best bound (4) over the fixed list of C, each paying its share of `delta`; at most 1."""
    _budget(error, divergence, rows, delta)
    cost = (divergence + log(len(CATONI_CONSTANTS) / delta)) / rows
    return min(1.0, *((1 - exp(-c * error - cost)) / (1 - exp(-c)) for c in CATONI_CONSTANTS))  # (4)


FORMS: dict[str, Callable[[float, float, int, float], float]] = {
    "maurer": maurer,
    "mcallester": mcallester,
    "catoni": catoni,
}


def gaussian_kl(squared_distance: float, size: int, width: float, prior_scale: float) -> float:
    """Return equation (5), nats: D `size`, |w - w0|^2 `squared_distance`, s `width`, l `prior_scale` (a
    variance).
    """
    if not (size >= 1 and width > 0 and prior_scale > 0 and squared_distance >= 0):
        raise UsageError(
            f"No divergence: size {size}, width {width}, scale {prior_scale}, distance {squared_distance}.",
            "Widths and scales are above zero.",
        )
    ratio = width**2 / prior_scale
    return 0.5 * (size * (ratio - 1 - log(ratio)) + squared_distance / prior_scale)  # (5)


def certificate(
    error: Callable[..., jax.Array],
    params: Params,
    prior: Params,
    data: tuple[Any, ...],
    rows: int,
    chance: float,
    *,
    form: Form = "maurer",
    delta: float = 0.05,
    widths: tuple[float, ...] = RELATIVE_WIDTHS,
    draws: int = 1000,
    seed: int = 0,
    batch: int = 8,
) -> Certificate:
    """Return the best certificate over posterior widths, for the network with Gaussian noise on its weights.

    error(params, *data) -> [] mean error within [0, 1] on the `rows` N training rows; `prior`: weights that
    have not seen these rows (the initialisation, or trained on other rows); `chance`: error of guessing the
    commonest class. A few draws choose the width, fresh ones certify it. Half of `delta` pays for equation
    (6). Raises UsageError: trees that differ, errors outside [0, 1].
    """
    if form not in FORMS:
        raise UsageError(f"There is no bound '{form}'.", "", did_you_mean(str(form), FORMS))
    if draws < 10 or rows < 1 or not widths or not 0 < delta < 1:
        raise UsageError(
            f"No certificate from {draws} draws, {rows} rows, {len(widths)} widths at delta {delta}.",
            "",
            "Take 10 draws or more, 1 row or more, delta such as 0.05.",
        )
    _check_share("chance", chance)
    check_parameters(params)
    check_alike(params, prior)
    mean, origin = to_vector(params), to_vector(prior)
    distance, size = float(((mean - origin) ** 2).sum()), len(mean)
    unit = float(np.sqrt((mean**2).mean())) or 1.0
    few = max(10, draws // 20)

    def sampled(width: float, count: int, purpose: int) -> float:
        with precision_of(params):
            key = jax.random.fold_in(jax.random.key(seed), purpose)
            found = np.asarray(_noisy(error, count, min(batch, count))(params, key, width, data), np.float64)
        if not np.isfinite(found).all() or found.min() < 0 or found.max() > 1:
            raise UsageError(
                f"An error of {found[~((found >= 0) & (found <= 1))][0]} is no share of the rows.",
                "The bounds hold for errors within [0, 1].",
                "Pass the 0-1 error, not the cross-entropy.",
            )
        return float(found.mean())

    def judged(width: float, found: float, count: int) -> tuple[float, float, float, float]:
        upper = kl_inverse(found, log(2 / (delta / 2)) / count)  # (6)
        share = delta / 2 / len(PRIOR_VARIANCES)
        divergence, scale = min(
            (gaussian_kl(distance, size, width, scale), scale) for scale in PRIOR_VARIANCES
        )
        return FORMS[form](upper, divergence, rows, share), upper, divergence, scale

    # choosing by the mean of a few draws costs nothing: the posterior may depend on anything
    tried = [(judged(w * unit, sampled(w * unit, few, 0), draws)[0], w * unit) for w in widths]
    width = min(tried)[1]
    found = sampled(width, draws, 1)
    bound, upper, divergence, scale = judged(width, found, draws)
    return Certificate(bound, found, upper, divergence, width, scale, rows, delta, draws, chance)


@per_function
def _noisy(error: Callable[..., jax.Array], draws: int, batch: int) -> Callable[..., jax.Array]:
    def program(params: Params, key: jax.Array, width: float, data: tuple[Any, ...]) -> jax.Array:
        flat, unravel = ravel_pytree(params)

        def one(each: jax.Array) -> jax.Array:
            noise = jax.random.normal(each, flat.shape, flat.dtype)
            return error(unravel(flat + jnp.asarray(width, flat.dtype) * noise), *data)

        return jax.lax.map(one, jax.random.split(key, draws), batch_size=batch)

    return jax.jit(program)


def _kl(q: float, p: float) -> float:
    first = q * log(q / p) if q > 0 else 0.0
    second = (1 - q) * log((1 - q) / (1 - p)) if q < 1 else 0.0
    return first + second  # (1)


def _budget(error: float, divergence: float, rows: int, delta: float) -> float:
    _check_share("error", error)
    if not (divergence >= 0 and np.isfinite(divergence)) or rows < 1 or not 0 < delta < 1:
        raise UsageError(
            f"No bound for KL {divergence}, {rows} rows, delta {delta}.",
            "KL is finite and not below zero, delta between 0 and 1.",
        )
    return divergence + log(2 * sqrt(rows) / delta)


def _check_share(name: str, value: float) -> None:
    if not 0 <= value <= 1:
        raise UsageError(f"The {name} {value} is no share.", "It lies between 0 and 1.", "Pass a 0-1 error.")
