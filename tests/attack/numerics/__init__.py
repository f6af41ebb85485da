"""Arrays, frames, weights and groups of every kind through the Python interface, and the paired test.

What is expected of a case: `same`, the network that the plain array gives; `like one`, the same but for
rounding; `sound`, finite numbers; `refused`, a refusal in sentences; `gaps`, refused, or as with missing
values; `any`, refused or sound. A refusal where `same`, `like one` or `sound` is expected is a failure.
"""

from __future__ import annotations

import functools
import itertools
import random
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from tests.attack import product
from tests.attack.case import REFUSED, Failure, Family, Skip, enumerated
from tests.attack.numerics.arrays import ARRAYS
from tests.attack.numerics.predictions import ROWS
from tests.attack.numerics.settings import BESIDE, SOUND, VALUES
from tests.attack.numerics.targets import TARGETS


@dataclass
class Plain:
    """The plain data: inputs x, two classes y, numbers r, inputs as whole numbers, inputs as frames."""

    x: np.ndarray = field(default_factory=lambda: np.round(np.random.default_rng(0).normal(size=(80, 3)), 2))

    def __post_init__(self) -> None:
        self.y = (self.x[:, 0] + self.x[:, 1] > 0).astype(int)
        self.r = np.round(self.x[:, 0] * 2 - self.x[:, 1] + 0.25, 2)
        self.whole = np.round(self.x * 100)
        self.frame = pd.DataFrame(self.x, columns=["a", "b", "c"])
        self.named = pd.DataFrame(self.x, columns=["c0", "c1", "c2"])
        self.locked = self.x.copy()
        self.locked.setflags(write=False)

    def mapped(self, mode: str) -> np.ndarray:
        """The inputs in a file that is mapped into memory."""
        Path("mapped.dat").write_bytes(self.x.tobytes())
        return np.memmap("mapped.dat", float, mode, shape=self.x.shape)

    def jax(self, values: Any = None) -> Any:
        import jax.numpy as jnp

        return jnp.asarray(self.x, jnp.float32) if values is None else jnp.asarray(values)


@functools.cache
def reference(task: str) -> tuple[product.Fitted, np.ndarray]:
    """The network that the plain arrays give, and its outputs."""
    plain = Plain()
    done = product.fit(plain.x, plain.y if task == "class" else plain.r)
    return done, done.model.outputs(plain.x)


# --------------------------------------------------------------------------------------------------- judging


def sound(done: product.Fitted, rows: Any = None) -> None:
    """Raise where numbers are missing or infinite, or probabilities do not add up."""
    product.json_of(done.document)
    if done.score is None and not done.diverged:
        raise Failure("wrong value", "no score, and no run is said to have diverged")
    if rows is None:
        return
    predicted = np.asarray(done.model.predict(rows))
    if predicted.dtype.kind == "f" and not np.isfinite(predicted).all():
        raise Failure("wrong value", "predictions are not finite")
    if done.model.classes is not None:
        shares = done.model.predict_proba(rows)
        if not np.isfinite(shares).all() or abs(shares.sum(1) - 1).max() > 1e-6:
            raise Failure("wrong value", "probabilities do not add up to 1")


def same(done: product.Fitted, task: str = "class", rows: Any = None, tolerance: float = 0.0) -> None:
    """Raise where the network is not the one that the plain arrays give."""
    plain, outputs = reference(task)
    got = done.model.outputs(Plain().x if rows is None else rows)
    if got.shape != outputs.shape:
        raise Failure("changed result", f"outputs {got.shape}, of the plain array {outputs.shape}")
    if not np.allclose(got, outputs, rtol=tolerance, atol=tolerance):
        raise Failure(
            "changed result", f"another network: outputs differ by up to {np.abs(got - outputs).max():.2g}"
        )
    if abs(done.score - plain.score) > tolerance:
        raise Failure("changed result", "another score than from the plain array")


