"""The parser of optimizer texts: `adam`, `adam(b1=0.95)`, `optax:lion(b1=0.9)`.

The values of keywords are Python literals. The parser evaluates no code.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import Any, NamedTuple

from ravine.errors import UsageError, did_you_mean
from ravine.optimizers import OPTIMIZERS
from ravine.optimizers.optax_rules import OPTAX, check_optax

__all__ = ["ParsedOptimizer", "parse_optimizer", "read_optimizer", "read_optimizers", "split"]

_EXAMPLE = "Write for example adam, adam(b1=0.95) or optax:lion(b1=0.9)."


class ParsedOptimizer(NamedTuple):
    """The parts of a text that names an optimizer, such as `optax:lion(b1=0.9)`; `str()` returns the text.

    source: "optax", or "" for an optimizer that Ravine implements itself. name: in lower case. keywords:
    values by name.
    """

    source: str
    name: str
    keywords: dict[str, Any]

    def __str__(self) -> str:
        inside = ", ".join(f"{key}={value!r}" for key, value in self.keywords.items())
        return (f"{self.source}:" if self.source else "") + self.name + (f"({inside})" if inside else "")


def parse_optimizer(text: str) -> ParsedOptimizer:
    """Return source, name and keywords of a text that names one optimizer, such as `optax:lion(b1=0.9)`.

    Whether the optimizer exists is not checked. Raises UsageError for a text of another form.
    """
    head, opening, tail = text.strip().partition("(")
    source, colon, name = head.rpartition(":")
    source = source.strip().lower()
    if colon and source != "optax":
        raise UsageError(
            f"'{text}' is not an optimizer.",
            f"Before the colon only 'optax' is allowed, got '{source}'.",
            _EXAMPLE,
        )
    name = "_".join(name.lower().replace("-", " ").split())
    if not name.isidentifier():
        raise UsageError(f"'{text}' is not an optimizer.", f"'{name}' is not a name.", _EXAMPLE)
    return ParsedOptimizer(source, name, _keywords(text, opening + tail))


def read_optimizer(text: str) -> ParsedOptimizer:
    """Return source, name and keywords of a text that names one optimizer, such as `optax:lion(b1=0.9)`.

    The name is checked, the keywords are not, which would need the import of the optimizer. Raises UsageError
    for a text of another form, and for an unknown name, with the nearest known name.
    """
    spec = parse_optimizer(text)
    if spec.source:
        check_optax(spec.name)
    elif spec.name not in OPTIMIZERS:
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
