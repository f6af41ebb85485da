"""The parser of optimizer texts: `adam`, `adam(b1=0.95)`, `optax:lion(b1=0.9)`, `own.py:lion(b1=0.9)`.

The values of keywords are Python literals. The parser evaluates no code.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from pathlib import PurePath
from typing import Any, NamedTuple

from ravine.errors import UsageError, did_you_mean
from ravine.optimizers import OPTIMIZERS
from ravine.optimizers.optax_rules import OPTAX, check_optax
from ravine.user_code.code_text import code_text

__all__ = ["ParsedOptimizer", "parse_optimizer", "read_optimizer", "read_optimizers", "split"]

_EXAMPLE = "Write for example adam, adam(b1=0.95), optax:lion(b1=0.9) or own.py:lion."


class ParsedOptimizer(NamedTuple):
    """The parts of a text that names an optimizer, such as `optax:lion(b1=0.9)`; `str()` returns the text.

    source: "optax", the path of a Python file of the user, or "" for an optimizer that Ravine implements
    itself. name: in lower case, or as the file spells it. keywords: values by name.
    """

    source: str
    name: str
    keywords: dict[str, Any]

    @property
    def in_file(self) -> bool:
        """Whether a Python file of the user defines the optimizer."""
        return self.source.endswith(".py")

    @property
    def short_name(self) -> str:
        """The text without the folder of the file, for tables."""
        return str(self._replace(source=PurePath(self.source).name) if self.in_file else self)

    def __str__(self) -> str:
        inside = ", ".join(f"{key}={value!r}" for key, value in self.keywords.items())
        return (f"{self.source}:" if self.source else "") + self.name + (f"({inside})" if inside else "")


def parse_optimizer(text: str) -> ParsedOptimizer:
    """Return source, name and keywords of a text that names one optimizer, such as `optax:lion(b1=0.9)`.

    Whether the optimizer exists is not checked. Raises UsageError for a text of another form.
    """
    if code := code_text(text):
        return ParsedOptimizer(code.path, code.name, _keywords(text, code.call))
    head, opening, tail = text.strip().partition("(")
    source, colon, name = head.rpartition(":")
    source = source.strip().lower()
    if colon and source != "optax":
        raise UsageError(
            f"'{text}' is not an optimizer.",
            f"Before the colon only 'optax' or the path of a Python file is allowed, got '{source}'.",
            _EXAMPLE,
        )
    name = "_".join(name.lower().replace("-", " ").split())
    if not name.isidentifier():
        raise UsageError(f"'{text}' is not an optimizer.", f"'{name}' is not a name.", _EXAMPLE)
    return ParsedOptimizer(source, name, _keywords(text, opening + tail))


def read_optimizer(text: str) -> ParsedOptimizer:
    """Return source, name and keywords of a text that names one optimizer, such as `optax:lion(b1=0.9)`.

    The name is checked, the keywords are not, which would need the import of the optimizer. A Python file of
    the user is not opened. Raises UsageError for a text of another form, and for an unknown name, with the
    nearest known name.
    """
    spec = parse_optimizer(text)
    if spec.source and not spec.in_file:
        check_optax(spec.name)
    elif not spec.source and spec.name not in OPTIMIZERS:
        where = f"It is in optax: write 'optax:{spec.name}'." if spec.name in OPTAX else ""
        raise UsageError(
            f"There is no optimizer '{spec.name}'.",
            "",
            where or did_you_mean(spec.name, [*OPTIMIZERS, *(f"optax:{name}" for name in OPTAX)]),
            value=spec.name,
            allowed=tuple(OPTIMIZERS),
        )
    return spec


def read_optimizers(texts: str | Sequence[str]) -> list[ParsedOptimizer]:
    """Return source, name and keywords of each optimizer in a list such as `sgd,adam(b1=0.9,b2=0.99)`.

    texts: a text with commas between optimizers, or several such texts. Commas in brackets do not separate
    optimizers. Raises UsageError for an empty list, for an unknown name, for a text of another form, and if
    an optimizer occurs twice with the same keywords.
    """
    names = split(texts) if isinstance(texts, str) else [part for text in texts for part in split(text)]
    names = [name for name in names if name]
    if not names:
        raise UsageError(
            "No optimizer was named.",
            "The list of optimizers is empty.",
            f"Choose from {', '.join(OPTIMIZERS)}.",
        )
    specs = [read_optimizer(name) for name in names]
    for k, spec in enumerate(specs):
        if str(spec) in map(str, specs[:k]):
            raise UsageError(f"The optimizer '{spec}' is named twice.", "", "Name it once.")
        if spec.short_name in (other.short_name for other in specs[:k]):
            raise UsageError(
                f"Two optimizers have the name '{spec.short_name}'.",
                "The tables show the name of the file without its folder.",
                "Rename one of the files or functions.",
            )
    return specs


def split(text: str) -> list[str]:
    """Return the parts of a text between commas outside brackets and quotes, without surrounding spaces.

    The text `sgd,adam(b1=0.9,b2=0.99)` has two parts.
    """
    parts, depth, quote = [""], 0, ""
    for letter in text:
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "'\"":
            quote = letter
        else:
            depth += (letter in "([{") - (letter in ")]}")
        if letter == "," and depth == 0 and not quote:
            parts.append("")
        else:
            parts[-1] += letter
    return [part.strip() for part in parts]


def _keywords(text: str, call: str) -> dict[str, Any]:
    if not call:
        return {}
    try:
        tree = ast.parse("f" + call.strip(), mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        raise UsageError(
            f"The optimizer '{text}' cannot be read.", "Its brackets must contain keyword=value.", _EXAMPLE
        ) from None
    if not isinstance(tree, ast.Call) or not isinstance(tree.func, ast.Name):
        raise UsageError(
            f"The optimizer '{text}' cannot be read.", "There is more text after its brackets.", _EXAMPLE
        )
    if tree.args or any(keyword.arg is None for keyword in tree.keywords):
        raise UsageError(f"The optimizer '{text}' cannot be read.", "Each value needs its name.", _EXAMPLE)
    values: dict[str, Any] = {}
    for keyword in tree.keywords:
        if keyword.arg in values:
            raise UsageError(
                f"The optimizer '{text}' cannot be read.", f"It gives {keyword.arg} twice.", _EXAMPLE
            )
        try:
            values[str(keyword.arg)] = ast.literal_eval(keyword.value)
        except (ValueError, TypeError, MemoryError, RecursionError):
            shown = ast.unparse(keyword.value)
            raise UsageError(
                f"The optimizer '{text}' cannot be read.",
                f"The value {keyword.arg}={shown} is neither a number nor a text.",
                _EXAMPLE,
            ) from None
    return values
