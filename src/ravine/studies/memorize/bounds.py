"""Bounds on the error of a trained network on new rows, and on its gap.

The gap is the error on new rows less the error on training rows. "kl" is the Kullback-Leibler divergence of
two shares.

    certificate   error of the noisy network <= bound, with probability 1 - delta          (1)   PAC-Bayes
    held out      kl(share wrong of m held-out rows, bound) <= ln(1 / delta) / m           (2)   Langford 2005
    lecture       expected gap <= sqrt(I / N),  proved: sqrt(I / 2N)                       (3)
    f-CMI         expected gap <= sqrt(2 I(right or wrong; which row was trained on))      (4)   in `measures`

N is the number of training rows. I in (3) is a Gaussian estimate of the information in the weights at the end
of training, in nats. The prior of this estimate is as wide as the initial weights. If a network fits all
rows, the curvature of its loss is almost 0. The estimate is then too low, and (3) is no valid bound. I in (4)
is the information that right and wrong predictions hold about the trained row of a pair.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import lru_cache
from math import log
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ravine.diagnostics import (
    certificate,
    gap_bound,
    gauss_newton_operator,
    gaussian_information,
    kl_inverse,
    quadrature,
)
from ravine.engines import precision_context
from ravine.networks import AnyNetwork
from ravine.networks.parameters import Params, Statistics
from ravine.studies.memorize.result import Bound
from ravine.training import Rows, TrainedNetwork

__all__ = ["DELTA", "bounds"]

DELTA = 0.05  # probability that a bound fails
DRAWS = 400  # noisy networks of a certificate
PROBES, STEPS = 4, 30  # of the Lanczos quadrature
ROUNDING = 1e-11  # added to the curvature; larger than its rounding error in float64, so that it is positive


def bounds(
    network: TrainedNetwork, first: Params, rows: Rows, wrong_held_out: float, held_out: int, chance: float
) -> list[Bound]:
    """Return four bounds on the error of one trained network on new rows, or on its gap.

    They are a PAC-Bayes certificate, a bound from held-out rows, and two bounds from the estimated
    information in the weights. The gap is the error on new rows less that on training rows.

    first: initial parameters of the network. rows: its training rows. wrong_held_out: its share of wrong
    predictions on `held_out` held-out rows. chance: error of always predicting the most frequent class; a
    bound on the error is vacuous from there on.
    """
    n = len(rows.y)
    with precision_context(network.precision):
        hyper = {name: np.asarray(network.hyper[name], rows.x.dtype) for name in network.network.hyper_names}
        pac_bayes = certificate(
            _share_wrong(network.network), network.params, first,
            (network.stats, hyper, rows.x, rows.y), n, chance, delta=DELTA, draws=DRAWS,
        )  # fmt: skip
    # the curvature of a network that fits all rows is below the rounding error of float32
    with precision_context("float64"):
        network64 = replace(
            network, params=_float64(network.params), stats=_float64(network.stats), hyper=_float64(hyper)
        )
        plain = not (network.stats or hyper)
        curvature = gauss_newton_operator(
            _outputs(network.network) if plain else _bound_outputs(network64),
            network64.params,
            _float64(rows.x),
        )
        spectrum = quadrature(curvature.damped(ROUNDING), PROBES, min(STEPS, curvature.size))
    precision = 1 / _variance(first)
    information = gaussian_information(spectrum, n, precision)
    gap = gap_bound(max(information.value, 0.0), n, error=information.error)
    upper = kl_inverse(wrong_held_out, log(1 / DELTA) / held_out)  # (2)
    nats, nats_error = float(information.value), float(information.error)
    return [
        Bound(
            name="pac_bayes", of="error", value=pac_bayes.bound, error=None, vacuous=bool(pac_bayes.vacuous),
            noisy_error=pac_bayes.error, divergence=pac_bayes.divergence, width=pac_bayes.width, delta=DELTA,
        ),
        Bound(
            name="held_out", of="error", value=upper, error=None, vacuous=bool(upper >= chance),
            rows=held_out, delta=DELTA,
        ),
        Bound(
            name="lecture", of="gap", value=gap.lecture, error=gap.lecture_error,
            vacuous=bool(gap.lecture >= 1), nats=nats, nats_error=nats_error, prior_precision=precision,
        ),
        Bound(
            name="xu_raginsky", of="gap", value=gap.proved, error=gap.proved_error,
            vacuous=bool(gap.vacuous), nats=nats, nats_error=nats_error, prior_precision=precision,
        ),
    ]  # fmt: skip


@lru_cache(maxsize=8)
def _share_wrong(network: AnyNetwork) -> Callable[..., jax.Array]:
    """Return the function (params, stats, hyper, x, y) -> share of rows wrong, compiled once."""

    def share_wrong(
        params: Params, stats: Statistics, hyper: Mapping[str, jax.Array], x: jax.Array, y: jax.Array
    ) -> jax.Array:
        z = network.apply(params, x, stats, hyper)
        # outputs that are not finite count as wrong
        wrong = (jnp.argmax(z, axis=1).astype(y.dtype) != y) | ~jnp.all(jnp.isfinite(z), axis=1)
        return jnp.minimum(
            jnp.mean(wrong.astype(z.dtype)), 1
        )  # a compiled mean of ones can exceed 1 by rounding

    return share_wrong


@lru_cache(maxsize=8)
def _outputs(network: AnyNetwork) -> Callable[..., jax.Array]:
    return lambda params, x: network.apply(params, x)


def _bound_outputs(network: TrainedNetwork) -> Callable[..., jax.Array]:
    """Return the function (params, x) -> outputs, with running statistics and numbers of a network."""
    return lambda params, x: network.network.apply(params, x, network.stats, network.hyper)


def _float64(tree: Any) -> Any:
    return jax.tree.map(lambda leaf: np.asarray(leaf, np.float64), tree)


def _variance(params: Params) -> float:
    """Return the mean square of the initial weights; 1 if they are all zero."""
    weights = [leaf.ravel() for leaf in jax.tree.leaves(params) if leaf.ndim > 1]
    return float(np.mean(np.concatenate(weights).astype(np.float64) ** 2)) or 1.0
