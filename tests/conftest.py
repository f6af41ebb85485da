"""What all tests share: JAX set up before its first use, caches inside the project, the shared data."""

import copy
import hashlib
import json
import os
import secrets
import sys
from importlib import metadata
from pathlib import Path

import hypothesis
import pytest
from hypothesis import strategies as st

ROOT = Path(__file__).resolve().parents[1]

# Read when the cache of compiled programs is set up, here and in the processes of tests. Workers share it.
os.environ["RAVINE_CACHE"] = str(ROOT / ".cache" / "tests")

QUICK_COMPILE = {
    "0": "--xla_backend_optimization_level=0",
    "0.10": "--xla_backend_optimization_level=0 --xla_cpu_use_fusion_emitters=false",
}
"""Compiler flags for programs of tests, by version of jaxlib: an unknown flag would end the process."""

hypothesis.settings.register_profile("ravine", derandomize=True, deadline=None, print_blob=True)
hypothesis.settings.load_profile("ravine")


# Folders whose tests raise where JAX would promote types or ranks unasked; True: and work in float64.
STRICT = {"networks": True, "optimizers": True, "lecture": False}


def pytest_addoption(parser):
    parser.addoption(
        "--compile",
        choices=("full", "quick"),
        default="full",
        help="full: compile as for users. quick: without optimization, in a third of the time",
    )


def pytest_report_header():
    """Name the seed of the attacks that are new in every run; set ATTACK_SEED to repeat one."""
    return f"ATTACK_SEED={os.environ['ATTACK_SEED']}"


def pytest_configure(config):
    """Set JAX up before a test uses it. RAVINE_TEST_PLATFORMS=cuda,cpu: the tests that need a GPU run too."""
    os.environ.setdefault("ATTACK_SEED", secrets.token_hex(4))  # workers inherit it
    from ravine.engines import prepare

    if config.getoption("--compile") == "quick":
        version = metadata.version("jaxlib")
        flags = QUICK_COMPILE["0.10" if version.startswith("0.10.") else "0"]
        os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} {flags}".strip()
    prepare(os.environ.get("RAVINE_TEST_PLATFORMS", "cpu"))
    import jax

    jax.monitoring.register_event_duration_secs_listener(_count_compilation)


@pytest.fixture(autouse=True)
def strict(request):
    """Make JAX strict for the folders that want it."""
    folder = request.path.relative_to(ROOT / "tests").parts[0]
    if folder not in STRICT:
        yield
        return
    import jax

    settings = {"jax_numpy_dtype_promotion": "strict", "jax_numpy_rank_promotion": "raise"}
    settings |= {"jax_enable_x64": True} if STRICT[folder] else {}
    before = {name: getattr(jax.config, name) for name in settings}
    for name, value in settings.items():
        jax.config.update(name, value)
    yield
    for name, value in before.items():
        jax.config.update(name, value)


@pytest.fixture
def new_programs(monkeypatch):
    """Plans of the programs that are made during the test; one that is used again is not listed."""
    import ravine.training

    module = sys.modules["ravine.training.program"]
    plans = []

    class Listed(ravine.training.Program):
        def __init__(self, plan, *others):
            plans.append(plan)
            super().__init__(plan, *others)

    monkeypatch.setattr(module, "Program", Listed)
    return plans


@pytest.fixture(autouse=True)
def one_baseline(request, monkeypatch):
    """Fit the constant alone in the studies of tests, which saves seconds; `all_baselines` fits all."""
    from ravine.execution import baselines

    if "all_baselines" not in request.fixturenames:
        monkeypatch.setattr(baselines, "BASELINES", {"constant": baselines.BASELINES["constant"]})


@pytest.fixture
def all_baselines():
    """Fit all baselines in this test."""


BETWEEN_CHECKS = 100
"""Compilations after which a worker counts its memory mappings, of which one takes 30 to 50."""
_compilations = 0


