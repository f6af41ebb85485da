"""Two hundred learning rates of Adam as one cohort.

Run it with `python examples/own_cohort.py`.
"""

import numpy as np

from ravine.data import prepare, read
from ravine.engines import find_devices
from ravine.engines import prepare as prepare_devices
from ravine.networks import Network
from ravine.optimizers import resolve
from ravine.training import Batches, Cohort, Plan, Runs, run_cohort, shape_for

prepare_devices()
digits = prepare(read("digits"))
batches, devices = Batches(digits, root=0, batch_size=32), find_devices()
plan = Plan(
    resolve("adam"),
    Network((64, 32, 10)),
    "cross_entropy",
    "accuracy",
    32,
    steps_per_evaluation=36,
    evaluations=2,
)
rates = np.geomspace(1e-5, 1e-1, 200)
runs = Runs(rate=rates, schedule=np.full(200, "constant"), seed=np.zeros(200, int))
record = run_cohort(Cohort(plan, runs, batches), shape_for(plan, batches, 200, 1, devices), devices)
best = np.nanargmax(record.series["score"][:, -1])
print(record)
print(f"best learning rate {rates[best]:.2g}: accuracy {record.series['score'][best, -1]:.3f}")
