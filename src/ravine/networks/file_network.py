"""A network of two functions in a Python file of the user, `own.py:Mixer`.

    class Mixer:
        def init(key, inputs, outputs):
            return {"in": jax.random.normal(key, (inputs, 32)), "out": jnp.zeros((32, outputs))}

        def apply(params, x):
            return jnp.tanh(x @ params["in"]) @ params["out"]

`init` returns any tree of arrays, and `apply` maps x [N, inputs] to outputs [N, outputs]. If `apply` has an
argument `key`, it gets a random key in training, and None in inference. An argument `training` is True in
training.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ravine.errors import UsageError
from ravine.networks.connections import GATE_BIAS
from ravine.user_code.code_text import CodeText
from ravine.user_code.lapack import calls_lapack
from ravine.user_code.load import load_code, load_same_code, run_source, source_of
from ravine.user_code.user_errors import user_code_errors

__all__ = ["FileNetwork"]

EXAMPLE = "Write for example: class Net: init(key, inputs, outputs) and apply(params, x)."
OPTIONAL = ("key", "training")
SOURCE = "source"  # key of the content of the file in a pickled network


@dataclass(frozen=True)
class FileNetwork:
    """The architecture of a network that an object in a Python file of the user defines.

    path     absolute path of the file
    name     name of the object, which has the functions `init` and `apply`
    code     SHA-256 of the file
    sizes    (inputs, outputs)

    The file runs when the network is first used. Raises UsageError then if it is not trusted or does not
    define such an object, and DataError if it has another content.
    """

    path: str
    name: str
    code: str
    sizes: tuple[int, int]

    @classmethod
    def load(cls, text: CodeText, inputs: int, outputs: int) -> FileNetwork:
        """Return the network that a text names, for rows of `inputs` values. The file runs.

        Raises UsageError for an object without `init` and `apply`, for outputs of a wrong shape, and, with
        the line of the file, for an error in it.
        """
        code = load_code(text)
        network = cls(str(code.path), text.name, code.sha256, (inputs, outputs))
        with network._errors():
            params = network.init(np.random.default_rng(0))
            rows = 5 if outputs != 5 else 7  # another number than that of outputs
            key = jax.random.key_data(jax.random.key(0)) if network.random else None

            def total(params: Any, x: Any) -> jax.Array:
                return jnp.sum(network.apply_training(params, x, key=key)[0])

            like = jax.ShapeDtypeStruct((rows, inputs), np.float32)
            found = jax.eval_shape(lambda p, x: network.apply_training(p, x, key=key)[0], params, like)
        if found.shape != (rows, outputs):
            raise UsageError(
                f"The network '{network}' returns outputs of shape {found.shape} for {rows} rows.",
                f"The data need {outputs} outputs for each row, so the shape must be ({rows}, {outputs}).",
                "Correct the function apply.",
            )
        with network._errors():
            if calls_lapack(jax.make_jaxpr(jax.grad(total))(params, like)):
                raise UsageError(
                    f"The network '{network}' decomposes matrices, for example by a QR decomposition.",
                    "Many networks train at the same time here, and such programs can block each other.",
                    "Use functions that do not decompose matrices.",
                )
        network._check_rows_apart(params, rows)
        return network

    def _check_rows_apart(self, params: Any, rows: int) -> None:
        """Raise UsageError if the outputs of a row depend on the other rows."""
        x = jnp.asarray(np.random.default_rng(1).standard_normal((rows, self.sizes[0])), jnp.float32)
        together, alone = np.asarray(self.apply(params, x)), np.asarray(self.apply(params, x[:1]))
        if np.isfinite(together[0]).all() and not np.allclose(together[0], alone[0], rtol=1e-3, atol=1e-3):
            raise UsageError(
                f"The network '{self}' has other outputs for a row if there are other rows beside it.",
                "Rows are computed in parts of any size, so the outputs of one must not depend on others.",
                "Correct the function apply.",
            )

    @cached_property
    def _object(self) -> Any:
        code = load_same_code(CodeText(self.path, self.name), self.code)
        for name in ("init", "apply"):
            if not callable(getattr(code.value, name, None)):
                raise UsageError(
                    f"'{self}' has no function {name}.", "A network has init and apply.", EXAMPLE
                )
        return code.value

    @cached_property
    def _optional(self) -> tuple[str, ...]:
        """Names of the arguments `key` and `training` that `apply` takes."""
        return tuple(name for name in OPTIONAL if name in inspect.signature(self._object.apply).parameters)

    def _errors(self) -> Any:
        return user_code_errors(Path(self.path))

    @cached_property
    def _like(self) -> Any:
        """Shapes and types of the parameters."""
        return jax.tree.map(
            lambda array: jax.ShapeDtypeStruct(array.shape, array.dtype), self.init(np.random.default_rng(0))
        )

    @property
    def parameters(self) -> int:
        """Number of parameters."""
        return sum(math.prod(leaf.shape) for leaf in jax.tree.leaves(self._like))

    @property
    def products(self) -> list[tuple[int, int, int]]:
        """One product as long as the forward pass of one row, if each parameter is used once."""
        return [(1, self.parameters, 1)]

    @property
    def flops(self) -> int:
        """Floating-point operations of a training step, per row, if each parameter is used once."""
        return 6 * self.parameters

    @property
    def hyper_names(self) -> tuple[str, ...]:
        """Names of hyperparameters whose values training needs: none."""
        return ()

    @property
    def random(self) -> bool:
        """Whether training draws random numbers."""
        return "key" in self._optional

    @property
    def mixes_rows(self) -> bool:
        """Whether the outputs of a row in training depend on the other rows of the batch: they must not."""
        return False

    def init(
        self,
        generator: np.random.Generator,
        scheme: str = "he",
        scale: float = 1.0,
        dtype: str = "float32",
        gate_bias: float = GATE_BIAS,
    ) -> Any:
        """Return the initial parameters, a tree of arrays on the host, from a random key of `generator`.

        scale: factor on all parameters. dtype: type of the arrays. The other arguments are not used.
        """
        seed = int(generator.integers(2**32))
        # the shapes of the parameters may first be asked for while a program is traced
        with self._errors(), jax.ensure_compile_time_eval():
            key = jax.random.key(seed)
            params = self._object.init(key, *self.sizes)
            arrays = [np.asarray(leaf) for leaf in jax.tree.leaves(params)]
        if not arrays or not all(np.issubdtype(array.dtype, np.floating) for array in arrays):
            raise UsageError(
                f"The network '{self}' has parameters that are no arrays of floating-point numbers.",
                f"Their types are {', '.join(sorted({str(array.dtype) for array in arrays})) or 'none'}.",
                "Return a tree of arrays from init, such as a dictionary.",
            )
        return jax.tree.map(lambda leaf: np.asarray(np.asarray(leaf, np.float64) * scale, dtype), params)

    def statistics(self, dtype: str = "float32") -> Any:
        """Return the running statistics, of which there are none: ()."""
        return ()

    def apply(
        self, params: Any, x: jax.Array, stats: Any = (), hyper: Mapping[str, Any] | None = None
    ) -> jax.Array:
        """Return the outputs of the network in inference: x [N, inputs] -> [N, outputs]."""
        return self._outputs(params, x, {"key": None, "training": False})

    def apply_training(
        self,
        params: Any,
        x: jax.Array,
        stats: Any = (),
        hyper: Mapping[str, Any] | None = None,
        key: jax.Array | None = None,
    ) -> tuple[jax.Array, Any]:
        """Return the outputs in training, [N, outputs], and no running statistics.

        key: random key of the step [2]; only a network that draws random numbers uses it.
        """
        typed = key
        if self.random and key is not None and not jnp.issubdtype(key.dtype, jax.dtypes.prng_key):
            typed = jax.random.wrap_key_data(key)
        return self._outputs(params, x, {"key": typed, "training": True}), stats

    def apply_to_all(self, params: Any, x: jax.Array, hyper: Mapping[str, Any] | None = None) -> jax.Array:
        """Return the outputs without random numbers: x [N, inputs] -> [N, outputs]."""
        return self.apply(params, x)

    def _outputs(self, params: Any, x: jax.Array, optional: Mapping[str, Any]) -> jax.Array:
        apply: Callable[..., Any] = self._object.apply
        with self._errors():
            outputs: jax.Array = apply(params, x, **{name: optional[name] for name in self._optional})
            return jnp.asarray(outputs, x.dtype)

    def decay_mask(self, params: Any) -> Any:
        """Return a tree of bools like `params`: True for arrays of two or more axes, as weights have."""
        return jax.tree.map(lambda leaf: leaf.ndim >= 2, params)

    def check(self, batch_size: int) -> None:
        """Do nothing: the network can train with every batch size."""

    def layers(self) -> list[tuple[str, tuple[int, ...], int]]:
        """Return the rows of a summary: inputs, and the whole network. See `Network.layers`."""
        return [("input", self.sizes[:1], 0), (str(self), self.sizes[-1:], self.parameters)]

    def describe(self) -> dict[str, Any]:
        """Return the network as plain values by name: its sizes, and the SHA-256 of its file."""
        return {"sizes": list(self.sizes), "network": str(self), "network_code": self.code}

    def __getstate__(self) -> dict[str, Any]:
        """Return the fields and the content of the file, so that another machine can train the network."""
        fields = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return {**fields, SOURCE: source_of(Path(self.path), self.code) if self._object else b""}

    def __setstate__(self, state: dict[str, Any]) -> None:
        run_source(Path(state["path"]), state.pop(SOURCE))
        self.__dict__.update(state)

    def fields(self) -> dict[str, Any]:
        """Return the fields of the network as plain values, as a model file holds them."""
        return {"path": self.path, "name": self.name, "code": self.code, "sizes": list(self.sizes)}

    def __str__(self) -> str:
        return f"{Path(self.path).name}:{self.name}"
