"""The throughput of the engines: threads and processes on all cores, Dask with one and two pinned workers.

python benchmarks/engines.py                 about five minutes on two quiet cores
python benchmarks/engines.py --steps 200     a short run, whose figures mean nothing

All engines train the same cohort in turn. The best of the rounds counts, as other work on the machine only
slows a round. The records must be equal bit for bit.
"""

from __future__ import annotations

import argparse
import time
from contextlib import ExitStack

import numpy as np

from ravine.data import prepare as prepared
from ravine.data import read
from ravine.engines import find_devices, open_engine, prepare
from ravine.networks import Network
from ravine.optimizers import resolve
from ravine.training import Batches, Cohort, Plan, Runs, run_cohort, shape_for

ENGINES = ("threads", "processes", "dask:local:1", "dask:local:2")
NETWORKS, SEEDS, EVALUATIONS = 64, 8, 8


def cohort_of(steps: int) -> Cohort:
    """Return a cohort of 64 networks 64-64-64-10 on digits. steps: optimizer steps of each network."""
    batches = Batches(prepared(read("digits")), 0, 32)
    network = Network((64, 64, 64, 10))
    plan = Plan(
        resolve("adam"), network, "cross_entropy", "accuracy", batches.batch_size, steps // EVALUATIONS,
        EVALUATIONS,
    )  # fmt: skip
    rates = np.geomspace(1e-4, 1e-2, NETWORKS)
    runs = Runs(rates, np.full(NETWORKS, "constant"), np.arange(NETWORKS) % SEEDS)
    return Cohort(plan, runs, batches)


def main() -> None:
    """Print network steps per second of each engine, and the gain by the second worker."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=8_000, help="optimizer steps of each network")
    parser.add_argument("--rounds", type=int, default=5, help="timed trainings with each engine")
    options = parser.parse_args()
    prepare("cpu")
    devices, cohort = find_devices("cpu"), cohort_of(options.steps)
    shape = shape_for(cohort.plan, cohort.batches, NETWORKS, SEEDS, devices)
    best, records = dict.fromkeys(ENGINES, 0.0), []
    with ExitStack() as stack:
        engines = {
            text: stack.enter_context(open_engine(text, devices, print, lambda: None)) for text in ENGINES
        }
        for number in range(options.rounds + 1):
            for text, engine in engines.items():
                clock = time.perf_counter()
                records.append(run_cohort(cohort, shape, devices, engine=engine))
                if number:  # the first round compiles
                    speed = NETWORKS * cohort.plan.steps / (time.perf_counter() - clock)
                    best[text] = max(best[text], speed)
    for record in records[1:]:
        for name, values in record.series.items():
            np.testing.assert_array_equal(values, records[0].series[name])
    for text, speed in best.items():
        print(f"{text:14} {speed:10,.0f} network steps per second")
    gain = best["dask:local:2"] / best["dask:local:1"]
    print(f"two workers over one: {gain:.2f}, which is {gain / 2:.2f} of twice")


if __name__ == "__main__":
    main()
