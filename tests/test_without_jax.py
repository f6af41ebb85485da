"""Names, tables and parsers of optimizers, schedules and networks work before JAX is imported."""

import subprocess
import sys

import pytest

from ravine.execution.registry import STUDIES, find_study

HEAVY = ("jax", "jaxlib", "optax", "numpy", "scipy", "sklearn", "pandas")

USES = {
    "names": """
        from ravine.networks import ACTIVATIONS, CONNECTIONS, INITIALIZATIONS, METRICS, NORMALIZATIONS
        from ravine.optimizers import DEFAULT_OPTIMIZERS, OPTIMIZERS, SCHEDULES
        assert set(DEFAULT_OPTIMIZERS) <= set(OPTIMIZERS)
        assert METRICS["accuracy"].percent and METRICS["accuracy"].task == "classify"
        assert ACTIVATIONS["tanh"].saturating and not INITIALIZATIONS["zero"].random
        assert SCHEDULES["plateau"].depends_on_loss and CONNECTIONS["highway"].gated
        assert NORMALIZATIONS["batchnorm"].over_rows
    """,
    "optimizers": """
        from ravine.optimizers import read_optimizer, read_optimizers
        assert str(read_optimizer("Adam(b1=0.9)")) == "adam(b1=0.9)"
        two = ["sgd", "optax:lion(b1=0.9)"]
        assert [str(spec) for spec in read_optimizers(",".join(two))] == two
        refused(read_optimizer, "adm", "'adam'")
        refused(read_optimizer, "lion", "'optax:lion'")
        refused(read_optimizer, "optax:lionn", "'optax:lion'")
        refused(read_optimizer, "optax:momo", "value of the loss")
        refused(read_optimizer, "adam(b1", "cannot be read")
    """,
    "schedules": """
        from ravine.optimizers import read_schedule
        assert read_schedule("linear(end=0.2)") == ("linear", {"end": 0.2, "warmup": 0.0})
        refused(read_schedule, "cosin", "'cosine'")
        refused(read_schedule, "step", "'every' or 'at'")
    """,
    "networks": """
        from ravine.networks import read_network
        spec = read_network("64-64 residual batchnorm dropout=0.2 conv=8-16")
        assert str(spec) == "64-64 conv=8-16 residual batchnorm dropout=0.2"
        refused(read_network, "64-64 residul", "'residual'")
        refused(read_network, "linear dropout=0.5", "no hidden layer")
    """,
    "metrics": """
        from ravine.networks import activation, metric
        assert metric("rmse", "regress").bounds[0] == 0 and not activation("relu").saturating
        refused(activation, "rellu", "'relu'")
        refused(lambda name: metric(name, "classify", 3), "auc", "two classes")
    """,
    "settings": """
        from ravine.studies.compare.settings import CompareSettings
        settings = dict(optimizers=["adam(b1=0.8)"], net="8 dropout=0.1", metric="auc")
        settings |= dict(schedules=["inverse(1)"], average="ema=0.9", activation="tanh")
        settings |= dict(hyper_schedule=["dropout=linear(end=0.5)"])
        assert CompareSettings(**settings, budget="60s").optimizers == ["adam(b1=0.8)"]
        refused(lambda text: CompareSettings(hyper_schedule=[text]), "rho", "NAME=SCHEDULE")
        refused(lambda text: CompareSettings(budget=text), "soon", "not a time budget")
    """,
}

REFUSED = """
import sys
from ravine.errors import UsageError
def refused(read, text, says):
    try:
        read(text)
    except UsageError as error:
        assert says in str(error), error
    else:
        raise AssertionError(text)
"""


@pytest.mark.parametrize("what", USES)
def test_without_jax(what):
    lines = "\n".join(line.strip() for line in USES[what].splitlines())
    code = f"{REFUSED}\n{lines}\nprint([name for name in {HEAVY} if name in sys.modules])"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (ended.returncode, ended.stdout.strip(), ended.stderr) == (0, "[]", "")


EXECUTION = ("config_file", "describe", "events", "registry", "result", "seeds", "source", "study")


def imported(modules):
    """Return which of JAX's packages are imported together with these modules."""
    lines = [f"import {name}" for name in modules]
    code = "\n".join(["import sys", *lines, "print([n for n in ('jax', 'optax') if n in sys.modules])"])
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize("name", STUDIES)
def test_settings_result_and_view_of_a_study_need_no_jax(name):
    package = find_study(name).package
    assert imported(f"{package}.{module}" for module in ("settings", "result", "view")) == "[]"


def test_what_reads_results_needs_no_jax():
    assert imported(f"ravine.execution.{module}" for module in EXECUTION) == "[]"
