"""Generated cases with a known fault, and healthy ones: how often each verdict of `diagnose` is right.

    python docs/diagnose/cases.py [--quick] [--only FAULT]      writes cases.json and cases.md

A case plants a fault by construction, and names the verdicts that must be given and those that may
follow from it (a rate far too high kills units, and so on). Every other verdict given is a false alarm,
also in cases that have another fault. Nothing is proved here: verdicts are counted before any remedy is
tried.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from ravine.data import Dataset, from_arrays
from ravine.engines import find_devices, prepare
from ravine.records.record import Record
from ravine.studies.diagnosing.observation import with_spread
from ravine.studies.diagnosing.observe import observe
from ravine.studies.diagnosing.proof import Bench, plain
from ravine.studies.diagnosing.verdicts import judge
from ravine.studies.runner import Runner
from ravine.studies.settings import DiagnoseSettings

HERE = Path(__file__).parent
FRESH = 1_300_000  # thresholds and cases were chosen on seeds below 1,000,000; these are others
SEEDS = 20  # of the cohort, where a case is about seeds: as many as `diagnose` takes


@dataclass(frozen=True)
class Case:
    """`plants`: verdicts that must be given; `may`: those that follow from the fault, and are not counted."""

    fault: str
    data: Callable[[int], Dataset]
    settings: dict[str, Any]
    plants: frozenset[str] = frozenset()
    may: frozenset[str] = frozenset()
    seed: int = 0
    cohort: bool = False


# ------------------------------------------------------------------------------------------------------ data


def classes(
    seed: int, rows: int = 800, noise: float = 0.0, offset: float = 0.0, spread: float = 1.0
) -> Dataset:
    """Three classes of 8 inputs by a smooth teacher, clear of its borders; `noise`: random labels."""
    random = np.random.default_rng([7, seed])
    weights = random.normal(size=(8, 3))
    x = random.normal(size=(20 * rows, 8))
    z = x @ weights + 0.8 * np.tanh(x[:, :3] * x[:, 3:6])
    sums = np.sort(z, axis=1)
    clear, says = sums[:, 2] - sums[:, 1] > 1.0, z.argmax(axis=1)
    each = [np.flatnonzero(clear & (says == k))[: -(-rows // 3)] for k in range(3)]
    chosen = random.permutation(np.concatenate(each))[:rows]
    x, y = x[chosen], says[chosen]
    rows = len(y)
    wrong = random.random(rows) < noise
    y = np.where(wrong, random.integers(0, 3, rows), y)
    return from_arrays(x * np.geomspace(1, spread, 8) + offset, y, name="classes", seed=seed)


def curve(seed: int, rows: int = 800, noise: float = 0.05) -> Dataset:
    """A smooth function of 8 inputs with a little noise."""
    random = np.random.default_rng([8, seed])
    x = random.normal(size=(rows, 8))
    y = np.sin(x[:, 0]) + 0.5 * x[:, 1] + 0.3 * x[:, 2] * x[:, 3] + noise * random.normal(size=rows)
    return from_arrays(x, y, name="curve", seed=seed)


def alike(seed: int, rows: int = 400, part: float = 0.03, shared: bool = False) -> Dataset:
    """Eight inputs that are nearly the same, and a target in what differs; `shared`: in what does not."""
    random = np.random.default_rng([9, seed])
    own = random.normal(size=(rows, 8))
    x = random.normal(size=(rows, 1)) + part * own
    y = np.sin(2 * x.mean(axis=1)) if shared else own @ random.normal(size=8) + 0.5 * x[:, 0]
    return from_arrays(x, y, name="alike", seed=seed)


def exclusive_or(seed: int, rows: int = 400) -> Dataset:
    """XOR of the signs of two inputs."""
    random = np.random.default_rng([10, seed])
    x = random.choice([-1.0, 1.0], (rows, 2)) + 0.05 * random.normal(size=(rows, 2))
    return from_arrays(x, (x[:, 0] * x[:, 1] > 0).astype(int), name="xor", seed=seed)


def rare(seed: int, rows: int = 800) -> Dataset:
    """A class of one row in forty inside the cloud of the other."""
    random = np.random.default_rng([11, seed])
    y = (np.arange(rows) % 40 == 0).astype(int)
    return from_arrays(random.normal(size=(rows, 8)) + 0.5 * y[:, None], y, name="rare", seed=seed)


def leaky(seed: int) -> Dataset:
    """The target as a column, with a little noise."""
    data = classes(seed)
    random = np.random.default_rng([12, seed])
    x = np.concatenate([data.x, data.y[:, None] + 0.01 * random.normal(size=(len(data.y), 1))], axis=1)
    return from_arrays(x, data.y, name="leaky", seed=seed)


def twice(seed: int) -> Dataset:
    """A tenth of the rows three times more, one of them with another label."""
    data = classes(seed, rows=600)
    some = np.arange(0, len(data.y), 8)
    x = np.concatenate([data.x, data.x[some], data.x[some]])
    y = np.concatenate([data.y, (data.y[some] + 1) % 3, data.y[some]])
    return from_arrays(x, y, name="twice", seed=seed)


def idle(seed: int, columns: int) -> Dataset:
    """Some columns that are the same in every row."""
    data = classes(seed)
    x = np.concatenate([data.x, np.full((len(data.y), columns), [0.0, 0.1, 7.0][seed % 3])], axis=1)
    return from_arrays(x, data.y, name="idle", seed=seed)


def square(seed: int, inputs: int = 60) -> Dataset:
    """As many inputs as training rows, and a noisy target."""
    random = np.random.default_rng([13, seed])
    x = random.normal(size=(round(inputs / 0.64), inputs))
    y = x @ random.normal(size=inputs) / np.sqrt(inputs) + 1.0 * random.normal(size=len(x))
    return from_arrays(x, y, name="square", seed=seed)


# ----------------------------------------------------------------------------------------------------- cases

BASE = {"net": "24-24", "epochs": 30.0, "batch_size": 32}
DEEP = "24-24-24-24-24-24"


def cases(quick: bool) -> Iterator[Case]:
    """Yield every case; a tenth of them if `quick`."""
    found = [case for make in MAKERS for case in make()]
    yield from found[::9] if quick else found


def _case(
    fault: str, data: Any, seed: int, plants: str, may: str, cohort: bool = False, **settings: Any
) -> Case:
    return Case(
        fault, data, {**BASE, **settings}, frozenset(plants.split()), frozenset(may.split()), seed, cohort
    )


def _rate_high() -> list[Case]:
    settings = [
        ("sgd", 10.0),
        ("sgd", 30.0),
        ("adam", 1.0),
        ("adam", 3.0),
        ("momentum", 3.0),
        ("sgd", 100.0),
        ("rmsprop", 1.0),
    ]
    return [
        _case(
            "rate_high",
            classes if k % 2 else curve,
            100 + k,
            "rate_high",
            "dead saturated plateau noise overfits edge lottery",
            optimizer=settings[k % 7][0],
            rate=settings[k % 7][1] * (1 if k % 2 else 3),
        )
        for k in range(14)
    ]


def _rate_low() -> list[Case]:
    settings = [
        ("sgd", 1e-3),
        ("adam", 1e-5),
        ("adam", 3e-5),
        ("sgd", 3e-3),
        ("momentum", 1e-4),
        ("rmsprop", 1e-5),
    ]
    return [
        _case(
            "rate_low",
            classes if k % 2 else curve,
            200 + k,
            "rate_low",
            "plateau",
            optimizer=settings[k % 6][0],
            rate=settings[k % 6][1],
            schedule="constant" if k < 12 else "decay",
        )
        for k in range(20)
    ]


def _raw_inputs() -> list[Case]:
    shapes = [(5.0, 1.0), (50.0, 1.0), (0.0, 1e3), (3.0, 100.0), (-20.0, 1.0), (0.0, 1e5)]
    return [
        _case(
            "not_standardised",
            lambda seed, s=shapes[k % 6]: classes(seed, offset=s[0], spread=s[1]),
            300 + k,
            "not_standardised",
            "ill_conditioned rate_high rate_low dead saturated noise plateau overfits peak edge exploding "
            "lottery imbalance",
            scaling="none",
            optimizer="adam" if k % 2 else "sgd",
            rate=3e-3 if k % 2 else 0.01,
        )
        for k in range(14)
    ]


def _saturated() -> list[Case]:
    return [
        _case(
            "saturated",
            classes if k % 2 else curve,
            400 + k,
            "saturated",
            "overfits noise exploding vanishing rate_low plateau rate_high ill_conditioned edge peak lottery",
            activation="tanh" if k % 4 < 2 else "sigmoid",
            init_scale=20.0 if k % 4 < 2 else 60.0,
        )
        for k in range(12)
    ]


def _dead() -> list[Case]:
    return [
        _case(
            "dead",
            lambda seed: classes(seed, offset=100.0),
            500 + k,
            "dead not_standardised",
            "ill_conditioned rate_high rate_low noise plateau overfits edge exploding imbalance vanishing "
            "lottery",
            scaling="none",
            optimizer="adam",
            rate=1e-4,
        )
        for k in range(12)
    ]


def _vanishing() -> list[Case]:
    ways = [("sigmoid", "he", 1.0), ("relu", "he", 0.3), ("tanh", "lecun", 0.4), ("softplus", "lecun", 0.3)]
    return [
        _case(
            "vanishing",
            classes if k % 2 else curve,
            600 + k,
            "vanishing",
            "plateau rate_low saturated dead imbalance lottery overfits",
            net=DEEP,
            activation=ways[k % 4][0],
            init=ways[k % 4][1],
            init_scale=ways[k % 4][2],
        )
        for k in range(12)
    ]


def _exploding() -> list[Case]:
    ways = [("relu", 3.0), ("leaky_relu", 4.0), ("elu", 4.0), ("relu", 5.0)]
    return [
        _case(
            "exploding",
            classes if k % 2 else curve,
            700 + k,
            "exploding",
            "rate_high dead overfits saturated noise plateau rate_low ill_conditioned edge peak lottery "
            "imbalance",
            net=DEEP,
            activation=ways[k % 4][0],
            init_scale=ways[k % 4][1],
        )
        for k in range(12)
    ]


def _overfits() -> list[Case]:
    return [
        _case(
            "overfits",
            lambda seed, n=0.3 + 0.1 * (k % 3): classes(seed, rows=200, noise=n),
            800 + k,
            "overfits",
            "peak noise lottery edge ill_conditioned imbalance",
            net="128-128",
            optimizer="adam" if k % 2 else "rmsprop",
            rate=3e-3,
            epochs=120.0,
            batch_size=16,
        )
        for k in range(14)
    ]


def _noise() -> list[Case]:
    return [
        _case(
            "noise",
            lambda seed: curve(seed, rows=600, noise=1.0),
            900 + k,
            "noise",
            "rate_high overfits edge peak",
            net="linear",
            optimizer="sgd",
            rate=[0.05, 0.08, 0.06][k % 3],
            batch_size=2,
            schedule="constant",
        )
        for k in range(12)
    ]


def _ill_conditioned() -> list[Case]:
    return [
        _case(
            "ill_conditioned",
            lambda seed, p=[0.03, 0.05, 0.1][k % 3]: alike(seed, part=p),
            1000 + k,
            "ill_conditioned",
            "edge",
            net="linear",
            optimizer="sgd",
            rate=[0.04, 0.05][k % 2],
            batch_size=256,
            epochs=200.0,
            schedule="constant",
        )
        for k in range(20)
    ]


def _plateau() -> list[Case]:
    ways = [
        ("tanh", "zero", 1.0, "24-24"),
        ("relu", "zero", 1.0, "24-24"),
        ("tanh", "lecun", 0.01, DEEP),
        ("sigmoid", "zero", 1.0, "24-24"),
    ]
    return [
        _case(
            "plateau",
            classes if k % 2 else curve,
            1100 + k,
            "plateau",
            "vanishing dead rate_low saturated imbalance lottery",
            activation=ways[k % 4][0],
            init=ways[k % 4][1],
            init_scale=ways[k % 4][2],
            net=ways[k % 4][3],
            optimizer="sgd",
            rate=0.05,
        )
        for k in range(12)
    ]


def _batchnorm() -> list[Case]:
    return [
        _case(
            "batchnorm",
            lambda seed: curve(seed, rows=300),
            1200 + k,
            "batchnorm",
            "noise overfits rate_high ill_conditioned plateau edge dead lottery rate_low",
            net="24-24 batchnorm",
            batch_size=2,
            optimizer="sgd" if k % 2 else "adam",
            rate=0.05 if k % 2 else 0.01,
            schedule="constant",
            epochs=8.0,
        )
        for k in range(20)
    ]


def _edge() -> list[Case]:
    return [
        _case(
            "edge",
            lambda seed: curve(seed, rows=100),
            1300 + k,
            "edge",
            "overfits rate_low ill_conditioned peak noise lottery",
            net="24-24",
            activation="tanh",
            init="glorot",
            optimizer="sgd",
            rate=[0.2, 0.25, 0.3][k % 3],
            batch_size=4096,
            epochs=4000.0,
            schedule="constant",
        )
        for k in range(20)
    ]


def _lottery() -> list[Case]:
    return [
        _case(
            "lottery",
            exclusive_or,
            1400 + k,
            "lottery",
            "plateau rate_low overfits noise edge dead saturated ill_conditioned imbalance",
            True,
            net="2" if k % 2 else "3",
            activation="relu",
            optimizer="adam",
            rate=0.03,
            epochs=60.0,
        )
        for k in range(20)
    ]


def _data_faults() -> list[Case]:
    found = []
    for k in range(20):
        found.append(
            _case(
                "imbalance", rare, 1500 + k, "imbalance", "overfits peak noise", optimizer="adam", rate=3e-3
            )
        )
        found.append(_case("leaking", leaky, 1600 + k, "leaking", "", optimizer="adam", rate=3e-3))
        found.append(
            _case(
                "contradicting",
                twice,
                1700 + k,
                "contradicting",
                "overfits noise",
                optimizer="adam",
                rate=3e-3,
            )
        )
        found.append(
            _case(
                "peak",
                square,
                1800 + k,
                "peak",
                "overfits noise edge ill_conditioned rate_low",
                net="linear",
                optimizer="momentum",
                rate=0.02,
                epochs=2000.0,
                batch_size=64,
                schedule="constant",
            )
        )
        found.append(
            _case(
                "constant_columns",
                lambda seed, n=1 + k % 3: idle(seed, n),
                1900 + k,
                "constant_columns",
                "",
                optimizer="adam",
                rate=3e-3,
                precision="float64" if k % 4 == 3 else "float32",
            )
        )
    return found


def _healthy() -> list[Case]:
    ways = [
        {"optimizer": "adam", "rate": 3e-3},
        {"optimizer": "sgd", "rate": 0.1},
        {"optimizer": "momentum", "rate": 0.02},
        {"optimizer": "adam", "rate": 3e-3, "activation": "tanh", "init": "glorot"},
        {"optimizer": "rmsprop", "rate": 2e-3},
        {"optimizer": "adam", "rate": 3e-3, "net": "24-24 batchnorm"},
        {
            "optimizer": "adam",
            "rate": 2e-2,
            "net": "24-24-24-24 residual",
        },  # 3e-3 is too low
        {"optimizer": "nesterov", "rate": 0.02},
    ]
    lower = {"sgd": 0.03, "momentum": 0.01, "nesterov": 0.01, "adam": 3e-3, "rmsprop": 2e-3}
    return [
        _case(
            "healthy",
            (lambda seed: classes(seed, rows=1600)) if k % 2 else (lambda seed: curve(seed, rows=1600)),
            2000 + k,
            "",
            "edge",
            k % 4 == 0,
            **{**ways[(k // 2) % 8], "epochs": 20.0},
        )
        for k in range(64)
    ] + [  # inputs of a high condition number, and curvature, that do not stand in the way
        _case(
            "healthy",
            lambda seed: alike(seed, rows=1600, part=0.05, shared=True),
            2100 + k,
            "",
            "edge",
            **{**ways[k % 8], "epochs": 20.0, "rate": lower[str(ways[k % 8]["optimizer"])]},
        )
        for k in range(16)
    ]


MAKERS = (
    _rate_high, _rate_low, _raw_inputs, _saturated, _dead, _vanishing, _exploding, _overfits,
    _noise, _ill_conditioned, _plateau, _batchnorm, _edge, _lottery, _data_faults, _healthy,
)  # fmt: skip


# ----------------------------------------------------------------------------------------------------- count


def diagnosed(case: Case) -> tuple[list[str], Record, list[str]]:
    """Return the verdicts given, the record, and the verdicts that were judged."""
    dataset = case.data(case.seed)
    settings = DiagnoseSettings.from_dict({**case.settings, "seed": case.seed})
    bench = Bench(dataset, find_devices(), Runner(None, lambda _: None, lambda: None))
    made = bench.make(plain(settings))
    record = observe(made.plan, made.runs([2_000]), made.streams, made.recipe.initial).record
    if case.cohort:
        cohort = bench.run("prove", {"original": plain(settings)}, list(range(3_000, 3_000 + SEEDS)))
        record = with_spread(record, cohort["original"][1])
    found = judge(record)
    return [each.verdict for each in found if each.fires], record, [each.verdict for each in found]


@dataclass
class Count:
    """Of one verdict: planted and found, judged without cause and given."""

    planted: int = 0
    found: int = 0
    clean: int = 0
    alarms: int = 0
    where: list[str] = field(default_factory=list)


def _seen(case: Case, keep: Path | None) -> tuple[list[str], list[str], float]:
    """Return verdicts given and judged and the seconds it took; from the record kept, if there is one."""
    place = None if keep is None else keep / f"{case.fault}-{case.seed}.npz"
    if place is not None and place.exists():
        record = Record.load(place)
        found = judge(record)
        given = [each.verdict for each in found if each.fires]
        return given, [each.verdict for each in found], float(record.meta["case_seconds"])
    begin = time.perf_counter()
    given, record, judged = diagnosed(case)
    seconds = time.perf_counter() - begin
    if place is not None:
        replace(record, meta={**record.meta, "case_seconds": seconds}).save(place)
    return given, judged, seconds


def run(quick: bool, only: str | None, keep: Path | None = None, shift: int = 0) -> dict[str, Any]:
    """Diagnose every case and count."""
    counts: dict[str, Count] = {}
    rows: list[dict[str, Any]] = []
    spent = 0.0
    for case in cases(quick):
        if only and case.fault not in only.split(","):
            continue
        case = replace(case, seed=case.seed + shift)
        given, judged, seconds = _seen(case, keep)
        spent += seconds
        wrong = []
        for name in judged:
            count = counts.setdefault(name, Count())
            if name in case.plants:
                count.planted += 1
                count.found += name in given
            elif name not in case.may:
                count.clean += 1
                count.alarms += name in given
                if name in given:
                    wrong.append(name)
                    count.where.append(f"{case.fault} {case.seed}")
        missed = sorted(case.plants - set(given))
        rows.append({"fault": case.fault, "seed": case.seed, "settings": case.settings, "given": given,
                     "missed": missed, "alarms": wrong})  # fmt: skip
        print(f"{case.fault} {case.seed}: {' '.join(given) or 'healthy'}"
              + (f"   MISSED {' '.join(missed)}" if missed else "")
              + (f"   ALARM {' '.join(wrong)}" if wrong else ""), flush=True)  # fmt: skip
    healthy_rows = [row for row in rows if row["fault"] == "healthy"]
    told = sum(not set(row["given"]) - {"edge", "constant_columns"} for row in healthy_rows)
    return {
        "cases": len(rows),
        "seconds": spent,
        "healthy": {"cases": len(healthy_rows), "told so": told},
        "verdicts": {
            name: {
                "planted": c.planted,
                "found": c.found,
                "clean": c.clean,
                "alarms": c.alarms,
                "where": c.where,
            }
            for name, c in sorted(counts.items())
        },
        "rows": rows,
    }


def table(result: dict[str, Any]) -> str:
    """Return the result as Markdown."""
    lines = [
        "# How often each verdict is right",
        "",
        f"{result['cases']} generated cases, {result['seconds'] / 60:.1f} minutes, by "
        "`python docs/diagnose/cases.py`.",
        "Verdicts are counted before any remedy is tried. A planted fault must be found; one given in a",
        "case that neither plants it nor lists it among its consequences is a false alarm. Thresholds",
        "were chosen on cases of other seeds.",
        "",
        "| verdict | planted | found | recall | other cases | false alarms | rate |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, c in result["verdicts"].items():
        recall = f"{100 * c['found'] / c['planted']:.0f} %" if c["planted"] else "–"
        rate = f"{100 * c['alarms'] / c['clean']:.1f} %" if c["clean"] else "–"
        lines.append(
            f"| {name} | {c['planted']} | {c['found']} | {recall} | {c['clean']} | {c['alarms']} | {rate} |"
        )
    told = result["healthy"]
    lines += ["", f"Healthy networks told that they are healthy: {told['told so']} of {told['cases']}."]
    missed = [
        f"{r['fault']} {r['seed']}: missed {', '.join(r['missed'])}" for r in result["rows"] if r["missed"]
    ]
    alarms = [f"{r['fault']} {r['seed']}: {', '.join(r['alarms'])}" for r in result["rows"] if r["alarms"]]
    lines += [
        "",
        "Missed: " + ("; ".join(missed) or "none") + ".",
        "",
        "False alarms: " + ("; ".join(alarms) or "none") + ".",
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Run from the command line."""
    asked = argparse.ArgumentParser()
    asked.add_argument("--quick", action="store_true")
    asked.add_argument("--only")
    asked.add_argument("--shift", type=int, default=FRESH, help="added to every seed")
    asked.add_argument("--keep", type=Path, help="folder of records: judged again, not trained, where there")
    asked.add_argument("--out", default=str(HERE))
    given = asked.parse_args()
    prepare()
    out = Path(given.out)
    out.mkdir(parents=True, exist_ok=True)
    result = run(given.quick, given.only, given.keep, given.shift)
    (out / "cases.json").write_text(json.dumps(result, indent=1, default=float) + "\n")
    (out / "cases.md").write_text(table(result))
    print(table(result))


if __name__ == "__main__":
    main()
