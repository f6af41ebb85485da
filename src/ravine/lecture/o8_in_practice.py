"""Claim O8 of the lecture: Adam does a great job at its defaults; SGD with a tuned schedule can be best.

In the lecture: "Summary". Source: protocol of Choi et al. 2019 and of the tuning playbook: tune on some
seeds, evaluate on others.

    1. every optimizer is trained at the same number of learning rates on TUNING seeds, and the learning
       rate with the best median over seeds is chosen
    2. the chosen optimizers, and Adam at its defaults (learning rate 1e-3, constant), are trained on FRESH
       seeds
    3. a seed has the same split, initial weights and batches for all, so differences are taken seed by seed

The lecture does not say how good "great" is. Here it means: at most two points of accuracy behind the best
tuned optimizer. "Can be best" means that SGD or momentum with a decaying learning rate cannot be
distinguished from the best on one of the data sets. All other
numbers are reported only, because the ranking depends on the data, the number of steps and the learning
rates.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ravine.data import prepare
from ravine.data import read as read_table
from ravine.engines import find_devices
from ravine.lecture.claim import Claim, Evidence, Finding
from ravine.networks import Network
from ravine.optimizers import resolve
from ravine.statistics import interval, select, tiers
from ravine.training import Batches, Cohort, Plan, Runs, run_cohort, shape_for

__all__ = ["CLAIM", "draw", "read", "run"]

CLAIM = Claim(
    "O8",
    title="Adam does well at its defaults; tuned SGD can be best",
    section="Optimizers",
    says="In practice Adam with default settings does a great job, and SGD with an optimized learning-rate "
    "schedule can likely achieve the best results.",
    run="Digits and breast cancer, one hidden layer of 64 units, 20 epochs: every optimizer at 7 "
    "learning rates on 5 seeds; then the best of these and Adam at its defaults on 24 fresh seeds.",
    caveat="The ranking of the optimizers depends on data, budget and tuning, and the differences are often "
    "within the noise of the seeds: one comparison is no law. A tuned learning rate may even lose to the "
    "default if the tuning itself was noisy.",
    try_it="ravine compare digits -O adam,sgd,momentum",
)

DATA = {"digits": (32, 20), "breast_cancer": (16, 20)}  # batch size, epochs
ROWS = {"digits": 288, "breast_cancer": 91}  # validation rows: a fifth of the rows without the test fifth
HIDDEN = (64,)
TUNING, FRESH = np.arange(5), np.arange(1000, 1024)
RATES = 7  # of each optimizer, over three decades
ADAM_RATES, SGD_RATES = np.geomspace(1e-4, 1e-1, RATES), np.geomspace(3e-3, 3.0, RATES)
DEFAULT = 1e-3  # learning rate
GREAT = 0.02  # difference of accuracies

# contestant: (optimizer, rho, 1 if the rate decays to 0); SGD is momentum at rho = 0, so both share a program
TUNED = {
    "SGD, constant learning rate": ("momentum", 0.0, 0.0),
    "SGD, decaying learning rate": ("momentum", 0.0, 1.0),
    "momentum, decaying learning rate": ("momentum", 0.9, 1.0),
    "Adam, constant learning rate": ("adam", None, 0.0),
    "Adam, decaying learning rate": ("adam", None, 1.0),
}
PLAIN = "Adam at its defaults"
NAMES = (*TUNED, PLAIN)
SCHEDULED = ("SGD, decaying learning rate", "momentum, decaying learning rate")


def run() -> Evidence:
    """Tune and evaluate six contestants on two data sets; return arrays by name.

    A contestant is an optimizer with a schedule, or Adam at its defaults, which is not tuned. Names begin
    with the data set, such as digits_scores.

    DATA_tuning [contestant, rate, seed]: accuracies on the tuning seeds, NaN for Adam at its defaults.
    DATA_scores [contestant, seed]: accuracies on fresh seeds. DATA_rates [contestant]: chosen learning rates.
    Accuracies are those on the validation rows of a seed; NaN if a run diverged.
    """
    evidence: dict[str, np.ndarray] = {}
    for data in DATA:
        evidence |= {f"{data}_{name}": values for name, values in _compare(data).items()}
    return evidence


def read(evidence: Evidence) -> list[Finding]:
    """Return measured numbers with expected values for claim O8, on Adam at its defaults and tuned SGD.

    They are the accuracies on fresh seeds with intervals, the distance of Adam at its defaults from the best
    tuned optimizer, and the best tier of SGD and momentum with a decaying learning rate. Tier 1 holds the
    contestants that the data cannot distinguish from the best one.
    """
    findings, reached = [], []
    for data in DATA:
        scores = dict(zip(NAMES, evidence[f"{data}_scores"], strict=True))
        tier = _tiers(scores)
        for name, accuracy in scores.items():
            rate = evidence[f"{data}_rates"][NAMES.index(name)]
            findings.append(
                Finding(f"{data}: {name}", np.mean(accuracy) * 100, None,
                        error=_half(accuracy * 100), unit="%",
                        note=f"learning rate {rate:.2g}, tier {tier[name]:.0f}")
            )  # fmt: skip
        best = max(TUNED, key=lambda name: _mean(scores[name]))
        behind = 100 * (scores[best] - scores[PLAIN])
        findings.append(
            Finding(f"{data}: {PLAIN}, points behind the best tuned", np.mean(behind), 100 * GREAT,
                    error=_half(behind), unit="points", bound="below",
                    note=f"best: {best}")
        )  # fmt: skip
        counts = evidence[f"{data}_scores"] * ROWS[data]
        findings.append(
            Finding(f"{data}: scores x {ROWS[data]} rows, largest distance from a whole number",
                    np.max(np.abs(counts - np.rint(counts))) if np.max(counts) <= ROWS[data] else np.nan,
                    0.0, 1e-3, is_check=True)
        )  # fmt: skip
        reached.append(min(tier[name] for name in SCHEDULED))
    findings.append(
        Finding("best tier of SGD or momentum with a tuned, decaying learning rate",
                np.min(reached), 1.0, 0.0,
                note="tier 1: not distinguishable from the best")
    )  # fmt: skip
    return findings


def draw(evidence: Evidence) -> Any:
    """Draw accuracies on fresh seeds for every contestant, one panel for each data set; return the figure.

    A contestant is a tuned optimizer with a schedule, or Adam at its defaults. A panel shows means, 95 %
    intervals and single seeds.
    """
    from ravine.lecture.plot_style import canvas, marks

    figure, both = canvas(CLAIM.title, columns=len(DATA))
    places = np.arange(len(NAMES))[::-1]
    for axes, data in zip(both, DATA, strict=True):
        scores = 100 * evidence[f"{data}_scores"]
        tier = _tiers(dict(zip(NAMES, scores, strict=True)))
        for k, (name, place) in enumerate(zip(NAMES, places, strict=True)):
            spread = np.linspace(-0.22, 0.22, scores.shape[1])
            axes.plot(scores[k], place + spread, ".", color="#bbbbbb", markersize=4)
            ends = interval(scores[k]) if np.isfinite(scores[k]).all() else None
            if ends is not None:
                mean = scores[k].mean()
                sides = [[mean - ends[0]], [ends[1] - mean]]
                best = tier[name] == 1
                marks(axes, mean, place, which=0 if best else 1, xerr=sides, markersize=9)
        axes.set(xlabel="accuracy on fresh seeds, %", title=data.replace("_", " "))
        axes.set_yticks(places, NAMES if axes is both[0] else [""] * len(NAMES))
        axes.set_ylabel("optimizer, tuned" if axes is both[0] else "")
    both[0].plot([], [], "o", color="#0072B2", label="not distinguishable from the best")
    both[0].plot([], [], "s", color="#D55E00", label="worse")
    both[0].plot([], [], ".", color="#bbbbbb", label="one seed")
    figure.legend(*both[0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
    return figure


def _compare(data: str) -> dict[str, np.ndarray]:
    """Tune on one set of seeds and evaluate on another; return tuning, scores and rates as in `run`."""
    batch, epochs = DATA[data]
    dataset, devices = prepare(read_table(data)), find_devices()
    batches = Batches(dataset, 0, batch)
    network = Network((len(dataset.features), *HIDDEN, len(dataset.classes or ())))
    stride = max(1, round(epochs * batches.sizes[0] / batch))
    tuning = np.full((len(NAMES), RATES, len(TUNING)), np.nan)
    scores = np.full((len(NAMES), len(FRESH)), np.nan)
    chosen = np.full(len(NAMES), np.nan)
    for rule in ("momentum", "adam"):
        plan = Plan(resolve(rule), network, "cross_entropy", "accuracy", batches.batch_size, stride, 1)
        indices = [k for k, name in enumerate(NAMES) if TUNED.get(name, ("adam",))[0] == rule]
        tuned = [k for k in indices if NAMES[k] in TUNED]
        shape = shape_for(plan, batches, len(tuned) * RATES * len(TUNING), len(FRESH), devices)

        def train(
            contestants: list[int], rates: np.ndarray, seeds: np.ndarray, rule=rule, plan=plan, shape=shape
        ):
            """Return validation accuracies [contestant, rate, seed] at learning rates [contestant, rate]."""
            count = rates.shape[1] * len(seeds)
            settings = [TUNED.get(NAMES[k], ("adam", None, 0.0)) for k in contestants]
            hyper = {"rho": np.repeat([rho for _, rho, _ in settings], count)} if rule == "momentum" else {}
            runs = Runs(
                np.repeat(rates.ravel(), len(seeds)),
                np.repeat(["cosine" if decays else "constant" for _, _, decays in settings], count),
                np.tile(seeds, rates.size),
                hyper,
            )
            record = run_cohort(Cohort(plan, runs, batches), shape, devices)
            return record.series["score"][:, -1].reshape(*rates.shape, len(seeds)).astype(float)

        grid = np.stack([_rates(NAMES[k]) for k in tuned])
        tuning[tuned] = train(tuned, grid, TUNING)
        for k in indices:
            best = select(tuning[k], True) if k in tuned else None
            chosen[k] = DEFAULT if k not in tuned else np.nan if best is None else _rates(NAMES[k])[best]
        finite = [k for k in indices if np.isfinite(chosen[k])]
        scores[finite] = train(finite, chosen[finite][:, None], FRESH)[:, 0]
    return {"tuning": tuning, "scores": scores, "rates": chosen}


def _rates(name: str) -> np.ndarray:
    """Return the learning rates [rate] that are tried for one contestant."""
    _, rho, _ = TUNED[name]
    # with momentum each gradient acts 1 / (1 - rho) times
    return ADAM_RATES if rho is None else SGD_RATES * (1 - rho)


def _tiers(scores: dict[str, np.ndarray]) -> dict[str, float]:
    """Return the tier of each contestant; NaN if it diverged on every seed."""
    tier = tiers(scores, True)
    return {
        name: float(tier[name]) if np.isfinite(values).any() else np.nan for name, values in scores.items()
    }


def _mean(scores: np.ndarray) -> float:
    """Return the mean of `scores` [seed]; minus infinity if a run diverged."""
    return float(np.mean(scores)) if np.isfinite(scores).all() else -np.inf


def _half(values: np.ndarray) -> float | None:
    """Return the longer side of the 95 % interval of the mean of `values` [seed]; None if there is none."""
    ends = interval(values) if np.isfinite(values).all() else None
    return None if ends is None else float(max(ends[1] - np.mean(values), np.mean(values) - ends[0]))
