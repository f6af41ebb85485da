"""Claim N1 of the lecture: ill-conditioning makes gradient descent crawl and jitter.

In the lecture: "Problems with vanilla SGD". Source: Polyak 1964. On a quadratic with curvatures 1 (shallow
direction) and kappa (steep), started at (1, 1), the errors after t steps are:

    GD, best learning rate 2 / (1 + kappa): its factor   q = (kappa - 1) / (kappa + 1)                  (1)
    heavy ball, best setting: factor per step             r = (sqrt kappa - 1) / (sqrt kappa + 1)        (2)
    steps to an error of 1e-6 by the factor alone         ln(1e6) / -ln(q or r)                          (3)
    error of the heavy ball: |1 + (1 - r) t| r^t along the shallow, |1 + (1 + r) t| r^t along the steep  (4)

GD (gradient descent) takes the 69, 691 and 6,908 steps of (3), rounded up, for kappa = 10, 100 and 1,000. For
the heavy ball (momentum), the table of claims (a list of expected values) has 21, 69 and 218 steps, which are
(3) with r. In fact the heavy ball takes 27, 95 and 321 steps, because its two roots are equal and its error
has the factor of (4) that grows with t. The experiment counts the steps of its error divided by this
factor, to be compared with (3), and the steps of its error itself, to be compared with (4).
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ravine.lecture.claim import Claim, Evidence, Finding
from ravine.lecture.optimizer_path import optimizer_path
from ravine.optimizers import momentum, sgd

__all__ = ["CLAIM", "draw", "read", "run"]

CLAIM = Claim(
    "N1",
    title="Ill-conditioning: crawl along the shallow, jitter across",
    section="SGD, noise, annealing",
    says="If the loss changes fast in one direction and slowly in another, gradient descent makes slow "
    "progress along the shallow direction and jitters along the steep one.",
    run="Gradient descent and momentum, each at its best setting, on quadratics of condition number 10, 100 "
    "and 1,000; then gradient descent at 101 learning rates.",
    caveat="The number of steps grows with the condition number for gradient descent and with its root for "
    "momentum. Both need the best setting, and thus both curvatures. With equal roots the error of momentum "
    "first has a factor that grows as t.",
    try_it="ravine diagnose digits --optimizer sgd",
)

KAPPAS = (10.0, 100.0, 1000.0)
TARGET = 1e-6
STEPS = 7000
GD_STEPS = (69, 691, 6908)
BALL_STEPS = (21, 69, 218)
SHARES = tuple(k / 100 for k in range(50, 101))  # rates in units of the best one; 2 minus each is tried too
RATES_KAPPA, RATES_STEPS = 10.0, 200


def run() -> Evidence:
    """Run gradient descent and momentum on quadratics with a shallow and a steep direction; return arrays.

    gd, ball [kappa, time, direction]: errors of gradient descent and of momentum, each at its best setting,
    for three condition numbers kappa.
    tried [rate]: larger one of the errors along both directions after 200 steps of gradient descent at
    condition number 10, for many learning rates.
    """

    def descend(rate: jax.Array, curvature: jax.Array, steps: int) -> jax.Array:
        return optimizer_path(sgd(rate), lambda w, t: curvature * w, jnp.ones(2), steps)

    def pair(kappa: jax.Array) -> tuple[jax.Array, jax.Array]:
        curvature, root = jnp.stack([jnp.ones(()), kappa]), jnp.sqrt(kappa)
        ball = momentum((2 / (1 + root)) ** 2, rho=((root - 1) / (root + 1)) ** 2)
        return (
            descend(2 / (1 + kappa), curvature, STEPS),
            optimizer_path(ball, lambda w, t: curvature * w, jnp.ones(2), STEPS),
        )

    @jax.jit
    def measure_all(kappas: jax.Array, rates: jax.Array) -> tuple[jax.Array, ...]:
        steep = jnp.asarray([1.0, RATES_KAPPA])
        tried = jax.vmap(lambda rate: jnp.max(jnp.abs(descend(rate, steep, RATES_STEPS)[-1])))(rates)
        return (*jax.vmap(pair)(kappas), tried)

    gd, ball, tried = map(np.asarray, measure_all(jnp.asarray(KAPPAS), jnp.asarray(_rates())))
    return {"gd": gd, "ball": ball, "tried": tried}


def read(evidence: Evidence) -> list[Finding]:
    """Return measured numbers with expected values for claim N1, on ill-conditioned quadratics.

    For gradient descent and momentum they are the numbers of steps to an error of 1e-6. For gradient descent
    they are also the factor on the error per step, the best learning rate, and the share of steps at which
    the error changes its sign; factor and share belong to the shallow and to the steep direction.
    """
    findings = []
    for k, kappa in enumerate(KAPPAS):
        name = f"kappa = {kappa:g}"
        findings += [
            Finding(f"GD, {name}: steps to {TARGET:g}", _first(evidence["gd"][k]), GD_STEPS[k], unit="steps"),
            Finding(
                f"heavy ball, {name}: steps to {TARGET:g} by its factor alone",
                _first(evidence["ball"][k] / _growth(kappa)),
                BALL_STEPS[k],
                1.0,
                unit="steps",
                note="error divided by 1 + (1 -+ r) t, rounded up to whole steps",
            ),
            Finding(
                f"heavy ball, {name}: steps to {TARGET:g}",
                _first(evidence["ball"][k]),
                _ball_steps(kappa),
                unit="steps",
                note="with the growing factor of equal roots",
            ),
        ]
    gd = evidence["gd"][1]
    for k, direction in enumerate(("shallow", "steep")):
        findings.append(
            Finding(
                f"GD, kappa = 100: factor per step along the {direction} direction",
                np.abs(gd[500, k] / gd[0, k]) ** (1 / 500),
                99 / 101,
                1e-9,
            )
        )
    best = _rates()[np.argmin(evidence["tried"])] if np.isfinite(evidence["tried"]).all() else np.nan
    findings.append(
        Finding(
            f"best of {len(_rates())} learning rates, kappa = {RATES_KAPPA:g}",
            best,
            2 / (1 + RATES_KAPPA),
            1e-12,
        )
    )
    flips = np.where(np.isfinite(gd[1:501]), np.sign(gd[1:501]) != np.sign(gd[:500]), np.nan).mean(axis=0)
    findings += [
        Finding("share of steps that change sign along the shallow direction", flips[0], 0.0, note="crawls"),
        Finding("share of steps that change sign along the steep direction", flips[1], 1.0, note="jitters"),
    ]
    return findings


def draw(evidence: Evidence) -> Any:
    """Draw two panels on gradient descent and momentum on ill-conditioned quadratics; return the figure.

    Left: their paths in the plane at condition number 10. Right: the number of steps to an error of 1e-6 over
    the condition number.
    """
    from ravine.lecture.plot_style import COLORS, canvas, marks, theory

    figure, (left, right) = canvas(CLAIM.title, columns=2, key=True)
    x, y = np.meshgrid(np.linspace(-0.1, 1.1, 200), np.linspace(-1.1, 1.1, 200))
    left.contour(
        x, y, x**2 / 2 + 10 * y**2 / 2, levels=np.geomspace(0.02, 5, 9), colors="#bbbbbb", linewidths=0.8
    )
    for k, (name, label) in enumerate((("gd", "gradient descent"), ("ball", "heavy ball"))):
        path = evidence[name][0, :26]
        left.plot(path[:, 0], path[:, 1], color=COLORS[k], linewidth=1.0, linestyle=("-", "--")[k])
        marks(left, path[:, 0], path[:, 1], label, which=k, markersize=5)
    left.set(xlabel="shallow direction", ylabel="steep direction", xlim=(-0.15, 1.1), ylim=(-1.9, 1.5))
    left.set_title("condition number 10, 25 steps")
    left.legend(loc="lower right")

    line = np.geomspace(8, 1250, 60)
    for k, (name, label, count) in enumerate(
        (("gd", "gradient descent", _gd_steps), ("ball", "heavy ball", _ball_steps))
    ):
        theory(right, line, [count(kappa) for kappa in line], which=k)
        marks(right, KAPPAS, [_first(errors) for errors in evidence[name]], label, which=k)
    theory(right, line, np.log(1 / TARGET) / -np.log(_radius(line)), "heavy ball, its factor alone", which=2)
    right.set(xlabel="condition number", ylabel="steps to an error of 1e-6", xscale="log", yscale="log")
    right.set_title("each at its best setting")
    right.legend(loc="upper left")
    return figure


def _rates() -> np.ndarray:
    """Return the learning rates [rate] that are tried."""
    shares = np.array(SHARES)
    return np.unique(np.concatenate([shares, 2 - shares])) * 2 / (1 + RATES_KAPPA)


def _first(errors: np.ndarray) -> int:
    """Return the first step after which both errors [time, 2] are within TARGET; -1 if there is none."""
    outside = np.flatnonzero(~(np.abs(errors).max(axis=1) <= TARGET))  # NaN is outside
    after = int(outside[-1]) + 1 if outside.size else 0
    return after if after < len(errors) else -1


def _radius(kappa: Any) -> Any:
    """Return the factor (2) of the heavy ball for condition numbers `kappa` [...]."""
    return (np.sqrt(kappa) - 1) / (np.sqrt(kappa) + 1)  # (2)


def _growth(kappa: float) -> np.ndarray:
    """Return the growing factors of (4), [time, direction]."""
    r, t = _radius(kappa), np.arange(STEPS + 1)
    return 1 + np.array([1 - r, 1 + r]) * t[:, None]


def _gd_steps(kappa: float) -> float:
    return np.ceil(np.log(TARGET) / np.log((kappa - 1) / (kappa + 1)))  # (3)


def _ball_steps(kappa: float) -> float:
    """Return the first step at which both errors of (4) are within TARGET, by its logarithm."""
    t = np.arange(STEPS + 1)[:, None]
    return float(_first(np.exp(np.log(_growth(kappa)) + t * np.log(_radius(kappa)))))