@pytest.fixture(autouse=True)
def few_programs():
    """Drop compiled programs from time to time: JAX dies where the system allows no more mappings."""
    global _compilations
    yield
    if _compilations >= BETWEEN_CHECKS:
        from ravine.training import drop_programs

        _compilations = 0
        drop_programs()


def _count_compilation(event, seconds, **details):
    global _compilations
    _compilations += event == "/jax/core/compile/backend_compile_duration"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data sets beside the project; skips where it is absent."""
    for folder in ROOT.parents:
        if (folder / "shared" / "data").is_dir():
            return folder / "shared" / "data"
    pytest.skip("the shared data are not here")


@pytest.fixture(scope="session")
def seal():
    """Return a function that makes the manifest of a run fit files that a test has changed on purpose."""
    from ravine.records.manifest import Content, Manifest, is_covered

    def write_manifest(folder):
        manifest, root = Manifest(), Path(folder)
        for path in sorted(path for path in root.rglob("*") if path.is_file()):
            name = path.relative_to(root).as_posix()
            if is_covered(name) and name not in ("MANIFEST", ".lock"):
                blob = path.read_bytes()
                manifest.settle(name, Content(hashlib.sha256(blob).hexdigest(), len(blob)))
        (root / "MANIFEST").write_text(manifest.to_text())

    return write_manifest


ODD_VALUES = [
    None, True, 0, -1, 1.5, -1e308, 2**62, "", "x", "../../../etc/passwd", "\x1b[31mred", "\ud800", [], [1],
    {}, {"a": 1}, "2" * 400, [[[]]],
]  # fmt: skip
"""Values of every kind, one of which takes the place of a value in a document."""


@pytest.fixture(scope="session")
def changed_document():
    """Return a function that changes one place of a document: a key, a value, a number, or its presence.

    It takes `draw` of Hypothesis and the plain values, which stay as they are.
    """

    def change(draw, plain):
        found = copy.deepcopy(plain)
        places = list(_places(found))
        parent, key = places[draw(st.integers(0, len(places) - 1))]
        way = draw(st.sampled_from(["remove", "rename", "number", "odd", "odd"]))
        if way == "remove":
            del parent[key]
        elif way == "rename" and isinstance(parent, dict):
            parent[f"{key}x"] = parent.pop(key)
        elif way == "number" and type(parent[key]) in (int, float):
            parent[key] = draw(st.sampled_from([parent[key] + 1, -parent[key], parent[key] * 1.5 + 0.25]))
        else:
            parent[key] = draw(st.sampled_from(ODD_VALUES))
        return found

    return change


def _places(plain):
    """Yield every place of a document as the dict or list that holds the value, and its key or index."""
    for key in plain if isinstance(plain, dict) else range(len(plain)):
        yield plain, key
        if isinstance(plain[key], dict | list):
            yield from _places(plain[key])


def _holds(read, plain):
    """Return whether a document that was read holds the plain values as they stand.

    Fields that its class lacks are left out.
    """
    if isinstance(read, dict) and isinstance(plain, dict):
        return all(_holds(read[key], plain[key]) for key in read if key in plain)
    if isinstance(read, list) and isinstance(plain, list):
        return len(read) == len(plain) and all(map(_holds, read, plain))
    return read == plain


@pytest.fixture(scope="session")
def holds():
    """Return the function that compares a document that was read with its plain values."""
    return _holds


@pytest.fixture(scope="session")
def check_changed_result(changed_document):
    """Return a function that changes the JSON of a result, and shows what is read, unless it is refused."""
    from ravine.errors import DataError
    from ravine.render.html import html
    from ravine.render.text import text

    def check(draw, result):
        plain = changed_document(draw, json.loads(json.dumps(result.to_dict())))
        try:
            again = type(result).from_dict(plain, "'result.json'")
        except DataError as error:
            assert error.what.startswith("'result.json' ")
            return
        assert _holds(again.to_dict(), plain)
        blocks = again.report()
        assert text(blocks, 100) and html(blocks) and again.summary() is not None
        assert again.incomplete() in (False, True)

    return check