def outcome(name: str, expected: str, act: Any) -> Any:
    """Call `act`; return what it gives, or REFUSED. Raise where a refusal was expected, or was not."""
    try:
        done = act()
    except product.refusal() as error:
        if expected in ("same", "sound", "like one", "regress", "float64", "empty"):
            raise Failure("refused though sound", f"{name}: {str(error)[:120]}") from None
        return REFUSED
    if expected == "refused":
        raise Failure("accepted in silence", f"{name}: taken, {getattr(done, 'notes', [])}"[:160])
    return done


def made_of(make: Any, plain: Plain) -> Any:
    """What a case makes of the plain data; skipped where a library is missing."""
    try:
        return make(plain)
    except ImportError as error:
        raise Skip(f"{error.name or 'a library'} is not installed") from None


def named(name: str, check: Any, *arguments: Any, **options: Any) -> None:
    """Run a check; put the name of the case in front of what it finds."""
    try:
        check(*arguments, **options)
    except Failure as failure:
        raise Failure(failure.kind, f"{name}: {failure.detail}") from None


# -------------------------------------------------------------------------------------------------- families


def array(rng: random.Random, case: tuple, folder: Path) -> str | None:
    """Train on inputs of one kind."""
    (name, expected, make), plain = case, Plain()
    made = made_of(make, plain)
    rows = len(made) if isinstance(made, (list, tuple)) else getattr(made, "shape", None) and made.shape[0]
    done = outcome(name, expected, lambda: product.fit(made, plain.y[: rows or None]))
    if done == REFUSED:
        return done
    again = np.asarray(made) if isinstance(made, (list, tuple)) else made
    named(name, sound, done, again)
    if expected in ("same", "refused or same"):
        tolerance = 1e-6 if "float" in name else 0.0
        named(name, same, done, rows=None if isinstance(made, (list, tuple)) else made, tolerance=tolerance)
    elif expected == "gaps":
        gaps = product.fit(np.where(plain.x > 1, np.nan, plain.x), plain.y)
        if done.features != gaps.features:
            raise Failure("accepted in silence", f"{name}: what is under the mask was learned as data")
    elif expected == "sound or said" and not done.notes and done.features < plain.x.shape[1]:
        raise Failure("accepted in silence", f"{name}: columns went, nothing was said")
    return None


def target(rng: random.Random, case: tuple, folder: Path) -> str | None:
    """Train on a target of one kind."""
    (name, expected, make), plain = case, Plain()
    options = {"precision": "float64"} if expected == "float64" else {}
    made = made_of(make, plain)
    done = outcome(name, expected, lambda: product.fit(plain.x, made, **options))
    if done == REFUSED:
        return done
    named(name, sound, done, plain.x)
    if expected in ("same", "regress"):
        named(name, same, done, "class" if expected == "same" else "number")
    elif (
        expected == "gaps" and done.rows != product.fit(plain.x, np.where(plain.r > 2, np.nan, plain.r)).rows
    ):
        raise Failure("accepted in silence", f"{name}: what is under the mask was learned as data")
    return None


def beside(rng: random.Random, case: tuple, folder: Path) -> str | None:
    """Train with weights, groups or test rows of one kind, or with one value of another option."""
    (name, expected, make), plain = case, Plain()
    options = made_of(make, plain)
    try:
        done = outcome(name, expected, lambda: product.fit(plain.x, plain.y, **options))
    finally:
        if Path("PWNED").exists():
            raise Failure("code executed", name)
    if done == REFUSED:
        return done
    named(name, sound, done, plain.x)
    if expected in ("same", "like one"):
        named(name, same, done, tolerance=0.0 if expected == "same" else 1e-4)
    return None


