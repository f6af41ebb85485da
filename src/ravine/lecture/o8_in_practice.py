"""O8: Adam at its defaults does a great job; SGD with a tuned schedule can be best.  Lecture: "Summary".

Source: protocol of Choi et al. 2019 and of the tuning playbook: tune on some seeds, judge on others.

    1. every rule is tried at the same number of rates on TUNING seeds; the best median over seeds is kept
    2. what was kept, and Adam as it comes (rate 1e-3, constant), is trained on FRESH seeds
    3. a seed is the same split, first weights and batches for all, so differences are taken seed by seed

How good "great" is, the lecture does not say. Here: at most two points of accuracy behind the best tuned
rule. "Can be best" is: not distinguishable from the best on one of the data sets. All else is reported as
found: which of the rules is ahead depends on the data, the budget of steps and the rates tried.
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
    "Adam does well as it comes; tuned SGD can be best",
    section="Optimizers",
    says="In practice Adam with default settings does a great job, and SGD with an optimized rate schedule "
    "can likely achieve the best results.",
    run="Digits and breast cancer, one hidden layer of 64, 20 epochs: every rule at 7 rates on 5 seeds, the "
    "best of them and Adam as it comes on 24 fresh seeds.",
    caveat="Which rule is ahead depends on data, budget and what was tuned, and is often within the noise "
    "of the seeds: one comparison is no law. A tuned rate may even lose to the default, if the tuning "
    "itself was noisy.",
    try_it="ravine compare digits -O adam,sgd,momentum",
)

DATA = {"digits": (32, 20), "breast_cancer": (16, 20)}  # batch size, epochs
ROWS = {"digits": 288, "breast_cancer": 91}  # a fifth of what is left when a fifth is held out for the test
HIDDEN = (64,)
TUNING, FRESH = np.arange(5), np.arange(1000, 1024)
RATES = 7  # of each rule, over three decades
ADAM_RATES, SGD_RATES = np.geomspace(1e-4, 1e-1, RATES), np.geomspace(3e-3, 3.0, RATES)
DEFAULT = 1e-3
GREAT = 0.02  # accuracy

# contestant: rule, rho, whether the rate decays to zero; SGD is momentum at rho = 0, so both share a program
TUNED = {
    "SGD, constant rate": ("momentum", 0.0, 0.0),
    "SGD, decaying rate": ("momentum", 0.0, 1.0),
    "momentum, decaying rate": ("momentum", 0.9, 1.0),
    "Adam, constant rate": ("adam", None, 0.0),
    "Adam, decaying rate": ("adam", None, 1.0),
}
PLAIN = "Adam as it comes"
NAMES = (*TUNED, PLAIN)
SCHEDULED = ("SGD, decaying rate", "momentum, decaying rate")


def run() -> Evidence:
    """DATA_tuning [contestant, rate, seed]; DATA_scores [contestant, seed] on fresh seeds; DATA_rates.

    Accuracies on the validation rows of a seed, in the order of NAMES; diverged NaN. Rates [contestant].
    """
    found: dict[str, np.ndarray] = {}
    for data in DATA:
        found |= {f"{data}_{name}": values for name, values in _compare(data).items()}
    return found


def read(evidence: Evidence) -> list[Finding]:
    """Scores with their intervals, the distance of plain Adam from the best tuned rule, and the tiers."""
    found, reached = [], []
    for data in DATA:
        scores = dict(zip(NAMES, evidence[f"{data}_scores"], strict=True))
        tier = _tiers(scores)
        for name, each in scores.items():
            rate = evidence[f"{data}_rates"][NAMES.index(name)]
            found.append(
                Finding(f"{data}: {name}", np.mean(each) * 100, None, error=_half(each * 100), unit="%",
                        note=f"rate {rate:.2g}, tier {tier[name]:.0f}")
            )  # fmt: skip
        best = max(TUNED, key=lambda name: _mean(scores[name]))
        behind = 100 * (scores[best] - scores[PLAIN])
        found.append(
            Finding(f"{data}: {PLAIN}, behind the best tuned", np.mean(behind), 100 * GREAT,
                    error=_half(behind), unit="points", bound="below",
                    note=f"the best is {best}; seed by seed")
        )  # fmt: skip
        counts = evidence[f"{data}_scores"] * ROWS[data]
        found.append(
            Finding(f"{data}: scores are shares of {ROWS[data]} rows, worst distance from a whole number",
                    np.max(np.abs(counts - np.rint(counts))) if np.max(counts) <= ROWS[data] else np.nan,
                    0.0, 1e-3)
        )  # fmt: skip
        reached.append(min(tier[name] for name in SCHEDULED))
    found.append(
        Finding("best tier of SGD or momentum with a tuned, decaying rate", np.min(reached), 1.0, 0.0,
                note="tier 1: not distinguishable from the best")
    )  # fmt: skip
    return found


def draw(evidence: Evidence) -> Any:
    """Every contestant on fresh seeds: mean, 95 % interval, and the seeds themselves."""
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
        axes.set_ylabel("rule, tuned" if axes is both[0] else "")
    both[0].plot([], [], "o", color="#0072B2", label="not distinguishable from the best")
    both[0].plot([], [], "s", color="#D55E00", label="worse")
    both[0].plot([], [], ".", color="#bbbbbb", label="one seed")
    figure.legend(*both[0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
    return figure


def _compare(data: str) -> dict[str, np.ndarray]:
    """Tune on one set of seeds, judge on another."""
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
        mine = [k for k, name in enumerate(NAMES) if TUNED.get(name, ("adam",))[0] == rule]
        tuned = [k for k in mine if NAMES[k] in TUNED]
        shape = shape_for(plan, batches, len(tuned) * RATES * len(TUNING), len(FRESH), devices)

        def train(who: list[int], rates: np.ndarray, seeds: np.ndarray, rule=rule, plan=plan, shape=shape):
            """Return accuracies [contestant, rate, seed] at rates [contestant, rate]."""
            each = rates.shape[1] * len(seeds)
            settings = [TUNED.get(NAMES[k], ("adam", None, 0.0)) for k in who]
            hyper = {"rho": np.repeat([rho for _, rho, _ in settings], each)} if rule == "momentum" else {}
            runs = Runs(
                np.repeat(rates.ravel(), len(seeds)),
                np.repeat(["decay" if decays else "constant" for _, _, decays in settings], each),
                np.tile(seeds, rates.size),
                hyper,
            )
            record = run_cohort(Cohort(plan, runs, batches), shape, devices)
            return record.series["score"][:, -1].reshape(*rates.shape, len(seeds)).astype(float)

        grid = np.stack([_rates(NAMES[k]) for k in tuned])
        tuning[tuned] = train(tuned, grid, TUNING)
        for k in mine:
            best = select(tuning[k], True) if k in tuned else None
            chosen[k] = DEFAULT if k not in tuned else np.nan if best is None else _rates(NAMES[k])[best]
        able = [k for k in mine if np.isfinite(chosen[k])]
        scores[able] = train(able, chosen[able][:, None], FRESH)[:, 0]
    return {"tuning": tuning, "scores": scores, "rates": chosen}


def _rates(name: str) -> np.ndarray:
    _, rho, _ = TUNED[name]
    # momentum repeats every gradient 1 / (1 - rho) times
    return ADAM_RATES if rho is None else SGD_RATES * (1 - rho)


def _tiers(scores: dict[str, np.ndarray]) -> dict[str, float]:
    """Return the tier of each; NaN for one that diverged on every seed, which is in none."""
    found = tiers(scores, True)
    return {name: float(found[name]) if np.isfinite(each).any() else np.nan for name, each in scores.items()}


def _mean(scores: np.ndarray) -> float:
    """Return the mean; that of a rule that diverged is the worst there is."""
    return float(np.mean(scores)) if np.isfinite(scores).all() else -np.inf


def _half(values: np.ndarray) -> float | None:
    """Return the longer side of the 95 % interval of the mean; None where there is none."""
    ends = interval(values) if np.isfinite(values).all() else None
    return None if ends is None else float(max(ends[1] - np.mean(values), np.mean(values) - ends[0]))
