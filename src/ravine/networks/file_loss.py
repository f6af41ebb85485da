"""A loss that a function in a Python file of the user computes, `own.py:huber`.

    def huber(outputs, target):
        error = jnp.abs(outputs[:, 0] - target)
        return jnp.where(error < 1, error**2 / 2, error - 0.5)

The function maps outputs [N, K] and targets [N] to the loss of each row [N]. Targets are class indices, or
standardized numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp

from ravine.errors import UsageError
from ravine.networks.smallest_difference import SmallestDifference
from ravine.user_code.code_text import CodeText
from ravine.user_code.lapack import calls_lapack
from ravine.user_code.load import file_hash, load_same_code, run_source, source_of
from ravine.user_code.user_errors import user_code_errors

__all__ = ["FileLoss"]

SOURCE = "source"  # key of the content of the file in a pickled loss
SMALLEST_SHARE = 0.01  # of the loss, as for the cross entropy
EXAMPLE = "Write for example: def absolute(outputs, target): return jnp.abs(outputs[:, 0] - target)"


@dataclass(frozen=True)
class FileLoss(SmallestDifference):
    """A loss that a function in a Python file of the user computes.

    path    absolute path of the file
    object  name of the function
    code    SHA-256 of the file

    The file runs when the loss is first used. Raises UsageError then if it is not trusted or has no such
    function, and DataError if it has another content.
    """

    path: str
    object: str
    code: str

    @classmethod
    def named(cls, name: str) -> FileLoss:
        """Return the loss with a name that `FileLoss.name` returned."""
        text, _, code = name.rpartition("@")
        path, _, function = text.rpartition(":")
        return cls(path, function, code, smallest_difference=SMALLEST_SHARE, relative_difference=True)

    @classmethod
    def load(cls, text: CodeText, task: str, outputs: int) -> FileLoss:
        """Return the loss that a text names, for a number of outputs. The file runs.

        task: "classify" or "regress".

        Raises UsageError for an object that is no function, for losses of a wrong shape, and, with the line
        of the file, for an error in it.
        """
        path, code = file_hash(text.path)
        loss = cls.named(f"{path}:{text.name}@{code}")
        rows = 5 if outputs != 5 else 7  # another number than that of outputs
        like = jax.ShapeDtypeStruct((rows, outputs), jnp.float32)
        target = jax.ShapeDtypeStruct((rows,), jnp.int32 if task == "classify" else jnp.float32)
        found = jax.eval_shape(loss, like, target)
        if found.shape != (rows,):
            raise UsageError(
                f"The loss '{loss}' returns an array of shape {found.shape} for {rows} rows.",
                f"It must return the loss of each row, of shape ({rows},).",
                EXAMPLE,
            )
        if calls_lapack(jax.make_jaxpr(jax.grad(lambda z, y: jnp.sum(loss(z, y))))(like, target)):
            raise UsageError(
                f"The loss '{loss}' decomposes matrices, for example by a QR decomposition.",
                "Many networks train at the same time here, and such programs can block each other.",
                "Use functions that do not decompose matrices.",
            )
        return loss

    @property
    def name(self) -> str:
        """The name that plans hold, with the hash of the file: PATH:NAME@SHA256."""
        return f"{self.path}:{self.object}@{self.code}"

    @property
    def unit(self) -> str:
        """Unit of the loss, in words."""
        return f"({self})"

    def constant(self, outputs: int) -> float:
        """Return the mean loss of a network with outputs of 0, for all classes, or for targets of -1 and 1.

        outputs: number of classes; 1 for a regression, whose standardized target has mean 0 and variance 1.
        """
        target = jnp.array([-1.0, 1.0]) if outputs == 1 else jnp.arange(outputs, dtype=jnp.int32)
        return float(jnp.mean(self(jnp.zeros((len(target), outputs)), target)))

    @cached_property
    def _function(self) -> Any:
        function = load_same_code(CodeText(self.path, self.object), self.code).value
        if not callable(function):
            raise UsageError(f"'{self}' is no function.", "A loss is a function.", EXAMPLE)
        return function

    def __call__(self, outputs: jax.Array, target: jax.Array) -> jax.Array:
        function = self._function
        with user_code_errors(Path(self.path)):
            values: jax.Array = jnp.asarray(function(outputs, target), outputs.dtype)
        return values

    def __getstate__(self) -> dict[str, Any]:
        """Return the fields and the content of the file, so that another machine can compute the loss."""
        fields = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return {**fields, SOURCE: source_of(Path(self.path), self.code) if self._function else b""}

    def __setstate__(self, state: dict[str, Any]) -> None:
        run_source(Path(state["path"]), state.pop(SOURCE))
        self.__dict__.update(state)

    def __str__(self) -> str:
        return f"{Path(self.path).name}:{self.object}"
