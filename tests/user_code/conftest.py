"""Python files of a user, in a folder of their own, and a list of trusted files that begins empty."""

import pytest

from ravine.user_code import trust

CODE = """
import jax
import jax.numpy as jnp
import optax

COUNT = []

def plain(learning_rate):
    def update(grads, state, params=None):
        return jax.tree.map(lambda g: -learning_rate * g, grads), state
    return optax.GradientTransformation(lambda params: (), update)

def lion(learning_rate, b1=0.9):
    return optax.lion(learning_rate, b1)

lion.learning_rates = 1e-5, 1e-2
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Return a working folder with the file `own.py`, which was never run."""
    monkeypatch.setenv("RAVINE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(trust, "_trusted", set())
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own.py").write_text(CODE)
    return tmp_path
