"""Optimizers of a user's file: the same steps as the function, and errors with its line."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from ravine.errors import UsageError
from ravine.optimizers import resolve
from ravine.optimizers.registry import RULES
from ravine.user_code import trust
from ravine.user_code.load import file_hash

HEAD = "import jax, jax.numpy as jnp, optax\n"
PLAIN = HEAD + "def f(learning_rate, b1=0.9): return optax.adam(learning_rate, b1)\n"


@pytest.fixture(autouse=True)
def as_users_expect(strict):
    jax.config.update("jax_numpy_dtype_promotion", "standard")
    jax.config.update("jax_numpy_rank_promotion", "allow")


@pytest.fixture
def rule(tmp_path, monkeypatch):
    """Return a function that resolves `x.py:f` for a content of the file."""
    monkeypatch.setenv("RAVINE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(trust, "_trusted", set())
    monkeypatch.chdir(tmp_path)

    def resolved(content, call=""):
        (tmp_path / "x.py").write_text(content)
        trust.trust(*file_hash("x.py"))
        return resolve(f"x.py:f{call}")

    return resolved


def walk(optimizer, steps=4):
    params = {"weight": jnp.ones((2, 3), jnp.float32)}
    state = optimizer.init(params)
    for _ in range(steps):
        grads = jax.tree.map(lambda w: 2 * w, params)
        updates, state = optimizer.update(grads, state, params)
        params = optax.apply_updates(params, updates)
    return params["weight"], optimizer.eval_params(params, state)["weight"]


def test_steps_are_those_of_the_function(rule):
    ours, evaluated = walk(rule(PLAIN, "(b1=0.5)").build(jnp.float32(0.1)))
    theirs, _ = walk(with_eval(optax.adam(0.1, 0.5)))
    np.testing.assert_allclose(ours, theirs, rtol=1e-6)
    assert (ours == evaluated).all()


def with_eval(optimizer):
    from ravine.optimizers import Optimizer

    return Optimizer(optimizer.init, optimizer.update)


def test_description(rule, tmp_path):
    found = rule(PLAIN + "f.learning_rates = 1e-4, 1e-2\n", "(b1=0.5)")
    assert (found.name, found.title, found.code) == ("x.py:f(b1=0.5)", "x.py:f(b1=0.5)", file_hash("x.py")[1])
    assert found.rate_center == pytest.approx(1e-3) and found.rate_decades == pytest.approx(2)
    assert found.text == "x.py:f(b1=0.5)" and found.base_name == "x.py:f"
    assert not found.random and not found.calls_lapack
    usual = rule(PLAIN)
    assert usual.rate_center == pytest.approx(1e-2) and usual.rate_decades is None


def test_a_changed_file_is_another_optimizer(rule):
    first = rule(PLAIN)
    assert first == rule(PLAIN)
    assert first != rule(PLAIN + "# changed\n")


def test_a_registered_constructor_keeps_its_description(rule):
    content = (
        "from ravine.optimizers.registry import log_range, register\n"
        "from ravine.optimizers.per_array import per_array\n"
        "@register('F', rate_center=0.1, search_ranges={'c': log_range(0.1, 1)})\n"
        "def f(learning_rate, c=0.5):\n"
        "    step = lambda g, slots, eta, c: (-eta * c * g, slots)\n"
        "    return per_array(lambda w: (), step, learning_rate, c=c)\n"
    )
    found = rule(content, "(c=0.25)")
    assert (found.name, found.rate_center, found.defaults) == ("x.py:f(c=0.25)", 0.1, {"c": 0.25})
    assert found.code and found.text == "x.py:f(c=0.25)"
    (ours, _), (theirs, _) = walk(found.build(0.1)), walk(RULES["sgd"].build(0.025))
    np.testing.assert_allclose(ours, theirs, rtol=1e-6)


def test_errors_in_a_registered_constructor_name_the_line(rule):
    content = (
        "from ravine.optimizers.registry import register\n"
        "from ravine.optimizers.per_array import per_array\n"
        "@register('F', rate_center=0.1)\n"
        "def f(learning_rate):\n"
        "    def step(g, slots, eta):\n"
        "        return -eta * gradient, slots\n"
        "    return per_array(lambda w: (), step, learning_rate)\n"
    )
    with pytest.raises(UsageError, match=r"line 6 \(return -eta \* gradient, slots\)"):
        rule(content)


def test_weights_to_evaluate_of_our_protocol(rule):
    content = (
        "import jax\nfrom ravine.optimizers import Optimizer\n"
        "def f(learning_rate):\n"
        "    step = lambda g: -learning_rate * g\n"
        "    half = lambda params, state: jax.tree.map(lambda w: w / 2, params)\n"
        "    update = lambda grads, state, params=None: (jax.tree.map(step, grads), state)\n"
        "    return Optimizer(lambda params: (), update, half)\n"
    )
    stored, evaluated = walk(rule(content).build(jnp.float32(0.1)))
    np.testing.assert_allclose(evaluated, stored / 2, rtol=1e-6)


def test_random_keys_and_decompositions_are_recognized(rule):
    random = HEAD + (
        "def f(learning_rate, key):\n"
        "    def update(grads, state, params=None):\n"
        "        noise = lambda g: -learning_rate * jax.random.normal(key, g.shape, g.dtype)\n"
        "        return jax.tree.map(noise, grads), state\n"
        "    return optax.GradientTransformation(lambda params: (), update)\n"
    )
    found = rule(random)
    assert found.random
    one, other = (walk(found.build(0.1, key=jnp.array([0, k], jnp.uint32)))[0] for k in (1, 2))
    assert (one != other).all()
    lapack = HEAD + (
        "def f(learning_rate):\n"
        "    def step(g):\n"
        "        return -learning_rate * (jnp.linalg.svd(g, full_matrices=False)[0] @ g if g.ndim == 2 and"
        " g.shape[0] == g.shape[1] else jnp.linalg.qr(g)[0] if g.ndim == 2 else g)\n"
        "    update = lambda grads, state, params=None: (jax.tree.map(step, grads), state)\n"
        "    return optax.GradientTransformation(lambda params: (), update)\n"
    )
    assert rule(lapack).calls_lapack


@pytest.mark.parametrize(
    ("content", "call", "match"),
    [
        (HEAD + "f = optax.adam(0.1)\n", "", "is no function"),
        (HEAD + "f = 3\n", "", "is no function"),
        (HEAD + "def f(rate): pass\n", "", "has no argument learning_rate"),
        (HEAD + "def f(learning_rate, a): pass\n", "", "needs a value of a"),
        (PLAIN, "(b3=1)", "no hyperparameter 'b3'"),
        (PLAIN, "(learning_rate=1)", "no hyperparameter 'learning_rate'"),
        (PLAIN, "(b1='a')", "cannot be used. It leads to TypeError"),
        (PLAIN + "f.learning_rates = 1\n", "", "must be two numbers"),
        (PLAIN + "f.learning_rates = 1, 0.1\n", "", "must be two numbers"),
        (PLAIN + "f.learning_rates = 0, 0.1\n", "", "must be two numbers"),
        (HEAD + "def f(learning_rate): return 3\n", "", "returns int, which is no optimizer"),
        (
            HEAD + "def f(learning_rate):\n    def update(g, s, p=None):\n        return 1 / 0, s\n"
            "    return optax.GradientTransformation(lambda p: (), update)\n",
            "", "line 4 .*ZeroDivisionError",
        ),
        (
            HEAD + "def f(learning_rate):\n    return optax.GradientTransformation(lambda p: (),"
            " lambda g, s, p=None: (jnp.zeros(7), s))\n",
            "", "updates of other shapes",
        ),
        (
            HEAD + "def f(learning_rate):\n    return optax.GradientTransformation(lambda p: jnp.int32(0),"
            " lambda g, s, p=None: (g, s + 0.5))\n",
            "", "changes its shapes or types",
        ),
    ],
)  # fmt: skip
def test_errors(rule, content, call, match):
    with pytest.raises(UsageError, match=match):
        rule(content, call)
