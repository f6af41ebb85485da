"""Claim G6 of the lecture: early stopping with patience is a penalty.

In the lecture: "Early stopping". Sources: Prechelt 1998; Bishop 1995, section 9.2.4 (effect on a quadratic).

With the learning rate eta, and lambda for the curvature along a direction:

    stop when the loss has not improved for `patience` epochs; restore the best epoch                 (1)
    on a quadratic, after t steps from 0, gradient descent has covered the share
        1 - (1 - eta lambda)^t          of the distance to the minimum along the direction            (2)
    a ridge penalty of strength 1 / (eta t) covers the share  lambda / (lambda + 1 / (eta t))         (3)

Early stopping is therefore a penalty: (2) and (3) both suppress directions with lambda << 1 / (eta t). They
are not equal: at eta lambda t = 1 and small learning rates (2) is 1 - 1/e = .632, and (3) is one half.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ravine.lecture.claim import Claim, Evidence, Finding
from ravine.lecture.optimizer_path import optimizer_path
from ravine.optimizers import sgd
from ravine.training.early_stopping import stop_epoch, stopping_next, stopping_start

__all__ = ["CLAIM", "draw", "read", "run"]

CLAIM = Claim(
    "G6",
    title="Early stopping with patience is a penalty",
    section="Memorization and generalization",
    says="Watch the validation loss, stop when it has not improved for some epochs, and restore the best "
    "weights.",
    run="Patience 3 on nine losses like those in the lecture, by the rule itself and inside a compiled "
    "loop; then gradient descent along six curvatures, stopped at every step.",
    caveat="The best epoch may lie beyond the patience: in double descent the loss falls again. The "
    "validation loss of the chosen epoch is biased: it looks better than it is.",
    try_it="ravine train digits --early-stop 5",
)

LOSSES = (5.0, 4.0, 3.0, 3.1, 2.9, 2.95, 2.96, 2.97, 2.8)
PATIENCE = 3
RATE, STEPS = 0.05, 400
CURVATURES = (10.0, 3.0, 1.0, 0.3, 0.1, 0.03)


def run() -> Evidence:
    """Apply early stopping to nine losses, and run gradient descent on a quadratic; return arrays by name.

    judged, looped [2]: epoch of the stop and best epoch, from the function `stop_epoch` and from a compiled
    loop.
    waited [patience - 1, 2]: the same two epochs for a patience of 1 to 6; the epoch of the stop is -1 if
    training does not stop.
    path [time, curvature]: weights of gradient descent in directions of several curvatures; the minimum is at
    1.
    """

    @jax.jit
    def looped(losses: jax.Array, patience: jax.Array) -> jax.Array:
        start = jax.tree.map(jnp.asarray, stopping_start())
        end, _ = jax.lax.scan(
            lambda s, loss: (stopping_next(s, loss, patience, jnp.zeros(())), None), start, losses
        )
        return jnp.stack([end.best_epoch + end.waited, end.best_epoch])

    @jax.jit
    def path() -> jax.Array:
        curvature = jnp.asarray(CURVATURES)
        return optimizer_path(sgd(RATE), lambda w, t: curvature * (w - 1), jnp.zeros(len(CURVATURES)), STEPS)

    epochs = [stop_epoch(LOSSES, patience) for patience in range(1, 7)]
    return {
        "judged": np.array(stop_epoch(LOSSES, PATIENCE), float),
        "looped": np.asarray(looped(np.array(LOSSES), np.int32(PATIENCE)), float),
        "waited": np.array([[-1 if epoch is None else epoch for epoch in pair] for pair in epochs]),
        "path": np.asarray(path()),
    }


def read(evidence: Evidence) -> list[Finding]:
    """Return measured numbers with expected values for claim G6, on early stopping.

    They are the epochs of the stop and of the restored weights for the loss curve of the lecture, and the
    share of the distance to the minimum that gradient descent covers, against its closed form.
    """
    t = np.arange(STEPS + 1)[:, None]
    filtered = 1 - (1 - RATE * np.array(CURVATURES)) ** t  # (2)
    one = CURVATURES.index(1.0)
    return [
        Finding("epoch of the stop", evidence["judged"][0], 7),
        Finding("restored epoch", evidence["judged"][1], 4),
        Finding("epoch of the stop, compiled loop", evidence["looped"][0], 7),
        Finding("restored epoch, compiled loop", evidence["looped"][1], 4),
        Finding(
            "restored epoch, patience 4",
            evidence["waited"][3, 1],
            8,
            note="the lower minimum, after the hill",
        ),
        Finding(
            "largest deviation from 1 − (1 − eta lambda)ᵗ",
            np.max(np.abs(evidence["path"] - filtered)),
            0.0,
            1e-13,
        ),
        Finding(
            "share of the distance covered at eta lambda t = 1",
            evidence["path"][round(1 / RATE), one],
            1 - (1 - RATE) ** (1 / RATE),
            1e-12,
            note=f"1 - 1/e = {1 - np.exp(-1):.3f} for small learning rates",
        ),
    ]


def draw(evidence: Evidence) -> Any:
    """Draw two panels on early stopping; return the figure.

    Left: the loss curve of the lecture with the epoch of the stop and the restored epoch. Right: the share of
    the distance to the minimum that gradient descent covers in several numbers of steps, over the curvature.
    """
    from ravine.lecture.plot_style import canvas, marks, theory

    figure, (left, right) = canvas(CLAIM.title, columns=2)
    stopped, best = evidence["judged"].astype(int)
    theory(left, range(len(LOSSES)), LOSSES, which=0)
    marks(left, range(stopped + 1), LOSSES[: stopped + 1], "before the stop", which=0)
    marks(left, range(stopped + 1, len(LOSSES)), LOSSES[stopped + 1 :], "after the stop", which=3)
    for epoch, label, k in ((best, "restored", 2), (stopped, "stopped", 1)):
        theory(left, [epoch, epoch], [2.5, 3.8], label, which=k)
    left.set(xlabel="epoch", ylabel="validation loss")
    left.set_title(f"patience {PATIENCE}")
    left.legend(loc="upper right")

    curvature = np.geomspace(0.01, 15, 300)
    for k, t in enumerate((4, 20, 100, 400)):
        theory(right, curvature, 1 - (1 - RATE * curvature) ** t, which=k)
        marks(right, CURVATURES, evidence["path"][t], f"{t} steps", which=k)
    ridge = curvature / (curvature + 1 / (RATE * 100))
    theory(right, curvature, ridge, "ridge, 1 / 100 eta", which=6, linewidth=1.2)
    right.set(
        xlabel="curvature of a direction",
        ylabel="share of the distance covered",
        xscale="log",
        ylim=(-0.05, 1.45),
    )
    right.set_title(f"learning rate {RATE:g}: flat directions are learned last")
    right.legend(loc="upper left", ncols=2)
    return figure
