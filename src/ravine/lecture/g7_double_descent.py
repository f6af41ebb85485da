"""Claim G7 of the lecture: beware of deep double descent, in width and in epochs.

In the lecture: "Early stopping" (but beware). Sources: Belkin, Hsu & Xu 2020 (1); Nakkiran et al. 2021;
Heckel & Yilmaz 2021 (epochs).

Random features: least squares on p of D features, n rows. The risk is the mean squared error on new rows. Its
mean over data sets (1) is infinite at p = n. Its distribution (2) has a median for every p. Both formulas are
in `random_features`.

Real networks, float32: the two classes are odd and even digits, 15 % of the training labels are wrong.

    width    d inputs, H hidden ReLU units, 1 output, squared error: the H (d + 2) + 1 weights are as
             many as the n rows near H = n / (d + 2)                                                  (3)
    epochs   a narrow network, some useless inputs of the usual size, and most useful inputs 30 times
             smaller: noise in the labels is fitted by large inputs, before small inputs are learned  (4)

Without (4), networks of this size show no second descent in epochs: the error rises once and stays. The
networks of all widths train as one network with one output for each width, so that they need one compiled
program. Its hidden units are divided among the outputs.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ravine.lecture.claim import Claim, Evidence, Finding
from ravine.lecture.confidence import half_width
from ravine.lecture.random_features import FEATURES, ROWS, draw_risks, mean_risk, median_risk, risk_variance
from ravine.lecture.width_ensemble import Setting, times, train_widths
from ravine.optimizers import adam, momentum

__all__ = ["CLAIM", "draw", "read", "run"]

CLAIM = Claim(
    "G7",
    title="Double descent, in width and in epochs",
    section="Memorization and generalization",
    says="Beware: the test error can rise and fall a second time, both as the network grows and as training "
    "continues.",
    run="Least squares on 20 to 120 random features of 40 rows, 2,000 draws each; networks of 1 to 120 "
    "hidden units on 300 digits, and narrow networks for 4,000 steps, with 15 % wrong labels.",
    caveat="The peak lies where the training rows are just fitted, and needs noise in the labels. In epochs "
    "it also needs useful features that are learned late. Early stopping at the first minimum then misses "
    "the better one.",
    try_it="ravine descent digits --label-noise 0.15",
)

TABLE = {20: 2.22, 30: 4.33, 50: 4.62, 80: 1.515, 120: 1.043}  # mean risks of the table of claims
NEAR = (38, 40, 42)  # here the mean has an infinite variance, so the median is judged
TRIALS = 2000

WIDTHS = (1, 2, 3, 5, 8, 12, 17, 25, 40, 70, 120)
WIDE = Setting(rows=300, clear=16, faint=0, useless=0, noise=0.15, steps=2000, seeds=4)
LATE = Setting(rows=600, clear=2, faint=8, useless=40, noise=0.15, steps=4000, seeds=8)
LATE_WIDTH, NETS = 4, 8  # networks per seed, whose curves are averaged: single narrow networks vary widely
FIRST, THRESHOLD = WIDTHS.index(2), WIDTHS.index(round(WIDE.rows / (WIDE.clear + 2)))  # (3)


def run() -> Evidence:
    """Measure the risk of least squares on random features, and train real networks; return arrays by name.

    risk [p, trial]: mean squared error on new rows of least squares on p features.
    wide, wide_error [seed, width, time]: loss and share of wrong rows, on new rows, of networks of several
    widths, at up to 60 steps (function `times`).
    late, late_error [seed, time]: the same for a narrow network that trains longer, as the mean of eight
    networks.
    fitted [seed, width]: share of training rows that the networks of several widths classify as labeled at
    the end.
    """
    generator = np.random.default_rng(0)
    risk = np.stack([draw_risks(p, TRIALS, generator) for p in (*TABLE, *NEAR)])
    wide = train_widths(WIDE, WIDTHS, adam(0.01), generator)
    late = train_widths(LATE, (LATE_WIDTH,) * NETS, momentum(0.03), generator)
    return {
        "risk": risk,
        "wide": wide.loss,
        "wide_error": wide.wrong,
        "fitted": wide.fitted[..., -1],
        "late": late.loss.mean(axis=1),
        "late_error": late.wrong.mean(axis=1),
    }


def read(evidence: Evidence) -> list[Finding]:
    """Return measured numbers with expected values for claim G7, on double descent.

    They are risks (mean squared errors on new rows) of random features against exact theory; and for real
    networks, how far loss and share of wrong rows rise to a peak and fall after it, in width and in epochs.
    """
    findings = []
    for k, (p, table) in enumerate(TABLE.items()):
        spread = 1.96 * np.sqrt(risk_variance(p) / TRIALS)
        findings.append(
            Finding(
                f"random features, p = {p}: mean risk",
                evidence["risk"][k].mean(),
                table,
                2 * spread + 0.005,
                spread,
            )
        )
    for k, p in enumerate(NEAR, len(TABLE)):
        risks, middle = evidence["risk"][k], median_risk(p)
        below = np.mean(np.where(np.isfinite(risks), risks < middle, np.nan))
        note = f"median {np.median(risks):.3g}, exact {middle:.3g}; the mean is {mean_risk(p):.3g}"
        findings.append(
            Finding(
                f"random features, p = {p}: share of risks below the exact median",
                below,
                0.5,
                2 / np.sqrt(TRIALS),
                0.98 / np.sqrt(TRIALS),
                note=note,
            )
        )
    for name, what in (("wide", "loss"), ("wide_error", "share wrong")):
        end = evidence[name][..., -1]
        for before, after, side in ((THRESHOLD, FIRST, "narrow"), (THRESHOLD, -1, "wide")):
            peak = end[:, before] - end[:, after]
            findings.append(
                Finding(
                    f"{what}, {WIDTHS[before]} units - {WIDTHS[after]}, lower end of its interval",
                    peak.mean() - half_width(peak),
                    0.0,
                    0.0,
                    bound="above",
                    note=f"{peak.mean():.2g} ± {half_width(peak):.2g}; {side} side",
                )
            )
    loss = evidence["wide"][..., -1].mean(axis=0)
    top = WIDTHS[int(loss.argmax())] if np.isfinite(loss).all() else np.nan
    findings.append(
        Finding(
            "width of the largest loss / n / (d + 2), log2",
            np.log2(top / WIDTHS[THRESHOLD]),
            0.0,
            1.0,
            note=f"at {top:g} units",
        )
    )
    for name, what in (("late", "loss"), ("late_error", "share wrong")):
        rise, fall = _peak(evidence[name])
        for change, side in ((rise, "before"), (fall, "after")):
            findings.append(
                Finding(
                    f"{what}, peak in epochs - minimum {side}, lower end of its interval",
                    change.mean() - half_width(change),
                    0.0,
                    0.0,
                    bound="above",
                    note=f"{change.mean():.2g} ± {half_width(change):.2g}",
                )
            )
    return findings


def draw(evidence: Evidence) -> Any:
    """Draw three panels on double descent; return the figure.

    Left: the risk of least squares over the number of random features. Middle: test loss of networks and
    share of wrong training rows over the width. Right: test loss and share of wrong rows of a narrow network
    over the steps.
    """
    from ravine.lecture.plot_style import canvas, marks, theory

    figure, (left, middle, right) = canvas(CLAIM.title, columns=3)
    features = np.arange(5, FEATURES + 1)
    theory(left, features, [min(mean_risk(int(p)), 200) for p in features], "exact mean", which=0)
    theory(left, features, [median_risk(int(p)) for p in features], "exact median", which=1)
    table = len(TABLE)
    marks(left, list(TABLE), evidence["risk"][:table].mean(axis=1), "mean of draws", which=0)
    marks(left, [*TABLE, *NEAR], np.median(evidence["risk"], axis=1), "median of draws", which=1)
    left.set(
        xlabel="features fitted, p", ylabel="mean squared error, new rows", yscale="log", ylim=(0.8, 200)
    )
    left.set_title(f"least squares, n = {ROWS}")

    end = evidence["wide"][..., -1]
    error = [half_width(losses) for losses in end.T]
    marks(middle, WIDTHS, end.mean(axis=0), "test loss", which=0, error=error, linestyle="-", linewidth=1)
    marks(
        middle,
        WIDTHS,
        1 - evidence["fitted"].mean(axis=0),
        "training rows wrong",
        which=1,
        linestyle="--",
        linewidth=1,
    )
    theory(middle, [WIDE.rows / (WIDE.clear + 2)] * 2, [0, end.mean(axis=0).max()], "n / (d + 2)", which=3)
    middle.set(xlabel="hidden units", ylabel="squared error; share", xscale="log", ylim=(-0.1, 3))
    middle.set_title(f"digits, n = {WIDE.rows}, 15 % wrong")

    steps = times(LATE.steps)
    for k, name in enumerate(("late", "late_error")):
        values = evidence[name]
        width = np.array([half_width(column) for column in values.T])
        label = ("test loss", "share wrong")[k]
        theory(right, steps, values.mean(axis=0), label, which=k)
        right.fill_between(
            steps, values.mean(axis=0) - width, values.mean(axis=0) + width, alpha=0.2, linewidth=0
        )
    right.set(
        xlabel="step", ylabel="squared error; share", xscale="log", xlim=(9, steps[-1]), ylim=(0.25, 1.35)
    )
    right.set_title("small useful inputs")
    for axes, where in ((left, "upper right"), (middle, "upper left"), (right, "upper right")):
        axes.legend(loc=where, fontsize=9)
    return figure


def _peak(curves: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return rise [seed] to the peak and fall [seed] after it, of curves [seed, time].

    The other seeds choose the times of peak and minima for each curve. At these times their mean curve has
    its clearest peak between two minima.
    """
    rise, fall = np.full(len(curves), np.nan), np.full(len(curves), np.nan)
    for seed, curve in enumerate(curves):
        mean = np.delete(curves, seed, axis=0).mean(axis=0)
        if not np.isfinite(mean).all():
            continue
        inner = range(1, len(mean) - 1)
        clear = [min(mean[t] - mean[:t].min(), mean[t] - mean[t + 1 :].min()) for t in inner]
        top = inner[int(np.argmax(clear))]
        rise[seed] = curve[top] - curve[mean[:top].argmin()]
        fall[seed] = curve[top] - curve[top + 1 + mean[top + 1 :].argmin()]
    return rise, fall
