"""PAC-Bayes certificates: upper limits on the error of a noisy network.  Lecture: "Generalization bounds".

    kl(q, p)      = q ln(q/p) + (1 - q) ln((1 - q)/(1 - p))                          (1)
    Maurer        kl(error, bound) = (KL + ln(2 sqrt(N) / delta)) / N                (2)
    McAllester    bound = error + sqrt((KL + ln(2 sqrt(N) / delta)) / 2N)            (3)
    Catoni        bound = (1 - exp(-C error - (KL + ln(1/delta))/N)) / (1 - exp(-C)) (4)   C chosen beforehand
    KL            = 1/2 (D (s^2/l - 1 - ln(s^2/l)) + |w - w0|^2 / l)                 (5)
    Monte Carlo   kl(mean of n draws, error) <= ln(2 / delta') / n                   (6)

Here `error` is the error on the N training rows, and `bound` limits the true error. (6) limits `error` by the
mean over n drawn networks.

The bound is valid with probability 1 - delta over the N training rows. It is about a network whose D weights
are drawn from the posterior N(w, s^2 I), around the trained weights w. The prior is N(w0, l I).

The posterior may depend on the data in any way. The prior must not. Its variance l comes from a fixed grid of
m values, and every value uses delta / m. Logarithms are natural, KL is in nats, and errors lie within [0, 1].

Source: Maurer 2004 (2); McAllester 1999 (3); Catoni 2007 (4); Langford & Caruana 2002 (6); Dziugaite & Roy
2017.
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

RELATIVE_WIDTHS = tuple(float(width) for width in np.geomspace(1e-3, 1.0, 13))
"""Candidate values of the width s of the posterior, relative to the root mean square of the weights."""

PRIOR_VARIANCES = tuple(float(variance) for variance in np.geomspace(1e-6, 1e2, 65))
"""Variances l of the prior, fixed before training. Each of m values uses delta / m."""

CATONI_CONSTANTS = tuple(float(constant) for constant in np.geomspace(0.1, 30.0, 16))
"""Constants C of (4), fixed before training. Each of m values uses delta / m."""


class Certificate(NamedTuple):
    """PAC-Bayes certificate: the true error of a network with noise on its weights is at most `bound`.

    This holds with probability 1 - delta.

    bound         upper limit of the true error
    error         mean training error of the networks drawn with noise on their weights
    upper         upper limit of the training error of the noisy network, from the limited number of draws
    divergence    KL divergence of the posterior from the prior of the weights, in nats
    width         s, standard deviation of the noise on the weights
    prior_scale   l, variance of the prior
    rows          N, number of training rows
    delta         probability that the bound is wrong
    draws         number of drawn networks
    chance        error of always naming the most frequent class
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
        """Whether the bound is no better than the error of always naming the most frequent class."""
        return self.bound >= self.chance


def kl_inverse(error: float, budget: float) -> float:
    """Return the largest p with kl(error, p) <= budget, rounded up by at most 1e-12.

    kl(q, p) = q ln(q/p) + (1 - q) ln((1 - q)/(1 - p)) is the divergence of two error rates q and p.

    Raises UsageError unless 0 <= error <= 1 and budget >= 0.
    """
    _check_share("error", error)
    if not budget >= 0:
        raise UsageError(
            f"The budget, the upper limit of kl(error, p), is {budget}.",
            "It must be at least 0.",
            "Use maurer(error, divergence, rows), which computes the budget.",
        )
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
    """Return Maurer's PAC-Bayes bound on the true error, never above McAllester's.

    The bound is the largest p with kl(error, p) <= (KL + ln(2 sqrt(N) / delta)) / N, where kl is the
    divergence of two error rates.

    error        training error of the noisy network, within [0, 1]
    divergence   KL divergence of the posterior from the prior, in nats
    rows         N, number of training rows
    delta        probability that the bound is wrong

    Raises UsageError for an argument outside its range.
    """
    return kl_inverse(error, _budget(error, divergence, rows, delta) / rows)  # (2)


def mcallester(error: float, divergence: float, rows: int, delta: float = 0.05) -> float:
    """Return McAllester's PAC-Bayes bound on the true error, at most 1 and never tighter than Maurer's.

    The bound is error + sqrt((KL + ln(2 sqrt(N) / delta)) / 2N).

    error        training error of the noisy network, within [0, 1]
    divergence   KL divergence of the posterior from the prior, in nats
    rows         N, number of training rows
    delta        probability that the bound is wrong

    Raises UsageError for an argument outside its range.
    """
    return min(1.0, error + sqrt(_budget(error, divergence, rows, delta) / (2 * rows)))  # (3)


def catoni(error: float, divergence: float, rows: int, delta: float = 0.05) -> float:
    """Return Catoni's PAC-Bayes bound on the true error, at most 1 and the best over several constants C.

    For one C the bound is (1 - exp(-C error - (KL + ln(1/delta))/N)) / (1 - exp(-C)). The 16 constants, from
    0.1 to 30, are fixed, and each of them uses delta / 16.

    error        training error of the noisy network, within [0, 1]
    divergence   KL divergence of the posterior from the prior, in nats
    rows         N, number of training rows
    delta        probability that the bound is wrong

    Raises UsageError for an argument outside its range.
    """
    _budget(error, divergence, rows, delta)
    cost = (divergence + log(len(CATONI_CONSTANTS) / delta)) / rows
    return min(1.0, *((1 - exp(-c * error - cost)) / (1 - exp(-c)) for c in CATONI_CONSTANTS))  # (4)


FORMS: dict[str, Callable[[float, float, int, float], float]] = {
    "maurer": maurer,
    "mcallester": mcallester,
    "catoni": catoni,
}


