"""The devices there are, and JAX as it is set up: in processes of their own, before JAX is used."""

import json
import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from ravine.cores import cores
from ravine.engines import find_devices
from ravine.engines.program_cache import cache_folder
from ravine.errors import UsageError


def fresh(code, **environment):
    """What `code` prints in a fresh process, as JSON."""
    plain = {k: v for k, v in os.environ.items() if k not in ("XLA_FLAGS", "JAX_PLATFORMS")}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", f"import json, os, sys\n{code}"],
        env={**plain, "JAX_PLATFORMS": "cpu", **environment}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_importing_engines_does_not_import_jax():
    assert fresh("import ravine.engines; print(json.dumps('jax' in sys.modules))") is False


def test_a_process_forked_after_the_start_of_jax_is_refused():
    code = """
import warnings
from ravine.engines import check_not_forked, prepare
from ravine.errors import UsageError
def forked():
    reading, writing = os.pipe()
    warnings.simplefilter("ignore")  # of JAX, about the fork
    if os.fork() == 0:
        try:
            check_not_forked()
            os.write(writing, b"allowed")
        except UsageError as error:
            os.write(writing, str(error).encode())
        os._exit(0)
    os.wait()
    return os.read(reading, 1000).decode()
before = forked()
prepare()
check_not_forked()
print(json.dumps([before, forked()]))
"""
    before, after = fresh(code)
    assert before == "allowed"
    assert "forked after JAX had started" in after and "spawn" in after


def test_a_cpu_has_one_worker_a_core():
    found = fresh(
        "from ravine.engines import *; prepare(); d = find_devices();"
        "print(json.dumps([d.count, d.kind, str(d), d.state_bytes]))"
    )
    n = cores()
    assert found[:2] == [n, "cpu"]
    assert found[2] == (f"{n} cores" if n > 1 else "1 core")
    assert found[3] > 0


def test_prepare_twice_or_too_late_is_harmless():
    code = (
        "from ravine.engines import *; import jax; n = find_devices().count; prepare(); prepare();"
        "print(json.dumps([n, find_devices().count]))"
    )
    before, after = fresh(code)
    assert before == after


@pytest.mark.parametrize(
    "own",
    ["--xla_cpu_enable_fast_math=false", "--xla_cpu_experimental_ynn_fusion_type="],
    ids=["other", "the same"],
)
def test_prepare_leaves_the_users_compiler_flags(own):
    code = "from ravine.engines import prepare; prepare(); print(json.dumps(os.environ['XLA_FLAGS']))"
    flags = fresh(code, XLA_FLAGS=own).split()
    assert flags[0] == own
    assert (len(flags) == 1) == (own.startswith("--xla_cpu_experimental") or version("jaxlib") != "0.10.2")


@pytest.mark.parametrize("first", ["prepare()", "find_devices()"])
def test_sums_of_products_are_right(first):
    """A fault of jaxlib 0.10.2: squared lengths of rows by a product and a sum, one of them wrong."""
    code = (
        f"from ravine.engines import *; {first}; import jax, numpy as np; import jax.numpy as jnp\n"
        "errors = []\n"
        "for rows, bits in ((16_385, 64), (32_769, 32)):\n"
        "    jax.config.update('jax_enable_x64', bits == 64)\n"
        "    x = np.zeros((rows, 3), f'float{bits}'); x[:, 0] = np.arange(rows)\n"
        "    f = jax.jit(jax.vmap(lambda row: jnp.sum((jnp.eye(3, dtype=x.dtype) @ row) ** 2)))\n"
        "    errors.append(float(np.max(np.abs(np.asarray(f(x)) / np.maximum(x[:, 0] ** 2, 1) - 1)[1:])))\n"
        "print(json.dumps(errors))"
    )
    errors = fresh(code)
    assert len(errors) == 2 and max(errors) < 1e-5


def test_programs_are_kept_where_the_user_says(tmp_path):
    code = (
        "from ravine.engines import prepare; prepare(); import jax;"
        "jax.jit(lambda x: x + 1)(1.0).block_until_ready();"
        "print(json.dumps(jax.config.jax_compilation_cache_dir))"
    )
    folder = Path(fresh(code, RAVINE_CACHE=str(tmp_path)))
    assert folder.is_relative_to(tmp_path)
    assert any(folder.iterdir())


def test_without_a_place_to_keep_them_programs_are_compiled_all_the_same(tmp_path):
    """A home that is not there or cannot be written is no reason to warn, let alone to stop."""
    (tmp_path / "file").write_text("in the way")
    code = (
        "from ravine.engines import prepare; prepare(); import jax;"
        "print(json.dumps(float(jax.jit(lambda x: x + 1)(1.0))))"
    )
    assert fresh(code, RAVINE_CACHE=str(tmp_path / "file")) == 2


def test_order_of_cache_folders(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    monkeypatch.setenv("RAVINE_CACHE", str(tmp_path / "own"))
    for name, variable in (("own", "RAVINE_CACHE"), ("xdg", "XDG_CACHE_HOME")):
        assert cache_folder().is_relative_to(tmp_path / name)
        monkeypatch.delenv(variable)
    assert cache_folder().is_relative_to(tmp_path / "home" / ".cache")


@pytest.mark.parametrize("device", ["gpu", "tpu9"])
def test_a_device_that_is_not_there(device):
    with pytest.raises(UsageError, match=f"no device '{device}'.*Leave device out"):
        find_devices(device)


def test_a_device_asked_for_at_the_start_that_is_not_there():
    code = (
        "from ravine.engines import *; from ravine.errors import UsageError\n"
        "prepare('tpu9')\n"
        "try: find_devices()\n"
        "except UsageError as error: print(json.dumps(str(error)))"
    )
    assert "no device 'tpu9'" in fresh(code)


def test_devices_are_structure():
    """They key the programs that were made."""
    assert find_devices() == find_devices("cpu")
    assert hash(find_devices()) == hash(find_devices("cpu"))


def test_compilation_that_is_switched_off_is_refused(tmp_path):
    code = "from ravine.engines import prepare\nprepare('cpu')"
    env = {**os.environ, "JAX_DISABLE_JIT": "1", "RAVINE_CACHE": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "Type `unset JAX_DISABLE_JIT` first." in done.stderr
