"""N2: gradients of minibatches are noisy.  Lecture: "Problems with vanilla SGD", L(W) = 1/N sum_i L_i.

Source: McCandlish, Kaplan, Amodei et al. 2018 for (3, 4).

    Var g_B = Var g_1 / B                                  drawn with replacement             (1)
    on lambda (w - x_i)^2 / 2, Var x_i = (sigma / lambda)^2, SGD ends with
    Var w = sigma^2 eta / (B lambda (2 - eta lambda))                                         (2)
    noise scale  tr Cov(g_1) / |E g|^2: the batch whose noise is as large as the gradient     (3)
    linear regression y = w* x + sigma e, x ~ N(0, 1_d), at a distance Delta:
    noise scale  d + 1 + d sigma^2 / |Delta|^2                                                (4)

(3) from squared lengths, of single gradients and of a batch B's mean, each without bias:

    |E g|^2 = mean (B |g_B|^2 - |g_1|^2) / (B - 1)                                            (5)
    tr Cov  = mean (|g_1|^2 - |g_B|^2) / (1 - 1 / B)

Both are averaged before dividing: the mean of the ratios is another number, and for one batch the
denominator can be negative. The table's 55.7 at d = 20 is (4) at sigma^2 / |Delta|^2 = 1.735.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ravine.lecture.claim import Claim, Evidence, Finding
from ravine.lecture.walking import walk
from ravine.optimizers import sgd

__all__ = ["CLAIM", "draw", "read", "run"]

CLAIM = Claim(
    "N2",
    "Minibatch gradients are noisy",
    section="SGD, noise, annealing",
    says="Gradients come from minibatches, so they can be noisy.",
    care="The variance falls as 1 / batch size only for rows drawn with replacement; in passes over all rows "
    "it falls faster. Near a minimum the gradient vanishes and the noise does not: the noise scale has no "
    "upper bound there.",
    yours="ravine train digits --optimizer sgd --batch-size 8",
)

ROWS = 1024  # of the data set of (1, 2), standardised: lambda = sigma = 1
BATCHES = (1, 4, 16)
RATES = (0.1, 0.5, 1.0, 1.5)
CHAINS, STEPS, SETTLED = (
    4000,
    160,
    60,
)  # (1 - 0.1)^60 = 0.002 of the start, at rest at 0, squared in the variance
DIMENSION, NOISE = 20, 1.735  # sigma^2 / |Delta|^2
MANY, REPEATS, AT_ONCE = 64, 8000, 200
DISTANCES = (
    1.735,
    0.5,
    5.0,
)  # other values of sigma^2 / |Delta|^2 for the picture; the first is that of the table
SEED = 0


def run() -> Evidence:
    """scatter [batch, rate, chain], mean of w^2 once settled; gradient [batch], variance at 0;
    lengths [distance, repeat, 2], the two of (5): |E g|^2 and tr Cov."""
    drawn = np.random.default_rng(SEED).standard_normal(ROWS)
    rows = jnp.asarray((drawn - drawn.mean()) / drawn.std())

    def batch(key: jax.Array, t: jax.Array, size: int) -> jax.Array:
        """Means of CHAINS batches, drawn with replacement."""
        return rows[jax.random.randint(jax.random.fold_in(key, t), (size, CHAINS), 0, ROWS, jnp.int32)].mean(
            axis=0
        )

    def scatter(key: jax.Array, size: int, rate: jax.Array) -> jax.Array:
        path = walk(sgd(rate), lambda w, t: w - batch(key, t, size), jnp.zeros(CHAINS), STEPS)
        return jnp.mean(path[SETTLED:] ** 2, axis=0)

    def lengths(key: jax.Array, noises: jax.Array) -> jax.Array:
        """The two of (5) of AT_ONCE batches, for each noise: the same rows, at another distance."""
        first, second = jax.random.split(key)
        x = jax.random.normal(first, (AT_ONCE, MANY, DIMENSION), jnp.float32).astype(noises.dtype)
        e = jax.random.normal(second, (AT_ONCE, MANY), jnp.float32).astype(noises.dtype)

        def at(noise: jax.Array) -> jax.Array:
            delta = jnp.full(DIMENSION, 1 / jnp.sqrt(DIMENSION * noise))  # sigma = 1
            each = x * (x @ delta - e)[:, :, None]  # gradients of (y - w x)^2 / 2
            single = jnp.mean(jnp.sum(each**2, axis=2), axis=1)
            whole = jnp.sum(jnp.mean(each, axis=1) ** 2, axis=1)
            return jnp.stack(
                [(MANY * whole - single) / (MANY - 1), (single - whole) / (1 - 1 / MANY)], axis=1
            )  # (5)

        return jax.lax.map(at, noises)

    @jax.jit
    def all_of_it(key: jax.Array, rates: jax.Array, noises: jax.Array) -> dict[str, jax.Array]:
        keys = jax.random.split(key, 3)
        many = jax.random.split(keys[2], REPEATS // AT_ONCE)
        variance = [jnp.var(jax.vmap(lambda t, b=b: batch(keys[1], t, b))(jnp.arange(20))) for b in BATCHES]
        return {
            "scatter": jnp.stack(
                [jax.vmap(lambda rate, b=b: scatter(keys[0], b, rate))(rates) for b in BATCHES]
            ),
            "gradient": jnp.stack(variance),
            "lengths": jnp.moveaxis(jax.lax.map(lambda k: lengths(k, noises), many), 1, 0).reshape(
                len(DISTANCES), REPEATS, 2
            ),
        }

    found = all_of_it(jax.random.key(SEED), jnp.asarray(RATES), jnp.asarray(DISTANCES))
    return {name: np.asarray(each) for name, each in found.items()}


def read(evidence: Evidence) -> list[Finding]:
    """(1) and (2) for each batch size, the noise scale (4), and what dividing first gives."""
    count = 20 * CHAINS
    found = [
        Finding(
            f"gradient variance x batch size, batch of {size}",
            size * evidence["gradient"][k],
            1.0,
            0.03,
            error=1.96 * np.sqrt(2 / count),
        )
        for k, size in enumerate(BATCHES)
    ]
    for k, size in enumerate(BATCHES):
        for j, rate in enumerate(RATES):
            each = evidence["scatter"][k, j] / _variance(rate, size)
            found.append(
                Finding(
                    f"scatter of the weight over theory, batch of {size}, rate {rate:g}",
                    each.mean(),
                    1.0,
                    0.02,
                    error=1.96 * each.std(ddof=1) / np.sqrt(CHAINS),
                )
            )
    scale, error = _scale(evidence["lengths"][0])
    found.append(
        Finding(
            f"noise scale of linear regression, d = {DIMENSION}",
            scale,
            55.7,
            0.02,
            error=error,
            relative=True,
            unit="rows",
        )
    )
    lengths = evidence["lengths"][0]
    found.append(
        Finding(
            "the same, divided before averaging",
            np.mean(lengths[:, 1] / lengths[:, 0]),
            None,
            unit="rows",
            note=f"wrong: {100 * np.mean(lengths[:, 0] < 0):.1f} % of its denominators are negative",
        )
    )
    return found


def draw(evidence: Evidence) -> Any:
    """Left: where SGD comes to rest. Right: noise scale over the distance from the minimum."""
    from ravine.lecture.drawing import canvas, marks, theory

    figure, (left, right) = canvas(CLAIM.title, columns=2)
    line = np.linspace(0.03, 1.7, 200)
    for k, size in enumerate(BATCHES):
        each = evidence["scatter"][k]
        theory(left, line, _variance(line, size), which=k)
        error = 1.96 * each.std(axis=1, ddof=1) / np.sqrt(CHAINS)
        marks(left, RATES, each.mean(axis=1), f"batch of {size}", which=k, error=error)
    left.set(
        xlabel="learning rate x curvature",
        ylabel="variance of the weight, in sigma² / curvature²",
        yscale="log",
    )
    left.set_title("SGD does not come to rest")
    left.legend(loc="lower right")

    line = np.geomspace(0.3, 8, 100)
    theory(right, line, DIMENSION + 1 + DIMENSION * line, "d + 1 + d sigma² / distance²", which=0)
    scales = [_scale(each) for each in evidence["lengths"]]
    marks(
        right,
        DISTANCES,
        [each[0] for each in scales],
        "averaged, then divided",
        which=1,
        error=[each[1] for each in scales],
    )
    right.set(xlabel="sigma² / squared distance from the minimum", ylabel="noise scale, rows", xscale="log")
    right.set_xticks([0.5, 1, 2, 5], labels=["0.5", "1", "2", "5"])
    right.minorticks_off()
    right.set_title(f"linear regression, d = {DIMENSION}")
    right.legend(loc="upper left")
    return figure


def _variance(rate: Any, size: int) -> Any:
    return rate / (size * (2 - rate))  # (2)


def _scale(lengths: np.ndarray) -> tuple[float, float]:
    """Return the noise scale of [repeat, 2] and the half width of its 95 % interval (delta method)."""
    below, above = lengths.mean(axis=0)
    rest = lengths[:, 1] - above / below * lengths[:, 0]
    return above / below, 1.96 * rest.std(ddof=1) / np.sqrt(len(lengths)) / abs(below)
