"""What all tests share: JAX set up before its first use, caches inside the project, the shared data."""

import os
from pathlib import Path

import hypothesis
import pytest

ROOT = Path(__file__).resolve().parents[1]

# Read when the compiler's cache is set up, below and in every process that a test starts. One folder for each
# worker: the compiler's cache writes its files without a rename.
os.environ["RAVINE_CACHE"] = str(ROOT / ".cache" / "tests" / os.environ.get("PYTEST_XDIST_WORKER", "main"))

hypothesis.settings.register_profile("ravine", derandomize=True, deadline=None, print_blob=True)
hypothesis.settings.load_profile("ravine")


def pytest_configure(config):
    """Give JAX two CPU devices, whatever the machine, so that every test sees members spread over devices."""
    import jax

    from ravine.engines import prepare

    prepare("cpu")
    jax.config.update("jax_num_cpu_devices", 2)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data sets beside the project; skips where it is absent."""
    for folder in ROOT.parents:
        if (folder / "shared" / "data").is_dir():
            return folder / "shared" / "data"
    pytest.skip("the shared data are not here")