def predict(rng: random.Random, case: tuple, folder: Path) -> str | None:
    """Predict rows of one kind with a model from plain arrays."""
    (name, expected, make), plain = case, Plain()
    done, outputs = reference("class")
    rows = made_of(make, plain)

    def act() -> Any:
        got = done.model.outputs(rows)
        done.model.predict(rows), done.model.table(rows)
        return got

    got = outcome(name, expected, act)
    if isinstance(got, str):
        return got
    if expected == "empty" and len(got):
        raise Failure("wrong value", f"{name}: predictions of no rows")
    if expected in ("same", "refused or same") and not np.array_equal(got, outputs):
        raise Failure("wrong value", f"{name}: other predictions")
    if expected == "gaps" and np.array_equal(got, outputs):
        raise Failure("accepted in silence", f"{name}: what is under the mask was predicted from")
    if expected == "any" and not np.isfinite(got).all():
        raise Failure("wrong value", f"{name}: predictions are not finite")
    return None


def paired(rng: random.Random, index: int, folder: Path) -> None:
    """The p value of the signed-rank test must be that of all sign patterns, counted one by one."""
    seeds = rng.randint(1, 12)
    values = rng.choice(
        [lambda: round(rng.gauss(0, 1), 3), lambda: rng.randint(-3, 3) / 4, lambda: rng.randint(30, 36) / 36]
    )
    a, b = [values() for _ in range(seeds)], [values() for _ in range(seeds)]
    p, better, difference = product.paired_test(a, b)
    gains = [
        round((x - y) * 9000) for x, y in zip(a, b, strict=True)
    ]  # whole numbers, so that ties are exact
    wanted = sum((gain > 0) + 0.5 * (gain == 0) for gain in gains) / seeds
    if abs(better - wanted) > 1e-12:
        raise Failure("wrong value", "the share of seeds won is another")
    averages = sorted((x + y) / 2 for k, x in enumerate(gains) for y in gains[k:])
    middle = (averages[(len(averages) - 1) // 2] + averages[len(averages) // 2]) / 2
    if difference is None or abs(difference - middle / 9000) > 1e-9:
        raise Failure("wrong value", "the difference is not the median of the pairwise means")
    sizes = [abs(gain) for gain in gains]
    ranks = [sum(s < size for s in sizes) + (sizes.count(size) + 1) / 2 for size in sizes]
    untied = [float(k) for k in range(1, seeds + 1)]
    extreme = _extreme(ranks, gains)
    if abs(p - max(_share_as_extreme(ranks, extreme), _share_as_extreme(untied, extreme))) > 1e-9:
        raise Failure("wrong value", "the p value is another")


def _extreme(ranks: list[float], gains: list[int]) -> float:
    """Return the distance of the rank sum of the gains from its mean; a tie counts half."""
    above = sum(rank * (1 + (gain > 0) - (gain < 0)) / 2 for rank, gain in zip(ranks, gains, strict=True))
    return abs(above - sum(ranks) / 2)


def _share_as_extreme(ranks: list[float], extreme: float) -> float:
    """Return the share of all sign patterns whose rank sum is at least as far from its mean."""
    half = sum(ranks) / 2
    patterns = itertools.product((0.0, 1.0), repeat=len(ranks))
    sums = (sum(rank * sign for rank, sign in zip(ranks, signs, strict=True)) for signs in patterns)
    return sum(abs(total - half) >= extreme - 1e-9 for total in sums) / 2 ** len(ranks)


VALUES_OF_EACH = [(key, "any", value) for key, values in VALUES.items() for value in values]
VALUES_OF_EACH += [(key, "sound", value) for key, value in SOUND.items()]
OTHER = [
    (f"{key}={value!r:.40}", expected, lambda p, o={key: value}: o) for key, expected, value in VALUES_OF_EACH
]
FAMILIES = [
    enumerated("arrays", ARRAYS, array),
    enumerated("targets", TARGETS, target),
    enumerated("settings", [*BESIDE, *OTHER], beside),
    enumerated("predictions", ROWS, predict),
    Family("paired", 200, paired),
]
