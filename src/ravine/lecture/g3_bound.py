"""Claim G3 of the lecture: the generalization gap is bounded by the information memorized.

In the lecture: "Generalization bounds". Sources: Xu & Raginsky 2017 (1); Maurer 2004 (4).

L_train and L_test are losses between 0 and 1, and I(w; D) is the information of the weights w about the N
training rows D, in nats:

    E[L_test - L_train] <= sqrt(I(w; D) / (2 N))                                                     (1)
    form of the lecture: sqrt(I(w; D) / N), never below (1)                                          (2)

In the experiment, K rules guess at random, so each has a true error of 1/2. On N rows the rule of fewest
errors is chosen, ties at random. Let p_m = P(Bin(N, 1/2) = m) and P_m = P(Bin > m). The fewest errors are m,
shared by t rules, with probability binom(K, t) p_m^t P_m^(K - t). Then
    gap = 1/2 - E[m] / N,       I(w; D) = ln K - E[ln t]          nats                               (3)

(1) bounds the mean over data sets; a single data set may exceed it. A PAC-Bayes certificate holds for a
single data set with probability 1 - delta. Here the prior is 1/K on every rule, and KL = ln K - ln t:
    kl(L_train || L_test) <= (KL + ln(2 sqrt(N) / delta)) / N                                        (4)
It is vacuous if its bound on L_test is not below the error 1/2 of a random guess.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import gammaln, xlogy
from scipy.stats import binom

from ravine.diagnostics.pac_bayes import maurer
from ravine.lecture.claim import Claim, Evidence, Finding

__all__ = ["CLAIM", "draw", "read", "run"]

CLAIM = Claim(
    "G3",
    title="The gap is bounded by the information memorized",
    section="Memorization and generalization",
    says="Test loss minus training loss is at most the root of the information that the weights hold about "
    "the data, divided by the number of rows.",
    run="The best of 100 rules that guess at random, on 20,000 data sets of 50 rows, compared with exact "
    "sums over all outcomes; then on 10 to 2,000 rows.",
    caveat="The bound holds for the mean over data sets; 12 % of single data sets exceed it. For losses "
    "between 0 and 1, the root of I / 2N is already a bound. For a single run use a certificate, which is "
    "often vacuous.",
    try_it="ravine memorize digits",
)

RULES, ROWS = 100, 50
SETS = 20_000
DELTA = 0.05
MORE_ROWS = (10, 20, 50, 100, 200, 500, 1000, 2000)
EXCEED = 0.12  # share of single data sets above (1), from the table of claims


def run() -> Evidence:
    """Choose the best of 100 random rules on many data sets; return errors and bounds by name.

    train [set]: share of wrong rows of the best rule on each data set of 50 rows. ties [set]: number of rules
    that share this error. certificate [set]: PAC-Bayes bound on the error on new rows.
    gap [rows]: mean gap (error on new rows less error on training rows) for several numbers of rows. spread
    [rows]: its standard error. certified [rows]: median PAC-Bayes bound.
    """
    generator = np.random.default_rng(0)
    train, ties = _draw(ROWS, SETS, generator)
    curves = [_draw(rows, SETS // 4, generator) for rows in MORE_ROWS]
    return {
        "train": train,
        "ties": ties,
        "certificate": _certificates(train, ties, ROWS),
        "gap": np.array([0.5 - train.mean() for train, _ in curves]),
        "spread": np.array([train.std(ddof=1) / np.sqrt(SETS // 4) for train, _ in curves]),
        "certified": np.array(
            [np.median(_certificates(*curve, rows)) for curve, rows in zip(curves, MORE_ROWS, strict=True)]
        ),
    }


def read(evidence: Evidence) -> list[Finding]:
    """Return measured numbers with expected values for claim G3, on information and the generalization gap.

    They are the mean gap and the information of drawn data sets, against exact sums and known values; the
    bounds; and the share of single data sets that exceed a bound.
    """
    gap = 0.5 - evidence["train"]
    information = np.log(RULES) - np.log(evidence["ties"])
    exact_gap, exact_information, beyond = exact(RULES, ROWS)
    bound = np.sqrt(information.mean() / (2 * ROWS))
    spread_gap, spread_information = _spreads(RULES, ROWS)
    error = 1.96 * spread_gap / np.sqrt(SETS)
    steep = np.sqrt(1 / (8 * ROWS * exact_information))  # d bound / d information
    error_bound = 1.96 * steep * spread_information / np.sqrt(SETS)
    above = np.mean(np.where(np.isfinite(gap), gap > bound, np.nan))
    covered = np.mean(np.where(np.isfinite(gap), evidence["certificate"] >= 0.5, np.nan))
    share = np.sqrt(EXCEED * (1 - EXCEED) / SETS)
    return [
        Finding("gap, mean over data sets", gap.mean(), 0.1756, 2 * error + 5e-5, error=error),
        Finding("gap, draws - exact sum", gap.mean() - exact_gap, 0.0, 2 * error, error=error),
        Finding(
            "information, draws - exact sum",
            information.mean() - exact_information,
            0.0,
            2 * error_bound / steep,
            error=error_bound / steep,
            unit="nats",
        ),
        Finding("√(I / 2N)", bound, 0.2085, 2 * error_bound + 5e-5, error=error_bound),
        Finding(
            "√(I / N), form of the lecture",
            np.sqrt(2) * bound,
            0.2948,
            3 * error_bound + 5e-5,
            error=np.sqrt(2) * error_bound,
        ),
        Finding("gap / bound √(I / 2N)", gap.mean() / bound, 1.0, 0.0, bound="below"),
        Finding("single data sets above √(I / 2N)", above, EXCEED, 0.005 + 4 * share, error=1.96 * share),
        Finding(
            "single data sets above √(I / 2N), draws - exact sum",
            above - beyond,
            0.0,
            4 * share,
            error=1.96 * share,
        ),
        Finding("single data sets whose certificate holds", covered, 1 - DELTA, 0.0, bound="above"),
        Finding(
            f"median certificate of the test error, {ROWS} rows",
            np.median(evidence["certificate"]),
            0.5,
            0.0,
            bound="above",
            note="vacuous: the rules guess at random",
        ),
        Finding(
            f"median certificate, {MORE_ROWS[-1]} rows",
            evidence["certified"][-1],
            None,
            note="above the true error 0.5",
        ),
    ]


def draw(evidence: Evidence) -> Any:
    """Draw two panels on the generalization gap of the best of 100 random rules; return the figure.

    Left: the mean gap and its bounds over the number of rows. Right: the gaps of single data sets of 50 rows,
    with the bound on their mean.
    """
    from ravine.lecture.plot_style import canvas, marks, theory

    figure, (left, right) = canvas(CLAIM.title, columns=2)
    rows = np.arange(MORE_ROWS[0], MORE_ROWS[-1] + 1, 10)
    gap, information, _ = np.transpose([exact(RULES, int(n)) for n in rows])
    theory(left, rows, np.sqrt(information / rows), "lecture: √(I / N)", which=1)
    theory(left, rows, np.sqrt(information / (2 * rows)), "√(I / 2N)", which=2)
    theory(left, rows, gap, "exact gap", which=0)
    marks(left, MORE_ROWS, evidence["gap"], "gap, draws", which=0, error=1.96 * evidence["spread"])
    train = 0.5 - evidence["gap"]
    marks(left, MORE_ROWS, evidence["certified"] - train, "certificate for one data set, 95 %", which=3)
    left.set(xlabel="rows N", ylabel="test error − training error", xscale="log", yscale="log")
    for axis, ticks in ((left.xaxis, (10, 100, 1000)), (left.yaxis, (0.03, 0.1, 0.3, 0.6))):
        axis.set_ticks(ticks, labels=[f"{tick:,}" for tick in ticks])
    left.minorticks_off()
    left.set_title(f"the best of {RULES} random rules")
    left.legend(loc="lower left")

    counts = np.bincount(np.rint(evidence["train"] * ROWS).astype(int), minlength=ROWS + 1)
    errors = np.arange(ROWS + 1)
    keep = counts > 0
    bound = np.sqrt(exact(RULES, ROWS)[1] / (2 * ROWS))
    right.bar(
        0.5 - errors[keep] / ROWS, counts[keep] / SETS, width=0.014, color="#56B4E9", label="data sets, draws"
    )
    marks(right, 0.5 - errors[keep] / ROWS, _chance_of(RULES, ROWS).sum(axis=1)[keep], "exact", which=0)
    right.axvline(bound, color="#009E73", linestyle="-.", label="√(I / 2N)")
    right.set(xlabel="gap of a single data set", ylabel="share of data sets")
    right.set_title(f"{ROWS} rows: the bound holds for the mean")
    right.legend(loc="upper right")
    return figure


def exact(rules: int, rows: int) -> tuple[float, float, float]:
    """Return three exact numbers for the best of several rules that guess at random on N rows.

    They are the mean gap (true error 1/2 less training error), the information of the choice about the data
    in nats, and the share of data sets whose gap exceeds the bound sqrt(information / 2 N). rules: number of
    rules. rows: N.
    """
    chance = _chance_of(rules, rows)
    errors, ties = np.arange(rows + 1), np.arange(1, rules + 1)
    by_errors = chance.sum(axis=1)
    gap = 0.5 - errors / rows
    information = np.log(rules) - np.sum(chance.sum(axis=0) * np.log(ties))
    bound = np.sqrt(information / (2 * rows))
    return float(by_errors @ gap), float(information), float(by_errors @ (gap > bound))


def _spreads(rules: int, rows: int) -> tuple[float, float]:
    """Return the standard deviations of the gap and of ln t over data sets."""
    chance = _chance_of(rules, rows)
    deviations = []
    for values, weight in (
        (np.arange(rows + 1) / rows, chance.sum(axis=1)),
        (np.log(np.arange(1, rules + 1)), chance.sum(axis=0)),
    ):
        deviations.append(float(np.sqrt(weight @ values**2 - (weight @ values) ** 2)))
    return deviations[0], deviations[1]


def _chance_of(rules: int, rows: int) -> np.ndarray:
    """Return the probability that the fewest errors are m, shared by t rules: [m, t - 1]."""
    m, t = np.arange(rows + 1)[:, None], np.arange(1, rules + 1)[None, :]
    choose = gammaln(rules + 1) - gammaln(t + 1) - gammaln(rules - t + 1)
    more = binom.sf(m, rows, 0.5)
    return np.exp(choose + t * binom.logpmf(m, rows, 0.5) + xlogy(rules - t, more))


def _draw(rows: int, sets: int, generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return the training error of the best rule [set], and the number of rules that share it [set]."""
    errors = generator.binomial(rows, 0.5, (sets, RULES))
    fewest = errors.min(axis=1)
    return fewest / rows, (errors == fewest[:, None]).sum(axis=1).astype(float)


def _certificates(train: np.ndarray, ties: np.ndarray, rows: int) -> np.ndarray:
    """Return the bound (4) on the test error, for training errors [set] and ties [set]: [set]."""
    cases, place = np.unique(np.stack([train, ties]), axis=1, return_inverse=True)
    bounds = [maurer(error, np.log(RULES / tied), rows, DELTA) for error, tied in cases.T]  # (4)
    return np.array(bounds)[place.ravel()]