def gaussian_kl(squared_distance: float, size: int, width: float, prior_scale: float) -> float:
    """Return the KL divergence, in nats, of the Gaussian posterior of the weights from their prior.

    The posterior is N(w, s^2 I), and the prior is N(w0, l I).

    squared_distance   |w - w0|^2
    size               D, number of weights
    width              s, standard deviation of the posterior
    prior_scale        l, variance of the prior

    Raises UsageError for an argument outside its range.
    """
    if not (size >= 1 and width > 0 and prior_scale > 0 and squared_distance >= 0):
        raise UsageError(
            f"There is no KL divergence for size={size}, width={width}, prior_scale={prior_scale}, "
            f"squared_distance={squared_distance}.",
            "size (number of weights) must be at least 1, width (standard deviation of the posterior) and "
            "prior_scale (variance of the prior) above 0, and squared_distance at least 0.",
            "Pass for example width=0.01, prior_scale=0.01.",
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
    """Return a PAC-Bayes certificate, an upper limit of the true error, for a network with noisy weights.

    The noise is Gaussian. Of several widths of the noise, the one with the best certificate is chosen.

    error    error(params, *data) -> [], mean error within [0, 1] on the training rows
    params   trained weights w
    prior    weights w0 that do not depend on these rows: initial weights, or weights trained on other rows
    data     the other arguments of `error`
    rows     N, number of training rows
    chance   error of always naming the most frequent class
    form     bound on the true error: "maurer", "mcallester" or "catoni"
    delta    probability that the bound is wrong
    widths   candidate widths s of the noise, relative to the root mean square of the weights
    draws    number of networks drawn for the certificate
    seed     random seed of the draws
    batch    networks computed together

    A few draws choose the width s, and other draws certify the bound at this width. Half of `delta` is used
    for the limited number of draws.

    Raises UsageError for trees that differ, for errors outside [0, 1], and for an option outside its range.
    """
    if form not in FORMS:
        raise UsageError(
            f"There is no PAC-Bayes bound '{form}'.",
            f"Allowed are {', '.join(repr(name) for name in FORMS)}.",
            did_you_mean(str(form), FORMS),
        )
    if draws < 10 or rows < 1 or not widths or not 0 < delta < 1:
        raise UsageError(
            f"No certificate exists for {draws} draws, {rows} rows, {len(widths)} widths and delta {delta}.",
            "At least 10 draws of networks, 1 row and 1 width of the noise are needed, and 0 < delta < 1.",
            "Use for example draws=1000, delta=0.05.",
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
            errors = np.asarray(_noisy(error, count, min(batch, count))(params, key, width, data), np.float64)
        if not np.isfinite(errors).all() or errors.min() < 0 or errors.max() > 1:
            raise UsageError(
                f"The error is {errors[~((errors >= 0) & (errors <= 1))][0]} for one of the networks.",
                "The bounds are valid for errors within [0, 1].",
                "Pass the 0-1 error instead of the cross-entropy.",
            )
        return float(errors.mean())

    def bound_of(width: float, mean_error: float, count: int) -> tuple[float, float, float, float]:
        upper = kl_inverse(mean_error, log(2 / (delta / 2)) / count)  # (6)
        share = delta / 2 / len(PRIOR_VARIANCES)
        divergence, scale = min(
            (gaussian_kl(distance, size, width, scale), scale) for scale in PRIOR_VARIANCES
        )
        return FORMS[form](upper, divergence, rows, share), upper, divergence, scale

    # The posterior may depend on the data in any way, so the choice of a width uses no part of delta.
    candidates = [(bound_of(w * unit, sampled(w * unit, few, 0), draws)[0], w * unit) for w in widths]
    width = min(candidates)[1]
    mean_error = sampled(width, draws, 1)
    bound, upper, divergence, scale = bound_of(width, mean_error, draws)
    return Certificate(bound, mean_error, upper, divergence, width, scale, rows, delta, draws, chance)


@per_function
def _noisy(error: Callable[..., jax.Array], draws: int, batch: int) -> Callable[..., jax.Array]:
    """Return the compiled program (params, key, width, data) -> errors [draws] of networks with noise."""

    def program(params: Params, key: jax.Array, width: float, data: tuple[Any, ...]) -> jax.Array:
        flat, unravel = ravel_pytree(params)

        def drawn(draw_key: jax.Array) -> jax.Array:
            noise = jax.random.normal(draw_key, flat.shape, flat.dtype)
            return error(unravel(flat + jnp.asarray(width, flat.dtype) * noise), *data)

        return jax.lax.map(drawn, jax.random.split(key, draws), batch_size=batch)

    return jax.jit(program)


def _kl(q: float, p: float) -> float:
    """Return equation (1) in nats."""
    first = q * log(q / p) if q > 0 else 0.0
    second = (1 - q) * log((1 - q) / (1 - p)) if q < 1 else 0.0
    return first + second  # (1)


def _budget(error: float, divergence: float, rows: int, delta: float) -> float:
    """Return KL + ln(2 sqrt(N) / delta) of (2) and (3), or raise UsageError for an argument out of range."""
    _check_share("error", error)
    if not (divergence >= 0 and np.isfinite(divergence)) or rows < 1 or not 0 < delta < 1:
        raise UsageError(
            f"No PAC-Bayes bound exists for a divergence of {divergence}, {rows} rows and delta {delta}.",
            "The divergence must be finite and at least 0, rows at least 1, and delta between 0 and 1.",
            "Use for example delta=0.05.",
        )
    return divergence + log(2 * sqrt(rows) / delta)


def _check_share(name: str, value: float) -> None:
    """Raise UsageError unless 0 <= value <= 1."""
    if not 0 <= value <= 1:
        raise UsageError(
            f"The {name} is {value}.", "It must lie between 0 and 1.", "Pass the share of wrong answers."
        )
