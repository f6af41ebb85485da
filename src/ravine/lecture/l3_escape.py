"""Claim L3 of the lecture: gradient descent stays in shallow minima, the noise of SGD jumps out.

In the lecture: "Consequences of nonconvexity". With the loss V, the learning rate eta and t steps:

    V(x) = x^4 / 4 - x^2 / 2,   minima at -1 and 1, a barrier of 1/4 between them                   (1)
    x <- x - eta (V'(x) + noise of variance s^2)   ->   diffusion with D = eta s^2 / 2              (2)
    mean time from -1 to 1:  T = (1/D) int_-1^1 e^(V(y)/D) int_-inf^y e^(-V(z)/D) dz dy             (3)
    d ln T / d(1/D) -> 1/4, the barrier, as D -> 0                                                  (4)

Source: Kramers 1940; Gardiner, Handbook of Stochastic Methods, 5.2.7 for (3). T is in units of eta t. A
walker that arrives at 1 starts again from -1, so T is the total time divided by the number of arrivals.
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
    "L3",
    title="Noise jumps out of shallow minima",
    section="Landscape",
    says="Gradient descent gets stuck in shallow local minima, but SGD can jump out.",
    run="SGD with noisy gradients in a double well, 400 walkers at each of six noise levels; and gradient "
    "descent without noise.",
    caveat="The mean time to a jump grows exponentially with barrier / noise, so only shallow minima are "
    "left. The same noise can also leave a good shallow minimum.",
    try_it="ravine train digits --optimizer sgd --batch-size 8",
)

RATE = 0.02
INVERSE_D = np.array([8.0, 9.0, 10.0, 12.0, 14.0, 16.0])  # barrier / D = 2 ... 4
WALKERS, STEPS = 400, 20_000
BARRIER = 0.25
TICKS = (30, 50, 100, 200, 300)  # times


def run() -> Evidence:
    """Run SGD with noise in a double well with minima at -1 and 1; return arrays by name.

    arrivals [noise, walker]: number of arrivals at 1 of a walker that starts from -1 again after each
    arrival, at six strengths of the noise.
    path [time]: positions of a single walker with noise, which is not set back.
    still [time]: positions of gradient descent without noise.
    """
    noise = np.sqrt(2 / INVERSE_D / RATE)  # (2): s
    keys = jax.random.split(jax.random.key(0), len(INVERSE_D) + 1)
    arrivals = jax.jit(lambda keys, noise: jax.lax.map(_arrivals, (keys, noise)))(keys[1:], noise)
    rule, start = sgd(RATE), jnp.asarray(-0.5)
    noisy = jax.jit(
        lambda key, s: optimizer_path(rule, lambda x, t: _slope(x) + s * _noise(key, t, ()), start, STEPS)
    )
    still = jax.jit(lambda: optimizer_path(rule, lambda x, t: _slope(x), start, STEPS))()
    path = noisy(keys[0], noise[1])
    return {"arrivals": np.asarray(arrivals), "path": np.asarray(path), "still": np.asarray(still)}


def read(evidence: Evidence) -> list[Finding]:
    """Return measured numbers with expected values for claim L3, on jumps out of a minimum.

    They are the position at which gradient descent without noise ends, the number of jumps at the weakest
    noise, and the mean time T to a jump at each noise strength D, against exact theory. The last one is the
    slope d ln T / d(1/D), against exact theory and against its limit for D -> 0: the height of the barrier
    between the two minima.
    """
    time, error = _times(evidence)
    exact = np.array([_exact(1 / inverse) for inverse in INVERSE_D])
    slope, slope_error = _slope_of(np.log(time), error)
    exact_slope, _ = _slope_of(np.log(exact), error)
    arrived = np.sum(evidence["arrivals"], axis=1)
    return [
        Finding("end of gradient descent from -0.5: the near minimum", evidence["still"][-1], -1.0, 1e-6),
        Finding("arrivals in the other minimum at the smallest noise", arrived[-1], 100, bound="above"),
        *(Finding(f"mean time to a jump, 1/D = {inverse:g}", mean, theory, 0.1,
                  error=mean * part, relative=True)
          for inverse, mean, theory, part in zip(INVERSE_D, time, exact, error, strict=True)),
        Finding("d ln T / d(1/D), exact theory", slope, exact_slope, 0.015, error=slope_error),
        Finding("d ln T / d(1/D), weak noise", slope, BARRIER, 0.02, error=slope_error,
                note="the barrier 1/4, as D -> 0"),
    ]  # fmt: skip


def draw(evidence: Evidence) -> Any:
    """Draw two panels on SGD in a double well; return the figure.

    Left: a path with noise, and gradient descent. Right: the mean time to a jump over the inverse strength of
    the noise.
    """
    from ravine.lecture.plot_style import COLORS, canvas, marks, theory

    figure, (left, right) = canvas(CLAIM.title, columns=2)
    some = slice(None, None, 10)
    t = RATE * np.arange(STEPS + 1)[some]
    label = f"SGD, 1/D = {INVERSE_D[1]:g}"
    left.plot(t, evidence["path"][some], color=COLORS[1], linestyle="-", linewidth=0.8, label=label)
    theory(left, t, evidence["still"][some], "gradient descent", linewidth=2.5)
    left.set(xlabel="time (learning rate x steps)", ylabel="weight x", ylim=(-2, 2.6))
    left.set_title("two minima, at -1 and 1")
    left.legend(loc="upper left")
    time, error = _times(evidence)
    inverse = np.linspace(INVERSE_D[0], INVERSE_D[-1], 40)
    theory(right, inverse, [_exact(1 / value) for value in inverse], "exact theory")
    kramers = 2 * np.pi / np.sqrt(2) * np.exp(BARRIER * inverse)
    theory(right, inverse, kramers, "Kramers: slope 1/4", which=1)
    marks(right, INVERSE_D, time, "measured", error=time * error)
    right.set(
        xlabel="1 / D, D = learning rate x noise variance / 2",
        ylabel="mean time to jump (learning rate x steps)",
    )
    right.set_yscale("log")
    right.set_yticks(TICKS, labels=[str(tick) for tick in TICKS])
    right.minorticks_off()
    right.set_title("exponential in barrier over noise")
    right.legend(loc="upper left")
    return figure


def _slope(x: jax.Array) -> jax.Array:
    return x**3 - x


def _noise(key: jax.Array, t: jax.Array, shape: tuple[int, ...]) -> jax.Array:
    """Return uniform noise of variance 1. A jump takes many steps, so only the variance matters."""
    return jax.random.uniform(jax.random.fold_in(key, t), shape, minval=-1, maxval=1) * np.sqrt(3)


def _arrivals(key_and_noise: tuple[jax.Array, jax.Array]) -> jax.Array:
    """Return the number of arrivals [walker] at one noise level."""
    key, noise = key_and_noise
    rule = sgd(RATE)

    def step(carry: Any, t: jax.Array) -> tuple[Any, None]:
        x, arrived = carry
        gradient = _slope(x) + noise * _noise(key, t, x.shape)
        x = x + rule.update(gradient, rule.init(x), x)[0]
        there = x >= 1
        return (jnp.where(there, -1.0, x), arrived + there.astype(arrived.dtype)), None

    start = (-jnp.ones(WALKERS), jnp.zeros(WALKERS, jnp.int32))
    return jax.lax.scan(step, start, jnp.arange(STEPS))[0][1]


def _times(evidence: Evidence) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean time to a jump [noise], and the half width of its 95 % interval, relative to it."""
    arrived = evidence["arrivals"].astype(float)
    rate = arrived.mean(axis=1)
    spread = arrived.std(axis=1, ddof=1) / np.sqrt(WALKERS)
    return RATE * STEPS / rate, 1.96 * spread / rate


def _slope_of(logs: np.ndarray, error: np.ndarray) -> tuple[float, float]:
    """Return the least-squares slope of `logs` [noise] over 1/D, and the half width of its interval."""
    centered = INVERSE_D - INVERSE_D.mean()
    weights = centered / np.sum(centered**2)
    return float(weights @ logs), float(np.sqrt(np.sum((weights * error) ** 2)))


def _exact(d: float) -> float:
    """Return (3) by the trapezoidal rule on a fine grid."""
    x = np.linspace(-4, 1, 20_001)
    step = x[1] - x[0]
    v = x**4 / 4 - x**2 / 2
    density = np.exp(-v / d)
    inner = np.concatenate([[0.0], np.cumsum((density[1:] + density[:-1]) / 2)]) * step
    between = x >= -1 - step / 2
    outer = np.exp(v[between] / d) * inner[between]
    return float(step * (np.sum(outer) - (outer[0] + outer[-1]) / 2) / d)
