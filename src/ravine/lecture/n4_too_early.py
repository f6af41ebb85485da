"""Claim N4 of the lecture: a learning rate decreased too early leaves training in a bad minimum.

In the lecture: "Learning rate annealing". There are two landscapes. Runs with an early and a late decrease
have the same noise, so they are compared in pairs. eta is the learning rate, m and V are mean and variance of
a weight, p is the probability density of x.

    two curvatures lambda, 1 and 0.1, unit noise (claim N3), eta 0.5 -> 0.05 -> 0.005:                 (1)
        m <- (1 - eta lambda) m,   V <- (1 - eta lambda)^2 V + eta^2,   loss = sum lambda (m^2 + V) / 2
    two wells  L(x) = x^4 / 4 - x^2 / 2 - h x, started in the higher one, eta 0.1 -> 0.01:             (2)
        p(x') = integral of Normal(x' | x - eta L'(x), (eta sigma)^2) p(x)                             (3)

(1) has one minimum: after an early decrease, the slow direction has not converged. In (2) an early decrease
keeps runs in the worse well, before the noise of size sigma has carried them to the better one. The expected
values are the recursion of (1), and (3) on a grid of x.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ravine.lecture.claim import Claim, Evidence, Finding
from ravine.lecture.optimizer_path import optimizer_path
from ravine.optimizers import sgd

__all__ = ["CLAIM", "draw", "read", "run"]

CLAIM = Claim(
    "N4",
    title="A learning rate decreased too early ends in a worse place",
    section="SGD, noise, annealing",
    says="If the learning rate is decreased too fast, training ends in a bad minimum.",
    run="1,000 pairs of runs with the same noise, the learning rate decreased early in one and late in "
    "the other, in a valley with one minimum and in a double well.",
    caveat="With one minimum the run is only late: it still arrives. With several minima, noise at a high "
    "learning rate needs time to carry runs to the better one. After a very late decrease, no steps are "
    "left to settle.",
    try_it="ravine sweep digits --optimizer sgd --vary 'schedule=step(0.1,at=50%),step(0.1,at=10%)'",
)

SEEDS = 1000
CURVATURES = (1.0, 0.1)
START = 10.0
RATES = (0.5, 0.05, 0.005)
STEPS = 900
WHEN = (10, 20, 40, 80, 160, 320, 440)  # steps of the first decrease; the second comes at twice the step
TILT, NOISE = 0.1, 1.5  # h, sigma
WELL_RATES = (0.1, 0.01)
WELL_STEPS = 1500
WELL_WHEN = (25, 50, 100, 200, 400, 800, 1200)
EARLY, LATE = 1, 4  # positions in WHEN
WELL_EARLY, WELL_LATE = 0, 5
SEED = 0


def run() -> Evidence:
    """Run SGD with an early or late decrease of the learning rate on two landscapes; return arrays by name.

    loss [when, seed]: final loss on a landscape with one minimum. ends [when, seed]: final position on a
    landscape with two minima.
    The axis "when" numbers the steps at which the learning rate is first decreased.
    """
    curvature = jnp.asarray(CURVATURES)

    def final(key: jax.Array, when: jax.Array) -> jax.Array:
        def rate(t: jax.Array) -> jax.Array:
            return jnp.where(t < when, RATES[0], jnp.where(t < 2 * when, RATES[1], RATES[2]))

        def noisy(w: jax.Array, t: jax.Array) -> jax.Array:
            return curvature[None] * w + jax.random.normal(jax.random.fold_in(key, t), w.shape, w.dtype)

        w = optimizer_path(sgd(rate), noisy, jnp.full((SEEDS, 2), START), STEPS)[-1]
        return jnp.sum(curvature[None] * w**2, axis=1) / 2

    def ends(key: jax.Array, when: jax.Array, start: jax.Array) -> jax.Array:
        def rate(t: jax.Array) -> jax.Array:
            return jnp.where(t < when, *WELL_RATES)

        def noisy(x: jax.Array, t: jax.Array) -> jax.Array:
            return _well_slope(x) + NOISE * jax.random.normal(jax.random.fold_in(key, t), x.shape, x.dtype)

        return optimizer_path(sgd(rate), noisy, jnp.full(SEEDS, start), WELL_STEPS)[-1]

    @jax.jit
    def measure_all(
        key: jax.Array, when: jax.Array, well_when: jax.Array, start: jax.Array
    ) -> tuple[jax.Array, jax.Array]:
        first, second = jax.random.split(key)
        return (
            jax.vmap(lambda step: final(first, step))(when),
            jax.vmap(lambda step: ends(second, step, start))(well_when),
        )

    start = jnp.asarray(_critical_points()[0])
    loss, x = measure_all(
        jax.random.key(SEED), jnp.asarray(WHEN, jnp.int32), jnp.asarray(WELL_WHEN, jnp.int32), start
    )
    return {"loss": np.asarray(loss), "ends": np.asarray(x)}


def read(evidence: Evidence) -> list[Finding]:
    """Return measured numbers with expected values for claim N4, on learning rates decreased too early.

    They are the final loss with one minimum, the share of runs that end in the worse of two minima, and the
    cost of an early decrease, from pairs of runs with the same noise.
    """
    worse = np.where(np.isfinite(evidence["ends"]), evidence["ends"] < _critical_points()[1], np.nan)
    well_loss = _well(evidence["ends"])
    stranded, lost = _expected_wells()
    findings = []
    for place, name in ((EARLY, "early"), (LATE, "late")):
        mean, error = _mean(evidence["loss"][place])
        findings.append(
            Finding(
                f"one minimum, decreased {name} at step {WHEN[place]}: final loss",
                mean,
                _expected_loss(WHEN[place]),
                0.1,
                error=error,
                relative=True,
            )
        )
    mean, error = _mean(evidence["loss"][EARLY] - evidence["loss"][LATE])
    findings.append(
        Finding(
            "one minimum: cost of the early decrease, lower end of its interval",
            mean - error,
            0.0,
            bound="above",
            note=f"{mean:.4f} ± {error:.4f} over {SEEDS} pairs",
        )
    )
    for place, name in ((WELL_EARLY, "early"), (WELL_LATE, "late")):
        mean, error = _mean(worse[place])
        spread = np.sqrt(stranded[place] * (1 - stranded[place]) / SEEDS)
        findings.append(
            Finding(
                f"two minima, decreased {name} at step {WELL_WHEN[place]}: share in the worse one",
                mean,
                stranded[place],
                4 * spread,
                error=error,
            )
        )
    mean, error = _mean(well_loss[WELL_EARLY] - well_loss[WELL_LATE])
    findings += [
        Finding(
            "two minima: cost of the early decrease in loss",
            mean,
            lost[WELL_EARLY] - lost[WELL_LATE],
            0.02,
            error=error,
        ),
        Finding(
            "two minima: the cost, lower end of its interval",
            mean - error,
            0.0,
            bound="above",
            note=f"over {SEEDS} pairs",
        ),
    ]
    return findings


def draw(evidence: Evidence) -> Any:
    """Draw two panels on the step of the first decrease of the learning rate; return the figure.

    Left: final loss with one minimum. Right: share of runs that end in the worse of two minima.
    """
    from ravine.lecture.plot_style import canvas, marks, theory

    figure, (left, right) = canvas(CLAIM.title, columns=2, key=True)
    line = np.unique(np.geomspace(WHEN[0], STEPS // 2, 60).astype(int))
    theory(left, line, [_expected_loss(int(when)) for when in line], which=0)
    means = [_mean(losses) for losses in evidence["loss"]]
    marks(
        left,
        WHEN,
        [mean for mean, _ in means],
        f"{SEEDS} seeds",
        which=0,
        error=[error for _, error in means],
    )
    left.set(
        xlabel="step of the first decrease", ylabel=f"loss after {STEPS} steps", xscale="log", yscale="log"
    )
    left.set_title(f"one minimum: learning rate {', '.join(f'{rate:g}' for rate in RATES)}")
    left.legend(loc="upper right")

    stranded, _ = _expected_wells()
    theory(right, WELL_WHEN, stranded, which=1)
    means = [_mean(x < _critical_points()[1]) for x in evidence["ends"]]
    marks(
        right,
        WELL_WHEN,
        [mean for mean, _ in means],
        f"{SEEDS} seeds",
        which=1,
        error=[error for _, error in means],
    )
    right.set(
        xlabel="step of the decrease",
        ylabel="share that ends in the worse minimum",
        xscale="log",
        ylim=(0, 1),
    )
    left.set_yticks([0.02, 0.05, 0.1, 0.2, 0.5], labels=["0.02", "0.05", "0.1", "0.2", "0.5"])
    right.set_title(f"two minima: learning rate {', '.join(f'{rate:g}' for rate in WELL_RATES)}")
    right.legend(loc="upper right")
    for axes, ticks in ((left, (10, 30, 100, 300)), (right, (30, 100, 300, 1000))):
        axes.set_xticks(ticks, labels=[f"{tick:,}" for tick in ticks])
        axes.minorticks_off()
    return figure


def _mean(values: np.ndarray) -> tuple[float, float]:
    """Return the mean of `values` [seed] and the half width of its 95 % interval."""
    return float(np.mean(values)), float(1.96 * np.std(values, ddof=1) / np.sqrt(len(values)))


def _expected_loss(when: int) -> float:
    """Return the final loss of (1) with the first decrease at step `when`."""
    curvature = np.array(CURVATURES)
    mean, variance = np.full(2, START), np.zeros(2)
    for t in range(STEPS):  # (1)
        rate = RATES[0] if t < when else RATES[1] if t < 2 * when else RATES[2]
        mean = (1 - rate * curvature) * mean
        variance = (1 - rate * curvature) ** 2 * variance + rate**2
    return float(curvature @ (mean**2 + variance) / 2)


def _expected_wells() -> tuple[np.ndarray, np.ndarray]:
    """Return the final share in the worse well and the final mean loss, each [when], by (3) on a grid."""
    x = np.linspace(-3.5, 3.5, 501)
    high, low = (
        np.exp(-(((x[:, None] - (x - rate * _well_slope(x))[None]) / (rate * NOISE)) ** 2) / 2)
        for rate in WELL_RATES
    )
    high, low = high / high.sum(axis=0), low / low.sum(axis=0)
    worse, top, _ = _critical_points()
    density = np.zeros(len(x))
    density[np.argmin(np.abs(x - worse))] = 1
    # backwards in time: expected outcome at the end, of a run that is at x now
    value = np.stack([x < top, _well(x)], axis=1).astype(float)
    left = {0: value}
    for steps in range(1, WELL_STEPS + 1):
        value = low.T @ value
        left[steps] = value
    outcomes = []
    for t in range(1, max(WELL_WHEN) + 1):
        density = high @ density
        if t in WELL_WHEN:
            outcomes.append(density @ left[WELL_STEPS - t])
    share, loss = np.array(outcomes).T
    return share, loss


def _critical_points() -> np.ndarray:
    """Return the worse minimum, the barrier between both, and the better minimum: [3]."""
    return np.sort(np.roots([1.0, 0.0, -1.0, -TILT]).real)


def _well(x: np.ndarray) -> np.ndarray:
    """Return the loss (2) at `x` [...]."""
    return x**4 / 4 - x**2 / 2 - TILT * x  # (2)


def _well_slope(x: Any) -> Any:
    """Return the slope of (2) at `x` [...]."""
    return x**3 - x - TILT
