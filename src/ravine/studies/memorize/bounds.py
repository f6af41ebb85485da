"""Bounds on what a network's errors on new rows can be, each beside what was measured, vacuous ones marked.

    certificate   error of the noisy network <= bound, with probability 1 - delta          (1)   PAC-Bayes
    held out      kl(share wrong of m held-out rows, bound) <= ln(1 / delta) / m           (2)   Langford 2005
    lecture       expected gap <= sqrt(I / N),  proved: sqrt(I / 2N)                       (3)
    f-CMI         expected gap <= sqrt(2 I(right or wrong; which row was trained on))      (4)   in `measures`

I of (3) is the Gaussian estimate at the end of training, against a prior as wide as the first weights. Where
a network fits all rows its curvature is nearly 0 and the estimate too low: (3) then bounds nothing.
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
from ravine.networks import Network
from ravine.networks.parameters import Params, Statistics
from ravine.studies.memorize.result import Bound
from ravine.training import Rows, TrainedNetwork

__all__ = ["DELTA", "bounds"]

DELTA = 0.05
DRAWS = 400  # noisy networks that a certificate rests on
PROBES, STEPS = 4, 30  # of the quadrature
ROUNDING = 1e-11  # above that of a curvature in float64, which has no sign


def bounds(
    network: TrainedNetwork, first: Params, rows: Rows, wrong_held_out: float, held_out: int, chance: float
) -> list[Bound]:
    """Return (1) to (3) of one network. rows: those it was trained on. first: its initial parameters.

    wrong_held_out: share of `held_out` rows it gets wrong. chance: share wrong of guessing one class.
    """
    n = len(rows.y)
    with precision_context(network.precision):
        numbers = {
            name: np.asarray(network.hyper[name], rows.x.dtype) for name in network.network.hyper_names
        }
        made = certificate(
            _share_wrong(network.network), network.params, first,
            (network.stats, numbers, rows.x, rows.y), n, chance, delta=DELTA, draws=DRAWS,
        )  # fmt: skip
    # where all rows are fitted the curvature is smaller than its rounding in float32
    with precision_context("float64"):
        wide = replace(
            network, params=_wide(network.params), stats=_wide(network.stats), hyper=_wide(numbers)
        )
        plain = not (network.stats or numbers)
        curvature = gauss_newton_operator(
            _outputs(network.network) if plain else _bound(wide), wide.params, _wide(rows.x)
        )
        spectrum = quadrature(curvature.damped(ROUNDING), PROBES, min(STEPS, curvature.size))
    precision = 1 / _variance(first)
    found = gaussian_information(spectrum, n, precision)
    gap = gap_bound(max(found.value, 0.0), n, error=found.error)
    upper = kl_inverse(wrong_held_out, log(1 / DELTA) / held_out)  # (2)
    nats, nats_error = float(found.value), float(found.error)
    return [
        Bound(
            name="pac_bayes", of="error", value=made.bound, error=None, vacuous=bool(made.vacuous),
            noisy_error=made.error, divergence=made.divergence, width=made.width, delta=DELTA,
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
def _share_wrong(network: Network) -> Callable[..., jax.Array]:
    """Return (params, stats, numbers, x, y) -> share wrong; the same function again, to compile once."""

    def share(
        params: Params, stats: Statistics, numbers: Mapping[str, jax.Array], x: jax.Array, y: jax.Array
    ) -> jax.Array:
        z = network.apply(params, x, stats, numbers)
        # where the outputs are not finite nothing is right
        wrong = (jnp.argmax(z, axis=1).astype(y.dtype) != y) | ~jnp.all(jnp.isfinite(z), axis=1)
        return jnp.minimum(
            jnp.mean(wrong.astype(z.dtype)), 1
        )  # a compiled mean of ones can exceed 1 by rounding

    return share


@lru_cache(maxsize=8)
def _outputs(network: Network) -> Callable[..., jax.Array]:
    return lambda params, x: network.apply(params, x)


def _bound(network: TrainedNetwork) -> Callable[..., jax.Array]:
    """With running statistics and numbers: those of this network."""
    return lambda params, x: network.network.apply(params, x, network.stats, network.hyper)


def _wide(tree: Any) -> Any:
    return jax.tree.map(lambda leaf: np.asarray(leaf, np.float64), tree)


def _variance(params: Params) -> float:
    """Return the mean square of the initial weights, that of a network without any (all zero) as 1."""
    weights = [leaf.ravel() for leaf in jax.tree.leaves(params) if leaf.ndim > 1]
    return float(np.mean(np.concatenate(weights).astype(np.float64) ** 2)) or 1.0
