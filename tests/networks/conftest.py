"""A working folder for Python files of a user, in which JAX has its usual settings and no file is trusted."""

import jax
import pytest

from ravine.user_code import trust


@pytest.fixture
def own_folder(strict, tmp_path, monkeypatch):
    """Return an empty working folder; JAX promotes types and ranks as for users, in float32."""
    jax.config.update("jax_numpy_dtype_promotion", "standard")
    jax.config.update("jax_numpy_rank_promotion", "allow")
    jax.config.update("jax_enable_x64", False)
    monkeypatch.setenv("RAVINE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(trust, "_trusted", set())
    monkeypatch.chdir(tmp_path)
    return tmp_path
