"""Walks of the rules on small functions, and the same walks by optax and PyTorch."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from ravine.optimizers import schedule


@pytest.fixture
def walk():
    """Return a function that walks `steps` steps from `start`, by `gradient(w, step)`, in float64."""

    def call(optimizer, gradient, start, steps):
        def step(carry, t):
            w, state = carry
            updates, state = optimizer.update(gradient(w, t), state, w)
            w = optax.apply_updates(w, updates)
            return (w, state), w

        w = jnp.asarray(start, jnp.float64)
        return np.asarray(jax.lax.scan(step, (w, optimizer.init(w)), jnp.arange(steps))[1])

    return call


class NoisyValley:
    """A rippled valley in five dimensions with noisy gradients: 200 steps in float64.

    A rule walks there at a constant or a scheduled learning rate, and optax and PyTorch walk it too.
    """

    steps, rate, tolerance = 200, 0.05, 1e-12
    start = np.array([1.0, -2.0, 0.5, 3.0, -0.1])
    curvature = np.array([1.0, 0.3, 2.0, 0.1, 5.0])
    noise = np.random.default_rng(0).normal(size=(200, 5))

    def gradient(self, w, noise):
        sin = np.sin if isinstance(w, np.ndarray) else jnp.sin
        return self.curvature * w + 0.5 * sin(w) + noise

    def walk(self, optimizer):
        """Return the stored and the evaluated parameters after each step, [step, D] each."""

        @jax.jit
        def run(w):
            def step(carry, noise):
                w, state = carry
                updates, state = optimizer.update(self.gradient(w, noise), state, w)
                w = optax.apply_updates(w, updates)
                evaluated = optimizer.eval_params(w, state) if hasattr(optimizer, "eval_params") else w
                return (w, state), (w, evaluated)

            return jax.lax.scan(step, (w, optimizer.init(w)), jnp.asarray(self.noise))[1]

        stored, evaluated = run(jnp.asarray(self.start))
        return np.asarray(stored), np.asarray(evaluated)

    def torch_walk(self, make, rates):
        """Return PyTorch's parameters and momentum buffers after each step, [step, D] each."""
        torch = pytest.importorskip("torch")
        w = torch.tensor(self.start, dtype=torch.float64, requires_grad=True)
        optimizer = make(torch.optim, [w])
        stored, buffers = [], []
        for rate, noise in zip(rates, self.noise, strict=True):
            optimizer.param_groups[0]["lr"] = float(rate)
            w.grad = torch.tensor(self.gradient(w.detach().numpy().copy(), noise))
            optimizer.step()
            stored.append(w.detach().numpy().copy())
            buffers.append(optimizer.state[w].get("momentum_buffer", torch.zeros(5)).numpy().copy())
        return np.array(stored), np.array(buffers)

    def rate_of(self, kind):
        """Return the learning rate, a number or a function of the step."""
        if kind == "constant":
            return self.rate
        factor = schedule("decay").at(self.steps, self.steps)
        return lambda t: self.rate * factor(t)

    def rates_of(self, kind):
        """Return the learning rate of every step."""
        if kind == "constant":
            return [self.rate] * self.steps
        return [float(self.rate_of(kind)(t)) for t in range(self.steps)]

    def assert_as_optax(self, ours, theirs, kind):
        stored, _ = self.walk(ours(self.rate_of(kind)))
        assert np.ptp(stored, axis=0).min() > 1e-3  # it went somewhere
        with jax.numpy_dtype_promotion("standard"):  # optax multiplies floats by an int32 count
            expected, _ = self.walk(theirs(self.rate_of(kind)))
        np.testing.assert_allclose(stored, expected, rtol=0, atol=self.tolerance)

    def assert_as_torch(self, ours, make, kind):
        theirs, _ = self.torch_walk(make, self.rates_of(kind))
        stored, _ = self.walk(ours(self.rate_of(kind)))
        np.testing.assert_allclose(stored, theirs, rtol=0, atol=self.tolerance)

    def assert_momentum_as_frameworks(self, ours, is_nesterov):
        """Compare the stored and the evaluated points at a constant rate, where all forms are one."""
        stored, evaluated = self.walk(ours(self.rate, 0.8))
        theirs, _ = self.walk(optax.sgd(self.rate, momentum=0.8, nesterov=is_nesterov))
        np.testing.assert_allclose(stored, theirs, rtol=0, atol=self.tolerance)
        theirs, buffers = self.torch_walk(
            lambda o, w: o.SGD(w, lr=1.0, momentum=0.8, nesterov=is_nesterov), self.rates_of("constant")
        )
        np.testing.assert_allclose(stored, theirs, rtol=0, atol=self.tolerance)
        back = 0.8 * self.rate * buffers if is_nesterov else 0  # their stored point is our look-ahead
        np.testing.assert_allclose(evaluated, theirs + back, rtol=0, atol=self.tolerance)


@pytest.fixture(scope="session")
def valley():
    return NoisyValley()


class _Evaluated:
    """An optax rule, evaluated at its parameters."""

    def __init__(self, optimizer):
        self.init, self.update = optimizer

    def eval_params(self, params, state):
        return params


class Bowl:
    """A quadratic bowl of a weight matrix and a bias: twelve steps in float64."""

    def __init__(self):
        # NumPy: made before the tests have switched to float64.
        self.curvature = {"weight": np.array([[1.0, 0.3], [0.5, 2.0]]), "bias": np.array([0.7, 0.2])}
        self.start = {"weight": np.array([[1.0, -2.0], [0.0, 0.4]]), "bias": np.array([0.5, -0.3])}
        self.weights = {"weight": True, "bias": False}

    def gradient(self, params):
        return jax.tree.map(lambda c, w: c * (w - 0.1), self.curvature, params)

    def walk(self, optimizer, params=None, count=12, gradient=None):
        """Return the points where a run is evaluated, before and after each step, and the last state."""
        params, gradient = self.start if params is None else params, gradient or self.gradient
        state = optimizer.init(params)
        points = [optimizer.eval_params(params, state)]
        step = jax.jit(optimizer.update)
        for _ in range(count):
            updates, state = step(gradient(params), state, params)
            params = optax.apply_updates(params, updates)
            points.append(optimizer.eval_params(params, state))
        return jax.tree.map(lambda *leaves: np.stack(leaves), *points), state

    def optax_walk(self, optimizer):
        """Return the points of an optax rule, before and after each step."""
        with jax.numpy_dtype_promotion("standard"):
            return self.walk(_Evaluated(optimizer))[0]


@pytest.fixture(scope="session")
def bowl():
    return Bowl()
