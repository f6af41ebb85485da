"""A network: a sequence of weighted sums and nonlinearities.  Lecture: "Neural networks".

    h_0 = x                                                              (1)
    h_l = connect(h_(l-1), drop(f(norm(h_(l-1) W_l + b_l))))             (2)
    output = h_(L-1) W_L + b_L                                           (3)

x is the input, W_l and b_l are the weights and biases of layer l of L, f is the activation, and `drop` is
dropout. The order within a layer is sum, normalization, activation, dropout (Ioffe & Szegedy 2015). `connect`
joins the result of a layer with its input. With a plain connection, no normalization and no dropout, (2) is
the multilayer perceptron.

A network object holds the architecture alone. Parameters, running statistics and hyperparameters are
arguments of its functions.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from functools import cached_property, partial
from typing import Any

import jax
import numpy as np

from ravine.errors import UsageError
from ravine.networks.activations import activation
from ravine.networks.connection_functions import weighted_sum
from ravine.networks.connections import CONNECTIONS, DEFAULT_CONNECTION, GATE_BIAS, Connection
from ravine.networks.dropout import dropout
from ravine.networks.initial_weights import draw_layer
from ravine.networks.layers import Layer, build_layers
from ravine.networks.normalization import NORMALIZATIONS, Normalization
from ravine.networks.normalization_functions import batch_norm, batch_norm_training, layer_norm
from ravine.networks.parameters import LayerArrays, Params, Statistics
from ravine.networks.validate import validate_structure
from ravine.records.documents import check_document

__all__ = ["LayerRow", "Network"]

Hyper = Mapping[str, jax.Array | float]

LayerRow = tuple[str, tuple[int, ...], int]
"""Description of a layer, shape of its output for one row, number of parameters."""


@dataclass(frozen=True)
class Network:
    """The architecture of a network, without its parameters.

    It is hashable, so that it can be a key of compiled programs.

    sizes        (inputs, units of each hidden layer ..., outputs)
    activation   name of the activation in `ACTIVATIONS`
    connection   name in `CONNECTIONS` of the connection of each layer but the last with its input
    norm         name of the normalization in `NORMALIZATIONS`
    dropout      whether the network has dropout; the dropout rate can differ between runs
    slope        whether the slope of the leaky ReLU can differ between runs
    conv         channels of 3x3 convolutions before the hidden layers; the first has stride 1, the others 2
    image        (height, width, channels) of a row of inputs; needed with convolutions, else None

    Raises UsageError for parts that do not fit together.
    """

    sizes: tuple[int, ...]
    activation: str = "relu"
    connection: str = DEFAULT_CONNECTION
    norm: str = "none"
    dropout: bool = False
    slope: bool = False
    conv: tuple[int, ...] = ()
    image: tuple[int, int, int] | None = None

    def __post_init__(self) -> None:
        validate_structure(
            self.sizes, self.activation, self.connection, self.norm, self.slope, self.conv, self.image
        )
        for layer in self.layout[:-1]:
            if self.norm_type.over_units and layer.units * layer.positions == 1:
                raise UsageError(
                    "layernorm needs layers of more than one unit.",
                    "A single value minus its own mean is always 0.",
                    "Make the layer wider, or choose batchnorm.",
                )

    @property
    def norm_type(self) -> Normalization:
        """The normalization of the weighted sums."""
        return NORMALIZATIONS[self.norm]

    @property
    def connection_type(self) -> Connection:
        """The connection of every layer but the last with its input, for example residual."""
        return CONNECTIONS[self.connection]

    @cached_property
    def layout(self) -> tuple[Layer, ...]:
        """The layers of the network in order: convolutions, hidden layers, output layer."""
        return build_layers(self.sizes, self.conv, self.image, self.connection, self.norm)

    @property
    def parameters(self) -> int:
        """Number of weights, biases, scales and shifts of the network."""
        return sum(layer.parameters for layer in self.layout)

    @property
    def products(self) -> list[tuple[int, int, int]]:
        """Matrix products in the network's forward pass of one data row: (rows, fan-in, fan-out) of each.

        The product of a convolution has one row for each pixel of its output.
        """
        return [product for layer in self.layout for product in layer.products]

    @property
    def flops(self) -> int:
        """Floating-point operations of the matrix products of one training step, per row of the batch.

        Every product occurs in the forward pass and in the gradient of its weights. The products of all
        layers but the first also occur in the gradient of their inputs. A product of [1, n] and [n, k] counts
        2 n k.
        """

        def forward(layer: Layer) -> int:
            return sum(2 * math.prod(product) for product in layer.products)

        return sum((2 if layer.first else 3) * forward(layer) for layer in self.layout)

    @property
    def hyper_names(self) -> tuple[str, ...]:
        """Names of the hyperparameters whose values training needs, out of `dropout` and `slope`.

        Inference needs `slope` alone.
        """
        return ("dropout",) * self.dropout + ("slope",) * self.slope

    @property
    def random(self) -> bool:
        """Whether training draws random numbers, for dropout."""
        return self.dropout

    @property
    def mixes_rows(self) -> bool:
        """Whether the outputs of a row in training depend on the other rows: with batch normalization."""
        return self.norm_type.over_rows

    def init(
        self,
        generator: np.random.Generator,
        scheme: str = "he",
        scale: float = 1.0,
        dtype: str = "float32",
        gate_bias: float = GATE_BIAS,
    ) -> list[LayerArrays]:
        """Return the initial parameters, drawn on the host: one dict of arrays for each layer.

        generator   random numbers
        scheme      name of the initialization, which fixes the variance of the weights
        scale       factor on the standard deviation of the weights
        dtype       type of the arrays
        gate_bias   initial bias of the gates of highway connections

        Scales of a normalization are 1. Biases, except those of gates, and shifts are 0. Gates and
        projections are drawn after the weights of all layers, so that networks that differ only in their
        connection start from equal weights.
        """
        shapes = [layer.shapes() for layer in self.layout]
        params: list[Any] = [draw_layer(tree, generator, scheme, scale, dtype) for tree in shapes]
        for tree, layer in zip(shapes, params, strict=True):
            for part in (name for name in ("gate", "projection") if name in tree):
                layer[part] = draw_layer(tree[part], generator, scheme, scale, dtype)
            if "gate" in layer:
                layer["gate"]["bias"] = np.full(tree["gate"]["bias"], gate_bias, dtype)
        return params

    def statistics(self, dtype: str = "float32") -> Any:
        """Return the running statistics of batch normalization at step 0, for all layers except the last.

        Each layer of K units has {"mean": zeros [K], "variance": ones [K]}. The result is () without batch
        normalization.
        """
        if not self.norm_type.over_rows:
            return ()
        return tuple(
            {"mean": np.zeros(layer.units, dtype), "variance": np.ones(layer.units, dtype)}
            for layer in self.layout[:-1]
        )

    def apply(
        self, params: Params, x: jax.Array, stats: Statistics = (), hyper: Hyper | None = None
    ) -> jax.Array:
        """Return the outputs of the network in inference, without dropout: x [N, inputs] -> [N, outputs].

        params   parameters of the network, layer by layer
        x        inputs
        stats    running statistics, by which batch normalization normalizes
        hyper    values of the hyperparameters by name; only the slope is used

        Raises UsageError for missing statistics or hyperparameters.
        """

        def normalize(k: int, layer: LayerArrays, z: jax.Array) -> jax.Array:
            return batch_norm(layer, z, stats[k]) if self.norm_type.over_rows else layer_norm(layer, z)

        self._check(stats, hyper, needs=("slope",))
        return self._outputs(params, x, hyper, normalize, lambda k, h: h)

    def apply_training(
        self,
        params: Params,
        x: jax.Array,
        stats: Statistics = (),
        hyper: Hyper | None = None,
        key: jax.Array | None = None,
        first: jax.Array | None = None,
    ) -> tuple[jax.Array, Statistics]:
        """Return the outputs in training, x [N, inputs] -> [N, outputs], and the new running statistics.

        Batch normalization uses the statistics of the batch, in which all rows have the same weight. Dropout
        is applied if the network has it.

        params   parameters of the network, layer by layer
        x        inputs of the batch
        stats    running statistics of batch normalization before this step
        hyper    values of the hyperparameters in `hyper_names`, by name
        key      random key for dropout, a new key in each step
        first    result of `first_preactivation` for x, if it is already known

        Raises UsageError for missing statistics, hyperparameters or key.
        """
        self._check(stats, hyper, needs=self.hyper_names)
        if self.dropout and key is None:
            raise UsageError(
                "Dropout needs a random key.",
                "It draws which units to drop.",
                "Give apply_training(key=...).",
            )
        new_stats = list(stats)
        keys = jax.random.split(key, len(self.layout)) if self.dropout and key is not None else None

        def normalize(k: int, layer: LayerArrays, z: jax.Array) -> jax.Array:
            if not self.norm_type.over_rows:
                return layer_norm(layer, z)
            z, new_stats[k] = batch_norm_training(layer, z, stats[k])
            return z

        def drop(k: int, h: jax.Array) -> jax.Array:
            return h if keys is None or hyper is None else dropout(h, hyper["dropout"], keys[k])

        outputs = self._outputs(params, x, hyper, normalize, drop, first)
        return outputs, tuple(new_stats)

    def apply_to_all(self, params: Params, x: jax.Array, hyper: Hyper | None = None) -> jax.Array:
        """Return the outputs in training without dropout, for x [N, inputs] in one batch: [N, outputs].

        Batch normalization uses the statistics of all N rows.
        """
        bare = replace(self, dropout=False)
        return bare.apply_training(params, x, bare.statistics(str(x.dtype)), hyper)[0]

    def first_preactivation(self, params: Params, x: jax.Array) -> jax.Array:
        """Return the weighted sum of the first layer for inputs x, [N, K] or [N, H, W, K].

        The sum is that before normalization and activation. It is linear in the parameters of the layer.
        """
        x = x.reshape(x.shape[0], *self.image) if self.image else x  # (1)
        return weighted_sum(params[0], x, self.layout[0].stride)

    def _outputs(
        self,
        params: Params,
        x: jax.Array,
        hyper: Hyper | None,
        normalize: Callable[[int, LayerArrays, jax.Array], jax.Array],
        drop: Callable[[int, jax.Array], jax.Array],
        first: jax.Array | None = None,
    ) -> jax.Array:
        f, join = activation(self.activation).function, self.connection_type.function
        if self.slope and hyper is not None:
            f = partial(f, slope=hyper["slope"])
        depth = len(self.layout) - 1
        x = x.reshape(x.shape[0], *self.image) if self.image else x  # (1)
        for k, (layer, like) in enumerate(zip(params[:-1], self.layout[:-1], strict=True)):
            x = x if like.convolves else _flat(x)
            z = weighted_sum(layer, x, like.stride) if k or first is None else first
            z = normalize(k, layer, z) if self.norm_type.normalizes else z
            x = join(layer, x, drop(k, f(z)), like.stride, depth)  # (2)
        return weighted_sum(params[-1], _flat(x)) if depth or first is None else first  # (3)

    def decay_mask(self, params: Params) -> Any:
        """Return a tree of bools like `params`: True for the arrays that penalties and weight decay act on.

        Only the weights are True. Biases and shifts do not make the function of the network steeper. Scales
        do, but a later normalization can undo that.
        """
        return jax.tree_util.tree_map_with_path(lambda path, _: path[-1].key == "weight", params)

    def check(self, batch_size: int) -> None:
        """Raise UsageError if the network has batch normalization and the batch size is too small for it.

        Every unit needs at least two values in a batch, over rows and pixels.
        """
        for layer in self.layout[:-1]:
            if self.norm_type.over_rows and batch_size * layer.positions < 2:
                raise UsageError(
                    f"Batch normalization cannot work with a batch size of {batch_size}.",
                    "A single value minus its own mean is always 0.",
                    "Choose a larger batch size, or layernorm.",
                )

    def layers(self) -> list[LayerRow]:
        """Return the rows of a summary of the network, for the inputs and for every layer.

        A row holds the description of the layer, the shape of its output and the number of parameters.
        """
        rows: list[LayerRow] = [("input", self.image or self.sizes[:1], 0)]
        after = [self.norm] * self.norm_type.normalizes + [self.activation] + ["dropout"] * self.dropout
        for layer in self.layout[:-1]:
            kind = f"convolution 3x3{'/2' * (layer.stride == 2)}" if layer.convolves else "dense"
            shortcut = [self.connection_type.label] * bool(self.connection_type.label)
            rows.append((", ".join([kind, *after, *shortcut]), layer.output_shape, layer.parameters))
        return [*rows, ("output", self.sizes[-1:], self.layout[-1].parameters)]

    def describe(self) -> dict[str, Any]:
        """Return the architecture as plain values by name, for example for JSON.

        The result holds the sizes, the activation, and all other fields that are not at their default.
        """
        always = ("sizes", "activation")
        values = {f.name: (getattr(self, f.name), f.default) for f in fields(self)}
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, (value, usual) in values.items()
            if name in always or value != usual
        }

    @classmethod
    def from_description(cls, values: Mapping[str, Any]) -> Network:
        """Return the network with the plain values by name that `describe` returned.

        Raises DamagedFile for a missing or wrong value, and for an unknown name.
        """
        return check_document(values, cls, "A network", exact=True)

    def __str__(self) -> str:
        extra = [f"conv={'-'.join(map(str, self.conv))}"] * bool(self.conv)
        extra += [self.connection] * (self.connection != DEFAULT_CONNECTION)
        extra += [self.norm] * self.norm_type.normalizes
        extra += ["dropout"] * self.dropout
        return " ".join(["-".join(map(str, self.sizes)), self.activation, *extra])

    def _check(self, stats: Statistics, hyper: Hyper | None, needs: tuple[str, ...]) -> None:
        missing = [name for name in self.hyper_names if name in needs and name not in (hyper or {})]
        if missing:
            raise UsageError(
                f"The network needs a value of the hyperparameter '{missing[0]}'.",
                "The network does not hold the value, since it can differ between runs.",
                f"Pass for example hyper={{'{missing[0]}': 0.1}}.",
            )
        expected = len(self.layout) - 1 if self.norm_type.over_rows else 0
        if len(stats) != expected:
            raise UsageError(
                f"The network has {expected} running statistics, and {len(stats)} were given.",
                "With batch normalization there is one per hidden layer, otherwise there are no statistics.",
                "Start from network.statistics().",
            )


def _flat(x: jax.Array) -> jax.Array:
    return x.reshape(x.shape[0], math.prod(x.shape[1:])) if x.ndim > 2 else x
