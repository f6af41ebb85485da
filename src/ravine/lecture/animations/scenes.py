"""Four loss landscapes L(x, y) for animations, and the paths of optimizers on them.

valley   L = (x^2 + 40 y^2) / 2                     condition number 40                         (1)
saddle   L = x^2 / 2 - y^2 / 2 + y^4 / 4            minima at y = -1 and 1, a saddle at 0       (2)
minimum  L = x^4 / 4 - x^2 / 2 - x / 5 + y^2        a shallow minimum before the deep one       (3)
noise    L = (x^2 + 5 y^2) / 2, gradients + N(0, 1) the same noise for all optimizers           (4)

Every landscape has its own learning rate for each optimizer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ravine.engines import precision_context
from ravine.lecture.optimizer_path import optimizer_path
from ravine.optimizers import resolve
from ravine.optimizers.plot_style import PlotStyle, plot_styles

__all__ = ["RULES", "SCENES", "STEPS", "Paths", "Scene", "scene_paths", "styles_of"]

STEPS = 120  # of every path
GRID = (72, 48)  # points of the background, along x and y
LEVELS = 13  # bands of the background with equal areas

RULES = {  # names in pictures, in the order of the lecture
    "sgd": "SGD",
    "momentum": "Momentum",
    "nesterov": "Nesterov",
    "adagrad": "AdaGrad",
    "rmsprop": "RMSProp",
    "adam": "Adam",
}


@dataclass(frozen=True)
class Scene:
    """A loss landscape for an animation, with the start and the learning rates of the optimizers on it.

    window: range of the picture: x from, x to, y from, y to. lowest: smallest loss of the landscape. rates:
    learning rate of each optimizer. noise: standard deviation of the noise that is added to the gradients.
    """

    name: str
    title: str
    says: str
    loss: Callable[[jax.Array], jax.Array]
    start: tuple[float, float]
    window: tuple[float, float, float, float]
    lowest: float
    rates: Mapping[str, float]
    noise: float = 0.0


@dataclass(frozen=True)
class Paths:
    """Paths of several optimizers on one loss landscape, and the background of the picture.

    paths [rule, time, 2]: positions; the axis "rule" numbers the optimizers. losses [rule, time]: losses
    above the lowest loss of the landscape. ground [y, x]: the loss of the landscape on a grid, for the
    background. levels [level]: losses at which two colors of the background meet.
    """

    scene: Scene
    rules: tuple[str, ...]
    paths: np.ndarray
    losses: np.ndarray
    ground: np.ndarray
    levels: np.ndarray


def _valley(w: jax.Array) -> jax.Array:
    return 0.5 * (w[0] ** 2 + 40 * w[1] ** 2)  # (1)


def _saddle(w: jax.Array) -> jax.Array:
    return 0.5 * w[0] ** 2 - 0.5 * w[1] ** 2 + 0.25 * w[1] ** 4  # (2)


def _minimum(w: jax.Array) -> jax.Array:
    return 0.25 * w[0] ** 4 - 0.5 * w[0] ** 2 - 0.2 * w[0] + w[1] ** 2  # (3)


def _bowl(w: jax.Array) -> jax.Array:
    return 0.5 * (w[0] ** 2 + 5 * w[1] ** 2)  # (4)


_DEEP = float(np.roots([1.0, 0.0, -1.0, -0.2]).real.max())  # deeper minimum of (3): x^3 - x = 1 / 5

SCENES = (  # in the order of the picture
    Scene(
        "valley",
        "An ill-conditioned valley",
        "40 times as steep across as along: SGD jitters across and crawls along.",
        _valley,
        (-4.5, 1.0),
        (-5.2, 2.2, -1.5, 1.5),
        0.0,
        {"sgd": 0.045, "momentum": 0.01, "nesterov": 0.02, "adagrad": 0.5, "rmsprop": 0.1, "adam": 0.2},
    ),
    Scene(
        "saddle",
        "A saddle point",
        "The gradient is tiny near the saddle: SGD stays there longest.",
        _saddle,
        (-1.8, 0.001),
        (-2.1, 1.1, -1.5, 1.5),
        -0.25,
        {"sgd": 0.1, "momentum": 0.03, "nesterov": 0.03, "adagrad": 0.15, "rmsprop": 0.03, "adam": 0.05},
    ),
    Scene(
        "minimum",
        "A local minimum",
        "SGD stops in the shallow minimum; momentum has the speed to pass it.",
        _minimum,
        (-2.0, 0.8),
        (-2.3, 2.0, -1.3, 1.3),
        0.25 * _DEEP**4 - 0.5 * _DEEP**2 - 0.2 * _DEEP,
        {"sgd": 0.05, "momentum": 0.05, "nesterov": 0.05, "adagrad": 0.3, "rmsprop": 0.05, "adam": 0.1},
    ),
    Scene(
        "noise",
        "Gradient noise",
        "No optimizer settles: the noise keeps each at a distance set by its learning rate.",
        _bowl,
        (-4.0, 1.6),
        (-4.8, 2.0, -2.2, 2.2),
        0.0,
        {"sgd": 0.1, "momentum": 0.02, "nesterov": 0.02, "adagrad": 0.5, "rmsprop": 0.1, "adam": 0.2},
        noise=1.0,
    ),
)


def styles_of(names: Sequence[str]) -> dict[str, PlotStyle]:
    """Return the plot style (color, line style, mark) of each optimizer of `names`, {name: style}."""
    return plot_styles({name: resolve(name).style for name in names})


def scene_paths(scene: Scene, rules: Sequence[str]) -> Paths:
    """Run optimizers on one loss landscape in float64; return their paths and losses, and the background.

    rules: names of the optimizers, keys of RULES. All optimizers have the same start and the same gradient
    noise.
    """
    noise = scene.noise * np.random.default_rng(0).standard_normal((STEPS, 2))
    x_from, x_to, y_from, y_to = scene.window
    axes = np.linspace(x_from, x_to, GRID[0]), np.linspace(y_from, y_to, GRID[1])
    points = np.stack(np.meshgrid(*axes), axis=-1)

    def all_paths(start: jax.Array, noise: jax.Array, points: jax.Array) -> tuple[Any, Any, Any]:
        slope = jax.grad(scene.loss)

        def gradient(w: jax.Array, t: jax.Array) -> jax.Array:
            return slope(w) + noise[t]

        rule_paths = [
            optimizer_path(resolve(name).build(scene.rates[name]), gradient, start, STEPS) for name in rules
        ]
        paths = jnp.stack(rule_paths)
        return paths, jax.vmap(jax.vmap(scene.loss))(paths), jax.vmap(jax.vmap(scene.loss))(points)

    with precision_context("float64"):
        arrays = jax.jit(all_paths)(np.asarray(scene.start), noise, points)
        paths, losses, ground = (np.asarray(values) for values in arrays)
    levels = np.quantile(ground, np.arange(1, LEVELS) / LEVELS)
    return Paths(scene, tuple(rules), paths, losses - scene.lowest, ground, levels)
