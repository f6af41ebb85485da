"""G7: beware deep double descent.  Lecture: "Early stopping" (but beware).

Sources: Belkin, Hsu & Xu 2020 (1); Nakkiran et al. 2021; Heckel & Yilmaz 2021 (epochs).

Random features: y = x . beta + sigma e with D inputs, |beta| = 1, normal x; the first p inputs are seen, and
fitted by least squares, with the smallest weights where there are many. With s^2 = sigma^2 + 1 - p / D, what
cannot be seen, the mean squared error on new rows after n rows is
    p <= n - 2:   s^2 (1 + p / (n - p - 1))
    p >= n + 2:   p / D (1 - n / p) + s^2 (1 + n / (p - n - 1))          infinite between               (1)
The error of one data set is distributed as
    p <= n:   s^2 (1 + chi2_p / chi2_(n-p+1))
    p >= n:   s^2 (1 + chi2_n / chi2_(p-n+1)) + p / D Beta((p - n) / 2, n / 2)                          (2)
(X'X is Wishart, and independent of where X points), whose mean is (1), and which has a median at p = n too.

Real nets, float32: which of two classes (odd, even) a digit is, 15 % of the labels wrong.
    width    d -> H -> 1, ReLU, squared error: H (d + 2) + 1 weights reach the n rows near H = n / (d + 2)   (3)
    epochs   a narrow net, some useless inputs of the usual size, and most of what is useful 30 times
             smaller: labels' noise is fitted with what is large, before what is small is learnt        (4)
Without (4) the second descent in epochs is not seen in nets of this size: the error rises once and stays.
All widths are one net, whose hidden units are divided among as many outputs: one program.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from scipy.optimize import brentq
from scipy.stats import beta as beta_distribution
from scipy.stats import f as f_distribution

from ravine.data.builtin import read_builtin
from ravine.lecture.claim import Claim, Evidence, Finding
from ravine.lecture.seeds import half_width
from ravine.networks import activation
from ravine.optimizers import adam, momentum

__all__ = ["CLAIM", "draw", "read", "run"]

CLAIM = Claim(
    "G7",
    "Double descent, in width and in epochs",
    section="Memorisation and generalisation",
    says="Beware: the test error can rise and fall a second time, as the network grows and as training goes on.",
    care="The peak is where the training rows are just fitted, and needs noise in the labels. In epochs it needs "
    "something useful that is learnt late, too; early stopping at the first minimum then misses the better one.",
    yours="ravine descent digits --noise 0.15",
)

FEATURES, ROWS, SIGMA = 120, 40, 0.5
TABLE = {20: 2.22, 30: 4.33, 50: 4.62, 80: 1.515, 120: 1.043}  # (1), of the table of claims
NEAR = (38, 40, 42)  # where the mean says nothing: its own variance is infinite
TRIALS = 2000

NOISE, TEST = 0.15, 1000
WIDTHS = (1, 2, 3, 5, 8, 12, 17, 25, 40, 70, 120)
WIDE = {"rows": 300, "clear": 16, "faint": 0, "useless": 0, "steps": 2000, "seeds": 4}
LATE = {"rows": 600, "clear": 2, "faint": 8, "useless": 40, "steps": 4000, "seeds": 8}
FAINT = 0.03  # size of the faint inputs, where all others have variance 1
LATE_WIDTH, NETS = 4, 8  # nets of each seed, whose curves are averaged: narrow nets are a lottery
SEEN = 60  # times at which a net is judged, at equal ratios
FIRST, THRESHOLD = WIDTHS.index(2), WIDTHS.index(round(WIDE["rows"] / (WIDE["clear"] + 2)))  # (3)


def run() -> Evidence:
    """risk [p, trial]; wide, wide_error [seed, width, time], late, late_error [seed, time]: loss, share wrong.

    Times of `_times`, at the end of that many steps. fitted [seed, width]: share of training rows right.
    """
    generator = np.random.default_rng(0)
    risk = np.stack([_risks(p, generator) for p in (*TABLE, *NEAR)])
    wide, wide_error, fitted = _train(WIDE, WIDTHS, adam(0.01), generator)
    late, late_error, _ = _train(LATE, (LATE_WIDTH,) * NETS, momentum(0.03), generator)
    return {
        "risk": risk,
        "wide": wide,
        "wide_error": wide_error,
        "fitted": fitted[..., -1],
        "late": late.mean(axis=1),
        "late_error": late_error.mean(axis=1),
    }


def read(evidence: Evidence) -> list[Finding]:
    """Risks against (1) and (2); how far the real nets rise to their peaks, and fall again."""
    found = []
    for k, (p, table) in enumerate(TABLE.items()):
        spread = 1.96 * np.sqrt(_variance(p) / TRIALS)
        found.append(
            Finding(f"random features, p = {p}: mean risk", evidence["risk"][k].mean(), table,
                    2 * spread + 0.005, spread)
        )  # fmt: skip
    for k, p in enumerate(NEAR, len(TABLE)):
        risks, middle = evidence["risk"][k], _median(p)
        below = np.mean(np.where(np.isfinite(risks), risks < middle, np.nan))
        note = f"median {np.median(risks):.3g}, exact {middle:.3g}; the mean is {risk_of(p):.3g}"
        found.append(
            Finding(f"random features, p = {p}: share of risks below the median of (2)", below, 0.5,
                    2 / np.sqrt(TRIALS), 0.98 / np.sqrt(TRIALS), note=note)
        )  # fmt: skip
    for name, what in (("wide", "loss"), ("wide_error", "share wrong")):
        end = evidence[name][..., -1]
        for before, after, side in ((THRESHOLD, FIRST, "narrow"), (THRESHOLD, -1, "wide")):
            peak = end[:, before] - end[:, after]
            found.append(
                Finding(f"{what}, {WIDTHS[before]} units less {WIDTHS[after]}, lower end of its interval",
                        peak.mean() - half_width(peak), 0.0, 0.0, bound="above",
                        note=f"{peak.mean():.2g} ± {half_width(peak):.2g}; {side} side")
            )  # fmt: skip
    loss = evidence["wide"][..., -1].mean(axis=0)
    top = WIDTHS[int(loss.argmax())] if np.isfinite(loss).all() else np.nan
    found.append(
        Finding("width of the largest loss / n / (d + 2), log2", np.log2(top / WIDTHS[THRESHOLD]), 0.0, 1.0,
                note=f"at {top:g} units")
    )  # fmt: skip
    for name, what in (("late", "loss"), ("late_error", "share wrong")):
        rise, fall = _peak(evidence[name])
        for change, side in ((rise, "before"), (fall, "after")):
            found.append(
                Finding(f"{what}, peak in epochs less minimum {side}, lower end of its interval",
                        change.mean() - half_width(change), 0.0, 0.0, bound="above",
                        note=f"{change.mean():.2g} ± {half_width(change):.2g}")
            )  # fmt: skip
    return found


def draw(evidence: Evidence) -> Any:
    """Random features with the exact risk; real nets by width; a real net by steps."""
    from ravine.lecture.drawing import canvas, marks, theory

    figure, (left, middle, right) = canvas(CLAIM.title, columns=3)
    seen = np.arange(5, FEATURES + 1)
    theory(left, seen, [min(risk_of(p), 200) for p in seen], "mean, (1)", which=0)
    theory(left, seen, [_median(p) for p in seen], "median, (2)", which=1)
    table = len(TABLE)
    marks(left, list(TABLE), evidence["risk"][:table].mean(axis=1), "mean of draws", which=0)
    marks(left, [*TABLE, *NEAR], np.median(evidence["risk"], axis=1), "median of draws", which=1)
    left.set(xlabel="features fitted, p", ylabel="mean squared error, new rows", yscale="log", ylim=(0.8, 200))
    left.set_title(f"least squares, n = {ROWS}")

    end = evidence["wide"][..., -1]
    error = [half_width(each) for each in end.T]
    marks(middle, WIDTHS, end.mean(axis=0), "test loss", which=0, error=error, linestyle="-", linewidth=1)
    marks(middle, WIDTHS, 1 - evidence["fitted"].mean(axis=0), "training rows wrong", which=1, linestyle="--",
          linewidth=1)  # fmt: skip
    theory(middle, [WIDE["rows"] / (WIDE["clear"] + 2)] * 2, [0, end.mean(axis=0).max()], "n / (d + 2)", which=3)
    middle.set(xlabel="hidden units", ylabel="squared error; share", xscale="log")
    middle.set_title(f"digits, n = {WIDE['rows']}, 15 % wrong")

    times = _times(LATE["steps"])
    for k, name in enumerate(("late", "late_error")):
        values = evidence[name]
        error = np.array([half_width(each) for each in values.T])
        label = ("test loss", "share wrong")[k]
        theory(right, times, values.mean(axis=0), label, which=k)
        right.fill_between(times, values.mean(axis=0) - error, values.mean(axis=0) + error, alpha=0.2, linewidth=0)
    right.set(xlabel="step", ylabel="squared error; share", xscale="log")
    right.set_title("useful inputs that are faint")
    for axes in (left, middle, right):
        axes.legend(loc="best", fontsize=9)
    return figure


def risk_of(p: int) -> float:
    """Return the mean risk, (1)."""
    unseen = SIGMA**2 + 1 - p / FEATURES
    if p <= ROWS - 2:
        return unseen * (1 + p / (ROWS - p - 1))
    if p >= ROWS + 2:
        return p / FEATURES * (1 - ROWS / p) + unseen * (1 + ROWS / (p - ROWS - 1))
    return float("inf")


def _ratio(p: int) -> tuple[int, int]:
    """Return the degrees of freedom of the two chi2 of (2)."""
    return min(p, ROWS), abs(ROWS - p) + 1


def _variance(p: int) -> float:
    """Return the variance of (2), where it is finite: more than four degrees of freedom below."""
    unseen = SIGMA**2 + 1 - p / FEATURES
    above, below = _ratio(p)
    square = above * (above + 2) / ((below - 2) * (below - 4))
    variance = unseen**2 * (square - (above / (below - 2)) ** 2)
    if p > ROWS:
        variance += (p / FEATURES) ** 2 * beta_distribution.var((p - ROWS) / 2, ROWS / 2)
    return float(variance)


def _median(p: int) -> float:
    """Return the median of (2); its second term by its own quantiles."""
    unseen = SIGMA**2 + 1 - p / FEATURES
    above, below = _ratio(p)
    missed = np.zeros(1)
    if p > ROWS:
        shares = (np.arange(200) + 0.5) / 200
        missed = p / FEATURES * beta_distribution.ppf(shares, (p - ROWS) / 2, ROWS / 2)

    def excess(risk: float) -> float:
        ratio = np.maximum(risk - missed - unseen, 0) / unseen
        return float(np.mean(f_distribution.cdf(ratio * below / above, above, below))) - 0.5

    return float(brentq(excess, 0.0, 1e6))


def _risks(p: int, generator: np.random.Generator) -> np.ndarray:
    """Return the risk of least squares on p features, by draws of the training rows: [trial]."""
    truth = np.full(FEATURES, 1 / np.sqrt(FEATURES))
    risks = []
    for _ in range(TRIALS // 500):
        x = generator.standard_normal((500, ROWS, FEATURES))
        y = x @ truth + SIGMA * generator.standard_normal((500, ROWS))
        seen = x[..., :p]
        if p <= ROWS:
            gram = seen.transpose(0, 2, 1) @ seen
            found = np.linalg.solve(gram, seen.transpose(0, 2, 1) @ y[..., None])[..., 0]
        else:
            gram = seen @ seen.transpose(0, 2, 1)
            found = (seen.transpose(0, 2, 1) @ np.linalg.solve(gram, y[..., None]))[..., 0]
        risks.append(SIGMA**2 + np.sum(truth[p:] ** 2) + np.sum((found - truth[:p]) ** 2, axis=1))
    return np.concatenate(risks)


def _times(steps: int) -> np.ndarray:
    return np.unique(np.rint(np.geomspace(1, steps, SEEN)).astype(np.int32))


def _rows(how: dict[str, int], generator: np.random.Generator) -> tuple[np.ndarray, ...]:
    """Return training x, y and test x, y of one seed: principal components of digits, and useless inputs."""
    frame = read_builtin("digits", "digits").frame
    odd = np.where(frame.pop("target").to_numpy() % 2 == 0, 1.0, -1.0)
    order = generator.permutation(len(odd))
    train, test = order[: how["rows"]], order[-TEST:]
    pixels = frame.to_numpy(np.float64)
    mean = pixels[train].mean(axis=0)
    _, size, directions = np.linalg.svd(pixels[train] - mean, full_matrices=False)
    useful = how["clear"] + how["faint"]
    scale = np.sqrt(how["rows"]) / size[:useful]
    scale[how["clear"] :] *= FAINT

    def inputs(rows: np.ndarray) -> np.ndarray:
        parts = (pixels[rows] - mean) @ (directions[:useful].T * scale)
        return np.concatenate([parts, generator.standard_normal((len(rows), how["useless"]))], axis=1)

    wrong = np.where(generator.random(len(train)) < NOISE, -1.0, 1.0)
    return inputs(train), odd[train] * wrong, inputs(test), odd[test]


def _train(
    how: dict[str, int], widths: tuple[int, ...], rule: Any, generator: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return test loss, share of test rows wrong, share of training rows right: [seed, width, time]."""
    owner = np.repeat(np.arange(len(widths)), widths)
    belongs = np.eye(len(widths), dtype=np.float32)[owner]  # [hidden unit, net]
    relu = activation("relu")
    data = [_rows(how, generator) for _ in range(how["seeds"])]
    inputs = data[0][0].shape[1]
    start = {
        "in": generator.standard_normal((how["seeds"], inputs, len(owner))) * np.sqrt(2 / inputs),
        "bias": np.zeros((how["seeds"], len(owner))),
        "out": generator.standard_normal((how["seeds"], len(owner))) / np.sqrt(np.array(widths)[owner]),
        "last": np.zeros((how["seeds"], len(widths))),
    }

    def outputs(params: dict[str, jax.Array], x: jax.Array) -> jax.Array:  # [row, net]
        hidden = relu(x @ params["in"] + params["bias"][None])
        return hidden @ (belongs * params["out"][:, None]) + params["last"][None]

    def one(seed: Any) -> tuple[jax.Array, jax.Array, jax.Array]:
        params, (x, y, new_x, new_y) = seed

        def step(_: jax.Array, carry: Any) -> Any:
            params, slots = carry
            # a sum over nets: each has the gradient of its own loss
            slope = jax.grad(lambda p: jnp.sum(jnp.mean((outputs(p, x) - y[:, None]) ** 2, axis=0)))(params)
            updates, slots = rule.update(slope, slots, params)
            return optax.apply_updates(params, updates), slots

        def stretch(carry: Any, steps: jax.Array) -> Any:
            carry = jax.lax.fori_loop(0, steps, step, carry)
            z, old = outputs(carry[0], new_x), outputs(carry[0], x)
            loss = jnp.mean((z - new_y[:, None]) ** 2, axis=0)
            wrong = jnp.mean((z * new_y[:, None] <= 0).astype(z.dtype), axis=0)
            return carry, (loss, wrong, jnp.mean((old * y[:, None] > 0).astype(z.dtype), axis=0))

        gaps = np.diff(_times(how["steps"]), prepend=np.int32(0))
        return jax.lax.scan(stretch, (params, rule.init(params)), gaps)[1]

    stacked = tuple(np.stack(each) for each in zip(*data, strict=True))
    seeds = jax.tree.map(lambda each: each.astype(np.float32), (start, stacked))
    series = jax.jit(lambda seeds: jax.lax.map(one, seeds))(seeds)
    loss, wrong, right = (np.swapaxes(np.asarray(each), 1, 2) for each in series)
    return loss, wrong, right


def _peak(curves: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return how far each curve [seed, time] rises to the peak and falls from it, at times that others name.

    Those times are where the mean of the other seeds has its clearest peak between two minima.
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
