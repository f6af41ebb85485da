"""The MLPClassifier of scikit-learn, one network after another, in float32.

Task: sizes, batch, passes, networks, rows, held, threads, way (fit, partial_fit).
"""

from __future__ import annotations

import os
import warnings
from typing import Any

import numpy as np
from digits import digits
from serve import Pass, serve, versions


def setup(task: dict[str, Any]) -> tuple[dict[str, Any], Pass]:
    """Return facts and a pass: every network trained from its start, and evaluated at its end."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.neural_network import MLPClassifier

    warnings.simplefilter("ignore", ConvergenceWarning)  # it stops where it was told to
    x, y, held_x, held_y = digits(task["rows"], task["held"])
    steps = task["passes"] * -(-len(x) // task["batch"])
    classes = np.unique(y)

    def once() -> int:
        for seed, rate in enumerate(np.geomspace(1e-4, 1e-2, task["networks"])):
            model = MLPClassifier(
                tuple(task["sizes"][1:-1]),
                alpha=0.0,
                batch_size=task["batch"],
                learning_rate_init=float(rate),
                max_iter=task["passes"],
                n_iter_no_change=10**6,
                random_state=seed,
            )
            if task["way"] == "fit":
                model.fit(x, y)
            else:
                for _ in range(task["passes"]):
                    model.partial_fit(x, y, classes=classes)
            model.score(held_x, held_y)
        return task["networks"] * steps

    facts = {"threads": os.environ.get("OPENBLAS_NUM_THREADS"), "versions": versions("scikit-learn", "numpy")}
    return facts, once


if __name__ == "__main__":
    serve(setup)
